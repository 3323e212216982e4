"""Authorization requests under way: kept, and found again by the browser that brought them (RFC 9126 §4)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from mintmark import browser as browsers
from mintmark import request_objects
from mintmark.browser import Browser
from mintmark.protocol import authorization_request, ids
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.client import Client
from mintmark.protocol.errors import ForgedForm, OAuthError, UnknownClient, UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.registry import LEASE, Understood
from mintmark.server import Server
from mintmark.store import requests
from mintmark.store.changes import Conflict
from mintmark.store.requests import KeptRequest
from mintmark.texts import _
from mintmark.wire.asked import Asked

JUST = timedelta(seconds=LEASE)  # as old as anything that is remembered may be
URN = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 §2.2


@dataclass(frozen=True, slots=True)
class UnderWay:
    kept: KeptRequest
    client: Client
    request: AuthorizationRequest


async def client_of(server: Server, params: Params) -> Client:
    """Whom may we answer? An unknown or disabled client, or one named twice, is a page (RFC 6749 §4.1.2.1)."""
    if params.is_repeated("client_id"):
        raise UntrustedRequest("client_id is sent more than once", check="repeated parameter", got="client_id")
    client_id = params.get("client_id")
    if client_id is None:
        raise UntrustedRequest("client_id is missing", check="client_id", expected="the client_id of a client")
    client = await server.registry.client(client_id)
    if client is None or client.disabled_at is not None:
        raise UnknownClient(
            _("The app that sent you here is not known."),
            check="client_id" if client is None else "disabled client",
            expected="the client_id of a client that is enabled",
            got=client_id,
        )
    return client


async def resolved(server: Server, params: Params, now: datetime) -> Params:
    """What the request comes to, with its request object if it has one: an address inside counts, not one beside it.

    A refusal of the object goes back to the client only by an address that was sent in the open.
    """
    client = await client_of(server, params)
    if not request_objects.are_wanted(params, client):
        return params
    try:
        return await request_objects.resolve(server, params, client, now)
    except OAuthError as error:
        raise authorization_request.back(error, params, client) from error


def ours(params: Params) -> str | None:
    """The id of a request under way; None: it comes for the first time."""
    request_uri = None if params.is_repeated("request_uri") else params.get("request_uri")
    return request_uri.removeprefix(URN) if request_uri is not None and request_uri.startswith(URN) else None


def read(server: Server, params: Params, client: Client, now: datetime) -> AuthorizationRequest:
    limits = server.registry.limits(client, (), (), now, offline=False)
    return authorization_request.read(
        params,
        client,
        server.registry.catalogue,
        require_pkce=limits.require_pkce,
        sign_up=server.settings.signs_up,
    )


async def keep(
    server: Server, client: Client, params: Params, browser: Browser | None, asked: Asked, now: datetime
) -> KeptRequest:
    """browser None: it came by a POST from another site, and the first browser that comes with it has it."""
    kept = KeptRequest(
        id=ids.secret("", server.random(32)),
        client_id=client.id,
        browser_digest=None if browser is None else browser.digest,
        parameters=authorization_request.kept(params),
        created_at=now,
        expires_at=now + server.settings.request_lifetime,
        decision=None,
        completed_at=None,
    )
    is_first = browser is None or browser.is_new
    await server.commit(requests.add(kept, is_first=is_first), [], asked, now)
    return kept


def just_kept(server: Server, id: str | None, now: datetime) -> KeptRequest | None:
    """What was written here within the last second, for the page that comes next: nobody can have got far with it."""
    known = None if id is None else server.registry.requests.get(id)
    if known is None or known.kept is None or now - known.kept.created_at >= JUST:
        return None
    return known.kept


async def find(
    server: Server, id: str, browser: Browser, asked: Asked, now: datetime, *, kept: KeptRequest | None = None
) -> UnderWay:
    """The request of this browser. A page for whatever is over, and a 403 page for another browser's.

    kept: what was read of it already.
    """
    if kept is None and len(id) <= 100:
        kept = await requests.find(server.store, id)
    if kept is None or now >= kept.expires_at:
        raise UntrustedRequest(
            _("This sign-in took too long. Go back to the app and start again."),
            check="request age",
            expected=f"within {server.settings.request_lifetime}",
        )
    if kept.completed_at is not None:
        raise UntrustedRequest(
            _("This sign-in is finished. Go back to the app."),
            check="request completed",
            expected="a request that is under way",
        )
    if kept.browser_digest is None:
        kept = await _adopted(server, kept, browser, asked, now)
    if not browsers.compare(kept.browser_digest, browser.digest):
        raise ForgedForm(
            _("This sign-in was begun in another browser."),
            check="request browser",
            expected="the cookie of the browser that began it",
        )
    params = Params({name: list(values) for name, values in kept.parameters.items()})
    client = await client_of(server, params)
    return UnderWay(kept, client, _understood(server, kept.id, params, client, now))


def _understood(server: Server, id: str, params: Params, client: Client, now: datetime) -> AuthorizationRequest:
    """Each step of a sign-in asks for it, and it says the same as long as nothing is configured otherwise."""
    known = server.registry.requests.get(id)
    if known is not None:
        return known.request
    request = read(server, params, client, now)
    understand(server, id, Understood(request, None), server.registry.version)
    return request


def understand(server: Server, id: str, found: Understood, version: int) -> None:
    """Remembers it, if it was read by the configuration that holds now, and names nobody."""
    names_nobody = found.request.login_hint is None and found.request.id_token_hint is None
    if version == server.registry.version and names_nobody:
        server.registry.requests.keep(id, found)


def is_over(server: Server, id: str) -> None:
    """It was completed here."""
    server.registry.requests.forget(id)


async def _adopted(server: Server, kept: KeptRequest, browser: Browser, asked: Asked, now: datetime) -> KeptRequest:
    with suppress(Conflict):  # another browser was first, or this one twice: the comparison that follows decides
        await server.commit([requests.adopt(kept.id, browser.digest)], [], asked, now)
    found = await requests.find(server.store, kept.id)
    return kept if found is None else found


def address(server: Server, client_id: str, id: str) -> str:
    """Where every step returns to."""
    return f"{server.issuer}/authorize?client_id={quote(client_id, safe='')}&request_uri={quote(URN + id, safe='')}"
