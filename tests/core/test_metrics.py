from __future__ import annotations

import pytest

from pbx.core.metrics import Registry


def test_a_counter_without_labels_shows_zero_from_the_start() -> None:
    registry = Registry()
    calls = registry.counter("calls_total", "Calls.")
    assert registry.expose() == "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 0\n"
    calls.inc()
    calls.inc(by=2)
    assert registry.expose().endswith("\ncalls_total 3\n")
    assert calls.value() == 3


def test_labels_are_escaped() -> None:
    registry = Registry()
    registry.counter("bad_total", "Bad.", ("reason", "peer")).inc('a"b\\c\nd', "x")
    assert registry.expose().splitlines()[-1] == r'bad_total{reason="a\"b\\c\nd",peer="x"} 1'


def test_help_is_escaped_but_keeps_its_quotes() -> None:
    registry = Registry()
    registry.counter("a_total", 'One\nline, "two" \\ three')
    assert registry.expose().splitlines()[0] == r'# HELP a_total One\nline, "two" \\ three'


def test_a_gauge_is_set_or_read_when_asked_for() -> None:
    registry = Registry()
    live = 1
    registry.gauge("live", "Live.", read=lambda: live)
    registry.gauge("by_kind", "Kinds.", ("kind",), read=lambda: {("udp",): 2, ("tcp",): 0.5})
    registry.gauge("level", "Level.").set(-1.5)
    live = 7
    lines = registry.expose().splitlines()
    assert {'by_kind{kind="udp"} 2', 'by_kind{kind="tcp"} 0.5', "live 7", "level -1.5"} <= set(lines)


def test_histogram_buckets_are_cumulative_and_include_their_limit() -> None:
    registry = Registry()
    histogram = registry.histogram("setup_seconds", "Set-up.", ("kind",), buckets=(0.1, 1))
    for value in (0.05, 0.1, 0.5, 7):
        histogram.observe(value, "in")
    assert registry.expose().splitlines() == [
        "# HELP setup_seconds Set-up.",
        "# TYPE setup_seconds histogram",
        'setup_seconds_bucket{kind="in",le="0.1"} 2',
        'setup_seconds_bucket{kind="in",le="1"} 3',
        'setup_seconds_bucket{kind="in",le="+Inf"} 4',
        'setup_seconds_sum{kind="in"} 7.65',
        'setup_seconds_count{kind="in"} 4',
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), "NaN"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (1e300, "1e+300"), (0.1, "0.1")],
)
def test_unusual_numbers_are_written_as_prometheus_reads_them(value: float, text: str) -> None:
    registry = Registry()
    registry.gauge("g", "G.").set(value)
    assert registry.expose().splitlines()[-1] == f"g {text}"


def test_metrics_are_sorted_and_a_name_is_given_once() -> None:
    registry = Registry()
    registry.gauge("b", "B.")
    registry.gauge("a", "A.")
    assert registry.expose().index("# HELP a") < registry.expose().index("# HELP b")
    with pytest.raises(ValueError, match="exists already"):
        registry.counter("a", "Again.")


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ä"])
def test_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no metric name"):
        Registry().counter(name, "Bad.")


def test_the_number_of_label_values_is_checked() -> None:
    registry = Registry()
    counter = registry.counter("a_total", "A.", ("x",))
    with pytest.raises(ValueError, match="has the labels"):
        counter.inc()
    with pytest.raises(ValueError, match="has the labels"):
        registry.histogram("h", "H.").observe(1, "surplus")
    with pytest.raises(ValueError, match="no label name"):
        registry.counter("b_total", "B.", ("__name__",))
