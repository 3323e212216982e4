"""Logos of clients: fetched by us, once, in the background, and shown from here (OIDC Registration §2, RFC 7591 §5).

A page never waits for one, and a browser never asks a client for anything before the person has chosen to go there.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from mintmark.outbound import NotReached
from mintmark.protocol import picture
from mintmark.protocol.client import Client
from mintmark.server import Server
from mintmark.store import client_logos
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.client_logos import Logo

SECONDS = 5.0
MOMENT = 1.0  # seconds that a registration waits for the picture: a program does, never a person
KEPT = timedelta(days=7)  # then it is looked at anew, when somebody sees it the next time
AGAIN = timedelta(hours=1)  # after what was no picture, or did not come


async def url(server: Server, client: Client, now: datetime) -> str | None:
    """Where the picture is, here; None: there is none, or not yet."""
    if client.logo_uri is None:
        return None
    found = await client_logos.about(server.store, client.id)
    if found is None or found.uri != client.logo_uri:
        want(server, client.id, client.logo_uri)
        return None
    if now - found.fetched_at > (AGAIN if found.content_type is None else KEPT):
        want(server, client.id, client.logo_uri)
    if found.content_type is None:
        return None
    mark = sha256(f"{found.uri}\n{found.fetched_at.timestamp()}".encode()).hexdigest()[:16]  # another address each time
    return f"{server.path}/logo?client_id={quote(client.id, safe='')}&v={mark}"


def want(server: Server, client_id: str, uri: str) -> None:
    """Begins to fetch it, unless that is under way or too many are: then somebody sees it another time."""
    if server.logos.has_room(client_id):
        server.logos.start(client_id, _fetch(server, client_id, uri))


async def arrive(server: Server, client_id: str, uri: str) -> None:
    """The same, and waits a moment for it: who just registered sends the first person at once."""
    want(server, client_id, uri)
    await server.logos.ended(client_id, MOMENT)


async def _fetch(server: Server, client_id: str, uri: str) -> None:
    """What is no picture is remembered too, so that it is not asked for at every page."""
    kind, body = None, None
    with suppress(NotReached):
        reply = await server.outbound.ask("GET", uri, seconds=SECONDS, most=picture.MOST_BYTES + 1)
        if reply.status == 200 and reply.is_whole:
            kind, body = picture.shown(reply.body) or (None, None)
    with suppress(Conflict, Unavailable):  # another node was first, or the next who sees it tries again
        before = await client_logos.about(server.store, client_id)
        if kind is None and before is not None and before.uri == uri and before.content_type is not None:
            return  # what was shown last week is better than nothing
        await server.store.commit(client_logos.keep(client_id, before, Logo(uri, kind, server.clock(), body)))
