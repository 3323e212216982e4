"""The audit trail is sealed: within a second or so its rows are chained, and the chain's head is signed.

Every process tries; whoever made the last seal goes on, and the others stand by. Two that seal at once are safe: the
seal's number is a primary key, and the second of them finds that its whole change set was refused.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mintmark.events import AuditRetired
from mintmark.keys import checkpoints, jwt
from mintmark.protocol import audit_chain, ids
from mintmark.protocol.audit_chain import SALT, Seal
from mintmark.server import Server
from mintmark.store import audit_seals, audit_walk
from mintmark.store.audit_seals import Last, Personal
from mintmark.store.changes import Conflict
from mintmark.store.executor import Executor, Row
from mintmark.store.times import at, ms

SEAL_EVERY = 0.75  # seconds
RETIRE_EVERY = 3600.0
BATCH = 500  # rows in a seal: what is done of it on the loop takes a millisecond or two
MOST = 25  # seals at one turn
STANDBY = timedelta(seconds=3)  # so old is the last seal of a sealer that does not seal any more
BACK = timedelta(minutes=5)  # a row whose commit came that late is found at once
SWEEP_EVERY = timedelta(minutes=10)  # and any other by then
ACTOR = "upkeep"


class Chain:
    """The sealer of one process: which seal was its own last, and when it last looked at everything."""

    def __init__(self) -> None:
        self._own = 0
        self._swept: datetime | None = None

    async def seal_audit(self, server: Server) -> int:
        """One turn; answers how many rows were sealed."""
        now, sealed = server.clock(), 0
        for _ in range(MOST):
            last = await audit_seals.last(server.store)
            if last.number != self._own and at(last.sealed_at) + STANDBY > now:
                break  # another one seals
            floor = self._floor(last, now)
            rows = await audit_seals.unsealed(server.store, floor, BATCH)
            if rows:
                try:
                    await _seal(server, last, rows, now)
                except Conflict:  # another sealer was first, or a person was erased meanwhile
                    break
                self._own, sealed = last.number + 1, sealed + len(rows)
            if len(rows) < BATCH:
                self._swept = now if floor == 0 else self._swept
                break
        return sealed

    def _floor(self, last: Last, now: datetime) -> int:
        """The millisecond from which on rows are looked for; 0: all of them."""
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            return 0
        return max(0, min(last.sealed_at, ms(now)) - BACK // timedelta(milliseconds=1))


async def seal_audit(server: Server) -> int:
    """Everything that waits, however long it takes: for who cannot wait for the next turn."""
    sealed = 0
    while rows := await audit_seals.unsealed(server.store, 0, BATCH):
        await _seal(server, await audit_seals.last(server.store), rows, server.clock())
        sealed += len(rows)
    return sealed


async def _seal(server: Server, last: Last, rows: Sequence[Row], now: datetime) -> None:
    """Raises Conflict where another was first."""
    listed, plain, personal = await _digested(server.store, rows)
    number = last.number + 1
    text = audit_chain.listed(sorted(listed))
    made = Seal(number, ms(now), text, audit_chain.head_of(last.head, number, text), None)
    signature = await _signed(server, audit_chain.SEAL, made.claims(), now)
    signed = Seal(number, made.sealed_at, text, made.head, signature)
    await server.store.commit(audit_seals.seal(server.store, signed, plain, personal))


async def _digested(store: Executor, rows: Sequence[Row]) -> tuple[list[tuple[str, str]], list[str], Personal]:
    """Ids and digests; the ids of the rows without personal fields; and what is to be known of the others."""
    random = os.urandom(SALT * len(rows))
    whose = [audit_chain.owner(row[9], row[6]) for row in rows]
    kept, new = await _salts(store, {one for one, row in zip(whose, rows, strict=True) if one and row[-1] is not None})
    listed: list[tuple[str, str]] = []
    plain: list[str] = []
    moved: list[str] = []
    digests: list[bytes] = []
    salts: list[bytes] = []
    for place, (row, owner) in enumerate(zip(rows, whose, strict=True)):
        id, address = row[0], row[-1]
        if address is None:
            plain.append(id)
            listed.append((id, audit_chain.row_digest(row[:-1], None)))
            continue
        salt = random[SALT * place : SALT * (place + 1)] if owner is None else kept[owner]
        digest = audit_chain.personal_digest(salt, address)
        moved.append(id)
        digests.append(digest)
        salts.append(salt)
        listed.append((id, audit_chain.row_digest(row[:-1], digest.hex())))
    return listed, plain, Personal(moved, b"".join(digests), b"".join(salts), new)


async def _salts(store: Executor, people: Iterable[str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Everybody's, and of these the new ones."""
    wanted = sorted(people)
    if not wanted:
        return {}, {}
    found = await audit_seals.salts(store, wanted)
    new = {one: os.urandom(SALT) for one in wanted if one not in found}
    return found | new, new


async def _signed(server: Server, typ: str, claims: audit_chain.Claims, now: datetime) -> str:
    registry = await server.registry.current()
    return jwt.sign(registry.ring.signer(checkpoints.ALG, now), typ, claims)


async def retire_audit(server: Server) -> int:
    """Deletes rows older than the retention, seal by whole seal; answers how many.

    That they may be gone is signed and written before the first of them goes: whoever checks meanwhile, or after a
    crash, finds nothing wrong.
    """
    retention = server.settings.audit_retention
    if retention is None:
        return 0
    now = server.clock()
    before = now - retention
    through = await audit_seals.last_before(server.store, ms(before))
    first_kept = ids.uuid7(before, bytes(10))
    going = await audit_walk.going(server.store, first_kept, through) if through else []
    if not going:
        return 0
    said = {"through": through, "before": before.isoformat()}
    proof = await _signed(server, audit_chain.RETIRED, said, now)
    event = AuditRetired(through=through, before=before.isoformat(), proof=proof, actor=ACTOR)
    await server.commit([], [event], None, now)
    gone = 0
    while going:
        await server.store.commit(audit_walk.delete_(server.store, going))
        gone += len(going)
        going = await audit_walk.going(server.store, first_kept, through)
    return gone
