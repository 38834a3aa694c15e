"""What each source did wrong, counted in bounded memory.

The guard only counts and tells: who decides to ban somebody stands above. Sources are addresses without port, and the
one that has been quiet longest is forgotten first, so spoofed addresses cost memory for at most `max_sources` of them.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from enum import Enum


class Offence(Enum):
    """The kinds of misbehaviour; the value is the label in metrics."""

    MALFORMED = "malformed"  # no SIP message, or one that breaks its grammar
    AUTH_FAILED = "auth_failed"  # wrong password or unknown user
    UNKNOWN_METHOD = "unknown_method"
    OVERLOAD = "overload"  # refused because this node, or this source, has too much in hand
    SLOW_STREAM = "slow_stream"  # a connection without a complete message in time
    OVERLONG_STREAM = "overlong_stream"  # a message over the size limit
    NOT_READING = "not_reading"  # the peer lets our answers pile up
    TOO_MANY_CONNECTIONS = "too_many_connections"


class Guard:
    """Counts offences per source. `on_offence(kind, host)` feeds metrics and, later, a ban list."""

    def __init__(
        self, *, max_sources: int = 4096, on_offence: Callable[[Offence, str], None] | None = None
    ) -> None:
        self.totals: Counter[Offence] = Counter()
        self._max_sources = max_sources
        self._on_offence = on_offence
        self._sources: OrderedDict[str, Counter[Offence]] = OrderedDict()

    def __len__(self) -> int:
        """How many sources are remembered."""
        return len(self._sources)

    def count(self, kind: Offence, host: str) -> int:
        """Note one offence; returns how many of this kind the source has now."""
        self.totals[kind] += 1
        counts = self._sources.get(host)
        if counts is None:
            counts = self._sources[host] = Counter()
            if len(self._sources) > self._max_sources:
                self._sources.popitem(last=False)
        else:
            self._sources.move_to_end(host)
        counts[kind] += 1
        if self._on_offence is not None:
            self._on_offence(kind, host)
        return counts[kind]

    def of(self, host: str) -> Mapping[Offence, int]:
        """The counts of one source, empty when it is unknown."""
        return dict(self._sources.get(host, ()))

    def forgive(self, host: str) -> None:
        """Forget a source, e.g. after it has proved who it is."""
        self._sources.pop(host, None)

    def worst(self, limit: int = 20) -> list[tuple[str, Mapping[Offence, int]]]:
        """The sources with the most offences, worst first."""
        ranked = sorted(self._sources.items(), key=lambda entry: -sum(entry[1].values()))
        return [(host, dict(counts)) for host, counts in ranked[:limit]]
