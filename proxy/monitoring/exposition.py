"""Metrics as Prometheus reads them.

Each process of a fleet is told by itself and labelled so: a sum over processes would look to Prometheus as if it had
begun anew whenever one of them is replaced. What there is to tell is `proxy.monitoring.metrics`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from proxy.monitoring.metrics import METRICS, Kind, Measures, Metric, Sample
from proxy.monitoring.tally import Tallied

PROCESS = "process"


def exposition(each: Iterable[tuple[int, Measures]], accept: str = "") -> tuple[bytes, str]:
    """What processes, by their ids, say, in the form that `accept` asks for, and the media type of that."""
    registry = CollectorRegistry()
    registry.register(_Told(tuple(each)))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class _Told(Collector):
    def __init__(self, each: Sequence[tuple[int, Measures]]) -> None:
        self._each = each

    def collect(self) -> Iterable[Family]:
        return filter(lambda family: family.samples, map(self._family, METRICS))

    def _family(self, metric: Metric) -> Family:
        labels = (*metric.labels, PROCESS)
        samples = chain.from_iterable(
            (((*values, str(process)), value) for values, value in measures.get(metric.name, ()))
            for process, measures in self._each
        )
        return _family(metric, labels, samples)


def _family(metric: Metric, labels: tuple[str, ...], samples: Iterable[Sample]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=labels)
        for values, value in samples:
            if isinstance(value, Tallied):
                histogram.add_metric(values, _buckets(value), value.sum)
        return histogram
    made = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = made(metric.name, metric.meaning, labels=labels)
    for values, value in samples:
        if not isinstance(value, Tallied):
            family.add_metric(values, value)
    return family


def _buckets(tallied: Tallied) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    total, buckets = 0, []
    for bound, count in zip((*map(str, tallied.bounds), "+Inf"), tallied.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets
