"""Letters that somebody asked for by a name, which perhaps nobody has: who it is, and the link that they get."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from mintmark import links, mails
from mintmark.events import LinkSent
from mintmark.mails import Letter, codes
from mintmark.protocol import ids
from mintmark.protocol.link import Kind
from mintmark.protocol.names import normalise_username
from mintmark.server import Server
from mintmark.store import links as stored
from mintmark.store import people
from mintmark.store.people import Person

Resolver = Callable[[Server, Letter, Person, datetime], Awaitable[Letter]]


async def addressed(server: Server, letter: Letter) -> Person | None:
    """Whom it is for. None: nobody has the name, or may not sign in, or has no address that is proved to be theirs:
    the recipient is never one that the request named (GHSA-qgqp-xh8r-v73r)."""
    whose = letter.values.get("whose")
    if whose is not None:
        found = await people.find(server.store, whose)
    else:
        found = await people.find_signing_in(server.store, normalise_username(letter.values["name"]))
    if found is None or found.holder.disabled_at is not None or not found.holder.email_verified:
        return None
    return found


async def _reset(server: Server, letter: Letter, person: Person, now: datetime) -> Letter:
    await _keep(server, letter, "reset", person, letter.values["token"], {}, now)
    values = {"token": letter.values["token"], "username": person.holder.username}
    return replace(letter, to=person.holder.email, values=values)


async def _code(server: Server, letter: Letter, person: Person, now: datetime) -> Letter:
    reference = letter.values["token"]
    await _keep(server, letter, "sign_in", person, reference, {"browser": letter.values["browser"]}, now)
    values = {"code": codes.spaced(codes.code(server, reference, person.holder.id)), "username": person.holder.username}
    return replace(letter, to=person.holder.email, values=values)


async def _keep(
    server: Server, letter: Letter, kind: Kind, person: Person, secret: str, detail: Mapping[str, object], now: datetime
) -> None:
    """Before the letter goes; at a second attempt it is there already. Raises Conflict, Unavailable."""
    if letter.expires_at is None or await stored.find(server.store, ids.digest(secret)) is not None:
        return
    lifetime = letter.expires_at - now
    holder = person.holder
    made = await links.make(server, kind, holder.id, lifetime, now, email=holder.email, detail=detail, secret=secret)
    if made is not None:
        await server.commit([made.change], [LinkSent(person_id=holder.id, kind=kind)], None, now)


async def nobody(server: Server, letter: Letter, now: datetime) -> None:
    """A code that was asked for by a name that nobody has: it is sent to nobody, and tries at it are counted as at any
    other. So they take as long, and whoever tries learns nothing of the name. Raises Conflict, Unavailable."""
    reference = letter.values["token"]
    if letter.expires_at is None or await stored.find(server.store, ids.digest(reference)) is not None:
        return
    detail, lifetime = {"browser": letter.values["browser"]}, letter.expires_at - now
    made = await links.make(server, "sign_in", None, lifetime, now, detail=detail, secret=reference)
    if made is not None:
        await server.commit([made.change], [], None, now)


async def joining(server: Server, letter: Letter, now: datetime) -> Letter:
    """A sign-up: the link is made now, unless there is an account, whose owner then hears of it."""
    address, secret = letter.to or "", letter.values["token"]
    known = await people.find_signing_in(server.store, normalise_username(address))
    if known is not None:
        spoken = mails.wanted(known.holder, letter.values.get("languages", "").split())
        return replace(letter, kind="sign_up_known", values={"username": known.holder.username, **spoken})
    if letter.expires_at is not None and await stored.find(server.store, ids.digest(secret)) is None:
        detail = {"request": letter.values["request"]}
        lifetime = letter.expires_at - now
        made = await links.make(server, "sign_up", None, lifetime, now, email=address, detail=detail, secret=secret)
        if made is not None:
            await server.commit([made.change], [LinkSent(kind="sign_up")], None, now)
    return letter


async def proving(server: Server, letter: Letter, now: datetime) -> Letter | None:
    """An address that is to be proved. None: it is another account's by now. It is looked up here and not where it was
    named: whoever names an address does not learn that somebody has it."""
    known = await people.find_signing_in(server.store, normalise_username(letter.to or ""))
    return letter if known is None or known.holder.id == letter.values.get("whose") else None


RESOLVERS: Final[Mapping[str, Resolver]] = MappingProxyType({"reset_password": _reset, "email_code": _code})
# Of letters to an address that a stranger named.
ADDRESSED: Final[Mapping[str, Callable[[Server, Letter, datetime], Awaitable[Letter | None]]]] = MappingProxyType(
    {"sign_up": joining, "verify_email": proving}
)
