"""What registering and updating a client share: how much, from what body, and whether what it says of itself is so."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mintmark import logos
from mintmark.client_auth import METHODS
from mintmark.endpoints import statements
from mintmark.grants import GRANTS
from mintmark.outbound import NotReached
from mintmark.protocol import client_secret, ids, registration, throttling
from mintmark.protocol.client import Client
from mintmark.protocol.client_metadata import Offered
from mintmark.protocol.errors import InvalidClientMetadata, InvalidRequest, Overloaded, TooManyAttempts
from mintmark.protocol.policy import Policy, PolicyRefused
from mintmark.protocol.throttling import Wait
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import clients, registrations, throttles
from mintmark.store.changes import Change, Conflict
from mintmark.wire import objects
from mintmark.wire.asked import Asked

JSON = "application/json"
MINUTE = timedelta(minutes=1)
TRIES = 5  # at a count that others move at the same time
SECTOR_SECONDS = 5.0  # the client waits for its answer meanwhile
SECRET_NAME = "registered"
OFFERED = Offered(tuple(GRANTS), tuple(METHODS))


async def count(server: Server, asked: Asked, now: datetime) -> None:
    """So many from one address (IPv6: one /64), on all nodes together. Raises TooManyAttempts."""
    budget = server.settings.throttle_registration
    if budget is None:
        return
    row = f"registration:{throttling.address_key(asked.address).hex()}"
    for _ in range(TRIES):
        read = (await throttles.find(server.store, row, row)).get(row)
        tick = throttling.from_address(read, now, most=budget.count, per=budget.per or MINUTE)
        if isinstance(tick, Wait):
            raise TooManyAttempts(
                "too many registrations from this address: wait",
                tick.seconds,
                check="registration throttle",
                expected=f"at most {budget}",
                got=f"wait {tick.seconds} s",
            )
        try:
            await server.store.commit([throttles.count(row, read, tick, now)])
        except Conflict:
            continue
        return
    raise Overloaded("too many registrations at once: try again", check="registration throttle")


def body(asked: Asked) -> dict[str, Any]:  # Any: JSON
    """One JSON object. Raises InvalidClientMetadata, for that is what the specification has (RFC 7591 §3.2.2)."""
    given = (asked.header(b"content-type") or "").partition(";")[0].strip().lower()
    if given != JSON:
        raise InvalidClientMetadata(f"Content-Type must be {JSON}", check="registration body", expected=JSON, got=given)
    try:
        return objects.read(asked.body)
    except InvalidRequest as error:
        raise InvalidClientMetadata(error.description, check="registration body", expected="one JSON object") from error


async def members(server: Server, client_id: str, sent: Mapping[str, object], now: datetime) -> dict[str, object]:
    """The client's document, with everything looked up that must be. Raises what is told to the client."""
    stated = await statements.believed(server, sent, now)
    found = registration.read(
        client_id,
        stated,
        catalogue=server.registry.catalogue,
        offered=replace(OFFERED, unsigned=server.settings.allow_unsigned_id_tokens),
        default_scope=server.settings.registration_scope.split(),
    )
    if "sector_identifier_uri" in found:
        await _check_sector(server, found)
    return found


async def _check_sector(server: Server, found: Mapping[str, object]) -> None:
    """Looked at now, and not again: afterwards it is only a name (OIDC Registration §5)."""
    try:
        reply = await server.outbound.ask("GET", str(found["sector_identifier_uri"]), seconds=SECTOR_SECONDS)
    except NotReached as error:
        raise InvalidClientMetadata(
            "sector_identifier_uri could not be read", check="sector fetch", expected="a JSON document", got=str(error)
        ) from error
    if reply.status != 200 or not reply.is_whole:
        raise InvalidClientMetadata(
            "sector_identifier_uri must answer 200 with a short JSON document, and no redirect",
            check="sector fetch",
            expected="200 and a whole document",
            got=reply.status,
        )
    try:
        listed = objects.parse(reply.body)
    except InvalidRequest:
        listed = None
    registration.check_sector(found, listed)


def new_secret(server: Server, client_id: str, now: datetime) -> tuple[str, Change]:
    """For a client that proves itself by one, and has none."""
    secret = ids.secret("", server.random(client_secret.BYTES))
    digest = server.registry.mac("client_secret", secret.encode())
    row = ids.uuid7(now, server.random(10))
    return secret, clients.first_secret(row, client_id, SECRET_NAME, digest, len(secret), now, None)


def address(server: Server, client_id: str) -> str:
    """Where the client manages itself: an id of ours needs no escapes."""
    return f"{server.issuer}/register?client_id={client_id}"


def wrong(settings: Settings) -> Iterator[str]:
    """What the settings of this door cannot mean, in sentences for the operator."""
    try:
        Policy.read(settings.registration_policy or {}, at="client")
    except PolicyRefused as refusal:
        yield f"MINTMARK_REGISTRATION_POLICY: {refusal}"
    yield from statements.wrong(settings)


def policy(server: Server) -> Mapping[str, object]:
    """What the settings give every client that registers itself; it was read when the server started."""
    return Policy.read(server.settings.registration_policy or {}, at="client").document()


async def mark_used(server: Server, client: Client, now: datetime) -> None:
    """Somebody signs in to it: a client that registered itself does not expire for want of use any more.

    Written before the authorization, and not with it: that holds the client's row as it stands, and many first sign-ins
    may come at once.
    """
    remembered = server.registry.remembered
    if client.self_registered and remembered.get(("used", client.id)) is None:
        await server.store.commit([registrations.used(client.id, now)])
        remembered.keep(("used", client.id), True)


async def want_logo(server: Server, client_id: str, document: Mapping[str, object]) -> None:
    """It is there, as a rule, when the first person comes."""
    uri = document.get("logo_uri")
    if isinstance(uri, str):
        await logos.arrive(server, client_id, uri)
