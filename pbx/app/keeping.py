"""Keeps the journal of running calls up to date: what a later process needs, should this one be killed.

That somebody has answered is written before the loop turns again, since nobody would put it right. That a call is over
is too, unless something was written in the last 50 ms. What else changes in a call (a hold, a transfer, another line)
is written within 50 ms, together with all that has changed by then. Where a phone's audio comes from waits half a
second, and what only colours the record (a key, the quality of the sound) some seconds, for company.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pbx.call import kept as kept_calls
from pbx.media.sealing import sealer
from pbx.model import call_event as events
from pbx.model.audio_event import (
    AudioBack,
    AudioJoined,
    AudioOneWay,
    AudioQuality,
    AudioSilent,
    AudioStarted,
    LegQuality,
)
from pbx.model.flow_event import NodeLeft
from pbx.model.queue_event import QueueRang
from pbx.store.journal import FILE_NAME, Journal, read_journal

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.core.secret import SecretBox
    from pbx.core.service import Service
    from pbx.media.stream import Stream

__all__ = ["CALL", "CallKeeper", "open_keeper"]

log = logging.getLogger(__name__)

CALL = "call/"
RTP = "rtp-"
AT_ONCE_S = 0.0
"""When all that is due now has been done: an answer is several events, and a busy moment is several calls."""
BATCH_S = 0.05
RINGS_S = 0.2
"""A phone that is answered before has hardly rung."""
SOON_S = 0.5
LATER_S = 5.0
_BEGINS = frozenset({events.LegAnswered, AudioJoined, events.LegJoined})
"""What makes a call one that may be written down; all else matters once it is."""
_ENDS = frozenset({events.CallEnded, events.LegLeft})
_MINOR = (
    *(events.LegRinging, events.DigitSeen, LegQuality, NodeLeft, QueueRang),
    *(AudioStarted, AudioQuality, AudioSilent, AudioBack, AudioOneWay),
)
_WITHIN_S = {**dict.fromkeys(_MINOR, LATER_S), **dict.fromkeys(_BEGINS, AT_ONCE_S)}


class CallKeeper:
    """Implements `call.ports.Keeper`. `left` is what the last process has left, `left_at` when it wrote last."""

    def __init__(
        self, journal: Journal | None, left: dict[str, bytes], left_at: float, service: Service
    ) -> None:
        """Without a journal, nothing outlives the process. `service` keeps the sockets of what does."""
        self.service = service
        self.left = left
        self.left_at = left_at
        self.find: Callable[[str], Call | None] = lambda _id: None
        self._journal = journal
        self._written: set[str] = set()
        self._changed: dict[str, Call] = {}
        self._due_at = inf
        """When it is written next, as far as is known. Timers are not taken back: one too many finds little."""
        self._wrote_at = 0.0
        self._later = False
        self._ring: dict[str, Call] = {}
        """Where phones have begun to ring since the last look."""
        self._looks = False

    def changed(self, call: Call, event: events.CallEvent) -> None:
        kind = type(event)
        if call.id in self._written:
            if kind in _ENDS:
                self._note(call, max(self._wrote_at + BATCH_S - time.monotonic(), AT_ONCE_S))
            elif call.ending is None:  # else its end follows
                self._note(call, _WITHIN_S.get(kind, BATCH_S))
        elif kind in _BEGINS:
            if call.served is not None and call.served.answered:
                self._note(call, AT_ONCE_S)
        elif kind is events.LegDialled:
            self._ring[call.id] = call
            if not self._looks:
                self._looks = True
                asyncio.get_running_loop().call_later(RINGS_S, self._look)

    def _look(self) -> None:
        """Calls that still ring are worth writing down. Looked at once in a while for all, not for each."""
        rang, self._ring, self._looks = self._ring, {}, False
        for call in rang.values():
            if call.id not in self._written and call.ringing is not None and call.ending is None:
                self._note(call, BATCH_S)

    def moved(self, stream: Stream) -> None:
        """A phone's audio comes from elsewhere, or has other keys."""
        call = self._call_of(stream)
        if call is not None:
            self._note(call, SOON_S)

    def peer_moved(self, sip_call_id: str) -> None:
        """A phone is to be told things elsewhere."""
        for call in map(self.find, list(self._written)):
            for leg in call.legs.values() if call is not None else ():
                name = leg.signal.dialog_name() if leg.signal is not None else None
                if call is not None and name is not None and name.call_id == sip_call_id:
                    self._note(call, SOON_S)

    def _note(self, call: Call, within_s: float) -> None:
        if self._journal is None:
            return
        self._changed[call.id] = call
        loop = asyncio.get_running_loop()
        if within_s == LATER_S:
            if not self._later:
                self._later = True
                loop.call_later(LATER_S, self._write_later)
            return
        due_at = loop.time() + within_s
        if due_at < self._due_at:
            self._due_at = due_at
            if within_s:
                loop.call_at(due_at, self.write)
            else:
                loop.call_soon(self.write)

    def _write_later(self) -> None:
        self._later = False
        self.write()

    def reserved(self, stream: Stream) -> None:
        """What may be sent on a stream is written down before it is sent."""
        call = self._call_of(stream)
        if call is not None:
            self._changed[call.id] = call
            self.write()

    def _call_of(self, stream: Stream) -> Call | None:
        """The call that is written down with this stream. Legs change calls, and keep the label of their first."""
        if not self._written:
            return None
        first = self.find(stream.label.partition("/")[0])
        if first is not None and _has(first, stream):
            return first if first.id in self._written else None
        calls = map(self.find, self._written)
        return next((each for each in calls if each is not None and _has(each, stream)), None)

    def took(self, key: str, call: bytes | None) -> None:
        """A call of the last process goes on as this, or does not."""
        if self._journal is None:
            return
        if call is None:
            self._journal.remove(key)
        else:
            self._journal.put(key, call)
            self._written.add(key.removeprefix(CALL))

    def write(self) -> None:
        """Bring the file up to date."""
        self._due_at = inf
        if not self._changed:
            return
        changed, self._changed = self._changed, {}
        entries: dict[str, bytes | None] = {}
        for id_, call in changed.items():
            found = _kept(call)
            if found is not None:
                self._written.add(id_)
                self._store_sockets(call)
                entries[CALL + id_] = found
            elif id_ in self._written:
                self._written.discard(id_)
                entries[CALL + id_] = None
        if entries and self._journal is not None:
            self._wrote_at = time.monotonic()
            self._journal.change(entries)

    def _store_sockets(self, call: Call) -> None:
        if self.service.keeps:
            for leg in call.legs.values():
                stream: Any = leg.stream
                if leg.answered and not stream.closed:
                    self.service.store(f"{RTP}{stream.rtp_port}", stream.fds)

    def held(self) -> set[int]:
        """The RTP ports whose sockets have stayed open."""
        names = (name.removeprefix(RTP) for name in self.service.held() if name.startswith(RTP))
        return {int(each) for each in names if each.isascii() and each.isdigit()}

    def inherited(self, rtp_port: int) -> list[socket.socket]:
        """The sockets of a stream of the last process: RTP, RTCP; none where one of them is missing. systemd gives back
        what has one name in any order.
        """
        found = self.service.take(f"{RTP}{rtp_port}")
        by_port = {_port(each): each for each in found}
        pair = [by_port[each] for each in (rtp_port, rtp_port + 1) if each in by_port]
        if len(pair) != 2:
            pair = []
        for each in found:
            if each not in pair:
                each.close()
        if not pair:
            self.service.let_go(f"{RTP}{rtp_port}")
        return pair

    def closed(self, rtp_port: int) -> None:
        if self.service.keeps:
            self.service.drop(f"{RTP}{rtp_port}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._journal is not None:
            self.write()
            self._journal.close()


def _has(call: Call, stream: Stream) -> bool:
    return any(leg.stream is stream for leg in call.legs.values())


def _port(sock: socket.socket) -> int:
    try:
        return int(sock.getsockname()[1])
    except OSError:  # whoever takes them finds out
        return 0


def _kept(call: Call) -> bytes | None:
    try:
        return kept_calls.kept(call)
    except Exception:
        # A call that cannot be described is not to be lost for that now.
        log.exception("a call would not outlive this process", extra={"call": call.id})
        return None


def open_keeper(data_dir: Path, box: SecretBox, service: Service) -> CallKeeper:
    """The keeper of a node's calls; one that keeps nothing where its file cannot be written."""
    path, key = data_dir / FILE_NAME, box.derive("journal of calls")
    left, left_at = read_journal(path, key)
    try:
        return CallKeeper(Journal(path, key, left, sealer=sealer), left, left_at, service)
    except OSError as error:
        log.error("calls would not outlive this process", extra={"error": error.strerror})  # noqa: TRY400
        return CallKeeper(None, left, left_at, service)
