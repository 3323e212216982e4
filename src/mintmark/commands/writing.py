"""From the steps of a plan to one change set with its facts."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from mintmark import ending
from mintmark.commands.differences import Difference
from mintmark.commands.opening import Opened
from mintmark.commands.plan import SECRET_NAME, ClientStep, Plan
from mintmark.commands.plan_people import PersonStep
from mintmark.events import Configured, Event
from mintmark.factors.hashing import Hashing
from mintmark.protocol import person_record
from mintmark.protocol.client import written
from mintmark.protocol.person_record import PersonRecord
from mintmark.store import clients, configuration, people, resources, schema
from mintmark.store.changes import Change, Insert, Require
from mintmark.store.people import Record
from mintmark.store.times import ms

AT_ONCE = 32  # passwords hashed together


async def write(opened: Opened, plan: Plan, version: int, hashing: Hashing) -> None:
    """All of it or nothing. Conflict where the configuration was changed since `version`."""
    hashes = await _hashes(plan.people, hashing)
    changes: list[Change] = [Require(schema.configuration, {"id": 1, "version": version})]
    for uri in plan.dropped:
        changes += resources.delete_(uri)
    for step in plan.clients:
        changes += _client(opened, step)
    for made in plan.resources:
        changes += (resources.add if made.is_new else resources.change)(made.resource, opened.now)
    ids = [step.known.holder.id if step.known else opened.id() for step in plan.people]
    events = list(_events(plan.differences))
    for person_id, person, hashed in zip(ids, plan.people, hashes, strict=True):
        changed, happened = _person(opened, person_id, person, hashed)
        changes += changed
        events += happened
    if plan.policy is not None:
        is_new = any(one.kind == "policy" and one.change == "create" for one in plan.differences)
        setting = resources.add_policy if is_new else resources.change_policy
        changes += setting("server", "", plan.policy, opened.now)
    await opened.commit(_once(changes), events)


def _client(opened: Opened, step: ClientStep) -> Iterator[Change]:
    policy = written(step.policy.document())
    if step.is_new:
        yield from clients.add(step.client_id, step.document, policy, opened.now)
    elif step.is_changed:
        yield from clients.change(step.client_id, step.document, policy, opened.now)
    if step.ends_secret:
        yield from clients.end_secret(step.client_id, SECRET_NAME, opened.now)
    if step.secret is not None:
        digest = opened.registry.mac("client_secret", step.secret.encode())
        length = len(step.secret)
        yield from clients.add_secret(opened.id(), step.client_id, SECRET_NAME, digest, length, opened.now, None)


def _person(opened: Opened, id: str, step: PersonStep, hashed: str | None) -> tuple[list[Change], Sequence[Event]]:
    if step.known is None:
        made = people.add(id, stored(step.record), hashed, opened.now)
        if step.disabled and isinstance(made, Insert):  # a row cannot be changed in the set that makes it
            made = made._replace(values={**made.values, "disabled_at": ms(opened.now)})
        return [made], ()
    changes: list[Change] = []
    if step.is_changed:
        changes.append(people.change(id, stored(step.record), opened.now))
    if hashed is not None:
        changes.append(people.set_password(id, hashed, opened.now))
    if step.disabled is None:
        return changes, ()
    if not step.disabled:
        return [*changes, people.enable(id, opened.now)], ()
    ends, events = ending.everything(id, "person disabled", opened.now)
    return [*changes, people.disable(id, opened.now), *ends], events


def stored(record: PersonRecord) -> Record:
    return Record(
        username=record.username,
        username_key=record.username_key,
        email=record.email,
        email_key=record.email_key,
        claims=person_record.written(record.standard),
        custom_claims=person_record.written(record.custom),
        groups=record.groups,
    )


def _events(differences: Iterable[Difference]) -> Iterator[Event]:
    for one in differences:
        client_id = one.name if one.kind == "client" else None
        yield Configured(kind=one.kind, subject=one.name, change=one.change, members=one.names, client_id=client_id)


async def _hashes(steps: Sequence[PersonStep], hashing: Hashing) -> list[str | None]:
    found: list[str | None] = []
    for start in range(0, len(steps), AT_ONCE):
        found += await asyncio.gather(*(_hash(step, hashing) for step in steps[start : start + AT_ONCE]))
    return found


async def _hash(step: PersonStep, hashing: Hashing) -> str | None:
    return step.password_hash if step.password is None else await hashing.hash(step.password)


def _once(changes: Sequence[Change]) -> list[Change]:
    """The configuration's version moves on once, however much was changed; always, so that every server looks."""
    moved = configuration.changed()
    return [*(change for change in changes if change != moved), moved]
