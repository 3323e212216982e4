"""What the server refuses, one class per error code (RFC 6749 §4.1.2.1, §5.2; OIDC Core §3.1.2.6; RFC 6750 §3.1).

A refusal says to the client's developer what to change; it names no secret and no inner state. Translated into JSON, a
redirect or a page in `wire` only.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that is not granted.

    `check`, `expected` and `got` are for operators: the log and `mintmark why` have them, the answer never; each check
    has its sentences in `explanations`. `remember` holds changes that are committed before the refusal is answered
    (reuse detected: the authorization ends); a plain refusal changes nothing.
    """

    status: ClassVar[int] = 400
    client_id: str | None = None  # whose access token it was; None: who it is stands in the request, or nowhere

    def __init__(
        self,
        description: str,
        *,
        check: str = "",
        expected: str = "",
        got: object = None,
        remember: tuple[object, ...] = (),
    ) -> None:
        super().__init__(description)
        self.description = description
        self.check = check or type(self).__name__
        self.expected = expected
        self.got = got
        self.remember = remember


class UntrustedRequest(Refusal):
    """We do not know whom to answer: the person gets a page, never a redirect (RFC 6749 §4.1.2.1)."""

    code: ClassVar[str] = "invalid_request"


class UnknownClient(UntrustedRequest):
    """No such client, or one that may not be used: a page."""

    code = "invalid_client"


class ForgedForm(UntrustedRequest):
    """A form that this browser was not given, or that another site sent (RFC 9700 §4.7)."""

    code = "access_denied"
    status = 403


class TooManyAttempts(Refusal):
    """Slow down: `retry_after` says for how many seconds."""

    code: ClassVar[str] = "slow_down"
    status = 429

    def __init__(
        self, description: str, retry_after: int, *, check: str = "", expected: str = "", got: object = None
    ) -> None:
        super().__init__(description, check=check, expected=expected, got=got)
        self.retry_after = retry_after


class Overloaded(Refusal):
    """Too busy, or the database does not answer: nothing is known to have happened."""

    code: ClassVar[str] = "temporarily_unavailable"
    status = 503
    retry_after: ClassVar[int] = 1


class OAuthError(Refusal):
    """A refusal that has a code of its own on the wire."""

    code: ClassVar[str]


class InvalidRequest(OAuthError):
    code = "invalid_request"


class TooLarge(InvalidRequest):
    status = 413


class NoSuchMethod(InvalidRequest):
    """Another verb than those of the door (RFC 9110 §15.5.6)."""

    status = 405


class InvalidClient(OAuthError):
    """Says the same for an unknown client, a disabled one and a wrong secret; only operators are told which."""

    code = "invalid_client"
    status = 401

    def __init__(
        self, description: str, *, challenge: bool = False, check: str = "", expected: str = "", got: object = None
    ) -> None:
        super().__init__(description, check=check, expected=expected, got=got)
        self.challenge = challenge  # whether the answer names Basic as a way in


class InvalidGrant(OAuthError):
    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class UnsupportedTokenType(OAuthError):
    code = "unsupported_token_type"


class InvalidScope(OAuthError):
    code = "invalid_scope"


class InvalidTarget(OAuthError):
    """RFC 8707 §2."""

    code = "invalid_target"


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"


class AccessDenied(OAuthError):
    code = "access_denied"


class LoginRequired(OAuthError):
    code = "login_required"


class ConsentRequired(OAuthError):
    code = "consent_required"


class InteractionRequired(OAuthError):
    code = "interaction_required"


class AccountSelectionRequired(OAuthError):
    code = "account_selection_required"


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0 §3."""

    code = "unmet_authentication_requirements"


class RequestNotSupported(OAuthError):
    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    code = "request_uri_not_supported"


class InvalidRequestObject(OAuthError):
    """OIDC Core §3.1.2.6, RFC 9101 §7."""

    code = "invalid_request_object"


class InvalidRequestUri(OAuthError):
    code = "invalid_request_uri"


class RegistrationNotSupported(OAuthError):
    code = "registration_not_supported"


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "unapproved_software_statement"


class InvalidToken(OAuthError):
    """A bearer token that is not good here (RFC 6750 §3.1)."""

    code = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    code = "insufficient_scope"
    status = 403

    def __init__(
        self, description: str, scope: str, *, check: str = "", got: object = None, client_id: str | None = None
    ) -> None:
        super().__init__(description, check=check, expected=scope, got=got)
        self.client_id = client_id
        self.scope = scope


class InsufficientUserAuthentication(OAuthError):
    """The person proved less, or longer ago, than the resource demands (RFC 9470 §3)."""

    code = "insufficient_user_authentication"
    status = 401

    def __init__(
        self,
        description: str,
        acr_values: str,
        max_age: int | None,
        *,
        check: str = "",
        got: object = None,
        client_id: str | None = None,
    ) -> None:
        super().__init__(description, check=check, expected=acr_values, got=got)
        self.client_id = client_id
        self.acr_values = acr_values  # any of them, separated by spaces
        self.max_age = max_age  # seconds; None: however long ago


class NoCredentials(OAuthError):
    """Nothing was sent to prove anything: the challenge names no error (RFC 6750 §3.1)."""

    code = "invalid_token"
    status = 401
