"""Symmetric keys of our own, sealed: for digests of secrets and recovery codes, CSRF, heirs, devices and subjects."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mintmark.store import configuration, schema
from mintmark.store.changes import Change, Insert, Update, Values
from mintmark.store.executor import Executor, Read
from mintmark.store.times import at, ms

_TABLE = schema.secrets
_ALL = Read(
    select(_TABLE.c.id, _TABLE.c.purpose, _TABLE.c.generation, _TABLE.c.value, _TABLE.c.created_at,
           _TABLE.c.retired_at)
    .order_by(_TABLE.c.purpose, _TABLE.c.generation)
)  # fmt: skip
# `recovery` makes the digests of recovery codes, which nobody can make anew: its older keys are never taken away.
# `pairwise` is never rotated: people would be strangers to the clients that know them by it (OIDC Core §8).
PURPOSES = ("client_secret", "csrf", "heir", "device", "pairwise", "recovery")


@dataclass(frozen=True, slots=True)
class SealedSecret:
    id: str
    purpose: str
    generation: int  # the highest makes new things, the others are still understood
    value: bytes  # sealed, bound to `bound_to(id)`
    created_at: datetime
    retired_at: datetime | None


def bound_to(id: str) -> str:
    """What the seal is bound to: this very row."""
    return f"secrets.value:{id}"


async def all(store: Executor) -> list[SealedSecret]:
    rows = await store.fetch(_ALL)
    return [SealedSecret(id, purpose, n, value, at(made), at(retired)) for id, purpose, n, value, made, retired in rows]


def add(secret: SealedSecret) -> list[Change]:
    """Conflict where another node made this generation first."""
    values: Values = {
        "id": secret.id, "purpose": secret.purpose, "generation": secret.generation, "value": secret.value,
        "created_at": ms(secret.created_at), "retired_at": None,
    }  # fmt: skip
    return [Insert(_TABLE, values), configuration.changed()]


def reseal(secret: SealedSecret, value: bytes) -> Change:
    return Update(_TABLE, {"id": secret.id, "value": secret.value}, {"value": value})
