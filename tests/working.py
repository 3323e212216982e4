"""What a request costs, counted and never timed: statements, change sets and password hashes, in their order."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mintmark import registry, upkeep

__all__ = ["work"]


class Work:
    """`with work(issuer) as done:` around one request; `done` is what it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    @contextmanager
    def __call__(self, issuer) -> Iterator[list[tuple[str, ...]]]:
        done: list[tuple[str, ...]] = []
        store, hashing = type(issuer.server.store), type(issuer.server.hashing)
        its_own = issuer.server.store  # another server of this process may be at work
        fetch, commit, verify, hash = store.fetch, store.commit, hashing.verify, hashing.hash

        async def fetched(self, read, **values):
            if self is its_own:
                done.append(("read", str(read.statement)))
            return await fetch(self, read, **values)

        async def committed(self, changes):
            written = list(changes)
            if self is its_own:
                done.append(("write", *(_told(change) for change in written)))
            return await commit(self, written)

        async def verified(self, password, stored):
            done.append(("verify",))
            return await verify(self, password, stored)

        async def hashed(self, password):
            done.append(("hash",))
            return await hash(self, password)

        with self._monkeypatch.context() as patched:
            patched.setattr(store, "fetch", fetched)
            patched.setattr(store, "commit", committed)
            patched.setattr(hashing, "verify", verified)
            patched.setattr(hashing, "hash", hashed)
            yield done


def _told(change) -> str:
    """A kind of change and where; of an Update what it sets, since that is its statement."""
    table = getattr(change, "table", None)
    where = str(getattr(change, "statement", "")) if table is None else table.name
    return f"{type(change).__name__} {where} {' '.join(getattr(change, 'values', ()) or ())}"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Name it before `issuer`: its upkeep, which works beside every request, is away, and its registry stays warm."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    monkeypatch.setattr(registry, "LEASE", 3600.0)
    return Work(monkeypatch)
