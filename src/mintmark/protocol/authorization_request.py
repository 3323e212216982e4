"""An authorization request that was checked: it exists only if it may go on (RFC 6749 §4.1.1, OIDC Core §3.1.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mintmark import languages
from mintmark.protocol import claims_request, pkce
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.claims_request import ClaimsRequest
from mintmark.protocol.client import Client
from mintmark.protocol.errors import (
    InvalidRequest,
    InvalidScope,
    OAuthError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
    UntrustedRequest,
)
from mintmark.protocol.params import Params
from mintmark.protocol.return_address import ReturnAddress

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
CREATE = "create"  # Initiating User Registration 1.0 §4: where people can sign up
RESPONSE_MODES = ("query", "fragment", "form_post")
RESPONSE_TYPES = ("code", "none")  # OAuth 2.0 Multiple Response Types §4: `none` is answered without a code
LONGEST = 10_000  # bytes of all parameters together: what may be kept while a person signs in
LONGEST_AGE = 999_999_999  # seconds: whatever is longer is no limit


class RefusedWithRedirect(Exception):
    """A refusal whose answer goes back to the client, at an address that is known to be its own."""

    more: Sequence[tuple[str, str]] = ()  # members that the answer has besides

    def __init__(self, error: OAuthError, return_address: ReturnAddress, state: str | None, mode: str) -> None:
        super().__init__(error.description)
        self.error = error
        self.return_address = return_address
        self.state = state
        self.mode = mode


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    client_id: str
    return_address: ReturnAddress
    response_type: str
    response_mode: str
    state: str | None
    scope: tuple[str, ...]
    resources: tuple[str, ...]  # what `resource` named; empty: the owners of the scopes
    audience: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    prompt: frozenset[str]
    max_age: timedelta | None
    login_hint: str | None
    id_token_hint: str | None  # the raw token; whom it names is found at the door, where the keys are
    claims: ClaimsRequest  # as far as the client may have them
    acr_values: tuple[str, ...]  # how the person should be authenticated, the most wanted first; refuses nobody
    ui_locales: tuple[str, ...] = ()  # the languages that the person reads, the most wanted first (OIDC Core §3.1.2.1)

    @property
    def wants_code(self) -> bool:
        """False: the person signs in and allows, and the client gets nothing to redeem."""
        return self.response_type == "code"

    @property
    def to_allow(self) -> tuple[str, ...]:
        """What the person is asked for: the scopes, and those whose claims alone are wanted."""
        more = self.claims.scopes
        return tuple(dict.fromkeys((*self.scope, *more))) if more else self.scope

    @property
    def offline(self) -> bool:
        return scopes.OFFLINE in self.scope


def return_address(params: Params, client: Client) -> ReturnAddress:
    """First of all: whom may we answer? `redirect_uri` twice, even equal, is a page."""
    if params.is_repeated("redirect_uri"):
        raise UntrustedRequest("redirect_uri is sent more than once", check="repeated parameter", got="redirect_uri")
    return ReturnAddress.read(params.get("redirect_uri"), client.redirect_uris)


def back(error: OAuthError, params: Params, client: Client) -> Exception:
    """A refusal of a request that could not be read whole: it goes back where the address beside it is known."""
    if not params.all("redirect_uri"):
        return error
    address = return_address(params, client)
    modes = [mode for mode in params.all("response_mode") if mode in RESPONSE_MODES]
    return RefusedWithRedirect(error, address, _first_state(params), modes[0] if modes else "query")


def read(
    params: Params, client: Client, catalogue: Catalogue, *, require_pkce: bool, sign_up: bool = False
) -> AuthorizationRequest:
    """The checked request, a page (UntrustedRequest), or a refusal that goes back to the client.

    sign_up: whether people can make accounts.
    """
    address = return_address(params, client)
    mode, state = "query", None
    try:
        mode = _response_mode(params)
        state = params.get("state")
        prompts = PROMPTS | {CREATE} if sign_up else PROMPTS
        return _read(params, client, catalogue, address, mode, state, require_pkce, prompts)
    except OAuthError as error:
        raise RefusedWithRedirect(error, address, state or _first_state(params), mode) from error


def _read(
    params: Params,
    client: Client,
    catalogue: Catalogue,
    address: ReturnAddress,
    mode: str,
    state: str | None,
    require_pkce: bool,
    prompts: frozenset[str],
) -> AuthorizationRequest:
    params.refuse_repeated()
    if sum(len(name.encode()) + len(value.encode()) for name, value in params) > LONGEST:
        raise InvalidRequest(
            f"the request is longer than {LONGEST} bytes", check="request length", expected=f"{LONGEST} bytes at most"
        )
    _refuse_unsupported(params)
    response_type = _response_type(params, client)
    claims = claims_request.read(params.get("claims"), params.get("claims_locales"))
    challenge = pkce.read_challenge(params, required=require_pkce and response_type == "code")
    resources = catalogue.find(params.all("resource"))
    asked = catalogue.ask(_scope(params, client, catalogue, resources), resources, client, strict=False)
    scope = _without_lonely_offline(asked.scope, client)
    if not scope:
        raise InvalidScope(
            "none of the scopes sent is one that this client has",
            check="scope",
            expected=scopes.write(client.may_use),
            got=params.get("scope"),
        )
    return AuthorizationRequest(
        client_id=client.id,
        return_address=address,
        response_type=response_type,
        response_mode=mode,
        state=state,
        scope=scope,
        resources=resources,
        audience=asked.audience,
        nonce=params.get("nonce"),
        code_challenge=challenge,
        prompt=_prompt(params, prompts),
        max_age=_max_age(params, client),
        login_hint=params.get("login_hint"),
        id_token_hint=params.get("id_token_hint"),
        claims=claims.within(client.may_use) if scopes.OPENID in scope else claims_request.NOTHING,
        acr_values=_acr_values(params, client, claims),
        ui_locales=languages.named(params.get("ui_locales")),
    )


def _first_state(params: Params) -> str | None:
    """`state` for a refusal: not even a repeated one is echoed, since we could not say which."""
    return None if params.is_repeated("state") else params.get("state")


def _response_mode(params: Params) -> str:
    mode = params.get("response_mode") or "query"
    if mode not in RESPONSE_MODES:
        raise InvalidRequest(
            "response_mode is not one that is supported",
            check="response_mode",
            expected=" or ".join(RESPONSE_MODES),
            got=mode,
        )
    return mode


def _refuse_unsupported(params: Params) -> None:
    if params.get("request") is not None:
        raise RequestNotSupported("a request object stands where none is read", check="request")
    if params.get("request_uri") is not None:
        raise RequestUriNotSupported("request_uri stands where none is read", check="request")
    if params.get("registration") is not None:
        raise RegistrationNotSupported("registration is not supported", check="registration")


def _response_type(params: Params, client: Client) -> str:
    sent = params.require("response_type")
    if sent not in RESPONSE_TYPES:
        raise UnsupportedResponseType(
            "response_type must be code or none", check="response_type", expected=" or ".join(RESPONSE_TYPES), got=sent
        )
    if sent == "code" and ("code" not in client.response_types or "authorization_code" not in client.grant_types):
        raise UnauthorizedClient(
            "this client is not registered for the code flow",
            check="client code flow",
            expected="authorization_code among its grant_types, code among its response_types",
            got=" ".join((*client.grant_types, *client.response_types)),
        )
    if sent not in client.response_types:
        raise UnauthorizedClient(
            "this client is not registered for that response_type",
            check="client response_type",
            expected=" ".join(client.response_types),
            got=sent,
        )
    return sent


def _scope(params: Params, client: Client, catalogue: Catalogue, resources: tuple[str, ...]) -> tuple[str, ...]:
    sent = params.get("scope")
    if sent is None:
        return catalogue.default(client, resources)
    return scopes.parse(sent)


def _without_lonely_offline(words: tuple[str, ...], client: Client) -> tuple[str, ...]:
    """`offline_access` means a refresh token; a client without that grant does not get the scope (OIDC Core §11)."""
    if "refresh_token" in client.grant_types:
        return words
    return tuple(word for word in words if word != scopes.OFFLINE)


def _prompt(params: Params, known: frozenset[str]) -> frozenset[str]:
    words = frozenset((params.get("prompt") or "").split())
    if not words <= known:
        raise InvalidRequest(
            "prompt holds a value that is not supported",
            check="prompt",
            expected=" ".join(sorted(known)),
            got=params.get("prompt"),
        )
    if "none" in words and len(words) > 1:
        raise InvalidRequest(
            "prompt=none stands alone", check="prompt", expected="none alone", got=params.get("prompt")
        )
    return words


def _max_age(params: Params, client: Client) -> timedelta | None:
    sent = params.get("max_age")
    if sent is None:
        return None if client.default_max_age is None else timedelta(seconds=min(client.default_max_age, LONGEST_AGE))
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 9):
        raise InvalidRequest(
            "max_age must be a number of seconds, not negative", check="max_age", expected="whole seconds", got=sent
        )
    return timedelta(seconds=int(sent))


def _acr_values(params: Params, client: Client, claims: ClaimsRequest) -> tuple[str, ...]:
    """The client's defaults hold where the request says nothing of its own (OIDC Registration §2)."""
    sent = tuple(dict.fromkeys((params.get("acr_values") or "").split()))
    return sent or claims.should_be_proved_by or client.default_acr_values


def kept(params: Params) -> Mapping[str, list[str]]:
    """What is stored of a request while the person signs in: it is read again, with the same checks, afterwards."""
    values: dict[str, list[str]] = {}
    for name, value in params:
        values.setdefault(name, []).append(value)
    return values
