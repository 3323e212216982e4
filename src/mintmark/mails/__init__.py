"""What is sent to people by mail: a letter goes into the outbox in the commit of its cause, and from there by SMTP.

A letter holds links that open accounts. So it lies sealed in the outbox, and no list of operators shows what it says.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson

from mintmark import texts
from mintmark.keys.sealing import Sealer
from mintmark.mails.kinds import KINDS
from mintmark.protocol import ids, link
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import outbox
from mintmark.store.changes import Change
from mintmark.store.executor import Executor
from mintmark.texts import Text

RECEIVER = "mail"  # all of them: the mail server is one, and how many at once it gets is bounded
_PADDED = 512  # bytes: how long a letter is says nothing of whom it is for


class Office(Protocol):
    """Where letters are written: the server, or a command."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Executor: ...
    @property
    def sealer(self) -> Sealer: ...
    @property
    def random(self) -> Callable[[int], bytes]: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, and to whom."""

    kind: str
    to: str | None  # an address; None: who that is, if anybody, is found out when it is sent
    values: Mapping[str, str]
    expires_at: datetime | None  # from then on nobody needs it; None: it is as good later


def is_on(server: Office) -> bool:
    """Whether mail is sent at all."""
    return server.settings.smtp_url is not None


def send(
    server: Office,
    kind: str,
    to: Holder | str,
    values: Mapping[str, str],
    now: datetime,
    *,
    expires_at: datetime | None = None,
    languages: Sequence[str] = (),
) -> list[Change]:
    """The changes that go with the commit of its cause. Nothing where no mail is sent, and where a person has no
    address that they proved to be theirs.

    kind: of KINDS. values: for its template; `token` becomes the address of a link. languages: of the browser that
    caused it, for a person whose account names none.
    """
    address = to if isinstance(to, str) else to.email if to.email_verified else None
    if address is None:
        return []
    spoken = wanted(None if isinstance(to, str) else to, languages)
    return _kept(server, Letter(kind, address, {**values, **spoken}, expires_at), now)


def ask(
    server: Office,
    kind: str,
    values: Mapping[str, str],
    now: datetime,
    *,
    expires_at: datetime,
    languages: Sequence[str] = (),
) -> list[Change]:
    """A letter that a stranger asked for, by a name that perhaps nobody has: who that is, is looked up when it is sent.
    So what the stranger sees, and how long it takes, is the same whoever was named."""
    secret = ids.secret(link.PREFIX, server.random(link.SECRET_BYTES))
    return _kept(server, Letter(kind, None, {"token": secret, **values, **wanted(None, languages)}, expires_at), now)


def wanted(holder: Holder | None, languages: Sequence[str]) -> dict[str, str]:
    """What a letter is told of the languages that somebody reads."""
    found = read_by(holder, languages)
    return {"languages": " ".join(found)} if found else {}


def read_by(holder: Holder | None, languages: Sequence[str]) -> tuple[str, ...]:
    """The language of their account first (OIDC Core §5.1), then those of their browser."""
    locale = None if holder is None else orjson.loads(holder.claims).get("locale")
    return (*([locale.replace("_", "-")] if isinstance(locale, str) else []), *languages)


def sign_up(
    server: Server,
    address: str,
    values: Mapping[str, str],
    now: datetime,
    *,
    expires_at: datetime,
    languages: Sequence[str] = (),
) -> list[Change]:
    """A letter with which a stranger makes an account; whether there is one already is looked up when it is sent."""
    secret = ids.secret(link.PREFIX, server.random(link.SECRET_BYTES))
    told = {**values, "token": secret, **wanted(None, languages)}
    return _kept(server, Letter("sign_up", address, told, expires_at), now)


def _kept(server: Office, letter: Letter, now: datetime) -> list[Change]:
    assert letter.kind in KINDS  # noqa: S101  a slip of ours, which no request can cause
    if not is_on(server):
        return []
    id = ids.uuid7(now, server.random(10))
    return [outbox.add(id, outbox.MAIL, RECEIVER, letter.kind, sealed(server, id, letter), now)]


def sealed(server: Office, id: str, letter: Letter) -> str:
    until = None if letter.expires_at is None else ids.ms(letter.expires_at)
    found: dict[str, object] = {"to": letter.to, "values": dict(letter.values), "until": until}
    said = {name: texts.written(value) for name, value in letter.values.items() if isinstance(value, Text)}
    if said:  # who reads it is known when it is sent; beside the English, which an older version sends
        found["texts"] = said
    plain = orjson.dumps(found)
    plain += b" " * (-len(plain) % _PADDED)
    blob = server.sealer.seal(plain, bound_to=_bound_to(id))
    return orjson.dumps({"sealed": base64.b64encode(blob).decode()}).decode()


def opened(server: Server, message: outbox.Message) -> Letter:
    """Raises WrongSealingKey."""
    blob = base64.b64decode(orjson.loads(message.payload)["sealed"])
    found = orjson.loads(server.sealer.open(blob, bound_to=_bound_to(message.id)))
    until = None if found["until"] is None else ids.EPOCH + found["until"] * ids.MILLISECOND
    said = {name: texts.read(document) for name, document in found.get("texts", {}).items()}
    return Letter(message.subject, found["to"], {**found["values"], **said}, until)


def _bound_to(id: str) -> str:
    return f"outbox.payload:{id}"
