"""Values as Prometheus reads them: the text format, version 0.0.4."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mintmark.metrics.families import FAMILIES, Family
from mintmark.metrics.values import Labels, Values

if TYPE_CHECKING:  # slow to import: nobody who is not scraped pays for it
    from prometheus_client import Metric

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Collector:
    """What a registry of prometheus_client asks: one that is made for this scrape, and thrown away."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def collect(self) -> "Iterator[Metric]":
        for family in FAMILIES.values():
            if family.kind == "histogram":
                yield _histogram(family, self._values.histograms.get(family.name, {}))
            else:
                yield _numbers(family, self._values.numbers.get(family.name, {}))


def text(values: Values) -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector as Promised

    class Made(Collector, Promised):
        pass

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Made(values))
    return generate_latest(registry)


def _numbers(family: Family, found: "dict[Labels, float]") -> "Metric":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, value in sorted(found.items()):
        metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, found: "dict[Labels, tuple[list[int], float]]") -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, (counts, total) in sorted(found.items()):
        metric.add_metric(labels, _buckets(family.bounds, counts), total)
    return metric


def _buckets(bounds: tuple[float, ...], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Cumulative, as the format has them."""
    buckets, so_far = [], 0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        so_far += count
        buckets.append((bound, float(so_far)))
    return buckets
