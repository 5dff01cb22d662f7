from proxy.monitoring.tally import Histogram


def test_a_value_that_is_a_bound_is_within_it_and_one_above_the_last_is_counted_beyond_all() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert histogram.told() == ((1.0, 2.0), (2, 1, 1), 12.0)


def test_what_was_told_does_not_change_with_what_comes() -> None:
    histogram = Histogram((1.0,))
    told = histogram.told()
    histogram.observe(0.5)
    assert told.counts == (0, 0)
