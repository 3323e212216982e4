"""From the steps of a plan to one change set with its facts."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mintmark import ending
from mintmark.commands import pruning, remembered
from mintmark.commands.differences import Difference
from mintmark.commands.opening import Opened
from mintmark.commands.plan import SECRET_NAME, ClientStep, Plan
from mintmark.commands.plan_people import PersonStep
from mintmark.events import Configured, Event, FileApplied
from mintmark.factors.hashing import Hashing
from mintmark.protocol import claim_rule_record
from mintmark.protocol.client import written
from mintmark.store import (
    accounts,
    applied,
    claim_rules,
    clients,
    configuration,
    external_factors,
    people,
    resources,
    schema,
)
from mintmark.store.changes import Change, Insert, Require
from mintmark.store.times import ms

AT_ONCE = 32  # passwords hashed together


async def write(opened: Opened, plan: Plan, version: int, hashing: Hashing, file: str = "") -> None:
    """All of it or nothing. Conflict where the configuration was changed since `version`. file: its name, to tell."""
    hashes = await _hashes(plan.people, hashing)
    ids = [step.known.holder.id if step.known else opened.id() for step in plan.people]
    secrets = {step.client_id: opened.id() for step in plan.clients if step.secret is not None}
    gone, events = pruning.changes(opened, plan.dropped)
    changes: list[Change] = [Require(schema.configuration, {"id": 1, "version": version}), *gone]
    for step in plan.clients:
        changes += _client(opened, step, secrets.get(step.client_id))
    for made in plan.resources:
        changes += (resources.add if made.is_new else resources.change)(made.resource, opened.now)
    changes += _policies(opened, plan)
    for rule in plan.claim_rules:
        write_ = claim_rules.add if rule.is_new else claim_rules.change
        changes += write_(rule.rule.name, claim_rule_record.document(rule.rule), opened.now)
    for way in plan.factors:
        keep = external_factors.add if way.is_new else external_factors.change
        changes += keep(way.factor, opened.sealer, opened.now)
    people_changes, people_facts = _people(opened, plan, ids, hashes)
    known_ids = {step.record.username: id for step, id in zip(plan.people, ids, strict=True)}
    told = _events(plan.differences, {**pruning.ids(plan.dropped), **known_ids})
    changes += [*people_changes, *_memory(opened, plan, secrets)]
    facts = [*told, *events, *people_facts, *_applied(plan, file)]
    await opened.commit(configuration.moved_once(changes) if plan.differences else changes, facts)


def _people(
    opened: Opened, plan: Plan, ids: Sequence[str], hashes: Sequence[str | None]
) -> tuple[list[Change], list[Event]]:
    changes: list[Change] = []
    events: list[Event] = []
    for id, step, hashed in zip(ids, plan.people, hashes, strict=True):
        changed, happened = _person(opened, id, step, hashed)
        changes += changed
        events += happened
    return changes, events


def _policies(opened: Opened, plan: Plan) -> Iterator[Change]:
    if plan.policy is not None:
        is_new = any(one.kind == "policy" and one.change == "create" for one in plan.differences)
        setting = resources.add_policy if is_new else resources.change_policy
        yield from setting("server", "", plan.policy, opened.now)
    for step in plan.groups:
        if step.policy is None:
            yield from resources.delete_policy("group", step.name)
        else:
            setting = resources.add_policy if step.is_new else resources.change_policy
            yield from setting("group", step.name, step.policy, opened.now)


def _memory(opened: Opened, plan: Plan, secrets: Mapping[str, str]) -> Iterator[Change]:
    """What the file left, for telling later what was changed by hand; a secret that is made now is known by its id."""
    yield from (applied.forget(kind, name) for kind, name in plan.forget)
    for (kind, name), document in plan.keep.items():
        known = document
        if document.get(remembered.SECRET) == remembered.NEW:
            known = {**document, remembered.SECRET: secrets[name]}
        yield from applied.keep(kind, name, remembered.written(known), opened.now)


def _applied(plan: Plan, file: str) -> Iterator[Event]:
    if file:
        count = Counter(one.change for one in plan.differences)
        yield FileApplied(file=file, created=count["create"], updated=count["update"], deleted=count["delete"])


def _client(opened: Opened, step: ClientStep, secret_id: str | None) -> Iterator[Change]:
    policy = written(step.policy.document())
    if step.is_new:
        yield from clients.add(step.client_id, step.document, policy, opened.now)
    elif step.is_changed:
        yield from clients.change(step.client_id, step.document, policy, opened.now)
    if step.ends_secret:
        yield from clients.end_secret(step.client_id, SECRET_NAME, opened.now)
    if step.secret is not None and secret_id is not None:
        digest = opened.registry.mac("client_secret", step.secret.encode())
        length = len(step.secret)
        yield from clients.add_secret(secret_id, step.client_id, SECRET_NAME, digest, length, opened.now, None)
    if step.disabled is not None:
        yield from (clients.disable if step.disabled else clients.enable)(step.client_id, opened.now)


def _person(opened: Opened, id: str, step: PersonStep, hashed: str | None) -> tuple[list[Change], Sequence[Event]]:
    if step.known is None:
        made = people.add(id, people.record(step.record), hashed, opened.now)
        if step.disabled and isinstance(made, Insert):  # a row cannot be changed in the set that makes it
            made = made._replace(values={**made.values, "disabled_at": ms(opened.now)})
        return [made], ()
    record = people.record(step.record)
    changes: list[Change] = []
    if hashed is not None:
        changes += accounts.set_password(step.known, hashed, opened.now, people.columns(record, opened.now))
    elif step.is_changed:
        changes.append(people.change(id, record, opened.now))
    if step.disabled is None:
        return changes, ()
    if not step.disabled:
        return [*changes, people.enable(id, opened.now)], ()
    ends, events = ending.everything(id, "person disabled", opened.now)
    return [*changes, people.disable(id, opened.now), *ends], events


def _events(differences: Iterable[Difference], ids: Mapping[str, str]) -> Iterator[Event]:
    """ids: of people, by username."""
    for one in differences:
        client_id = one.name if one.kind == "client" else None
        person_id = ids.get(one.name) if one.kind == "user" else None
        yield Configured(
            kind=one.kind,
            subject=one.name,
            change=one.change,
            members=one.names,
            client_id=client_id,
            person_id=person_id,
        )


async def _hashes(steps: Sequence[PersonStep], hashing: Hashing) -> list[str | None]:
    """The hash of each, AT_ONCE of them made together; None: theirs stays."""
    passwords = [step.password for step in steps if step.password is not None]
    made: list[str] = []
    for start in range(0, len(passwords), AT_ONCE):
        made += await asyncio.gather(*map(hashing.hash, passwords[start : start + AT_ONCE]))
    rest = iter(made)
    return [step.password_hash if step.password is None else next(rest) for step in steps]
