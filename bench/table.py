"""The table: what was measured, and beside each line of Mintmark what the issue asked of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MINTMARK = ("mintmark-sqlite", "mintmark-postgresql")
FILLED = "-filled"
MOST_SECONDS_TO_FIRST_TOKEN = 1.5
MOST_IDLE_MEGABYTES = 100
LEAST_HASH_SHARE = 0.90
MOST_GROWTH = 1.15


@dataclass(slots=True)
class Line:
    """One workload on one target; a figure for each round. CPU in µs per request, latencies in µs."""

    work: str
    title: str
    target: str
    cpu: list[float] = field(default_factory=list)
    postgres: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    requests: int = 0
    failures: int = 0
    hash_share: float | None = None  # None: no password in it
    hash_alone: float = 0.0  # CPU µs of one argon2id verification by itself

    @property
    def cost(self) -> float:
        """Server and PostgreSQL together: what one request costs the machine."""
        return statistics.median(a + b for a, b in zip(self.cpu, self.postgres, strict=True))


@dataclass(slots=True)
class Weight:
    """Of one target: seconds from exec to the first token, and proportional set size in bytes."""

    target: str
    seconds: list[float] = field(default_factory=list)
    idle: int = 0
    loaded: int = 0


@dataclass(frozen=True, slots=True)
class Criterion:
    """`most` times the cost of `against` is allowed; `strictly`: it must be below."""

    work: str
    target: str
    against: str
    most: float
    strictly: bool = False


def criteria() -> Iterable[Criterion]:
    """The issue's table, one by one. What names no database holds on both."""
    for target in MINTMARK:
        yield Criterion("client_credentials", target, "limit", 1.5)
        yield Criterion("client_credentials", target, "node-map", 0.65)
        yield Criterion("introspect_opaque", target, "node-map", 1.0, strictly=True)
        yield Criterion("introspect_jwt", target, "limit", 1.5)
        yield Criterion("introspect_jwt_first", target, "limit", 1.5)
        yield Criterion("jwks", target, "node-map", 1.0, strictly=True)
        yield Criterion("metadata", target, "node-map", 1.0, strictly=True)
    for refresh in ("refresh", "refresh_openid"):
        yield Criterion(refresh, "mintmark-sqlite", "node-map", 1.0)
        yield Criterion(refresh, "mintmark-sqlite", "node-sqlite", 0.6)
        yield Criterion(refresh, "mintmark-postgresql", "node-postgresql", 0.6)


def requests_table(lines: Sequence[Line]) -> str:
    head = ("work", "target", "CPU µs", "of it PG", "requests/s", "p50 ms", "p99 ms", "failed", "verdict")
    rows = []
    for line in lines:
        figures = (f"{line.cost:,.0f}", f"{statistics.median(line.postgres):,.0f}" if any(line.postgres) else "")
        speed = (
            f"{statistics.median(line.rate):,.0f}",
            *(f"{statistics.median(p) / 1000:.2f}" for p in (line.p50, line.p99)),
        )
        failed = f"{line.failures} of {line.requests}" if line.failures else "0"
        rows.append((line.title, line.target, *figures, *speed, failed, "; ".join(verdicts(line, lines))))
    return _aligned(head, rows)


def weights_table(weights: Sequence[Weight]) -> str:
    head = ("target", "first token s", "PSS idle MB", "PSS loaded MB", "verdict")
    rows = []
    for weight in weights:
        seconds, idle = statistics.median(weight.seconds), weight.idle / 1e6
        found = [_start_verdict(seconds), _memory_verdict(idle)] if weight.target.startswith("mintmark") else []
        loaded = f"{weight.loaded / 1e6:.0f}" if weight.loaded else ""
        rows.append((weight.target, f"{seconds:.2f}", f"{idle:.0f}", loaded, "; ".join(found)))
    return _aligned(head, rows)


def verdicts(line: Line, lines: Sequence[Line]) -> list[str]:
    """In words; a line with failures is no evidence of speed and says so first."""
    found = ["FAILURES, not a valid run"] if line.failures else []
    found += [_verdict(line, one, other) for one in criteria() if (other := _against(line, one, lines))]
    if line.hash_share is not None:
        word = "met" if line.hash_share >= LEAST_HASH_SHARE else "MISSED"
        alone = f"alone it costs {line.hash_alone:,.0f} µs"
        found.append(f"{word}: {line.hash_share:.1%} of it is the hash (≥ {LEAST_HASH_SHARE:.0%}); {alone}")
    if line.target.endswith(FILLED) and (empty := _find(lines, line.work, line.target.removesuffix(FILLED))):
        found.append(_ratio(line.cost / empty.cost, MOST_GROWTH, "the empty one"))
    return found


def _against(line: Line, one: Criterion, lines: Sequence[Line]) -> Line | None:
    if (line.work, line.target) != (one.work, one.target):
        return None
    return _find(lines, one.work, one.against)


def _verdict(line: Line, one: Criterion, other: Line) -> str:
    said = _ratio(line.cost / other.cost, one.most, one.against, strictly=one.strictly)
    return said + " (which had failures)" if other.failures else said


def _ratio(ratio: float, most: float, against: str, *, strictly: bool = False) -> str:
    met = ratio < most if strictly else ratio <= most
    return f"{'met' if met else 'MISSED'}: {ratio:.2f} of {against} ({'<' if strictly else '≤'} {most:g})"


def _find(lines: Sequence[Line], work: str, target: str) -> Line | None:
    return next((line for line in lines if (line.work, line.target) == (work, target)), None)


def _start_verdict(seconds: float) -> str:
    return f"{'met' if seconds <= MOST_SECONDS_TO_FIRST_TOKEN else 'MISSED'}: start ≤ {MOST_SECONDS_TO_FIRST_TOKEN:g} s"


def _memory_verdict(megabytes: float) -> str:
    return f"{'met' if megabytes <= MOST_IDLE_MEGABYTES else 'MISSED'}: idle ≤ {MOST_IDLE_MEGABYTES} MB"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown that also reads well in a terminal; figures stand to the right."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    numeric = [all(not row[n] or row[n][0].isdigit() for row in rows) for n in range(len(head))]
    lines = [_cells(head, widths, numeric), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    return "\n".join(lines + [_cells(row, widths, numeric) for row in rows])


def _cells(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = (
        text.rjust(width) if right else text.ljust(width)
        for text, width, right in zip(row, widths, numeric, strict=True)
    )
    return "| " + " | ".join(cells) + " |"
