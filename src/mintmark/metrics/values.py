"""The values of all families at one moment, as they are added up, written down for other workers and read again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mintmark.counting import Histogram
from mintmark.metrics.families import FAMILIES, Family

Labels = tuple[str, ...]


@dataclass(slots=True)
class Values:
    numbers: dict[str, dict[Labels, float]] = field(default_factory=dict)
    histograms: dict[str, dict[Labels, tuple[list[int], float]]] = field(default_factory=dict)  # counts and sum

    def put(self, name: str, value: float, *labels: str) -> None:
        """Twice is added up: what a label leaves out has several sources."""
        of = self.numbers.setdefault(name, {})
        of[labels] = of.get(labels, 0) + value

    def put_histogram(self, name: str, found: Histogram, *labels: str) -> None:
        self.histograms.setdefault(name, {})[labels] = ([*found.counts], found.sum)

    def add(self, other: "Values") -> None:
        """Another worker's."""
        for name, numbers in other.numbers.items():
            of = self.numbers.setdefault(name, {})
            for labels, value in numbers.items():
                of[labels] = _together(FAMILIES[name], of[labels], value) if labels in of else value
        for name, histograms in other.histograms.items():
            seen = self.histograms.setdefault(name, {})
            for labels, (counts, total) in histograms.items():
                mine, sum_ = seen.get(labels, ([0] * len(counts), 0.0))
                seen[labels] = ([one + more for one, more in zip(mine, counts, strict=True)], sum_ + total)

    def counted(self) -> "Values":
        """What stays when the process has ended."""
        kept = {name: numbers for name, numbers in self.numbers.items() if FAMILIES[name].is_added_up}
        return Values(kept, self.histograms)

    def to_json(self) -> bytes:
        document = {
            "numbers": {name: [*map(list, of.items())] for name, of in self.numbers.items()},
            "histograms": {name: [*map(list, of.items())] for name, of in self.histograms.items()},
        }
        return json.dumps(document).encode()

    @staticmethod
    def read(document: dict[str, Any]) -> "Values":  # Any: JSON that another worker of this version wrote
        return Values(
            {name: _by_labels(pairs) for name, pairs in document["numbers"].items()},
            {
                name: {labels: (counts, total) for labels, (counts, total) in _by_labels(pairs).items()}
                for name, pairs in document["histograms"].items()
            },
        )


def _together(family: Family, one: float, other: float) -> float:
    if family.several == "sum":
        return one + other
    return max(one, other) if family.several == "max" else min(one, other)


def _by_labels(pairs: Sequence[Any]) -> dict[Labels, Any]:  # Any: a number, or a histogram's two parts
    return {tuple(labels): value for labels, value in pairs}
