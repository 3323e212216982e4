"""CPU time and memory of a process and all its descendants, read from /proc (proc_pid_stat(5), smaps_rollup)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """User and system time of the tree so far; what ended children used stands in their parents' figures."""
    return sum(sum(_times(pid)) for pid in tree(root)) / TICKS_A_SECOND


def pss_bytes(root: int) -> int:
    """Proportional set size: a page that n processes share counts 1/n in each."""
    return sum(_pss(pid) for pid in tree(root))


def tree(root: int) -> list[int]:
    """The process and its descendants, the root first."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _times(pid: int) -> tuple[int, int, int, int]:
    fields = _stat(pid)
    if not fields:
        return 0, 0, 0, 0
    return int(fields[11]), int(fields[12]), int(fields[13]), int(fields[14])


def _stat(pid: int) -> list[str]:
    """The fields from `state` on: the name before them may hold spaces and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
