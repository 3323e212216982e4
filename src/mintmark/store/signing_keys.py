"""Signing keys: facts in the open, the private half sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from mintmark.keys.rotation import KeyFacts
from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Insert, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.signing_keys
_ALL = Read(
    select(_TABLE.c.kid, _TABLE.c.alg, _TABLE.c.generation, _TABLE.c.private, _TABLE.c.published_at,
           _TABLE.c.signs_from, _TABLE.c.signs_until, _TABLE.c.leaves_at, _TABLE.c.removed_at)
    .order_by(_TABLE.c.alg, _TABLE.c.generation)
)  # fmt: skip
_PUBLIC = Read(select(_TABLE.c.public_jwk).where(_TABLE.c.alg == bindparam("alg")).order_by(_TABLE.c.generation))


@dataclass(frozen=True, slots=True)
class StoredKey:
    facts: KeyFacts
    generation: int
    private: bytes  # sealed, bound to `bound_to(kid)`


def bound_to(kid: str) -> str:
    return f"signing_keys.private:{kid}"


async def all(store: Executor) -> list[StoredKey]:
    return [
        StoredKey(KeyFacts(kid, alg, at(published), at(begins), at(ends), at(leaves), at(removed)), generation, private)
        for kid, alg, generation, private, published, begins, ends, leaves, removed in await store.fetch(_ALL)
    ]


async def public(store: Executor, alg: str) -> list[str]:
    """The public half of every key of the algorithm there ever was, as a JWK: what it has signed can be checked."""
    return [jwk for [jwk] in await store.fetch(_PUBLIC, alg=alg)]


def add(key: StoredKey, public_jwk: str) -> list[Change]:
    """Conflict where another node made this generation of the algorithm first."""
    facts = key.facts
    values: Values = {
        "kid": facts.kid, "alg": facts.alg, "generation": key.generation, "public_jwk": public_jwk,
        "private": key.private, "published_at": ms(facts.published_at), "signs_from": ms(facts.signs_from),
        "signs_until": None, "leaves_at": None, "removed_at": None,
    }  # fmt: skip
    return [Insert(_TABLE, values), configuration.changed()]


def retire(kid: str, signs_until: datetime, leaves_at: datetime) -> list[Change]:
    values: Values = {"signs_until": ms(signs_until), "leaves_at": ms(leaves_at)}
    return [Update(_TABLE, {"kid": kid, "removed_at": None}, values), configuration.changed()]


def remove(kid: str, now: datetime) -> list[Change]:
    """Out of the JWKS; its private half is destroyed."""
    values: Values = {"removed_at": ms(now), "private": b""}
    return [Update(_TABLE, {"kid": kid, "removed_at": None}, values), configuration.changed()]


def reseal(key: StoredKey, private: bytes) -> Change:
    return Update(_TABLE, {"kid": key.facts.kid, "private": key.private}, {"private": private})
