"""How a bearer token arrives at a protected resource (RFC 6750 §2): in the header, or in a form; never in the query."""

from mintmark.protocol.errors import InvalidRequest, InvalidToken, NoCredentials
from mintmark.wire.asked import FORM, Asked


def read(asked: Asked) -> str:
    """Raises NoCredentials, InvalidRequest or InvalidToken."""
    if asked.query_string and asked.query().sent("access_token"):
        raise InvalidRequest(
            "an access token in the address would be seen by others", check="token in query", expected="a header"
        )
    header = asked.header(b"authorization")
    posted = _posted(asked)
    if header is None and posted is None:
        raise NoCredentials("no access token was sent", check="no access token", expected="Authorization: Bearer …")
    if header is not None and posted is not None:
        raise InvalidRequest(
            "the access token is sent in more than one way (RFC 6750 §2)", check="two access tokens", expected="one way"
        )
    if header is None:
        return posted or ""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or asked.count(b"authorization") > 1 or not token.strip():
        raise InvalidToken(
            "the Authorization header is not one Bearer token",
            check="bearer header",
            expected="Bearer and one token",
            got=header,
        )
    return token.strip()


def _posted(asked: Asked) -> str | None:
    content_type = (asked.header(b"content-type") or "").partition(";")[0].strip().lower()
    if asked.method != "POST" or content_type != FORM or not asked.body:
        return None
    return asked.form().get("access_token")
