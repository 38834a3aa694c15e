"""What came to audio ports and was refused: who wanted to be a stream's phone and was not, and packets of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pbx.media.ice import Fate

if TYPE_CHECKING:
    from pbx.media.stream import Stream

__all__ = ["Refusals"]

KINDS = (
    *(f"ice_{fate.value}" for fate in Fate if not fate.good),
    *("dtls", "dtls_fingerprint", "dtls_stranger"),
)
"""What may be refused of who wants to be a stream's phone, besides what its thread drops."""


class Refusals:
    """Since the start, by what was wrong. The threads count what open streams drop; `keep` has what closed ones did."""

    def __init__(self) -> None:
        self._peers: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()

    def count(self, kind: str) -> None:
        """Somebody was refused as a stream's phone."""
        self._peers[kind] += 1

    def keep(self, stream: Stream) -> None:
        """The stream is closed, and counts no more."""
        self._closed.update(_drops(stream))

    def total(self, streams: Iterable[Stream]) -> Counter[str]:
        """With what these open streams have refused."""
        found = Counter(dict.fromkeys(KINDS, 0))
        found.update(self._peers)
        found.update(self._closed)
        for stream in streams:
            found.update(_drops(stream))
        return found


def _drops(stream: Stream) -> dict[str, int]:
    """What a stream's thread has dropped because it could be anybody's."""
    stats = stream.stats()
    return {
        "srtp_forged": stats.dropped_auth,
        "srtp_replayed": stats.dropped_replayed,
        "unencrypted": stats.dropped_unkeyed,
        "stranger": stats.dropped_alien,
        "flood": stats.dropped_datagrams,
        "malformed": stats.dropped_malformed,
    }
