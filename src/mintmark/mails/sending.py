"""Letters on their way: who asked for one is looked up, one address gets only so many, and what is over is not sent."""

from dataclasses import replace
from datetime import datetime

from mintmark import links, mails
from mintmark.keys.sealing import WrongSealingKey
from mintmark.mails import Letter, asked, composing, limits, smtp
from mintmark.mails.composing import NoAddress
from mintmark.mails.kinds import KINDS
from mintmark.outbound import NotReached, Pointless
from mintmark.protocol.errors import Overloaded
from mintmark.protocol.throttling import Pass
from mintmark.server import Server
from mintmark.store.outbox import Message


async def send(server: Server, message: Message) -> None:
    """At least once: what is lost in between is sent again. Raises NotReached; AddressRefused where the mail server
    will not take it, Pointless where nobody needs it any more."""
    place, now = server.settings.mail_server, server.clock()
    if place is None:
        raise NotReached("there is no mail server: set MINTMARK_SMTP_URL")
    letter = await _letter(server, message, now)
    if letter is None or letter.to is None:
        return  # nobody has that name: whoever asked was told the same
    values = dict(letter.values)
    if "token" in values:
        values["url"] = links.url(server, values.pop("token"))
    try:
        language = server.languages.best(values.pop("languages", "").split())
        made = composing.compose(
            server.settings, message.id, letter.kind, letter.to, values, message.created_at, language
        )
    except NoAddress as error:
        raise Pointless(str(error)) from None
    await smtp.deliver(server.settings, place, made)


async def _letter(server: Server, message: Message, now: datetime) -> Letter | None:
    try:
        letter = mails.opened(server, message)
    except WrongSealingKey:
        raise Pointless("it was sealed by a key that is not there any more") from None
    if letter.kind not in KINDS:
        raise NotReached("this version does not know that letter")
    if letter.expires_at is not None and now >= letter.expires_at:
        raise Pointless("it could not be sent while it was of use")
    person = None
    if letter.to is None:
        person = await asked.addressed(server, letter)
        if person is None:
            await _to_nobody(server, letter, now)
            return None
    to = letter.to if person is None else person.holder.email
    if KINDS[letter.kind].limited and message.attempts == 1 and not await _has_room(server, to or "", now):
        raise Pointless("the address got as many as it gets (MINTMARK_THROTTLE_MAIL)")
    if person is None:
        resolve = asked.ADDRESSED.get(letter.kind)
        return letter if resolve is None else await resolve(server, letter, now)
    found = await asked.RESOLVERS[letter.kind](server, letter, person, now)
    wanted = mails.wanted(person.holder, letter.values.get("languages", "").split())
    return replace(found, values={**found.values, **wanted})


async def _to_nobody(server: Server, letter: Letter, now: datetime) -> None:
    """As many as somebody with a mailbox would get."""
    if letter.kind == "email_code" and await _has_room(server, f"nobody {letter.values.get('name')}", now):
        await asked.nobody(server, letter, now)


async def _has_room(server: Server, address: str, now: datetime) -> bool:
    """A stranger fills nobody's mailbox."""
    try:
        return isinstance(await limits.mailbox(server, address, now), Pass)
    except Overloaded:
        raise NotReached("too many letters to one address at once") from None
