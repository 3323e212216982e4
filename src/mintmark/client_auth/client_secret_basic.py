"""A secret in the Authorization header (RFC 6749 §2.3.1, RFC 7617)."""

from base64 import b64decode

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
        raise InvalidClient("the Authorization header is not one Basic credential")
    try:
        name, colon, secret = b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError as error:
        raise InvalidClient("the Basic credential is not base64 of UTF-8") from error
    if not colon or "\0" in name or "\0" in secret:
        raise InvalidClient("the Basic credential has no colon, or a NUL")
    # Many clients leave out the form-encoding of both halves, so what stands there is tried as it is, too.
    readings = dict.fromkeys((_decoded(secret), secret)) if secret else ()
    return Credentials(_decoded(name), tuple(readings))


def _decoded(half: str) -> str:
    if "%" not in half and "+" not in half:
        return half
    try:
        return decode(half)
    except InvalidRequest:
        return half
