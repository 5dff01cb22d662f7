from prometheus_client.parser import text_string_to_metric_families

from proxy.monitoring.exposition import exposition
from proxy.monitoring.metrics import Measures
from proxy.monitoring.tally import Tallied

MEASURES: Measures = {
    "tailor_set_aside_total": (((), 2),),
    "tailor_failures_total": ((("cut",), 1),),
    "tailor_event_loop_lag_seconds": (((), Tallied((0.5, 1.0), (2, 0, 1), 7.0)),),
    "tailor_selector_drifting": ((("hero", 'a[href="\\x"]\n'), 1),),
}


def told(*processes: int) -> dict[tuple[str, ...], float]:
    """Every sample as Prometheus reads it, by its name and labels' values."""
    text, _ = exposition((process, MEASURES) for process in processes)
    families = text_string_to_metric_families(text.decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_process_is_told_by_itself() -> None:
    samples = told(11, 12)
    assert samples["tailor_set_aside_total", "11"] == samples["tailor_set_aside_total", "12"] == 2


def test_buckets_are_cumulative_and_end_with_all() -> None:
    samples = told(1)
    name = "tailor_event_loop_lag_seconds"
    assert [samples[f"{name}_bucket", le, "1"] for le in ("0.5", "1.0", "+Inf")] == [2, 2, 3]
    assert (samples[f"{name}_sum", "1"], samples[f"{name}_count", "1"]) == (7, 3)


def test_a_selector_is_told_whatever_is_in_it() -> None:
    assert told(1)["tailor_selector_drifting", "hero", "1", 'a[href="\\x"]\n'] == 1


def test_a_metric_of_which_there_is_nothing_is_left_out() -> None:
    text, _ = exposition([(1, MEASURES)])
    assert b"tailor_requests_total" not in text


def test_the_form_is_the_one_that_is_asked_for() -> None:
    assert exposition([])[1].startswith("text/plain")
    body, media_type = exposition([(1, MEASURES)], "application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
