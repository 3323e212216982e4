"""The two metadata documents, made from what is really on (RFC 8414 §2, OIDC Discovery §3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from mintmark import languages
from mintmark.protocol import claims, jose
from mintmark.protocol import scope as scopes
from mintmark.protocol.acr import ONE
from mintmark.protocol.authorization_request import CREATE, PROMPTS, RESPONSE_MODES, RESPONSE_TYPES
from mintmark.protocol.sector import SUBJECT_TYPES

DISPLAYS = ("page", "popup", "touch")  # one page, which fits them all
ABOUT_THE_TOKEN = ("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid")


@dataclass(frozen=True, slots=True)
class Offer:
    """What this server has to offer."""

    issuer: str
    grant_types: Sequence[str]
    auth_methods: Sequence[str]
    scopes: Collection[str]
    id_token_algs: Sequence[str]  # `none` among them where the settings allow it
    answer_algs: Sequence[str]  # of UserInfo and introspection answers
    assertion_algs: Sequence[str]  # of private_key_jwt
    acr_values: Sequence[str] = (ONE,)
    registration: bool = False  # clients may register themselves
    sign_up: bool = False  # people may
    more_claims: Collection[str] = ()  # those that an operator's rules make
    documentation: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None


def document(offer: Offer) -> dict[str, Any]:
    """One document serves both well-known addresses. No member is null, none is unknown."""
    issuer, methods = offer.issuer, list(offer.auth_methods)
    confidential = [method for method in methods if method != "none"]
    registration = {"registration_endpoint": f"{issuer}/register"} if offer.registration else {}
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "end_session_endpoint": f"{issuer}/end_session",
        "check_session_iframe": f"{issuer}/check_session",
        **registration,
        "scopes_supported": [*scopes.IDENTITY, *sorted(set(offer.scopes) - set(scopes.IDENTITY))],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(offer.grant_types),
        "subject_types_supported": list(SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": list(offer.id_token_algs),
        **_encrypted("id_token"),
        "userinfo_signing_alg_values_supported": list(offer.answer_algs),
        **_encrypted("userinfo"),
        "introspection_signing_alg_values_supported": list(offer.answer_algs),
        **_encrypted("introspection"),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(offer.assertion_algs),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(offer.assertion_algs),
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": list(offer.assertion_algs),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": list(offer.acr_values),
        "claim_types_supported": ["normal"],
        "claims_supported": [*ABOUT_THE_TOKEN, *claims.STANDARD, *sorted(set(offer.more_claims))],
        "claims_parameter_supported": True,
        "display_values_supported": list(DISPLAYS),
        "prompt_values_supported": sorted(PROMPTS | {CREATE} if offer.sign_up else PROMPTS),
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": list(offer.answer_algs),
        "ui_locales_supported": list(languages.TAGS),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        **_pages(offer),
    }


def _pages(offer: Offer) -> dict[str, str]:
    """For people who make clients, where there is such a page (OIDC Discovery §3)."""
    stated = {
        "service_documentation": offer.documentation,
        "op_policy_uri": offer.policy_uri,
        "op_tos_uri": offer.tos_uri,
    }
    return {name: uri for name, uri in stated.items() if uri is not None}


def _encrypted(what: str) -> dict[str, list[str]]:
    """What may be encrypted for a client, and how (OIDC Discovery §3, RFC 9701 §7)."""
    return {
        f"{what}_encryption_alg_values_supported": list(jose.KEY_ENCRYPTION),
        f"{what}_encryption_enc_values_supported": list(jose.CONTENT_ENCRYPTION),
    }
