"""What operators do with webhooks and with the outbox: for the admin API and the terminal alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mintmark.events import Configured, Event
from mintmark.keys.sealing import Sealer
from mintmark.protocol import ids, webhook
from mintmark.protocol.webhook import SECRET_BYTES, Key, Webhook, WebhookRefused
from mintmark.store import outbox, webhooks
from mintmark.store.changes import Change
from mintmark.store.listed_outbox import Listed
from mintmark.store.times import at, ms

OVERLAP = timedelta(days=1)  # how long a rolled secret signs beside the new one, where nobody says
DISCARDED = "discarded by an operator"

Written = tuple[list[Change], list[Event]]


class NameTaken(WebhookRefused):
    """Another webhook has it."""


class TooMany(WebhookRefused):
    """Every event asks each of them."""


class BeingSent(Exception):
    """A node is sending it at this moment."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a webhook is to be; checked by `made` and `changed`. None: as it is, or the default."""

    name: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    disabled: bool | None = None


def made(
    wanted: Wanted, there: Sequence[Webhook], sealer: Sealer, random: Callable[[int], bytes], now: datetime
) -> tuple[Webhook, Written]:
    """A new one, with its first secret. Raises WebhookRefused."""
    if len(there) >= webhooks.MOST:
        raise TooMany("name", f"cannot be added: {webhooks.MOST} webhooks are the most there can be")
    now = _as_kept(now)
    one = Webhook(
        id=ids.uuid7(now, random(10)),
        name=_free(wanted.name or "", there),
        url=webhook.check_url(wanted.url or ""),
        events=webhook.check_events(wanted.events if wanted.events is not None else ("*",)),
        keys=(Key(random(SECRET_BYTES)),),
        created_at=now,
        updated_at=now,
        disabled_at=now if wanted.disabled else None,
    )
    return one, (webhooks.add(one, sealer), [_event(one, "create", "name url events secret")])


def changed(before: Webhook, wanted: Wanted, there: Sequence[Webhook], now: datetime) -> tuple[Webhook, Written]:
    """Nothing to write where nothing differs. Raises WebhookRefused."""
    others = [one for one in there if one.id != before.id]
    one = replace(
        before,
        name=before.name if wanted.name is None else _free(wanted.name, others),
        url=before.url if wanted.url is None else webhook.check_url(wanted.url),
        events=before.events if wanted.events is None else webhook.check_events(wanted.events),
        disabled_at=before.disabled_at if wanted.disabled is None else _disabled_at(before, wanted.disabled, now),
    )
    names = [name for name in ("name", "url", "events", "disabled_at") if getattr(one, name) != getattr(before, name)]
    if not names:
        return before, ([], [])
    one = replace(one, updated_at=_later(before, now))
    members = " ".join(names).replace("disabled_at", "disabled")
    return one, (webhooks.change(before, one), [_event(one, "set", members)])


def rolled(
    before: Webhook, overlap: timedelta | None, sealer: Sealer, random: Callable[[int], bytes], now: datetime
) -> tuple[Webhook, Written]:
    """With a new secret. overlap: so long the one before signs too; None: not once more."""
    keys = webhook.rolled(before.keys, random(SECRET_BYTES), now, now + (overlap or timedelta(0)))
    one = replace(before, keys=keys, updated_at=_later(before, now))
    changes = webhooks.set_keys(before, keys, sealer, one.updated_at)
    return one, (changes, [_event(one, "secret rolled", "secret")])


def deleted(one: Webhook, now: datetime) -> Written:
    """What still waits for it is given up."""
    waiting = outbox.discard_all(one.id, now, "the webhook was deleted")
    return [*webhooks.delete(one.id), waiting], [_event(one, "delete", "")]


def tried(one: Webhook, *, arrived: bool, actor: str | None = None) -> Event:
    return by(_event(one, "tested", "arrived" if arrived else "did not arrive"), actor)


def by(event: Event, actor: str | None) -> Event:
    """Who did it."""
    return replace(event, actor=actor)


def retried(found: Listed, now: datetime) -> Written:
    """Sent from the beginning, once more where it is done already. Raises BeingSent."""
    if found.taken_until is not None and now < found.taken_until:
        raise BeingSent
    return [outbox.retry(found.id, found.attempts, found.taken_until, now)], [_outbox_event(found, "retry")]


def discarded(found: Listed, now: datetime) -> Written:
    """Never sent; nothing is written where it has ended already."""
    if found.due_at is None:
        return [], []
    return [outbox.discard(found.id, found.attempts, now, DISCARDED)], [_outbox_event(found, "discard")]


def _free(name: str, others: Sequence[Webhook]) -> str:
    webhook.check_name(name)
    if any(one.name == name for one in others):
        raise NameTaken("name", f"must be another one: there is a webhook {name!r} already")
    return name


def _disabled_at(before: Webhook, disabled: bool, now: datetime) -> datetime | None:
    return (before.disabled_at or _as_kept(now)) if disabled else None


def _later(before: Webhook, now: datetime) -> datetime:
    """What every change guards; two within one millisecond are two."""
    return max(_as_kept(now), before.updated_at + timedelta(milliseconds=1))


def _as_kept(moment: datetime) -> datetime:
    """As it is read again, to the millisecond."""
    return at(ms(moment))


def _event(one: Webhook, change: str, members: str) -> Event:
    return Configured(kind="webhook", subject=one.name, change=change, members=members)


def _outbox_event(found: Listed, change: str) -> Event:
    return Configured(kind="outbox", subject=found.id, change=change, members=f"{found.kind} {found.subject}")
