"""Proof Key for Code Exchange, S256 only (RFC 7636 §4, RFC 9700 §2.1.1)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

from mintmark.protocol.errors import InvalidGrant, InvalidRequest
from mintmark.protocol.params import Params

_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def read_challenge(params: Params, *, required: bool) -> str | None:
    """The challenge of an authorization request. None: the client does without, as its policy allows."""
    challenge, method = params.get("code_challenge"), params.get("code_challenge_method")
    if challenge is None:
        if required or method is not None:
            raise missing()
        return None
    if method != "S256":
        raise InvalidRequest(
            "code_challenge_method must be S256", check="code_challenge_method", expected="S256", got=method
        )
    if not _UNRESERVED.fullmatch(challenge):
        raise InvalidRequest(
            "code_challenge must be 43 to 128 unreserved characters (RFC 7636 §4.2)",
            check="code_challenge",
            got=challenge,
        )
    return challenge


def missing() -> InvalidRequest:
    return InvalidRequest(
        "code_challenge is missing: PKCE with S256 is required", check="pkce", expected="code_challenge"
    )


def check(verifier: str | None, challenge: str | None) -> None:
    """Refuses a verifier that is missing, wrong, or answers no challenge (RFC 9700 §4.8.2: the downgrade)."""
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant(
                "code_verifier was sent, but the authorization request had no code_challenge",
                check="code_verifier without challenge",
                got=verifier,
            )
        return
    if verifier is None:
        raise InvalidGrant("code_verifier is missing", check="code_verifier missing")
    if not _UNRESERVED.fullmatch(verifier):
        raise InvalidGrant(
            "code_verifier must be 43 to 128 unreserved characters (RFC 7636 §4.1)",
            check="code_verifier syntax",
            expected="43 to 128 unreserved characters",
            got=verifier,
        )
    computed = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    if not compare_digest(computed, challenge.encode()):
        raise InvalidGrant(
            "code_verifier does not belong to the code_challenge",
            check="code_verifier",
            expected="the verifier of the challenge",
            got=verifier,
        )
