"""What is the same on every node, whoever is asked: keys, outbox, duties. Read when somebody scrapes."""

import asyncio
from datetime import datetime

from mintmark.keys.ring import SigningKey
from mintmark.metrics.values import Values
from mintmark.server import Server
from mintmark.store import scraped
from mintmark.store.changes import Unavailable

PATIENCE = 1.0  # seconds; who scrapes a server whose database hangs hears of just that
GOOD = "done"  # how a duty's last run ends well


async def values(server: Server) -> Values:
    found = Values()
    now = server.clock()
    _keys(found, server, now)
    try:
        async with asyncio.timeout(PATIENCE):
            await _rows(found, server, now)
        found.put("mintmark_database_up", 1)
    except (Unavailable, TimeoutError):
        found = Values(found.numbers | {"mintmark_database_up": {(): 0}})
    return found


def _keys(found: Values, server: Server, now: datetime) -> None:
    ring = server.registry.ring
    for alg in ring.algs:
        signer = ring.signer(alg, now)
        keys = [key for key in ring.keys if key.alg == alg]
        for state in ("announced", "signing", "retired"):
            number = sum(_state(key, signer) == state for key in keys)
            found.put("mintmark_signing_keys", number, alg, state)
        heirs = [key.signs_from for key in keys if key.signs_from > signer.signs_from]
        takes_over = min(heirs, default=signer.signs_from + server.settings.key_rotation)
        found.put("mintmark_signing_key_age_seconds", (now - signer.signs_from).total_seconds(), alg)
        found.put("mintmark_signing_key_next_rotation_timestamp_seconds", takes_over.timestamp(), alg)


def _state(key: SigningKey, signer: SigningKey) -> str:
    if key is signer:
        return "signing"
    return "announced" if key.signs_from > signer.signs_from else "retired"


async def _rows(found: Values, server: Server, now: datetime) -> None:
    due = await scraped.outbox(server.store, now)
    found.put("mintmark_outbox_due", due.number)
    late = 0.0 if due.since is None else (now - due.since).total_seconds()
    found.put("mintmark_outbox_oldest_due_seconds", late)
    for duty in await scraped.duties(server.store):
        if duty.ended_at is not None:
            found.put("mintmark_duty_last_run_timestamp_seconds", duty.ended_at.timestamp(), duty.name)
            found.put("mintmark_duty_last_success", duty.outcome == GOOD, duty.name)
