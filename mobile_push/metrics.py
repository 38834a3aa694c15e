"""Figures for Prometheus (text exposition format 0.0.4): counters by label, and gauges that are read when asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Those of one gateway."""

    def __init__(self) -> None:
        self.pushes: Counter[tuple[str, str, str]] = Counter()
        """By platform, kind and what became of it."""
        self.attempts: Counter[tuple[str, int]] = Counter()
        """By platform and status of its answer; 0 where none came."""
        self.limited = 0
        self.log_dropped = 0
        self.took_ms: Counter[str] = Counter()
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        self._gauges[name] = (text, read)

    def expose(self) -> str:
        lines: list[str] = []
        _head(lines, "push_outcomes_total", "Pushes by what became of them.", "counter")
        for (platform, kind, state), count in sorted(self.pushes.items()):
            labels = f'platform="{platform}",kind="{kind}",state="{state}"'
            lines.append(f"push_outcomes_total{{{labels}}} {count}")
        _head(lines, "push_attempts_total", "Requests to platforms by status; 0: no answer.", "counter")
        for (platform, status), count in sorted(self.attempts.items()):
            lines.append(f'push_attempts_total{{platform="{platform}",status="{status}"}} {count}')
        _head(lines, "push_seconds_total", "Time from a request to its outcome.", "counter")
        for platform, ms in sorted(self.took_ms.items()):
            lines.append(f'push_seconds_total{{platform="{platform}"}} {ms / 1000:.3f}')
        for name, text, value in (
            ("push_limited_total", "Requests refused by the rate limit of their office.", self.limited),
            ("push_log_dropped_total", "Lines of the delivery log that had no room.", self.log_dropped),
        ):
            _head(lines, name, text, "counter")
            lines.append(f"{name} {value}")
        for name, (text, read) in sorted(self._gauges.items()):
            _head(lines, name, text, "gauge")
            lines.append(f"{name} {read():g}")
        return "\n".join(lines) + "\n"


def _head(lines: list[str], name: str, text: str, kind: str) -> None:
    lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
