"""A secret in the Authorization header (RFC 6749 §2.3.1, RFC 7617)."""

from binascii import a2b_base64

from mintmark.protocol.credentials import Credentials
from mintmark.protocol.errors import InvalidClient, InvalidRequest
from mintmark.protocol.params import Params, decode
from mintmark.wire.asked import Asked


def read(asked: Asked, params: Params) -> Credentials | None:
    header = asked.header(b"authorization")
    if header is None:
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or asked.count(b"authorization") > 1:
        raise InvalidClient("the Authorization header is not one Basic credential", check="basic header")
    try:
        name, colon, secret = a2b_base64(encoded.strip(), strict_mode=True).decode("utf-8").partition(":")
    except ValueError as error:
        raise InvalidClient(
            "the Basic credential is not base64 of UTF-8", check="basic encoding", got=encoded
        ) from error
    if not colon or "\0" in name or "\0" in secret:
        raise InvalidClient("the Basic credential has no colon, or a NUL", check="basic encoding", got=encoded)
    # Many clients leave out the form-encoding of both halves, so what stands there is tried as it is, too.
    decoded = _decoded(secret)
    readings = (decoded,) if decoded == secret else (decoded, secret)
    return Credentials(_decoded(name), readings if secret else ())


def _decoded(half: str) -> str:
    if "%" not in half and "+" not in half:
        return half
    try:
        return decode(half)
    except InvalidRequest:
        return half
