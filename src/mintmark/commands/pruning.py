"""`apply --prune`: what goes because the file does not name it, in those sections that the file has.

What somebody registered by themselves is not the file's to name, and people go only where that is asked for apart.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from mintmark import ending
from mintmark.commands import plan_people
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.plan import NOTHING, Plan
from mintmark.commands.planning import Dropped
from mintmark.events import Event
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.client import Client
from mintmark.protocol.names import normalise_username
from mintmark.store import claim_rules, clients, external_factors, people, resources
from mintmark.store.changes import Change
from mintmark.store.people import Person

PAGE = 500
ADMINS = "admins"  # the group whose people may use the admin API (contract, "The admin API")
_KINDS = {"resources": "resource", "clients": "client", "groups": "group", "claim_rules": "claim_rule",
          "factors": "factor"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pruning:
    """What may go."""

    clients: bool = False  # and resources, rules for claims, factors, and what is stated for groups
    people: bool = False
    last_admin: bool = False  # the last way into the admin API may go too


async def find(opened: Opened, wanted: ApplyFile, pruning: Pruning | None) -> Dropped:
    if pruning is None:
        return NOTHING
    if pruning.people and "users" not in wanted.sections:
        raise Refused("--prune-users deletes whom the section users does not name, and the file has no such section")
    gone = [one async for one in _people(opened, wanted)] if pruning.people else []
    if not pruning.clients:
        return Dropped(people=gone)
    return Dropped(
        resources=await _resources(opened, wanted),
        clients=[one async for one in _clients(opened, wanted)],
        groups=await _groups(opened, wanted),
        claim_rules=await _claim_rules(opened, wanted),
        factors=_factors(opened, wanted),
        people=gone,
        kinds=frozenset(kind for section, kind in _KINDS.items() if section in wanted.sections),
    )


async def _resources(opened: Opened, wanted: ApplyFile) -> list[Resource]:
    if "resources" not in wanted.sections:
        return []
    named = {entry.members.get("resource") for entry in wanted.resources}
    return [one for one in await resources.all(opened.store) if one.id not in named]


async def _groups(opened: Opened, wanted: ApplyFile) -> list[str]:
    if "groups" not in wanted.sections:
        return []
    stated = await resources.policies(opened.store)
    return sorted(name for kind, name in stated if kind == "group" and name not in wanted.groups)


async def _claim_rules(opened: Opened, wanted: ApplyFile) -> list[str]:
    if "claim_rules" not in wanted.sections:
        return []
    named = {entry.members.get("name") for entry in wanted.claim_rules}
    return [name for name in await claim_rules.all(opened.store) if name not in named]


def _factors(opened: Opened, wanted: ApplyFile) -> list[str]:
    named = {entry.members.get("name") for entry in wanted.factors}
    return [name for name in opened.registry.external_factors if "factors" in wanted.sections and name not in named]


async def _clients(opened: Opened, wanted: ApplyFile) -> AsyncIterator[Client]:
    if "clients" in wanted.sections:
        named = {entry.members.get("client_id") for entry in wanted.clients}
        async for one in every_client(opened):
            if one.id not in named and not one.self_registered:
                yield one


async def _people(opened: Opened, wanted: ApplyFile) -> AsyncIterator[Person]:
    named = {plan_people.key(entry) for entry in wanted.users}
    async for one in every_person(opened):
        if normalise_username(one.holder.username) not in named:
            yield one


async def every_client(opened: Opened) -> AsyncIterator[Client]:
    """In the order of their ids."""
    after = ""
    while some := await clients.page(opened.store, after, PAGE):
        for one in some:
            yield one
        after = some[-1].id


async def every_person(opened: Opened) -> AsyncIterator[Person]:
    after = ""
    while some := await people.page(opened.store, after, PAGE):
        for one in some:
            yield one
        after = some[-1].holder.id


async def must_leave_an_operator(opened: Opened, plan: Plan, pruning: Pruning | None) -> None:
    """Refuses what would shut the operators out. Raises Refused."""
    if pruning is None or pruning.last_admin:
        return
    operators = [one for one in plan.dropped.clients if _operates(one)]
    made = {step.client_id: step.operates for step in plan.clients}
    left = [one async for one in every_client(opened) if made.get(one.id, _operates(one))] if operators else []
    if operators and not any(made.values()) and all(one in operators for one in left):
        raise Refused(
            f"pruning would delete {operators[0].id!r}, the last client that may use the admin API; --yes does so"
        )
    admins = [one for one in plan.dropped.people if _administers(one)]
    if admins and not await _other_admins(opened, plan):
        raise Refused(
            f"pruning would delete {admins[0].holder.username!r}, the last person in the group {ADMINS}; --yes does so"
        )


def _operates(client: Client) -> bool:
    return client.disabled_at is None and any(map(scopes.is_admin, client.may_use))


def _administers(person: Person) -> bool:
    return person.holder.disabled_at is None and ADMINS in person.holder.groups


async def _other_admins(opened: Opened, plan: Plan) -> bool:
    gone = {one.holder.id for one in plan.dropped.people}
    changed = {step.known.holder.id: step for step in plan.people if step.known is not None}
    if any(ADMINS in step.record.groups and not step.disabled for step in plan.people):
        return True
    async for one in every_person(opened):
        if one.holder.id not in gone and one.holder.id not in changed and _administers(one):
            return True
    return False


def changes(opened: Opened, dropped: Dropped) -> tuple[list[Change], list[Event]]:
    """All that goes, at once; the authorizations of clients follow, and are dead by then."""
    found: list[Change] = []
    events: list[Event] = []
    for resource in dropped.resources:
        found += resources.delete_(resource.id)
    for client in dropped.clients:
        found += ending.client_gone(client.id)
    for group in dropped.groups:
        found += resources.delete_policy("group", group)
    for rule in dropped.claim_rules:
        found += claim_rules.delete_(rule)
    for factor in dropped.factors:
        found += external_factors.delete_(factor)
    for person in dropped.people:
        gone, ended = ending.deletion(person.holder.id, opened.now)
        found += gone
        events += ended
    return found, events


def ids(dropped: Dropped) -> Mapping[str, str]:
    """Of the people that go, by username."""
    return {one.holder.username: one.holder.id for one in dropped.people}
