"""What the suite holds against an answer, whatever the module: a warning there is a failure here.

Signatures are verified by joserfc, and claims by hand: nothing of the server's own takes part.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2
from joserfc import jws, jwt
from joserfc.jwk import KeySet

SKEW = timedelta(minutes=5)
BY_SCOPE: Mapping[str, Collection[str]] = {
    "profile": (
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
        "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}  # fmt: skip
# The types of OIDC Core §5.1.
TYPES: Mapping[str, type] = {
    **dict.fromkeys((name for names in BY_SCOPE.values() for name in names), str),
    "email_verified": bool,
    "phone_number_verified": bool,
    "updated_at": int,
    "address": dict,
}
ERRORS_THAT_NEED_A_PERSON = ("login_required", "interaction_required", "consent_required", "account_selection_required")
ALLOWED_IN_AN_ERROR = {"error", "error_description", "error_uri", "state", "session_state", "iss"}
ENTROPY = 16  # bytes: RFC 6749 §10.10 asks for 128 bits


def warn(is_fine: object, text: str) -> None:
    assert is_fine, f"WARNING: {text}"


def json_of(answer: httpx2.Response, status: int = 200) -> dict[str, Any]:
    assert status == answer.status_code, f"{answer.status_code} {answer.text}"
    assert "application/json" == answer.headers["content-type"].partition(";")[0].strip()
    found: dict[str, Any] = answer.json()
    assert isinstance(found, dict)
    assert None not in found.values(), "what is not known is left out, never null"
    return found


def not_stored(answer: httpx2.Response) -> None:
    """RFC 6749 §5.1."""
    assert "no-store" in answer.headers["cache-control"].lower()


def keys(document: Mapping[str, Any]) -> KeySet:
    """A key set that holds public keys alone, each with a name of its own (OIDC Core §10.1, RFC 7517 §4.5)."""
    found: list[Mapping[str, Any]] = document["keys"]
    names = [key["kid"] for key in found]
    assert found
    assert len(set(names)) == len(names)
    for key in found:
        assert key["kty"] in ("RSA", "EC", "OKP"), "a symmetric key is published"
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & set(key), "a private key is published"
        assert key.get("use", "sig") == "sig"
        for name in ("n", "e", "x", "y"):
            value = key.get(name, "AA")
            assert re.fullmatch("[A-Za-z0-9_-]+", value), f"{name} is no base64url"
        assert "RSA" != key["kty"] or len(_decoded(key["n"])) >= 256
    return KeySet.import_key_set({"keys": [dict(key) for key in found]})


def signed(token: str, published: Mapping[str, Any], alg: str) -> dict[str, Any]:
    """The claims of a JWT that the server signed."""
    assert 3 == len(token.split(".")), "this is no JWS in its compact form"
    header = jws.extract_compact(token.encode()).headers()
    assert alg == header["alg"]
    matching = [key for key in published["keys"] if key["kid"] == header.get("kid")]
    assert 1 == len(matching), "kid names no published key"
    assert alg == matching[0].get("alg", alg)
    found: dict[str, Any] = jwt.decode(token, keys(published), algorithms=[alg]).claims
    assert None not in found.values()
    return found


def id_token(
    token: str,
    published: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    now: datetime,
    nonce: str | None,
    access_token: str | None,
    alg: str = "RS256",
) -> dict[str, Any]:
    """OIDC Core §3.1.3.7, §3.1.3.8."""
    found = signed(token, published, alg)
    assert issuer == found["iss"]
    assert found["aud"] in (client_id, [client_id])
    assert client_id == found.get("azp", client_id)
    for name in ("exp", "iat", "auth_time", "nbf"):
        assert name in ("auth_time", "nbf") or name in found, f"{name} is missing"
        assert name not in found or (isinstance(found[name], int) and not isinstance(found[name], bool)), name
    assert found["exp"] > now.timestamp()
    assert found["iat"] <= now.timestamp() + SKEW.total_seconds()
    assert found["iat"] > now.timestamp() - timedelta(days=1).total_seconds()
    assert found.get("nbf", 0) <= now.timestamp() + SKEW.total_seconds()
    assert found.get("auth_time", 0) <= now.timestamp() + SKEW.total_seconds()
    assert nonce == found.get("nonce")
    assert isinstance(found["sub"], str)
    assert re.fullmatch("[!-~]{1,255}", found["sub"]), "sub is 1 to 255 characters of ASCII (OIDC Core §2)"
    assert isinstance(found.get("acr", ""), str)
    if "at_hash" in found and access_token is not None:
        half = hashlib.new(f"sha{alg[2:]}", access_token.encode()).digest()[: int(alg[2:]) // 16]
        assert base64.urlsafe_b64encode(half).rstrip(b"=").decode() == found["at_hash"]
    standard_claims(found)
    return found


def standard_claims(found: Mapping[str, Any]) -> None:
    """OIDC Core §5.1: a claim that is there has its type, and says something."""
    for name, kind in TYPES.items():
        if name in found:
            assert type(found[name]) is kind, f"{name} is {found[name]!r}"
            assert found[name] != "", f"{name} is empty"
    assert re.fullmatch(r"(\d{4}|0000)(-\d\d-\d\d)?", found.get("birthdate", "1987"))
    assert found.get("updated_at", 0) < 10_000_000_000, "updated_at counts seconds"
    assert set(found.get("address", {})) <= {
        "formatted", "street_address", "locality", "region", "postal_code", "country",
    }  # fmt: skip
    sources = found.get("_claim_sources", {})
    assert set(found.get("_claim_names", {}).values()) <= set(sources)


def claims_of(found: Mapping[str, Any], scope: str) -> None:
    """What the scopes ask for is there, and nothing of another scope's."""
    asked = {name for word in scope.split() for name in BY_SCOPE.get(word, ())}
    warn(asked <= set(found), f"claims are missing: {sorted(asked - set(found))}")
    assert set(found) & set(TYPES) <= asked, f"claims came unasked: {sorted(set(found) & set(TYPES) - asked)}"


def token_answer(answer: httpx2.Response) -> dict[str, Any]:
    """RFC 6749 §5.1, OIDC Core §3.1.3.3."""
    found = json_of(answer)
    not_stored(answer)
    assert "bearer" == found["token_type"].lower()
    assert isinstance(found["expires_in"], int)
    assert found["expires_in"] > 0
    for name in ("access_token", "refresh_token"):
        if name in found:
            strong(found[name])
            assert re.fullmatch("[ -~]+", found[name]), f"{name} holds a character that none may (RFC 6749 §A)"
    return found


def token_error(answer: httpx2.Response, *errors: str) -> None:
    """RFC 6749 §5.2."""
    found = json_of(answer, 401 if answer.status_code == 401 and "invalid_client" in errors else 400)
    not_stored(answer)
    assert found["error"] in errors
    assert re.fullmatch(r"[ !#-\[\]-~]*", found.get("error_description", "")), "RFC 6749 §A.8"
    assert "access_token" not in found


def authorization_error(answer: Mapping[str, str], *errors: str) -> None:
    """OIDC Core §3.1.2.6, RFC 6749 §4.1.2.1."""
    assert answer.get("error") in errors, answer
    assert "code" not in answer
    warn(set(answer) <= ALLOWED_IN_AN_ERROR, f"parameters that the suite does not know: {answer}")
    assert re.fullmatch(r"[ !#-\[\]-~]*", answer.get("error_description", ""))


def strong(secret: str) -> None:
    assert len(secret) * 6 / 8 >= ENTROPY, "it can be guessed (RFC 6749 §10.10)"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
