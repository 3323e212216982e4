"""What operators do about how somebody signs in: look, remove, ask for another password, let them try again.

Nothing secret is read, and none is set.
"""

from datetime import datetime
from typing import Any

from mintmark import ending, mails
from mintmark.events import Configured, Event, FactorRemoved
from mintmark.factors import FACTORS, recovery_code, totp
from mintmark.factors.throttle import Attempt
from mintmark.mails import Office, notices
from mintmark.protocol import throttling
from mintmark.protocol.authorization import Holder
from mintmark.registry import Registry
from mintmark.store import accounts, enrolled, passkeys, recovery_codes, throttles, totps, trusted_browsers
from mintmark.store.changes import Change
from mintmark.store.executor import Executor
from mintmark.store.people import Person

Document = dict[str, Any]  # Any: JSON
Acts = tuple[list[Change], list[Event]]
REASON = "password reset required"
CODES, PASSWORD = "recovery_codes", "password"  # their ids: there is one of each


async def factors(store: Executor, person: Person) -> list[Document]:
    """Everything that they can sign in by, without what is secret in it."""
    id = person.holder.id
    found = [_shown(PASSWORD, PASSWORD)] if person.password_hash is not None else []
    found += [
        _shown("passkey", one.id, one.name, one.created_at, one.last_used_at)
        for one in await enrolled.passkeys(store, id)
    ]
    found += [
        _shown("totp", one.id, one.name, one.created_at, one.last_used_at) for one in await enrolled.apps(store, id)
    ]
    codes = await enrolled.codes(store, id)
    if codes.made:
        found.append(_shown(CODES, CODES, f"{codes.left} left", codes.created_at, codes.last_used_at))
    return found


async def removed(office: Office, person: Person, factor: str, now: datetime, actor: str | None) -> Acts | None:
    """None: they have no such factor. They hear of it as if they had removed it themselves."""
    store = office.store
    known = {one["id"]: one for one in await factors(store, person)}
    if factor not in known or factor == PASSWORD:
        return None
    id, kind = person.holder.id, known[factor]["kind"]
    gone: Change
    match kind:
        case "passkey":
            gone = passkeys.remove(factor, id)
        case "totp":
            gone = totps.remove(factor, id)
        case _:
            [gone] = recovery_codes.replace(id, await recovery_codes.count(store, id), [], now)
    event = FactorRemoved(person_id=id, factor=kind, id=factor, actor=actor)
    letter = await notices.notice(office, "factor_removed", person.holder, now, factor=_called(known[factor]))
    return [*accounts.change_proofs(person, now), gone, *letter], [event]


def _called(factor: Document) -> str:
    """By the name that they gave it, as on their account page."""
    match factor["kind"]:
        case "totp":
            return totp.called(factor["name"])
        case "passkey":
            return str(factor["name"])
        case _:
            return recovery_code.TITLE


def reset_required(office: Office, person: Person, now: datetime, actor: str | None, *, mail: bool) -> Acts:
    """The present password is good for nothing from now on, and everything that it began is over. They hear of it.

    mail: a link to choose another goes to their address, if they have proved one.
    """
    holder = person.holder
    changes, events = ending.everything(holder.id, REASON, now, actor=actor)
    told = notices.reset_required(office, holder, now)
    changes = [*accounts.forget_password(person, now), *changes, *told]
    if mail:
        until = now + office.settings.reset_link_lifetime
        changes += mails.ask(office, "reset_password", {"whose": holder.id}, now, expires_at=until)
    return changes, [configured(holder, "reset", actor, PASSWORD), *events]


def unthrottled(registry: Registry, holder: Holder, actor: str | None) -> Acts:
    """They may try again at once, in browsers that know them and elsewhere; addresses go on waiting."""
    account = throttling.account_key(holder.username)
    device = throttling.device_key(account, registry.mac("device", holder.id.encode()))
    rows = [Attempt(account, "", known, factor=factor).account_id for factor in FACTORS for known in (None, device)]
    return [throttles.clear(row) for row in rows if row is not None], [configured(holder, "unthrottle", actor)]


async def browsers(store: Executor, person: Person, now: datetime) -> list[Document]:
    """Those that need no second factor of theirs."""
    return [
        {
            "id": one.id,
            "user_agent": one.user_agent,
            "address": one.address,
            "created_at": _when(one.created_at),
            "last_used_at": _when(one.last_used_at),
            "expires_at": _when(one.expires_at),
        }
        for one in await enrolled.browsers(store, person.holder.id, now)
    ]


def distrusted(holder: Holder, actor: str | None) -> Acts:
    return [trusted_browsers.end_all_of(holder.id)], [configured(holder, "distrust", actor, "trusted_browsers")]


def configured(holder: Holder, change: str, actor: str | None, members: str = "") -> Configured:
    return Configured(
        kind="user", subject=holder.username, change=change, members=members, person_id=holder.id, actor=actor
    )


def _shown(
    kind: str, id: str, name: str | None = None, created: datetime | None = None, used: datetime | None = None
) -> Document:
    return {"kind": kind, "id": id, "name": name, "created_at": _when(created), "last_used_at": _when(used)}


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
