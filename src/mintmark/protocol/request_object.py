"""What a request object may say, and how it joins the parameters beside it (OIDC Core §6, RFC 9101 §5, §6, §10)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mintmark.protocol.client import Client
from mintmark.protocol.errors import InvalidRequestObject
from mintmark.protocol.params import Params

TYPES = ("JWT", "oauth-authz-req+jwt", None)  # RFC 9101 §10.8: no other kind of token passes for one
LONGEST = 65_536  # characters of one, by value or by reference
AHEAD = 60  # seconds that the client's clock may be ahead of ours

# What a JWT says of itself: no parameters (RFC 7519 §4.1).
_OF_THE_TOKEN = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_REFERENCES = ("request", "request_uri")
_OBJECTS = frozenset({"claims", "authorization_details", "registration"})  # JSON that a parameter holds as text
# Parameters that are text: a value of another kind means something that we could not know.
_TEXTS = frozenset(
    {
        "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method", "prompt", "max_age", "login_hint", "id_token_hint", "acr_values", "display",
        "ui_locales", "claims_locales", "dpop_jkt",
    }
)  # fmt: skip


def is_strict(outer: Params, client: Client) -> bool:
    """Whether what stands in the object is all that counts: the client says so, or sends nothing else (RFC 9101 §5).

    OIDC Core §6.1 has `response_type` beside the object always, and completes the one by the other.
    """
    return client.requires_signed_requests or outer.get("response_type") is None


def joined(claims: Mapping[str, Any], outer: Params, client: Client, issuer: str, now: datetime) -> Params:
    """The parameters of an object that its client is known to have made. Raises InvalidRequestObject."""
    strict = is_strict(outer, client)
    _check_names(claims, client, issuer, strict=strict)
    _check_times(claims, now.timestamp())
    _check_response_type(claims, outer)
    values = {name: texts for name, value in claims.items() if (texts := _texts(name, value)) is not None}
    if not strict:
        for name, value in outer:
            if name not in claims and name not in _REFERENCES:
                values.setdefault(name, []).append(value)
    return Params(values | {"client_id": [client.id]})


def _check_names(claims: Mapping[str, Any], client: Client, issuer: str, *, strict: bool) -> None:
    """Who made it, for whom, and that it is nothing else: a token of ours, or what proves a client."""
    for name in _REFERENCES:
        if name in claims:
            raise InvalidRequestObject(f"a request object may not hold {name}", check="nested request", got=name)
    audience = claims.get("aud", issuer)
    wrong = {
        "iss": claims.get("iss", client.id) != client.id,
        "aud": issuer not in audience if isinstance(audience, list) else issuer != audience,
        "client_id": claims.get("client_id", None if strict else client.id) != client.id,
        # A token that names the client twice is made for the token door (RFC 9101 §10.8).
        "sub": claims.get("sub") == client.id,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise InvalidRequestObject(
                f"{name} of the request object is not what it must be",
                check="request object names",
                expected=f"iss and client_id {client.id}, aud {issuer}, no sub",
                got=name,
            )


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _untimely(name, "a number of seconds")
        if name == "exp" and value <= now:
            raise _untimely(name, "a time to come")
        if name != "exp" and value > now + AHEAD:
            raise _untimely(name, f"at most {AHEAD} seconds ahead")


def _untimely(name: str, expected: str) -> InvalidRequestObject:
    return InvalidRequestObject(
        f"the request object does not hold now: {name}", check="request object time", expected=expected, got=name
    )


def _check_response_type(claims: Mapping[str, Any], outer: Params) -> None:
    """It stands in both places alike (OIDC Core §6.1)."""
    inside, outside = claims.get("response_type"), outer.get("response_type")
    if inside is None or outside is None:
        return
    if not isinstance(inside, str) or sorted(inside.split()) != sorted(outside.split()):
        raise InvalidRequestObject(
            "response_type is another one in the request object", check="request object response_type", expected=outside
        )


def _texts(name: str, value: object) -> list[str] | None:
    """The values of a parameter. None: it is none, or one that nobody knows here and that is passed over."""
    if value is None or name in _OF_THE_TOKEN or not (name.isascii() and name.isprintable()):
        return None
    if name in _OBJECTS and isinstance(value, dict | list):
        return [json.dumps(value, separators=(",", ":"))]
    values = value if name == "resource" and isinstance(value, list) else [value]
    found = [_text(one) for one in values]
    texts = [one for one in found if one is not None]
    if len(texts) == len(found):
        return texts
    if name in _TEXTS or name in _OBJECTS or name == "resource":
        raise InvalidRequestObject(
            f"{name} in the request object is no text", check="request object member", expected="text", got=name
        )
    return None


def _text(value: object) -> str | None:
    """A number as it would be written; None for what no parameter could hold."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1 << 53 else None
    if not isinstance(value, str) or "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return None
    return value
