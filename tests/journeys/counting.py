"""What a journey costs: SQL statements and signatures, counted and never timed (design: the hot path)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from mintmark import registry, upkeep
from mintmark.keys import jwt
from tests.issuer import Issuer

__all__ = ["cost"]


@dataclass
class Spent:
    statements: int = 0
    signatures: int = 0


class Cost:
    """`with cost(issuer) as spent:` around one request of a server that is warm."""

    def __init__(self) -> None:
        self.signatures = 0

    @contextmanager
    def __call__(self, issuer: Issuer) -> Iterator[Spent]:
        spent, before = Spent(), (issuer.server.store.statements, self.signatures)
        yield spent
        spent.statements = issuer.server.store.statements - before[0]
        spent.signatures = self.signatures - before[1]


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Cost:
    """For a server that starts afterwards, so name it before `issuer`: its upkeep, which reads beside every journey, is
    away, and what it read of the configuration stays good."""
    found, sign = Cost(), jwt.sign

    def counted(*arguments: object) -> str:
        found.signatures += 1
        return sign(*arguments)  # type: ignore[arg-type]  # those of `jwt.sign`

    monkeypatch.setattr(jwt, "sign", counted)
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    monkeypatch.setattr(registry, "LEASE", 3600.0)
    return found
