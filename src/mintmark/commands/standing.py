"""What stands now, as far as an apply file could touch it: the state that a plan is made for."""

import json
from collections.abc import AsyncIterator, Collection, Mapping

from mintmark.commands import plan_people, pruning
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.opening import Opened
from mintmark.commands.planning import Dropped, State
from mintmark.commands.progress import Progress
from mintmark.factors.hashing import Hashing
from mintmark.protocol import claim_rule, claim_rule_record
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.names import normalise_username
from mintmark.store import applied, claim_rules, clients, external_factors, people, resources
from mintmark.store.people import Person

PAGE = 500


async def read(
    opened: Opened, wanted: ApplyFile, hashing: Hashing, dropped: Dropped, progress: Progress, *, remember: bool
) -> State:
    store, registry = opened.store, opened.registry
    known = {one.id: one for one in await resources.all(store)}
    loses = bool(dropped.resources) or _loses_scopes(wanted, known)
    signing_in = await _signing_in(opened, wanted, {one.holder.id for one in dropped.people}, progress)
    by_name = {key: one for key, one in signing_in.items() if normalise_username(one.holder.username) == key}
    policies, rules = await resources.policies(store), await _rules(opened)

    def is_secret(held: Secret, secret: str) -> bool:
        return registry.is_mac("client_secret", secret.encode(), held.digest)

    return State(
        issuer=opened.settings.issuer,
        now=opened.now,
        resources=known,
        server_policy=policies.get(("server", "")),
        group_policies={name: policy for (kind, name), policy in policies.items() if kind == "group"},
        unsigned=opened.settings.allow_unsigned_id_tokens,
        clients=await _named_clients(opened, wanted, rules),
        client_ids=[one.id for one in await clients.page(store, "", PAGE)],
        other_clients=[one async for one in pruning.every_client(opened)] if loses else [],
        people=by_name,
        signing_in=signing_in,
        right_passwords=await _right_passwords(wanted, by_name, hashing),
        is_secret=is_secret,
        claim_rules=rules,
        factors=await external_factors.all(store, opened.sealer),
        kept=await applied.all(store) if remember else None,
    )


async def _rules(opened: Opened) -> dict[str, ClaimRule]:
    language, kept = claim_rule.language(), await claim_rules.all(opened.store)
    return {name: claim_rule_record.stored(json.loads(text), language) for name, text in kept.items()}


async def _named_clients(opened: Opened, wanted: ApplyFile, rules: Mapping[str, ClaimRule]) -> dict[str, Client]:
    """Those that the file sets, and those that it only refers to."""
    named = {entry.members.get("client_id") for entry in wanted.clients}
    for entry in wanted.resources:
        servers = entry.members.get("resource_servers")
        named |= {one for one in servers if isinstance(one, str)} if isinstance(servers, list) else set()
    for entry in wanted.claim_rules:
        spoken_of = entry.members.get("clients")
        named |= {one for one in spoken_of if isinstance(one, str)} if isinstance(spoken_of, list) else set()
    named |= {one for rule in rules.values() for one in rule.clients}
    known = [await clients.find(opened.store, one) for one in sorted(one for one in named if isinstance(one, str))]
    return {one.id: one for one in known if one is not None}


def _loses_scopes(wanted: ApplyFile, known: Mapping[str, Resource]) -> bool:
    """Whether some resource might own less than before: then every client is looked at."""
    for entry in wanted.resources:
        before = known.get(str(entry.members.get("resource")))
        if before is not None and "scopes" in entry.members:
            listed = entry.members["scopes"]
            left = {one for one in listed if isinstance(one, str)} if isinstance(listed, list | dict) else set()
            if not left >= set(before.scopes):
                return True
    return False


async def _signing_in(
    opened: Opened, wanted: ApplyFile, gone: Collection[str], progress: Progress
) -> dict[str, Person]:
    """Whoever signs in by a name or an address that stands in the file, and stays."""
    keys = {plan_people.key(entry) for entry in wanted.users}
    keys |= {normalise_username(one) for entry in wanted.users if isinstance(one := entry.members.get("email"), str)}
    progress.phase("looking for people", len(keys))
    found: dict[str, Person] = {}
    async for some, count in _some_signing_in(opened, sorted(key for key in keys if key)):
        found |= some
        progress.advance(count)
    return {key: person for key, person in found.items() if person.holder.id not in gone}


async def _some_signing_in(opened: Opened, keys: list[str]) -> AsyncIterator[tuple[dict[str, Person], int]]:
    for start in range(0, len(keys), people.AT_ONCE):
        some = keys[start : start + people.AT_ONCE]
        yield await people.signing_in(opened.store, some), len(some)


async def _right_passwords(wanted: ApplyFile, known: Mapping[str, Person], hashing: Hashing) -> set[str]:
    right = set()
    for entry in wanted.users:
        person, password = known.get(plan_people.key(entry)), entry.members.get("password")
        if person is None or not isinstance(password, str) or entry.members.get("reset_password") is not True:
            continue
        if person.password_hash is not None and (await hashing.verify(password, person.password_hash)).matches:
            right.add(plan_people.key(entry))
    return right
