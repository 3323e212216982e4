"""What a scope tells of a person (OIDC Core §5.1, §5.4)."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from mintmark.protocol.authorization import Holder

PROFILE = (
    "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
)  # fmt: skip
BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    "profile": PROFILE,
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    "groups": ("groups",),
}
STANDARD = tuple(name for names in BY_SCOPE.values() for name in names)
ADDRESS = ("formatted", "street_address", "locality", "region", "postal_code", "country")
# Names that protocols own: a custom claim may not take one (RFC 9068 §2.2, OIDC Core §2, RFC 7519 §4.1, RFC 7662 §2.2).
OWNED = frozenset(
    {
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "auth_time", "acr", "amr", "at_hash", "c_hash",
        "s_hash", "sid", "client_id", "scope", "cnf", "act", "may_act", "active", "token_type", "username", "events",
        "authorization_details", "roles", "entitlements", "aid", "typ", "_claim_names", "_claim_sources", "sub_jwk",
    }
) | frozenset(STANDARD)  # fmt: skip


def owner(name: str) -> str | None:
    """The scope that a claim belongs to, in whatever language. None: what the protocols themselves say of a sign-in."""
    plain = name.partition("#")[0]
    for word, names in BY_SCOPE.items():
        if plain in names:
            return word
    return None if plain in OWNED else "profile"


def known(holder: Holder, updated_at: int | None) -> dict[str, Any]:
    """All that is known of a person, by its claim: null where it is not.

    updated_at: seconds since the epoch; None: not looked up.
    """
    custom = {name: value for name, value in json.loads(holder.custom_claims).items() if owner(name) is not None}
    return _standard(holder, updated_at) | {name: value for name, value in custom.items() if name not in OWNED}


def of(holder: Holder, scope: Collection[str], updated_at: int | None) -> dict[str, Any]:
    """The claims that the scopes tell; what is not known is left out, never null (OIDC Core §5.3.2).

    updated_at: seconds since the epoch; None: not looked up.
    """
    known = _standard(holder, updated_at)
    told = {name: known.get(name) for word in scope for name in BY_SCOPE.get(word, ())}
    if "profile" in scope:
        custom = json.loads(holder.custom_claims)
        told |= {name: value for name, value in custom.items() if name not in OWNED}
    return {name: value for name, value in told.items() if value is not None}


def _standard(holder: Holder, updated_at: int | None) -> dict[str, Any]:
    known: dict[str, Any] = {"preferred_username": holder.username, **json.loads(holder.claims)}
    # These have columns of their own: whatever the document says of them, nobody checked.
    return known | {
        "updated_at": updated_at,
        "email": holder.email,
        "email_verified": None if holder.email is None else holder.email_verified,
        "groups": list(holder.groups) or None,
    }
