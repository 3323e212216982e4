"""Webhooks: which events a receiver wants, what a message says, and its signature (Standard Webhooks 1.0)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from mintmark import events, nearest
from mintmark.events import Event, Observation

PREFIX = "whsec_"
SECRET_BYTES = 32  # of 24 to 64 (Standard Webhooks, "Signature scheme")
MOST_SECRETS = 4  # that sign at the same time: one new, and those that were rolled lately
LONGEST_URL = 2000
MOST_PATTERNS = 100
TEST = "webhook_test"  # the type of a message that tries a receiver; no event has this name
# Told to no receiver: where several receivers are broken, each would be told of the others' without an end.
NOT_SENT = frozenset({"delivery_given_up"})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PATTERN = re.compile(r"\*|[a-z][a-z_]{0,99}\*?")
_URL = re.compile(r"[!-~]+")


class WebhookRefused(ValueError):
    """What an operator asked for makes no sense; `member` says which part, the message what would be right."""

    def __init__(self, member: str, sentence: str) -> None:
        super().__init__(f"{member} {sentence}")
        self.member, self.sentence = member, sentence


@dataclass(frozen=True, slots=True)
class Key:
    """One secret of a receiver."""

    value: bytes
    until: datetime | None = None  # None: the newest one; else it was rolled, and signs beside it until then

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of events. Its parts were checked by `check`."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]  # names; with * at the end, all names that begin so
    keys: tuple[Key, ...]  # the newest first
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None

    def wants(self, name: str) -> bool:
        return any(_is_named(name, pattern) for pattern in self.events)


def _is_named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def names() -> tuple[str, ...]:
    """Every event that can be sent: facts alone, for an observation is counted and has no commit of its own."""
    found = {events.name_of(kind) for kind in _kinds(Event) if kind.changes_state and kind is not Event}
    return tuple(sorted(found - NOT_SENT))


def _kinds(kind: type[Event]) -> Iterator[type[Event]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def wanted(webhooks: Iterable[Webhook], name: str) -> list[Webhook]:
    if name in NOT_SENT:
        return []
    return [one for one in webhooks if one.disabled_at is None and one.wants(name)]


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WebhookRefused("name", "must be 1 to 100 letters, digits, dots, dashes and underscores")
    return name


def check_url(url: str) -> str:
    """Whether it leads to a private network is seen when it is sent to: names move."""
    wrong = WebhookRefused("url", "must be an https URL such as https://hooks.example.org/mintmark")
    if len(url) > LONGEST_URL or not _URL.fullmatch(url):
        raise wrong
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise WebhookRefused("url", "must not hold a user or a password: the signature says who sends")
    if "#" in url:
        raise WebhookRefused("url", "must not have a fragment")
    return url


def check_events(patterns: Sequence[str]) -> tuple[str, ...]:
    """Each must name an event that there is; a mistyped one would never be sent."""
    if not patterns:
        raise WebhookRefused("events", 'must name one event at least; "*" is all of them')
    if len(patterns) > MOST_PATTERNS:
        raise WebhookRefused("events", f"must be {MOST_PATTERNS} names at most")
    known, unsent = names(), {events.name_of(kind) for kind in _kinds(Observation)}
    for pattern in patterns:
        if _PATTERN.fullmatch(pattern) and any(_is_named(name, pattern) for name in known):
            continue
        if pattern in unsent:
            raise WebhookRefused("events", f"cannot name {pattern}: it is counted in the audit trail, and not sent")
        raise WebhookRefused(
            "events", f"name {_shown(pattern)}, which is no event{nearest.hint(pattern.rstrip('*'), known)}"
        )
    return tuple(dict.fromkeys(patterns))


def _shown(pattern: str) -> str:
    return repr(pattern[:100])


def message(event: Event, now: datetime, request_id: str | None) -> str:
    """What is sent: as in the audit trail, less the address from which it was done."""
    fields: dict[str, Any] = {
        "outcome": event.outcome,
        "client_id": event.client_id,
        "user_id": event.person_id,
        "session_id": event.session_id,
        "authorization_id": event.authorization_id,
        "actor": event.actor,
        "request_id": request_id,
        "detail": event.detail(),
    }
    return written(event.name, now, {name: value for name, value in fields.items() if value is not None})


def written(type: str, now: datetime, data: Mapping[str, Any]) -> str:
    """The body, as it is signed (Standard Webhooks, "Payload structure")."""
    moment = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": type, "timestamp": moment, "data": data}, separators=(",", ":"))


def headers(keys: Iterable[Key], id: str, now: datetime, body: str) -> list[tuple[str, str]]:
    """The same id at every attempt, the time of this one, and a signature of each secret that holds."""
    timestamp = int(now.timestamp())
    signed = f"{id}.{timestamp}.{body}".encode()
    signatures = [
        "v1," + base64.b64encode(hmac.digest(key.value, signed, hashlib.sha256)).decode()
        for key in keys
        if key.holds(now)
    ]
    return [
        ("webhook-id", id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", " ".join(signatures)),
    ]


def secret(key: Key) -> str:
    """As a receiver is given it, once."""
    return PREFIX + base64.b64encode(key.value).decode()


def rolled(keys: Sequence[Key], new: bytes, now: datetime, until: datetime) -> tuple[Key, ...]:
    """The new one signs at once; the one before beside it until then. until = now: it never signs again."""
    before = [Key(key.value, until if key.until is None else min(key.until, until)) for key in keys]
    return (Key(new), *(key for key in before[: MOST_SECRETS - 1] if key.holds(now)))


def write_keys(keys: Sequence[Key]) -> bytes:
    """What is sealed."""
    return json.dumps(
        [
            {"key": base64.b64encode(key.value).decode(), "until": key.until.isoformat() if key.until else None}
            for key in keys
        ]
    ).encode()


def read_keys(plain: bytes) -> tuple[Key, ...]:
    """What `write_keys` wrote; ValueError for anything else."""
    try:
        found = json.loads(plain)
        return tuple(
            Key(
                base64.b64decode(one["key"], validate=True),
                datetime.fromisoformat(one["until"]) if one["until"] else None,
            )
            for one in found
        )
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError("these are no secrets of a webhook") from error
