"""`mintmark audit list --follow`: new rows as they come, none missed that was committed late.

What is new is looked for among the ids of the last seconds. A commit that came later than that is found in the seal
that lists it: nothing is sealed twice, and everything is sealed.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from mintmark.protocol import audit_chain, ids
from mintmark.store import audit_seals, audit_walk, listed_audit
from mintmark.store.executor import Executor
from mintmark.store.listed_audit import Entry, Wanted

EVERY = 1.0  # seconds
WINDOW = timedelta(seconds=15)
PAGE = 1_000
SEALS = 100


@dataclass(slots=True)
class Following:
    """What was shown, as far as it may come by once more."""

    store: Executor
    wanted: Wanted
    number: int = 0  # the last seal that was looked through
    seen: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)  # seen, and sealed: once it is old, it comes by no more

    async def begin(self, now: datetime, limit: int) -> list[Entry]:
        """The newest rows that are there, oldest first; everything else that is there counts as seen."""
        self.number = (await audit_seals.last(self.store)).number
        self.seen |= {row.id async for row in audit_walk.unsealed(self.store)}
        self.seen |= {entry.id for entry in await self._window(now)}
        newest = await listed_audit.page(self.store, self.wanted, limit=limit)
        self.seen |= {entry.id for entry in newest}
        return newest[::-1]

    async def poll(self, now: datetime) -> list[Entry]:
        """What came since, oldest first."""
        found = [entry for entry in await self._window(now) if entry.id not in self.seen]
        self.seen |= {entry.id for entry in found}
        late = await self._late(now)
        return sorted([*found, *late], key=lambda entry: entry.id)

    async def _window(self, now: datetime) -> list[Entry]:
        found: list[Entry] = []
        after = _id(now - WINDOW)
        while page := await listed_audit.page(self.store, self.wanted, limit=PAGE, after=after, oldest_first=True):
            found += page
            after = page[-1].id
        return found

    async def _late(self, now: datetime) -> list[Entry]:
        floor, late = _id(now - WINDOW), []
        while seals := await audit_seals.following(self.store, self.number, SEALS):
            for seal in seals:
                for id, _ in audit_chain.read_list(seal.rows) or ():
                    self.settled.add(id)
                    if id < floor and id not in self.seen:
                        late.append(id)
            self.number = seals[-1].number
        over = {id for id in self.settled if id < floor}
        self.seen -= over
        self.settled -= over
        entries = await listed_audit.some(self.store, late) if late else []
        return [entry for entry in entries if self.wanted.fits(asdict(entry), entry.at)]


def _id(moment: datetime) -> str:
    return ids.uuid7(moment, bytes(10))
