"""The audit trail read from the database seal by seal, with what is needed to check it."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import orjson

from mintmark.keys import checkpoints
from mintmark.keys.checkpoints import PublicKeys
from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import Row, Seal
from mintmark.store import audit_seals, audit_walk, listed_audit, signing_keys
from mintmark.store.executor import Executor
from mintmark.store.listed_audit import Wanted
from mintmark.store.times import at, ms

EVERYTHING = Wanted()
SEALS = 200  # read at once
ROWS = 2_000  # the same
AHEAD = timedelta(minutes=10)  # a row's own time may be so much later than its seal's: clocks differ


@dataclass(slots=True)
class Trail:
    """Everything, or the rows that are wanted, with the seals they are in."""

    store: Executor
    wanted: Wanted = EVERYTHING
    listed: Counter[int] = field(default_factory=Counter)  # rows that stood where their seal lists them
    up_to: int = 0  # the last seal that was read

    @property
    def is_part(self) -> bool:
        return self.wanted != EVERYTHING

    async def sealed(self) -> AsyncIterator[tuple[Seal, list[Row]]]:
        """Each seal with its rows, in order. Of a part, the seals without any of them are left out."""
        after = await self._start()
        before = await audit_seals.find(self.store, after)
        previous = audit_chain.FIRST if after == 0 else None if before is None else before.head
        number = after
        while seals := await audit_seals.following(self.store, after, SEALS):
            for group in _groups(seals):
                named = [id for _, ids in group for id in ids]
                found = await audit_walk.rows(self.store, named) if named else {}
                for seal, ids in group:
                    rows = [found[id] for id in ids if id in found]
                    self.listed[seal.number] += sum(row.seal == seal.number for row in rows)
                    shown = [row for row in rows if fits(self.wanted, row)] if self.is_part else rows
                    if shown or not self.is_part:
                        yield replace(seal, previous=previous if seal.number == number + 1 else None), shown
                    number, previous = seal.number, seal.head
            after = self.up_to = seals[-1].number

    async def rest(self) -> AsyncIterator[Row]:
        """What no seal lists, once all seals were read: rows that wait for theirs, and any that were slipped in."""
        if not self.is_part:
            async for row in audit_walk.unlisted(self.store, self.listed, self.up_to):
                yield row
        async for row in audit_walk.unsealed(self.store):
            if fits(self.wanted, row):
                yield row

    async def _start(self) -> int:
        """The seal behind which the wanted rows begin."""
        since = self.wanted.since
        return 0 if since is None else await audit_seals.last_before(self.store, ms(since - AHEAD))


def fits(wanted: Wanted, row: Row) -> bool:
    columns = dict(zip(audit_chain.CHAINED, row.chained, strict=True))
    moment = row.at if isinstance(row.at, int) else 0
    address = row.address if row.side is None else row.side.address
    return wanted.fits({**columns, "address": address}, at(moment))


def _groups(seals: list[Seal]) -> list[list[tuple[Seal, list[str]]]]:
    """Seals whose rows are read together."""
    found: list[list[tuple[Seal, list[str]]]] = []
    many = ROWS
    for seal in seals:
        ids = list(dict.fromkeys(id for id, _ in audit_chain.read_list(seal.rows) or ()))
        if many + len(ids) > ROWS:
            found.append([])
            many = 0
        found[-1].append((seal, ids))
        many += len(ids)
    return found


async def keys(store: Executor) -> list[dict[str, str]]:
    """Every public key that may have signed a seal, those that were removed since among them."""
    return [orjson.loads(jwk) for jwk in await signing_keys.public(store, checkpoints.ALG)]


async def retirement(store: Executor, known: PublicKeys) -> str | None:
    """The newest proof that rows may be gone; None: there is none. What is signed by nobody known is no proof."""
    after: str | None = None
    while entries := await listed_audit.page(store, Wanted(event="audit_retired"), limit=50, after=after):
        for entry in entries:
            proof = str(entry.detail.get("proof"))
            if retired_through(known, proof) is not None:
                return proof
        after = entries[-1].id
    return None


def retired_through(known: PublicKeys, proof: str) -> int | None:
    """The last seal whose rows may be gone; None: the proof is none."""
    claims = known.claims(proof, audit_chain.RETIRED)
    through = None if claims is None else claims.get("through")
    return through if isinstance(through, int) else None


def text_of(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
