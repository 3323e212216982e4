"""The end of a session in its own browser: cookies go, frames tell the clients, and the way back (docs: logout)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from mintmark import browser as browsers
from mintmark import ending, logouts, outbox
from mintmark.pages import answers
from mintmark.protocol import ids, logout
from mintmark.protocol.client import Client
from mintmark.protocol.logout import Hint, LogoutRequest
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import participants
from mintmark.store.changes import Conflict, Unavailable
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

REASON = "signed out"
KEPT = timedelta(minutes=30)  # how long a person may take to answer
PATIENCE = 2  # seconds that a browser waits for the frames, where the person is to go on


async def end(server: Server, asked: Asked, session_id: str, person_id: str, reason: str, now: datetime) -> list[str]:
    """Ends the session; what the frames of the page that follows load. Twice is once."""

    async def write() -> None:
        changes, events = await ending.session(server, session_id, person_id, reason, now)
        try:
            await server.commit(changes, events, asked, now)
        except Conflict:
            return  # it ended meanwhile

    await decided(write)
    taking_part = await _taking_part(server, session_id)
    if any(logout.back_channel(client) is not None for client in taking_part):
        with suppress(Unavailable):  # the upkeep does it within a second all the same
            await logouts.tell(server)
            await outbox.deliver(server)  # begins to send, and waits for nobody
    frames = [logout.front_channel(client, server.issuer, session_id) for client in taking_part]
    return [frame for frame in frames if frame is not None]


async def _taking_part(server: Server, session_id: str) -> Sequence[Client]:
    """Those that are told of its end."""
    found = await participants.of(server.store, [session_id])
    clients = [await server.registry.client(client_id) for client_id in sorted(found.get(session_id, ()))]
    return [client for client in clients if client is not None and client.disabled_at is None and logout.hears(client)]


async def answer(
    server: Server, asked: Asked, frames: Sequence[str], request: LogoutRequest | None, now: datetime
) -> Answer:
    """What the browser sees afterwards: the way back at once, or a page, which frames make it stay on for a moment.

    The browser is a stranger's from now on.
    """
    onward = None if request is None else logout.onward(request)
    if onward is not None and not frames:
        found = redirect(onward)
    else:
        asker = None if request is None else request.client
        found = answers.page(
            server,
            "signed_out.html",
            ui_locales=() if request is None else request.ui_locales,
            languages=asked.languages,
            frame_origins=sorted({_origin(frame) for frame in frames}),
            frames=frames,
            onward=onward,
            patience=PATIENCE,
            client=None if asker is None else await answers.shown(server, asker, now),
        )
    found = browsers.with_new_state(server, browsers.without_cookie(server, found))
    return found.plus((b"clear-site-data", b'"cache"'))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


# ── what was asked, while the person is asked


def kept(server: Server, request: LogoutRequest, now: datetime) -> str:
    """The request in the hands of the browser, sealed against changes: strangers' POSTs leave no row anywhere."""
    told = {
        "client_id": None if request.client is None else request.client.id,
        "sid": None if request.hint is None else request.hint.session_id,
        "hinted": request.hint is not None,
        "post_logout_redirect_uri": None if request.return_address is None else request.return_address.uri,
        "state": request.state,
        "ui_locales": " ".join(request.ui_locales) or None,
        "until": ids.ms(now + KEPT),
    }
    body = json.dumps(told, separators=(",", ":")).encode()
    return f"{_encoded(body)}.{_encoded(server.registry.mac('csrf', b'end_session ' + body))}"


async def found(server: Server, kept: str, now: datetime) -> LogoutRequest | None:
    """None: too old, or none of ours. Raises UntrustedRequest where the client gave the address up meanwhile."""
    body, mac = (_decoded(part) for part in (kept.partition(".")[0], kept.partition(".")[2]))
    if not server.registry.is_mac("csrf", b"end_session " + body, mac):
        return None
    told = json.loads(body)
    if ids.ms(now) >= told["until"]:
        return None
    client = await client_of(server, told["client_id"])
    hint = Hint(told["client_id"], told["sid"]) if told["hinted"] else None
    members = {
        name: [told[name]] for name in ("post_logout_redirect_uri", "state", "ui_locales") if told[name] is not None
    }
    return logout.read(Params(members), client, hint)


async def client_of(server: Server, client_id: str | None) -> Client | None:
    """None too where it is disabled: nobody goes there."""
    client = None if client_id is None else await server.registry.client(client_id)
    return None if client is None or client.disabled_at is not None else client


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
