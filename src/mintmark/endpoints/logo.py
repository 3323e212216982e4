"""A client's logo, as we fetched it: a picture and nothing else, whatever it would like to be."""

from mintmark.protocol.errors import InvalidRequest
from mintmark.server import Server
from mintmark.store import client_logos
from mintmark.wire.answer import NOSNIFF, Answer
from mintmark.wire.asked import Asked


class NoLogo(InvalidRequest):
    status = 404


async def show(server: Server, asked: Asked) -> Answer:
    """GET. The address changes with the picture, so that it may be kept for a day."""
    client_id = asked.query().get("client_id") or ""
    found = await client_logos.find(server.store, client_id) if len(client_id) <= 255 else None
    if found is None or found.body is None or found.content_type is None:
        raise NoLogo("there is no such logo", check="logo")
    headers = (
        (b"content-type", found.content_type.encode()),
        (b"cache-control", b"public, max-age=86400"),
        (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"content-disposition", b"inline"),
        *NOSNIFF,
    )
    return Answer(200, headers, found.body)
