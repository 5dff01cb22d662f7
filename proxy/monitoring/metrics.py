"""Every metric: what it is called, what it means, and where it is read.

Owns the table, which is the documentation's too. Counting is everyone's own, in plain numbers that are read here when
somebody asks; how they are told is `proxy.monitoring.exposition`'s.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from proxy.monitoring.tally import Tallied
from proxy.monitoring.traffic import Traffic

MAX_EXPERIENCES = 1_000
"""As many experiences have a series of their own; the rest of them share one."""

OTHERS = "(others)"


Value: TypeAlias = float | Tallied
Sample: TypeAlias = tuple[tuple[str, ...], Value]
Measures: TypeAlias = Mapping[str, tuple[Sample, ...]]
"""What one process says, by the names of metrics; it can be pickled."""


class Kind(StrEnum):
    """The types of Prometheus that are used."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the metrics of one process are read. `counts` are those of its status."""

    version: str
    counts: Mapping[str, Mapping[str, int] | int]
    traffic: Traffic
    lag: Tallied
    connections: int = 0
    tasks: int = 0
    origin_seconds: Tallied | None = None
    origin_errors: Mapping[str, int] = field(default_factory=dict)
    reloads: Mapping[str, int] = field(default_factory=dict)
    loaded_at: float = 0.0
    live: int = 0
    drifting: Sequence[tuple[str, str]] = ()

    def number(self, name: str, key: str = "") -> int:
        """A number of the status; 0 where it has none, as when there is no page cache."""
        value = self.counts.get(name, 0)
        if isinstance(value, int):
            return value
        return value.get(key, 0)

    def numbers(self, name: str) -> Mapping[str, int]:
        """The numbers of the status under one name."""
        value = self.counts.get(name, {})
        return {} if isinstance(value, int) else value


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; every one has the label `process` beside its own."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Sources], Iterable[Sample]]
    labels: tuple[str, ...] = ()


def _one(read: Callable[[Sources], Value | None]) -> Callable[[Sources], Iterable[Sample]]:
    def samples(sources: Sources) -> Iterator[Sample]:
        if (value := read(sources)) is not None:
            yield (), value

    return samples


def _status(name: str, key: str = "") -> Callable[[Sources], Iterable[Sample]]:
    return _one(lambda sources: sources.number(name, key))


def _by_key(read: Callable[[Sources], Mapping[str, int]]) -> Callable[[Sources], Iterable[Sample]]:
    return lambda sources: [((key,), value) for key, value in read(sources).items()]


def _statuses(name: str, *keys: str) -> Callable[[Sources], Iterable[Sample]]:
    """Those of the status that are named; what it lacks is 0 only where there is any of them."""

    def samples(sources: Sources) -> Iterator[Sample]:
        numbers = sources.numbers(name)
        return (((key,), numbers.get(key, 0)) for key in keys if numbers)

    return samples


def bounded(counts: Mapping[str, int]) -> Mapping[str, int]:
    """As many experiences as may have a series each, those with the highest counts, and the rest as one."""
    if len(counts) <= MAX_EXPERIENCES:
        return counts
    ordered = sorted(counts.items(), key=lambda item: item[1], reverse=True)
    return {**dict(ordered[:MAX_EXPERIENCES]), OTHERS: sum(count for _, count in ordered[MAX_EXPERIENCES:])}


def _refused_vouchers(sources: Sources) -> Iterator[Sample]:
    for way in ("jwt", "cookie", "header"):
        for reason, count in sources.numbers(f"vouched_{way}_refused").items():
            yield (way, reason), count


METRICS = (
    Metric(
        "tailor_build_info",
        Kind.GAUGE,
        "Always 1; what runs.",
        lambda sources: [((sources.version, platform.python_version()), 1)],
        ("version", "python"),
    ),
    Metric(
        "tailor_requests_total",
        Kind.COUNTER,
        "Requests that were answered. `code` is the class of the status (`2xx`), or `gone` where the visitor left "
        "before; `way` is `express` where it was answered at once from memory, else `usual`.",
        lambda sources: [(tuple(kind), count) for kind, count in sources.traffic.answered().items()],
        ("method", "code", "way"),
    ),
    Metric(
        "tailor_response_body_bytes_total",
        Kind.COUNTER,
        "Bytes of bodies that were sent, as they were compressed.",
        lambda sources: [((str(way),), size) for way, size in sources.traffic.bytes().items()],
        ("way",),
    ),
    Metric(
        "tailor_request_duration_seconds",
        Kind.HISTOGRAM,
        "From the head of a request to the last byte of its answer, downloads and streams among them.",
        lambda sources: [((str(way),), seconds) for way, seconds in sources.traffic.seconds().items()],
        ("way",),
    ),
    Metric(
        "tailor_origin_response_seconds",
        Kind.HISTOGRAM,
        "Until the head of the origin's response was there, with the connection where one had to be made.",
        _one(lambda sources: sources.origin_seconds),
    ),
    Metric(
        "tailor_origin_errors_total",
        Kind.COUNTER,
        "Requests to which the origin gave no answer that can be passed on, by the error type of RFC 9209 §2.3.",
        _by_key(lambda sources: sources.origin_errors),
        ("error",),
    ),
    Metric(
        "tailor_origin_requests",
        Kind.GAUGE,
        "Requests to the origin that are under way (`open`), and that wait for one of them to end (`waiting`).",
        _statuses("origin_requests", "open", "waiting"),
        ("state",),
    ),
    Metric(
        "tailor_origin_unasked_total",
        Kind.COUNTER,
        "Requests that were not sent: too many were under way (`crowded`), or the origin was down (`spared`).",
        _statuses("origin_requests", "crowded", "spared"),
        ("why",),
    ),
    Metric(
        "tailor_origin_given_up_total",
        Kind.COUNTER,
        "How often the origin was left alone, since it was down.",
        _status("origin_requests", "given_up"),
    ),
    Metric(
        "tailor_connections",
        Kind.GAUGE,
        "Connections of visitors that are open, idle ones among them.",
        _one(lambda sources: sources.connections),
    ),
    Metric("tailor_websockets", Kind.GAUGE, "WebSockets that are open.", _status("websockets")),
    Metric(
        "tailor_tasks",
        Kind.GAUGE,
        "Tasks of the event loop: those that serve, one or more for each request and WebSocket under way, and the one "
        "that tells this.",
        _one(lambda sources: sources.tasks),
    ),
    Metric(
        "tailor_event_loop_lag_seconds",
        Kind.HISTOGRAM,
        "How much later than asked for the process woke up, looked at once a second: how long a request waits for "
        "others.",
        _one(lambda sources: sources.lag),
    ),
    Metric(
        "tailor_cache_requests_total",
        Kind.COUNTER,
        "What requests got of the page cache: `hits`, `collapsed` (the answer to another request), `misses`, "
        "`validations` (the origin was asked about what is stored), `bypasses`.",
        _statuses("cache", "hits", "collapsed", "misses", "validations", "bypasses"),
        ("result",),
    ),
    Metric(
        "tailor_cache_stale_total",
        Kind.COUNTER,
        "Requests that were answered by a stale response.",
        _status("cache", "stale"),
    ),
    Metric("tailor_cache_stores_total", Kind.COUNTER, "Responses that were stored.", _status("cache", "stores")),
    Metric(
        "tailor_cache_evictions_total",
        Kind.COUNTER,
        "Responses that had to go for others.",
        _status("cache", "evictions"),
    ),
    Metric("tailor_cache_purged_total", Kind.COUNTER, "Responses that were purged.", _status("cache", "purged")),
    Metric("tailor_cache_responses", Kind.GAUGE, "Responses that are kept.", _status("cache", "kept")),
    Metric("tailor_cache_bytes", Kind.GAUGE, "What they take, about.", _status("cache", "bytes")),
    Metric(
        "tailor_variants_total",
        Kind.COUNTER,
        "Pages with a decision's changes: `hits` were kept already, `made` were cut.",
        _statuses("variants", "hits", "made"),
        ("result",),
    ),
    Metric(
        "tailor_variant_evictions_total",
        Kind.COUNTER,
        "Such pages that had to go for others.",
        _status("variants", "evictions"),
    ),
    Metric("tailor_variants", Kind.GAUGE, "Such pages that are kept.", _status("variants", "kept")),
    Metric("tailor_variant_bytes", Kind.GAUGE, "What they take.", _status("variants", "bytes")),
    Metric(
        "tailor_decisions_total",
        Kind.COUNTER,
        "Decisions that were made, by whether anything was chosen. One that the express way remembers is not made "
        "again.",
        _by_key(lambda sources: sources.numbers("decisions")),
        ("result",),
    ),
    Metric(
        "tailor_failures_total",
        Kind.COUNTER,
        "Faults of Tailor's own, by the step that failed; visitors got the origin's page.",
        _by_key(lambda sources: sources.numbers("failures")),
        ("step",),
    ),
    Metric(
        "tailor_experience_shown_total",
        Kind.COUNTER,
        "Responses on which an experience is shown. "
        f"Beyond {MAX_EXPERIENCES:,} experiences the rest is told as `{OTHERS}`.",
        _by_key(lambda sources: bounded(sources.numbers("shown"))),
        ("experience",),
    ),
    Metric(
        "tailor_experience_left_out_total",
        Kind.COUNTER,
        "How often an experience was decided for and could not be put on a page that was cut.",
        _by_key(lambda sources: bounded(sources.numbers("left_out"))),
        ("experience",),
    ),
    Metric(
        "tailor_set_aside_total",
        Kind.COUNTER,
        "How often the second HTML engine disagreed with a change.",
        _status("set_aside"),
    ),
    Metric(
        "tailor_selector_drifting",
        Kind.GAUGE,
        "1 for each selector that used to be found and no longer is; none where all is well.",
        lambda sources: [(place, 1) for place in sources.drifting],
        ("experience", "selector"),
    ),
    Metric(
        "tailor_profile_rows",
        Kind.GAUGE,
        "Rows of the file of profiles, which all processes share; -1 where it can't be read.",
        lambda sources: [((), rows) for name, rows in sources.numbers("profiles").items() if name == "rows"],
    ),
    Metric(
        "tailor_profile_waiting",
        Kind.GAUGE,
        "Events that are waiting to be written into it.",
        _status("profiles", "waiting"),
    ),
    Metric(
        "tailor_profile_errors_total", Kind.COUNTER, "How often it could not be used.", _status("profiles", "errors")
    ),
    Metric("tailor_profile_lost_total", Kind.COUNTER, "Events that were lost.", _status("profiles", "lost")),
    Metric(
        "tailor_company_resolver_total",
        Kind.COUNTER,
        "How often the company resolver was `asked`, `failed`, was `late`, or was spared (`rested`, `crowded`).",
        _by_key(lambda sources: sources.numbers("company_resolver")),
        ("result",),
    ),
    Metric(
        "tailor_company_links_refused_total",
        Kind.COUNTER,
        "Signed links that were ignored, by reason.",
        _by_key(lambda sources: sources.numbers("company_links_refused")),
        ("reason",),
    ),
    Metric(
        "tailor_vouched_refused_total",
        Kind.COUNTER,
        "What vouches for visitors and was not believed, by its way (`jwt`, `cookie`, `header`) and reason.",
        _refused_vouchers,
        ("by", "reason"),
    ),
    Metric(
        "tailor_rulebook_loads_total",
        Kind.COUNTER,
        "How often a changed rulebook was loaded: `live`, or `failed`.",
        _by_key(lambda sources: sources.reloads),
        ("result",),
    ),
    Metric(
        "tailor_rulebook_loaded_timestamp_seconds",
        Kind.GAUGE,
        "When the running rulebook was loaded.",
        _one(lambda sources: sources.loaded_at),
    ),
    Metric(
        "tailor_rulebook_experiences",
        Kind.GAUGE,
        "Experiences that visitors can see.",
        _one(lambda sources: sources.live),
    ),
)
"""Every metric, in the order in which they are told."""


def measure(sources: Sources) -> Measures:
    """What this process says of itself now."""
    return {metric.name: tuple(metric.read(sources)) for metric in METRICS}
