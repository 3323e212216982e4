"""Starts the targets, asks them in interleaved rounds, and notes what each round cost."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bench.code_flow import Flow, measure_flows, measure_sign_ins, measure_signed_in_flows
from bench.load import CONNECTIONS, Report, drive
from bench.peers.mintmark import Mintmark
from bench.peers.node_provider import NodeProvider
from bench.table import Line, Weight
from bench.targets import Target
from bench.workloads import Workload

MICRO = 1_000_000
T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True)
class Pace:
    """`rounds` of `seconds` each are counted, after one that only warms up; `flows`: sign-ins; `starts`: cold ones."""

    rounds: int
    seconds: float
    flows: int
    starts: int


def measure_starts(targets: Sequence[Target], pace: Pace) -> list[Weight]:
    """Every target is running afterwards, and has given one token."""
    weights = {target.name: Weight(target.name) for target in targets}
    for number in range(pace.starts):
        for target in targets:
            if number:
                target.stop()
            weights[target.name].seconds.append(target.start())
    time.sleep(1)  # what a server still does after its first token belongs to its idle weight
    for target in targets:
        weights[target.name].idle = target.pss()
    return list(weights.values())


def measure_work(workload: Workload, targets: Sequence[Target], pace: Pace) -> list[Line]:
    takers = [target for target in targets if workload.takes(target)]
    lines = {target.name: Line(workload.name, workload.title, target.name) for target in takers}
    for number in range(pace.rounds + 1):
        for target in takers:
            _say(f"{workload.title}: {target.name}, {f'round {number} of {pace.rounds}' if number else 'warming up'}")
            _round(workload, target, pace, lines[target.name] if number else None)
    return list(lines.values())


def measure_code_flow(targets: Sequence[Target], pace: Pace) -> list[Line]:
    title = "code flow with sign-in, argon2id"
    return _one_by_one("code_flow", title, measure_flows, _mintmarks(targets), pace.flows)


def measure_code_flow_at_once(targets: Sequence[Target], pace: Pace) -> list[Line]:
    """As many browsers as wrk has connections, three flows or more of each."""
    title = f"code flow with sign-in, argon2id, {CONNECTIONS} browsers"
    measure = partial(measure_flows, at_once=CONNECTIONS)
    return _one_by_one("code_flow_at_once", title, measure, _mintmarks(targets), 3 * CONNECTIONS * pace.rounds)


def measure_signed_in(targets: Sequence[Target], pace: Pace) -> list[Line]:
    """More of them than of sign-ins: each costs a tenth."""
    takers = [target for target in targets if isinstance(target, Mintmark | NodeProvider)]
    title = "code flow without sign-in"
    return _one_by_one("code_flow_signed_in", title, measure_signed_in_flows, takers, pace.flows * 4)


def measure_sign_in(targets: Sequence[Target], pace: Pace) -> list[Line]:
    return _one_by_one("sign_in", "sign-in alone, argon2id", measure_sign_ins, _mintmarks(targets), pace.flows)


def _mintmarks(targets: Sequence[Target]) -> list[Mintmark]:
    return [target for target in targets if isinstance(target, Mintmark)]


def _round(workload: Workload, target: Target, pace: Pace, line: Line | None) -> None:
    request = workload.make(target, pace.seconds)
    before = target.usage()
    report = drive(target.url, request, pace.seconds)
    after = target.usage()
    if line:
        _note(line, report, after.server - before.server, after.postgres - before.postgres)


def _note(line: Line, report: Report, server: float, postgres: float) -> None:
    line.cpu.append(server * MICRO / max(report.requests, 1))
    line.postgres.append(postgres * MICRO / max(report.requests, 1))
    line.rate.append(report.requests * MICRO / report.microseconds)
    line.p50.append(report.p50)
    line.p99.append(report.p99)
    line.requests += report.requests
    line.failures += report.failures


def _one_by_one(
    work: str, title: str, measure: Callable[[T, int], Flow], takers: Sequence[T], count: int
) -> list[Line]:
    """One after the other, since what counts is what each costs."""
    lines = []
    for target in takers:
        _say(f"{title}: {target.name}")
        lines.append(_line(work, title, target, measure(target, count), count))
    return lines


def _line(work: str, title: str, target: Target, flow: Flow, count: int) -> Line:
    line = Line(work, title, target.name, hash_share=flow.share, hash_alone=flow.alone * MICRO)
    line.cpu, line.postgres, line.requests = [flow.server * MICRO], [flow.postgres * MICRO], count
    line.rate = [flow.at_once / statistics.mean(flow.took)]
    line.p50 = [statistics.median(flow.took) * MICRO]
    line.p99 = [max(flow.took) * MICRO]
    return line


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
