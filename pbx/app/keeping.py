"""Keeps the journal of running calls up to date: what a later process needs, should this one be killed.

A change is written within 50 ms, together with all that has changed by then. Where a phone's audio comes from waits
half a second, and what only colours the record (a key, the quality of the sound) some seconds, for company.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pbx.call import kept as kept_calls
from pbx.model import call_event as events
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
AT_ONCE_S = 0.05
"""An answer is several events, and a busy moment is several calls: one write for all of them, as with their records."""
RINGS_S = 0.2
"""A phone that is answered before has hardly rung."""
SOON_S = 0.5
LATER_S = 5.0
_AT_ONCE = frozenset({events.LegAnswered, events.AudioJoined, events.LegJoined})
"""What makes a call one that may be written down; all else matters once it is."""
_MINOR = frozenset(
    {
        *(events.LegRinging, events.DigitSeen, events.LegQuality, events.NodeLeft, events.QueueRang),
        *(events.AudioStarted, events.AudioQuality, events.AudioSilent, events.AudioBack, events.AudioOneWay),
    }
)


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
        self._due: asyncio.TimerHandle | None = None
        self._within_s = 0.0

    def changed(self, call: Call, event: events.CallEvent) -> None:
        kind = type(event)
        if kind in _AT_ONCE:
            self._note(call, AT_ONCE_S)
        elif kind is events.LegDialled:
            asyncio.get_running_loop().call_later(RINGS_S, self._still_rings, call)
        elif call.id in self._written:
            self._note(call, LATER_S if kind in _MINOR else AT_ONCE_S)

    def _still_rings(self, call: Call) -> None:
        if call.id not in self._written and call.ringing is not None and call.ending is None:
            self._note(call, AT_ONCE_S)

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
        if self._due is not None:
            if within_s >= self._within_s:
                return
            self._due.cancel()
        self._within_s = within_s
        self._due = asyncio.get_running_loop().call_later(within_s, self.write)

    def reserved(self, stream: Stream) -> None:
        """What may be sent on a stream is written down before it is sent."""
        call = self._call_of(stream)
        if call is not None:
            self._changed[call.id] = call
            self.write()

    def _call_of(self, stream: Stream) -> Call | None:
        """The call that is written down with this stream. Legs change calls, and keep the label of their first."""
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
        if self._due is not None:
            self._due.cancel()
            self._due = None
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
            self._journal.change(entries)

    def _store_sockets(self, call: Call) -> None:
        if self.service.keeps:
            for leg in call.legs.values():
                stream: Any = leg.stream
                if leg.answered and not stream.closed:
                    self.service.store(f"{RTP}{stream.rtp_port}", stream.fds)

    def inherited(self, rtp_port: int) -> list[socket.socket]:
        """The sockets of a stream of the last process: RTP, RTCP. systemd gives back what has one name in any order."""
        return sorted(self.service.take(f"{RTP}{rtp_port}", 2), key=_port)

    def closed(self, rtp_port: int) -> None:
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
        return CallKeeper(Journal(path, key, left), left, left_at, service)
    except OSError as error:
        log.error("calls would not outlive this process", extra={"error": error.strerror})  # noqa: TRY400
        return CallKeeper(None, left, left_at, service)
