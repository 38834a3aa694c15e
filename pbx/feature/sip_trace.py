"""Makes ladders and capture files of the SIP messages that are kept: reads, sorts, redacts.

Costs only when somebody looks, and then in a thread: what is kept is copied on the event loop, everything else is done
beside it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.model.sip_trace import SipMessage, SipTrace, SipTraceSummary
from pbx.sip.hop import Hop, host_port
from pbx.sip.pcap import Packet, pcap
from pbx.sip.push import without_token
from pbx.sip.redact import redacted
from pbx.transport.trace import Kept, Trace

__all__ = ["Seen", "SipTraces", "Snapshot"]

T = TypeVar("T")

MAX_SHOWN = 2000
"""Messages of one ladder."""

CLOCK_SET_S = 0.1

_NAMES = {b"i": "call-id", b"f": "from", b"t": "to"}
_HEADER = re.compile(
    rb"^(call-id|i|from|f|to|t|cseq)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_URI = re.compile(r"<([^>]*)>|^\s*([^;\s]+)")


class Seen(msgspec.Struct, frozen=True):
    """A kept message with what a ladder needs to know of it."""

    kept: Kept
    method: str
    status: int | None
    summary: str
    call_id: str
    cseq: str
    from_uri: str
    to_uri: str


class Snapshot(msgspec.Struct, frozen=True):
    """What was kept at one moment, oldest first. `local` gives our own address and port on a hop that has none."""

    messages: Sequence[Kept]
    calls: Mapping[str, str]
    wall_offset: float  # from monotonic time to the wall clock
    local: Callable[[Hop], tuple[str, int]]

    # -- answers ---------------------------------------------------------------------------------------------------

    def summaries(self) -> list[SipTraceSummary]:
        """Every call and conversation, the latest first."""
        groups: dict[str, list[Seen]] = {}
        for kept in self.messages:
            seen = read(kept)
            if seen is not None:
                groups.setdefault(self.calls.get(seen.call_id, seen.call_id), []).append(seen)
        found = [self._summary(name, group) for name, group in groups.items()]
        return sorted(found, key=lambda each: each.last_at, reverse=True)

    def trace(self, name: str) -> SipTrace | None:
        """The ladder of a call, by its id or by the SIP Call-ID of one of its legs; None when nothing is kept."""
        found = self._of(name)
        if not found:
            return None
        shown = found[:MAX_SHOWN]
        first = shown[0].kept.at
        before: set[bytes] = set()
        messages = []
        for seen in shown:
            messages.append(self._message(seen, first, repeated=seen.kept.data in before))
            before.add(seen.kept.data)
        ends = (end for message in messages for end in (message.source, message.destination))
        return SipTrace(
            call=self.calls.get(shown[0].call_id),
            call_ids=tuple(dict.fromkeys(seen.call_id for seen in shown)),
            participants=tuple(dict.fromkeys(ends)),
            messages=tuple(messages),
            truncated=len(found) > len(shown),
        )

    def capture(self, name: str) -> bytes | None:
        """The same as a capture file."""
        found = self._of(name)
        return pcap(self._packet(seen.kept) for seen in found) if found else None

    # -- within ----------------------------------------------------------------------------------------------------

    def _of(self, name: str) -> list[Seen]:
        call = self.calls.get(name, name)
        wanted = {call_id for call_id, each in self.calls.items() if each == call} or {name}
        needles = [each.encode() for each in wanted]
        near = (kept for kept in self.messages if any(needle in kept.data for needle in needles))
        return [seen for kept in near if (seen := read(kept)) is not None and seen.call_id in wanted]

    def _time(self, kept: Kept) -> datetime:
        return datetime.fromtimestamp(kept.at + self.wall_offset, UTC)

    def _ends(self, kept: Kept) -> tuple[tuple[str, int], tuple[str, int]]:
        hop = kept.hop
        here = (hop.local_host, hop.local_port) if hop.local_host else self.local(hop)
        there = (hop.remote_host, hop.remote_port)
        return (here, there) if kept.out else (there, here)

    def _message(self, seen: Seen, first: float, *, repeated: bool) -> SipMessage:
        kept = seen.kept
        source, destination = self._ends(kept)
        return SipMessage(
            at=self._time(kept),
            after_ms=round((kept.at - first) * 1000, 3),
            source=host_port(*source),
            destination=host_port(*destination),
            outgoing=kept.out,
            transport=kept.hop.transport,
            method=seen.method,
            status=seen.status,
            summary=seen.summary,
            call_id=seen.call_id,
            cseq=seen.cseq,
            repeated=repeated,
            raw=redacted(kept.data).decode("utf-8", "replace"),
        )

    def _packet(self, kept: Kept) -> Packet:
        source, destination = self._ends(kept)
        return Packet(int((kept.at + self.wall_offset) * 1e6), source, destination, redacted(kept.data))

    def _summary(self, name: str, group: Sequence[Seen]) -> SipTraceSummary:
        opening = next((seen for seen in group if seen.status is None), group[0])
        finals = [
            seen.status
            for seen in group
            if seen.status is not None and seen.status >= 200 and seen.method == opening.method
        ]
        return SipTraceSummary(
            id=name,
            call=self.calls.get(opening.call_id),
            call_ids=tuple(dict.fromkeys(seen.call_id for seen in group)),
            method=opening.method,
            from_uri=opening.from_uri,
            to_uri=opening.to_uri,
            status=finals[-1] if finals else None,
            messages=len(group),
            first_at=self._time(group[0].kept),
            last_at=self._time(group[-1].kept),
            peers=tuple(dict.fromkeys(seen.kept.hop.remote_host for seen in group)),
        )


class SipTraces:
    """What people ask of the kept messages. `local` is asked from a thread."""

    def __init__(self, trace: Trace, clock: Clock, local: Callable[[Hop], tuple[str, int]]) -> None:
        self._trace = trace
        self._clock = clock
        self._local = local
        self._offset = 0.0

    async def summaries(self, peer: str = "") -> list[SipTraceSummary]:
        """Every call and conversation, the latest first; of one peer only, if it is named."""
        return await asyncio.to_thread(self._reader(peer, Snapshot.summaries))

    async def trace(self, name: str) -> SipTrace | None:
        """The ladder of a call, by its id or by a SIP Call-ID."""
        return await asyncio.to_thread(self._reader("", lambda snapshot: snapshot.trace(name)))

    async def capture(self, name: str) -> bytes | None:
        """The same as a capture file."""
        return await asyncio.to_thread(self._reader("", lambda snapshot: snapshot.capture(name)))

    def _reader(self, peer: str, answer: Callable[[Snapshot], T]) -> Callable[[], T]:
        """Copies what is kept now; what it returns does the rest, in any thread."""
        offset = self._wall_offset()
        messages, calls = self._trace.messages(peer), self._trace.calls()

        def work() -> T:
            kept = [Kept(*each) for each in sorted(messages, key=itemgetter(0))]
            return answer(Snapshot(kept, calls, offset, self._local))

        return work

    def _wall_offset(self) -> float:
        """From monotonic time to the wall clock. It stays as it is, so that a message keeps its time, unless the clock
        was set."""
        offset = self._clock.now().timestamp() - self._clock.monotonic()
        if abs(offset - self._offset) > CLOCK_SET_S:
            self._offset = offset
        return self._offset


def read(kept: Kept) -> Seen | None:
    """What a ladder shows of a message; None for what has no Call-ID. Nothing is checked: broken ones are shown too."""
    head = kept.data.lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    start, _, rest = head.partition(b"\r\n")
    values: dict[str, str] = {}
    for found in _HEADER.finditer(rest):
        name = found[1].lower()
        values.setdefault(_NAMES.get(name, name.decode()), found[2].decode("utf-8", "replace").strip())
    call_id = values.get("call-id")
    if not call_id:
        return None
    words = start.decode("utf-8", "replace").split(" ", 2)
    cseq = values.get("cseq", "")
    method, status = words[0], None
    summary = without_token(" ".join(words[:2]))
    if words[0].upper().startswith("SIP/") and len(words) > 1 and words[1][:3].isdecimal():
        method, status = cseq.rpartition(" ")[2], int(words[1][:3])
        summary = f"{' '.join(words[1:])} ({method})"
    return Seen(
        kept, method, status, summary, call_id, cseq, _uri(values.get("from", "")), _uri(values.get("to", ""))
    )


def _uri(value: str) -> str:
    found = _URI.search(value)
    return without_token(found[1] or found[2] or "") if found else ""
