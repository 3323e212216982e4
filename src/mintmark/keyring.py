"""Makes, rotates and reseals the keys and secrets of the store (house, journey 5)."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from mintmark.keys import algorithms, rotation
from mintmark.keys.rotation import Create, Remove, Retire, Schedule, Step
from mintmark.keys.sealing import Sealer
from mintmark.protocol import ids
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.store import secrets, signing_keys
from mintmark.store.changes import Change, Conflict
from mintmark.store.executor import Executor
from mintmark.store.secrets import SealedSecret
from mintmark.store.signing_keys import StoredKey

AT_FIRST = ("ES256", "RS256")
LONGEST_TOKEN = timedelta(days=2)  # an old ID token may still be shown as a hint at sign-out


def schedule(settings: Settings) -> Schedule:
    return Schedule(settings.key_rotation, settings.key_announce, settings.jwks_max_age, LONGEST_TOKEN)


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


async def make_keys(store: Executor, sealer: Sealer, schedule: Schedule, algs: Iterable[str], now: datetime) -> bool:
    """Whatever is due of creation, retirement and removal. True: something changed."""
    there = await signing_keys.all(store)
    for key in there:
        if key.facts.removed_at is None:
            sealer.open(key.private, bound_to=signing_keys.bound_to(key.facts.kid))
    steps = rotation.plan([key.facts for key in there], now, schedule, algs)
    return await carry_out(store, sealer, there, steps)


async def carry_out(store: Executor, sealer: Sealer, there: Sequence[StoredKey], steps: Sequence[Step]) -> bool:
    """One commit. Another node that was first makes it a Conflict, and then there is nothing left to do."""
    changes: list[Change] = []
    for step in steps:
        changes += _change(sealer, there, step)
    return bool(changes) and await _made(store, changes)


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


async def make_first(server: Server, alg: str, now: datetime) -> None:
    """The first key of an algorithm that a policy or client names: it may sign at once."""
    await make_keys(server.store, server.sealer, schedule(server.settings), (*AT_FIRST, alg), now)
    server.registry.forget()


async def reseal(store: Executor, sealer: Sealer) -> int:
    """Seals everything under the first sealing key, so that the others can be taken away. How many were changed."""
    changes: list[Change] = []
    for secret in await secrets.all(store):
        bound = secrets.bound_to(secret.id)
        if not sealer.sealed_by_first(secret.value):
            changes.append(
                secrets.reseal(secret, sealer.seal(sealer.open(secret.value, bound_to=bound), bound_to=bound))
            )
    for key in await signing_keys.all(store):
        bound = signing_keys.bound_to(key.facts.kid)
        if key.facts.removed_at is None and not sealer.sealed_by_first(key.private):
            changes.append(
                signing_keys.reseal(key, sealer.seal(sealer.open(key.private, bound_to=bound), bound_to=bound))
            )
    if changes:
        await store.commit(changes)
    return len(changes)


async def _made(store: Executor, changes: Sequence[Change]) -> bool:
    try:
        await store.commit(changes)
    except Conflict:
        return False
    return True
