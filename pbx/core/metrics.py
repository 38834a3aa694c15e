"""Counters, gauges and histograms, and how Prometheus reads them (text exposition format 0.0.4).

A registry is handed in, never global: two nodes in one test process do not share figures. Everything here
runs on the event loop; figures of other threads are read through callables when they are asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

LabelValues = tuple[str, ...]
Reading = float | Mapping[LabelValues, float]
Read = Callable[[], Reading]
"""A callable that gives one figure, or one per tuple of label values."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bucket limits for durations of a request or a transaction."""

_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


class _Metric(Protocol):
    name: str
    help: str
    kind: str

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        """(name suffix, labels, value) of each line."""
        ...


_M = TypeVar("_M", bound=_Metric)


class _Labelled:
    """Name, help and label names, checked when the metric is made."""

    def __init__(self, name: str, help_text: str, labels: LabelValues) -> None:
        if not _METRIC_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no metric name")
        for label in labels:
            if not _LABEL_NAME.fullmatch(label):
                raise ValueError(f"{label!r} is no label name")
        self.name = name
        self.help = help_text
        self.labels = labels

    def pairs(self, values: LabelValues) -> list[tuple[str, str]]:
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, got {values!r}")
        return list(zip(self.labels, values, strict=True))


class _Figures(_Labelled):
    """One float per tuple of label values, stored or read from a callable."""

    def __init__(self, name: str, help_text: str, labels: LabelValues, read: Read | None) -> None:
        super().__init__(name, help_text, labels)
        self._read = read
        self._values: dict[LabelValues, float] = {} if labels else {(): 0.0}

    def value(self, *labelvalues: str) -> float:
        """The figure now; 0 for labels never seen."""
        return self._current().get(labelvalues, 0.0)

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        for values, figure in self._current().items():
            yield "", self.pairs(values), figure

    def _current(self) -> Mapping[LabelValues, float]:
        if self._read is None:
            return self._values
        reading = self._read()
        return reading if isinstance(reading, Mapping) else {(): reading}


class Counter(_Figures):
    """Only goes up; by convention its name ends in `_total`."""

    kind = "counter"

    def inc(self, *labelvalues: str, by: float = 1) -> None:
        if len(labelvalues) != len(self.labels):
            self.pairs(labelvalues)
        self._values[labelvalues] = self._values.get(labelvalues, 0) + by


class Gauge(_Figures):
    """Goes up and down."""

    kind = "gauge"

    def set(self, value: float, *labelvalues: str) -> None:
        self.pairs(labelvalues)
        self._values[labelvalues] = value

    def inc(self, *labelvalues: str, by: float = 1) -> None:
        self.set(self._values.get(labelvalues, 0) + by, *labelvalues)


class Histogram(_Labelled):
    """How often a value fell below each limit, with sum and count."""

    kind = "histogram"

    def __init__(self, name: str, help_text: str, labels: LabelValues, buckets: Sequence[float]) -> None:
        super().__init__(name, help_text, labels)
        self._limits = tuple(buckets)
        if list(self._limits) != sorted(set(self._limits)):
            raise ValueError(f"the bucket limits of {name} must rise")
        self._counts: dict[LabelValues, list[int]] = {}
        self._sums: dict[LabelValues, float] = {}

    def observe(self, value: float, *labelvalues: str) -> None:
        counts = self._counts.get(labelvalues)
        if counts is None:
            self.pairs(labelvalues)
            counts = self._counts[labelvalues] = [0] * (len(self._limits) + 1)
            self._sums[labelvalues] = 0.0
        counts[bisect_left(self._limits, value)] += 1
        self._sums[labelvalues] += value

    def samples(self) -> Iterator[tuple[str, Sequence[tuple[str, str]], float]]:
        limits = [*map(_number, self._limits), "+Inf"]
        for values, counts in self._counts.items():
            pairs, below = self.pairs(values), 0
            for limit, count in zip(limits, counts, strict=True):
                below += count
                yield "_bucket", [*pairs, ("le", limit)], below
            yield "_sum", pairs, self._sums[values]
            yield "_count", pairs, below


class Registry:
    """The metrics of one node."""

    def __init__(self) -> None:
        self._metrics: dict[str, _Metric] = {}

    def counter(
        self, name: str, help_text: str, labels: LabelValues = (), *, read: Read | None = None
    ) -> Counter:
        """A counter; with `read`, its figures are fetched from there when asked for."""
        return self._add(Counter(name, help_text, labels, read))

    def gauge(
        self, name: str, help_text: str, labels: LabelValues = (), *, read: Read | None = None
    ) -> Gauge:
        """A gauge; with `read`, its figures are fetched from there when asked for."""
        return self._add(Gauge(name, help_text, labels, read))

    def histogram(
        self, name: str, help_text: str, labels: LabelValues = (), *, buckets: Sequence[float] = SECONDS
    ) -> Histogram:
        return self._add(Histogram(name, help_text, labels, buckets))

    def expose(self) -> str:
        """All figures as Prometheus reads them; the content type is `CONTENT_TYPE`."""
        return "".join(line for name in sorted(self._metrics) for line in _expose(self._metrics[name]))

    def _add(self, metric: _M) -> _M:
        if metric.name in self._metrics:
            raise ValueError(f"the metric {metric.name} exists already")
        self._metrics[metric.name] = metric
        return metric


def _expose(metric: _Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escape(metric.help)}\n"
    yield f"# TYPE {metric.name} {metric.kind}\n"
    for suffix, pairs, value in metric.samples():
        inner = ",".join(f'{label}="{_escape(text, quote=True)}"' for label, text in pairs)
        labels = f"{{{inner}}}" if inner else ""
        yield f"{metric.name}{suffix}{labels} {_number(value)}\n"


def _escape(text: str, *, quote: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124  NaN is the one value that differs from itself
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
