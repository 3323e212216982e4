"""Writing to PostgreSQL: change sets that are alike go together in one statement, the others in a transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from mintmark.store.changes import Change, Conflict, Unavailable
from mintmark.store.coalesce import Lane
from mintmark.store.connections import Connection, Connections
from mintmark.store.measures import Measures
from mintmark.store.postgresql_batch import Batch, Shapes, Values
from mintmark.store.postgresql_errors import Again, Blocked, Lost
from mintmark.store.postgresql_transaction import Transactions, carry_out

T = TypeVar("T")

ATTEMPTS = 4  # at what the server undid for the sake of another transaction
Outcome = Exception | None  # None: written


class Writes:
    """What was compiled so far, and the change sets under way."""

    def __init__(self, connections: Connections, measures: Measures) -> None:
        self.statements = 0
        self._measures = measures
        self._connections = connections
        self._shapes = Shapes()
        self._lanes: dict[Batch, Lane[Values, None]] = {}
        self._transactions = Transactions()

    async def commit(self, changes: Sequence[Change]) -> None:
        """Writes all or none."""
        batch, values = self._shapes.find(changes)
        if batch is None:
            steps = self._transactions.steps(changes)
            await self._run(lambda connection: carry_out(connection, steps, changes), len(steps), sets=1)
            return
        if batch.counts:
            [outcome] = await self._statement(batch, [values])
            if outcome is not None:
                raise outcome
            return
        lane = self._lanes.get(batch)
        if lane is None:
            self._lanes[batch] = lane = Lane(partial(self._write, batch))
        await lane.ask(values)

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        for lane in self._lanes.values():
            await lane.idle()

    async def _write(self, batch: Batch, sets: Sequence[Values]) -> Sequence[Outcome]:
        """Those that want the same row go after one another, as far as the first leaves them a chance."""
        leaders, followers = batch.leaders(sets)
        written = await self._statement(batch, [sets[number] for number in leaders])
        if not followers:
            return written
        outcomes = dict(zip(leaders, written, strict=True))
        left: list[int] = []
        for number, leader in followers.items():
            if isinstance(outcomes[leader], Unavailable):  # the first has waited for them all: a lock, a connection
                outcomes[number] = outcomes[leader]
            elif outcomes[leader] is None and batch.excludes(sets[leader], sets[number]):
                outcomes[number] = Conflict("another request was first")
            else:
                left.append(number)
        if left:
            outcomes.update(zip(left, await self._write(batch, [sets[number] for number in left]), strict=True))
        return [outcomes[number] for number in range(len(sets))]

    async def _statement(self, batch: Batch, sets: Sequence[Values]) -> Sequence[Outcome]:
        """What became of each. Raises only what is everybody's: the database did not answer."""
        text, arguments = batch.call(sets)
        try:
            rows = await self._run(lambda connection: connection.fetch(text, *arguments), 1, sets=len(sets))
        except Blocked as error:
            return [error] if len(sets) == 1 else await self._one_by_one(batch, sets)
        except (Lost, Again):
            raise
        except Exception as error:  # noqa: BLE001  # a row that is there already, text that cannot be: whose is it?
            return [error] if len(sets) == 1 else await self._one_by_one(batch, sets)
        winners = {row[0] for row in rows}
        lost = "what the decision relied on has changed"
        return [None if number in winners else Conflict(lost) for number in range(1, len(sets) + 1)]

    async def _one_by_one(self, batch: Batch, sets: Sequence[Values]) -> Sequence[Outcome]:
        return [outcome for [outcome] in await asyncio.gather(*[self._statement(batch, [one]) for one in sets])]

    async def _run(self, work: Callable[[Connection], Awaitable[T]], statements: int, *, sets: int) -> T:
        """Tries again what the server wants to have tried again: of that, nothing was written.

        Measured as whoever asked feels it: with the wait for a connection.
        """
        began = time.perf_counter()
        try:
            for _ in range(ATTEMPTS - 1):
                self.statements += statements
                try:
                    return await self._connections.run(work)
                except Again:
                    continue
            self.statements += statements
            return await self._connections.run(work)
        finally:
            self._measures.batches.add(sets)
            self._measures.commits.add(time.perf_counter() - began)
