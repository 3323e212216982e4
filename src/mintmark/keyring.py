"""Makes, rotates and reseals the keys and secrets of the store (house, journey 5)."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mintmark.keys import algorithms, rotation
from mintmark.keys.ring import Ring
from mintmark.keys.rotation import Create, Remove, Retire, Schedule, Step
from mintmark.keys.sealing import Sealer
from mintmark.protocol import ids
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import clients, configuration, external_factors, resources, secrets, signing_keys, totps, webhooks
from mintmark.store.changes import Change, Conflict, Insert
from mintmark.store.executor import Executor
from mintmark.store.secrets import SealedSecret
from mintmark.store.signing_keys import StoredKey

AT_FIRST = ("ES256", "RS256")
LONGEST_TOKEN = timedelta(days=2)  # an old ID token may still be shown as a hint at sign-out
PAGE = 200  # clients read at a time


def schedule(settings: Settings, longest: timedelta = LONGEST_TOKEN) -> Schedule:
    """longest: how long after a signature somebody may still check it."""
    return Schedule(settings.key_rotation, settings.key_announce, settings.jwks_max_age, max(longest, LONGEST_TOKEN))


async def longest_token(store: Executor) -> timedelta:
    """The longest life that any policy states for a signed token, or for a session whose ID token is a hint."""
    stated = [*(await resources.policies(store)).values(), *(one.policy for one in await resources.all(store))]
    after = ""
    while page := await clients.page(store, after, PAGE):
        stated += [client.policy for client in page]
        after = page[-1].id
        await asyncio.sleep(0)  # thousands of clients are no reason to keep a request waiting
    spans = [
        span
        for policy in stated
        for span in (policy.access_token_lifetime, policy.id_token_lifetime, policy.session_lifetime)
        if span is not None
    ]
    return max(spans, default=LONGEST_TOKEN)


async def make_secrets(store: Executor, sealer: Sealer, random: Callable[[int], bytes], now: datetime) -> None:
    """One of each purpose. Opens those that are there: a wrong sealing key raises and makes nothing."""
    there = await secrets.all(store)
    for secret in there:
        sealer.open(secret.value, bound_to=secrets.bound_to(secret.id))
    for purpose in secrets.PURPOSES:
        if not any(secret.purpose == purpose for secret in there):
            await _made(store, secrets.add(_secret(sealer, purpose, 1, random, now)))


def _secret(
    sealer: Sealer, purpose: str, generation: int, random: Callable[[int], bytes], now: datetime
) -> SealedSecret:
    id = ids.uuid7(now, random(10))
    sealed = sealer.seal(random(32), bound_to=secrets.bound_to(id))
    return SealedSecret(id, purpose, generation, sealed, now, None)


async def make_keys(store: Executor, sealer: Sealer, settings: Settings, algs: Iterable[str], now: datetime) -> bool:
    """Whatever is due of creation, retirement and removal. True: something changed."""
    wanted = list(algs)
    there = await signing_keys.all(store)
    for key in there:
        if key.facts.removed_at is None:
            sealer.open(key.private, bound_to=signing_keys.bound_to(key.facts.kid))
    facts = [key.facts for key in there]
    steps = rotation.plan(facts, now, schedule(settings), wanted)
    if any(not isinstance(step, Create) for step in steps):
        steps = rotation.plan(facts, now, schedule(settings, await longest_token(store)), wanted)
    return await carry_out(store, sealer, there, steps)


async def carry_out(store: Executor, sealer: Sealer, there: Sequence[StoredKey], steps: Sequence[Step]) -> bool:
    """One commit. Another node that was first makes it a Conflict, and then there is nothing left to do."""
    if not steps:
        return False
    changes = await asyncio.to_thread(changes_of, sealer, there, steps)  # a key of RSA takes a while
    return bool(changes) and await _made(store, changes)


def changes_of(sealer: Sealer, there: Sequence[StoredKey], steps: Sequence[Step]) -> list[Change]:
    """Makes the keys that are to be made, and says what is to be written."""
    return [change for step in steps for change in _change(sealer, there, step)]


def _change(sealer: Sealer, there: Sequence[StoredKey], step: Step) -> list[Change]:
    match step:
        case Create():
            private = algorithms.generate(step.alg)
            kid = algorithms.kid(step.alg, private)
            generation = 1 + max((key.generation for key in there if key.facts.alg == step.alg), default=0)
            sealed = sealer.seal(algorithms.to_der(private), bound_to=signing_keys.bound_to(kid))
            jwk = json.dumps(dict(algorithms.public_jwk(step.alg, private)))
            return signing_keys.add(StoredKey(step.facts(kid), generation, sealed), jwk)
        case Retire():
            return signing_keys.retire(step.kid, step.signs_until, step.leaves_at)
        case Remove():
            return signing_keys.remove(step.kid, step.removed_at)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation by hand comes to; `changes` empty: a new key is announced already."""

    changes: Sequence[Change]
    created: Sequence[str]  # kids
    removed: Sequence[str]


async def rotate(
    store: Executor, sealer: Sealer, settings: Settings, alg: str | None, now: datetime, *, emergency: bool
) -> Rotated:
    """alg: None, of every algorithm that has a key. emergency: signs at once, and the keys of before go."""
    there = await signing_keys.all(store)
    facts = [key.facts for key in there]
    present = dict.fromkeys(one.alg for one in facts if one.removed_at is None)
    planned = schedule(settings, await longest_token(store))
    steps: list[Step] = []
    for one in (alg,) if alg else tuple(present) or AT_FIRST:
        if emergency:
            steps += rotation.rotate_emergency(facts, now, one)
        else:
            steps += rotation.rotate(facts, now, planned, one)
    changes = await asyncio.to_thread(changes_of, sealer, there, steps)  # a key of RSA takes a while
    created = [str(change.values["kid"]) for change in changes if isinstance(change, Insert)]
    removed = [step.kid for step in steps if isinstance(step, Remove)]
    return Rotated(configuration.moved_once(changes) if changes else (), created, removed)


async def make_first(server: Server, alg: str, now: datetime) -> None:
    """The first key of an algorithm that a policy or client names: it may sign at once."""
    await make_keys(server.store, server.sealer, server.settings, (*AT_FIRST, alg), now)
    server.registry.forget()


async def with_key(server: Server, alg: str, now: datetime) -> Ring:
    """The ring with a key for the algorithm: the first one is made when it is first wanted."""
    ring = server.registry.ring
    if alg not in ring.algs:
        await make_first(server, alg, now)
        ring = (await server.registry.current()).ring
    return ring


async def resealed(store: Executor, sealer: Sealer) -> list[Change]:
    """Whatever is not sealed under the first sealing key, sealed under it, so that the others can be taken away."""
    changes: list[Change] = [
        secrets.reseal(secret, _resealed(sealer, secret.value, secrets.bound_to(secret.id)))
        for secret in await secrets.all(store)
        if not sealer.sealed_by_first(secret.value)
    ]
    for key in await signing_keys.all(store):
        if key.facts.removed_at is None and not sealer.sealed_by_first(key.private):
            bound = signing_keys.bound_to(key.facts.kid)
            changes.append(signing_keys.reseal(key, _resealed(sealer, key.private, bound)))
    changes += await external_factors.resealed(store, sealer)
    return [*changes, *await webhooks.resealed(store, sealer)]


async def reseal_seeds(store: Executor, sealer: Sealer) -> int:
    """Those of authenticator apps, some in each commit: there may be millions. How many were sealed anew."""
    count = 0
    async for some in totps.seeds(store):
        changes = totps.resealed(some, sealer)
        if changes and await _made(store, changes):
            count += len(changes)
        elif changes:  # one of them was removed meanwhile
            count += sum([await _made(store, [change]) for change in changes])
    return count


def _resealed(sealer: Sealer, blob: bytes, bound: str) -> bytes:
    return sealer.seal(sealer.open(blob, bound_to=bound), bound_to=bound)


async def _made(store: Executor, changes: Sequence[Change]) -> bool:
    try:
        await store.commit(changes)
    except Conflict:
        return False
    return True
