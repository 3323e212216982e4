"""What one issuer shares: settings, store, keys, clock, randomness. Two issuers can live in one process."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mintmark.counts import Counts
from mintmark.deliveries import Deliveries, UpkeepState
from mintmark.events import Event
from mintmark.journal import Journal
from mintmark.key_sets import KeySets
from mintmark.keys.sealing import Sealer
from mintmark.lanes import Lanes
from mintmark.languages import Language, Languages
from mintmark.outbound import Outbound
from mintmark.protocol.acr import LEVELS, Level
from mintmark.protocol.errors import Overloaded
from mintmark.references import References
from mintmark.registry import Registry
from mintmark.settings import Settings
from mintmark.store import outbox
from mintmark.store.changes import Change, Conflict, Unavailable
from mintmark.store.executor import Executor
from mintmark.wire.asked import Asked

T = TypeVar("T")
LOGOS = 8  # pictures fetched at once: they wait for nothing, and nothing waits for them
TRIES = 3  # a decision whose guard failed is made again from a fresh read, twice at most


class PageMaker(Protocol):
    """Makes the pages; lives above, where the templates are."""

    def page(self, template: str, language: Language | None = None, /, **context: object) -> bytes: ...
    def headers(
        self,
        form_action: Sequence[str] = (),
        coop: bool = False,
        *,
        here: bool = True,
        frame_origins: Sequence[str] = (),
    ) -> Sequence[tuple[str, str]]: ...


class Verdict(Protocol):
    """What a password came to."""

    @property
    def matches(self) -> bool: ...
    @property
    def rehashed(self) -> str | None: ...  # None: the stored hash is as good as a new one


class Hashing(Protocol):
    """Hashes passwords in a bounded pool; lives above, with the factors."""

    async def hash(self, password: str, /) -> str: ...
    async def verify(self, password: str, stored: str | None, /) -> Verdict: ...
    async def note_schemes(self, stored_samples: Iterable[str], /) -> None: ...
    def let_go_if_idle(self) -> None: ...  # now and then, so that memory goes back when no password came since
    def load(self) -> tuple[int, int, int, int]: ...  # threads; busy; passwords that wait; refused so far


class Turns(Protocol):
    """Few sign-ins at once for each account, so that right passwords sent in parallel are not told to wait."""

    def turn(self, asked: Any, /) -> AbstractAsyncContextManager[None]: ...  # Any: an Attempt of the factors


class Budget(Protocol):
    """Counts failures in memory."""

    def allow(self, key: str, now: datetime, /) -> int | None: ...  # seconds to wait; None: go on
    def fail(self, key: str, now: datetime, /) -> None: ...


@dataclass(slots=True)
class Leaving:
    """Whether this process was told to end: it still serves, and says that others should be asked."""

    begun: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    settings: Settings
    store: Executor
    registry: Registry
    sealer: Sealer
    hashing: Hashing
    turns: Turns
    lanes: Lanes
    pages: PageMaker
    client_failures: Budget
    journal: Journal
    clock: Callable[[], datetime]  # aware UTC; read once per request
    random: Callable[[int], bytes]
    wait: Callable[[float], Awaitable[None]]  # seconds
    outbound: Outbound = field(default_factory=Outbound)
    key_sets: KeySets = field(default_factory=KeySets)
    references: References = field(default_factory=References)
    deliveries: Deliveries = field(default_factory=Deliveries)
    logos: Deliveries = field(default_factory=lambda: Deliveries(most=LOGOS))  # that are being fetched
    upkeep_state: UpkeepState = field(default_factory=UpkeepState)
    counts: Counts = field(default_factory=Counts)
    languages: Languages = field(default_factory=Languages)
    leaving: Leaving = field(default_factory=Leaving)
    levels: Sequence[Level] = LEVELS  # of authentication, the weakest first

    @property
    def issuer(self) -> str:
        return self.settings.issuer

    @property
    def path(self) -> str:
        """The issuer's path: "" at the root."""
        return self.settings.issuer_path

    async def commit(
        self, changes: Sequence[Change], events: Sequence[Event], asked: Asked | None, now: datetime
    ) -> None:
        """Writes the changes and their facts, all or nothing, and then tells the log. Raises Conflict, Unavailable."""
        request_id = None if asked is None else asked.request_id
        address = None if asked is None else asked.address
        facts = [self.journal.fact(event, now, request_id, address) for event in events]
        if self.registry.webhooks:
            facts += outbox.told(self.registry.webhooks, events, now, request_id, self.random(10))
        await self.store.commit([*changes, *facts])
        for event in events:
            self.journal.told(event, request_id)

    def see(self, event: Event, asked: Asked, now: datetime, **more: object) -> None:
        """Remembers an observation."""
        self.journal.seen(event, now, asked.request_id, asked.address, **more)


async def decided(decide: Callable[[], Awaitable[T]]) -> T:
    """Reads, decides and writes; where a guard failed, again from a fresh read, and at last 503."""
    try:
        for _ in range(TRIES):
            try:
                return await decide()
            except Conflict:
                continue
    except Unavailable as error:
        raise Overloaded("the database does not answer", check="store") from error
    raise Overloaded("too many are changing the same thing at once", check="conflict")
