"""`python -m bench`: measures, and prints the tables on stdout (progress goes to stderr)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench import rounds
from bench.load import first_core, last_core
from bench.peers.limit import Limit
from bench.peers.mintmark import Mintmark
from bench.peers.node_provider import NodeProvider
from bench.table import FILLED, Line, Weight, requests_table, weights_table
from bench.targets import Target
from bench.workloads import WORKLOADS

FULL = rounds.Pace(rounds=3, seconds=4, flows=100, starts=3)
QUICK = rounds.Pace(rounds=1, seconds=2, flows=10, starts=1)
CODE_FLOW, AT_ONCE, SIGNED_IN, SIGN_IN = "code_flow", "code_flow_at_once", "code_flow_signed_in", "sign_in"
STARTS = "starts"
VAR = Path(__file__).parent / "var"  # on the checkout's disk: a tmpfs would make every fsync free


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _options().parse_args(arguments)
    pace = _pace(asked)
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=VAR))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    try:
        lines, weights = _measure(_chosen(_targets(folder, asked.filled), asked.targets), asked, pace)
    finally:
        if not asked.keep:
            shutil.rmtree(folder)
    _print(lines, weights, pace)
    if asked.json:
        found = {"lines": [asdict(line) for line in lines], "weights": [asdict(weight) for weight in weights]}
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if any(line.failures for line in lines) else 0


def _options() -> argparse.ArgumentParser:
    names = [*(workload.name for workload in WORKLOADS), CODE_FLOW, AT_ONCE, SIGNED_IN, SIGN_IN, STARTS]
    options = argparse.ArgumentParser(prog="bench", description="Mintmark's speed and weight beside its peers.")
    options.add_argument("--quick", action="store_true", help="one short round each: shows that it works, no evidence")
    options.add_argument("--only", action="append", choices=names, help="this work alone; may be repeated")
    options.add_argument("--targets", action="append", metavar="PREFIX", help="targets whose names begin so")
    options.add_argument(
        "--filled", action="store_true", help="also with 1 M refresh tokens, 100,000 people, 10,000 clients"
    )
    options.add_argument("--rounds", type=int, help=f"counted rounds of each work on each target ({FULL.rounds})")
    options.add_argument("--seconds", type=int, help=f"length of a round ({FULL.seconds:g})")
    options.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    options.add_argument("--keep", action="store_true", help="leave databases and logs in bench/var")
    return options


def _pace(asked: argparse.Namespace) -> rounds.Pace:
    usual = QUICK if asked.quick else FULL
    return rounds.Pace(asked.rounds or usual.rounds, asked.seconds or usual.seconds, usual.flows, usual.starts)


def _targets(folder: Path, filled: bool) -> list[Target]:
    targets: list[Target] = [
        Limit("limit", folder / "limit"),
        Mintmark("mintmark-sqlite", folder / "mintmark-sqlite"),
        Mintmark("mintmark-postgresql", folder / "mintmark-postgresql", on_postgres=True),
        NodeProvider("node-map", folder / "node-map", "map"),
        NodeProvider("node-sqlite", folder / "node-sqlite", "sqlite"),
        NodeProvider("node-postgresql", folder / "node-postgresql", "postgresql"),
    ]
    if filled:
        targets += [_filled(target, folder) for target in targets if isinstance(target, Mintmark)]
    return targets


def _filled(empty: Mintmark, folder: Path) -> Mintmark:
    name = empty.name + FILLED
    return Mintmark(name, folder / name, on_postgres=empty.postgres is not None, filled=True)


def _chosen(targets: list[Target], prefixes: list[str] | None) -> list[Target]:
    return [target for target in targets if not prefixes or target.name.startswith(tuple(prefixes))]


def _measure(
    targets: Sequence[Target], asked: argparse.Namespace, pace: rounds.Pace
) -> tuple[list[Line], list[Weight]]:
    """Whatever was started is stopped, also when something fails on the way."""
    with ExitStack() as stack:
        for target in targets:
            stack.callback(target.close)
            print(f"preparing {target.name}", file=sys.stderr, flush=True)
            target.prepare()
        weights = rounds.measure_starts(targets, pace)
        lines: list[Line] = []
        for workload in WORKLOADS:
            if not asked.only or workload.name in asked.only:
                lines += rounds.measure_work(workload, targets, pace)
        if not asked.only or CODE_FLOW in asked.only:
            lines += rounds.measure_code_flow(targets, pace)
        if not asked.only or AT_ONCE in asked.only:
            lines += rounds.measure_code_flow_at_once(targets, pace)
        if not asked.only or SIGNED_IN in asked.only:
            lines += rounds.measure_signed_in(targets, pace)
        if not asked.only or SIGN_IN in asked.only:
            lines += rounds.measure_sign_in(targets, pace)
        for target, weight in zip(targets, weights, strict=True):
            weight.loaded = target.pss() if lines else 0
        return lines, weights


def _print(lines: Sequence[Line], weights: Sequence[Weight], pace: rounds.Pace) -> None:
    load = os.getloadavg()[0]
    python = f"Python {platform.python_version()}, uvicorn {version('uvicorn')}, cryptography {version('cryptography')}"
    print(f"Servers on core {first_core()}, wrk on core {last_core()}; load average at the end {load:.1f}; {python}.")
    print(f"Medians of {pace.rounds} rounds of {pace.seconds:g} s after a warming one; CPU is user and system time.\n")
    if lines:
        print(requests_table(lines), end="\n\n")
    print(weights_table(weights))


if __name__ == "__main__":
    raise SystemExit(main())
