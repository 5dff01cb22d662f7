import pickle
import re
from collections.abc import Mapping

import pytest

from proxy.monitoring.metrics import MAX_EXPERIENCES, METRICS, OTHERS, Kind, Measures, Sources, bounded, measure
from proxy.monitoring.tally import Tallied
from proxy.monitoring.traffic import Traffic

LAG = Tallied((1.0,), (2, 1), 3.5)
COUNTS: Mapping[str, Mapping[str, int] | int] = {
    "failures": {"cut": 1},
    "left_out": {"hero": 2},
    "shown": {"hero": 5},
    "decisions": {"chosen": 3},
    "set_aside": 4,
    "websockets": 6,
    "cache": {"hits": 7, "misses": 1, "kept": 2, "bytes": 99},
    "variants": {"hits": 3, "made": 1, "kept": 1, "bytes": 50, "evictions": 0},
    "origin_requests": {"open": 1, "waiting": 0},
    "vouched_jwt_refused": {"expired": 2},
}


def measured() -> Measures:
    traffic = Traffic()
    traffic.note("GET", 200, 10, 0.5)
    return measure(Sources("1.2.3", COUNTS, traffic, LAG, tasks=8, drifting=[("hero", "h1")]))


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("tailor_requests_total", ((("GET", "2xx", "usual"), 1),)),
        ("tailor_failures_total", ((("cut",), 1),)),
        ("tailor_experience_shown_total", ((("hero",), 5),)),
        ("tailor_experience_left_out_total", ((("hero",), 2),)),
        ("tailor_set_aside_total", (((), 4),)),
        ("tailor_websockets", (((), 6),)),
        ("tailor_tasks", (((), 8),)),
        ("tailor_cache_bytes", (((), 99),)),
        ("tailor_selector_drifting", ((("hero", "h1"), 1),)),
        ("tailor_vouched_refused_total", ((("jwt", "expired"), 2),)),
        ("tailor_event_loop_lag_seconds", (((), LAG),)),
        ("tailor_origin_requests", ((("open",), 1), (("waiting",), 0))),
        ("tailor_profile_rows", ()),
    ],
)
def test_a_metric_is_read_where_it_is_counted(name: str, samples: object) -> None:
    assert measured()[name] == samples


def test_what_a_process_says_can_go_to_another() -> None:
    assert pickle.loads(pickle.dumps(measured())) == measured()  # noqa: S301 - our own


def test_without_a_page_cache_there_is_nothing_to_count_of_one() -> None:
    told = measure(Sources("1.2.3", {"cache": {}}, Traffic(), LAG))
    assert told["tailor_cache_requests_total"] == ()


def test_names_are_those_that_prometheus_wants() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"tailor_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_every_sample_has_a_value_for_each_label() -> None:
    told = measured()
    for metric in METRICS:
        assert all(len(values) == len(metric.labels) for values, _ in told[metric.name])


def test_of_very_many_experiences_the_rest_is_one() -> None:
    counts = {f"e{number}": number for number in range(MAX_EXPERIENCES + 3)}
    told = bounded(counts)
    assert len(told) == MAX_EXPERIENCES + 1
    assert told[OTHERS] == 0 + 1 + 2
    assert sum(told.values()) == sum(counts.values())
