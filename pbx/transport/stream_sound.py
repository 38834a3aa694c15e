"""Sound of a call that comes through a tunnel, as RTP to this node's own audio engine.

One UDP socket on the loopback: PCMU (RFC 3551) and telephone-event (RFC 4733) both ways. So such a call is recorded,
mixed, transcoded and transferred like one of a phone. This is the one place where audio crosses Python.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections import deque
from collections.abc import Callable

__all__ = ["StreamSound"]

MOST_AT_ONCE = 32
LATE_S = 0.3
"""Sound that is so much later than the quickest came is dropped: a connection that stood still sends all at once."""
SETTLE_S = 2.0
"""When all has been late for so long, the way has become longer."""
DRIFT = 1.00002
EVENT_STEP, EVENT_STEPS, EVENT_REPEATS = 160, 6, 3
PAUSE_STEPS = 4
STEP_S = 0.02
_KEYS = "0123456789*#ABCD"
_RTP = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


class StreamSound:
    """`on_voice` gets the payload of each packet of the engine, `on_digit` each key it says."""

    def __init__(
        self,
        host: str,
        *,
        on_voice: Callable[[bytes], None],
        on_digit: Callable[[str], None],
        port: int = 0,
    ) -> None:
        """Opens the socket; `port`: that of an earlier process, which its engine knows. Raises `OSError`."""
        self.host = host
        self._on_voice = on_voice
        self._on_digit = on_digit
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port = int(self._socket.getsockname()[1])
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._open = False
        self._closed = False
        self._voice, self._events = 0, 101
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._start = secrets.randbits(32)
        self._latest = 0
        self._marked = False
        self._keys: deque[str] = deque()
        self._key_step = 0
        self._key_ts = -EVENT_STEPS * EVENT_STEP
        self._timer: asyncio.TimerHandle | None = None
        self._heard_event: int | None = None
        self._least_s: float | None = None
        self._late_since: float | None = None
        self.late = 0

    def to(self, host: str, port: int, *, voice: int, events: int | None) -> None:
        """From now on sound goes there, with these payload numbers, and comes from there only. Raises `OSError`."""
        if self._closed:
            return
        self._socket.connect((host, port))
        self._voice, self._events = voice, -1 if events is None else events
        self._open = True

    def close(self) -> None:
        """May be called twice."""
        if self._closed:
            return
        self._closed, self._open = True, False
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    # -- to the engine ----------------------------------------------------------------------------------------------

    def voice(self, payload: bytes, number: int) -> None:
        """What somebody outside says: `number` counts 20 ms from the start of the call."""
        if not self._open or self._is_late(number):
            return
        self._latest = number * 160
        if self._key_step:  # RFC 4733 2.5.1.2: the key is said in place of the sound
            return
        self._send(self._voice, 0 if self._marked else 0x80, self._latest, payload)
        self._marked = True

    def press(self, digit: str) -> None:
        """Somebody outside has pressed a key."""
        if not self._open or self._events < 0 or digit not in _KEYS:
            return
        self._keys.append(digit)
        if self._timer is None:
            self._step()

    def _step(self) -> None:
        """Every 20 ms while a key is said, and for the pause behind it."""
        self._timer = self._loop.call_later(STEP_S, self._step)
        step = self._key_step
        if step == 0:
            if not self._keys:
                self._timer.cancel()
                self._timer = None
                return
            # Another key has another timestamp, also while nobody speaks.
            self._key_ts = max(self._latest, self._key_ts + EVENT_STEPS * EVENT_STEP) + EVENT_STEP
        self._key_step = step + 1
        if step < EVENT_STEPS:
            self._send_event((step + 1) * EVENT_STEP, marker=step == 0, end=False)
        elif step == EVENT_STEPS:
            for _ in range(EVENT_REPEATS):
                self._send_event(EVENT_STEPS * EVENT_STEP, marker=False, end=True)
        elif step >= EVENT_STEPS + PAUSE_STEPS:
            self._keys.popleft()
            self._key_step = 0

    def _send_event(self, duration: int, *, marker: bool, end: bool) -> None:
        payload = _EVENT.pack(_KEYS.index(self._keys[0]), (0x80 if end else 0) | 10, duration)
        self._send(self._events, 0x80 if marker else 0, self._key_ts, payload)

    def _send(self, payload_type: int, marker: int, ts: int, payload: bytes) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = _RTP.pack(
            0x80, marker | payload_type, self._sequence, (self._start + ts) & 0xFFFFFFFF, self._ssrc
        )
        try:
            self._socket.send(head + payload)
        except OSError:  # a full buffer, or a stream that is just being closed
            self.late += 1

    def _is_late(self, number: int) -> bool:
        now = self._loop.time()
        way_s = now - number * STEP_S
        if self._least_s is None or way_s < self._least_s:
            self._least_s = way_s
            self._late_since = None
            return False
        self._least_s += STEP_S * (DRIFT - 1)
        if way_s - self._least_s <= LATE_S:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = now
        elif now - self._late_since > SETTLE_S:
            self._least_s, self._late_since = way_s, None
            return False
        self.late += 1
        return True

    # -- from the engine --------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        receive = self._socket.recv
        for _ in range(MOST_AT_ONCE):
            try:
                packet = receive(2048)
            except BlockingIOError:
                return
            except OSError:  # the stream is closed already: an ICMP error
                return
            if self._open:
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        """An RTP packet of our own engine: no extension, no padding, no CSRC but where it passes on a phone's."""
        if len(packet) < 13 or packet[0] >> 6 != 2:
            return
        payload_type = packet[1] & 0x7F
        if payload_type not in (self._voice, self._events):
            return  # RTCP, which shares the port, among them
        start = 12 + 4 * (packet[0] & 0x0F)
        if packet[0] & 0x10 and len(packet) >= start + 4:
            start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
        end = len(packet) - packet[-1] if packet[0] & 0x20 else len(packet)
        payload = packet[start:end]
        if payload_type == self._voice:
            if payload:
                self._on_voice(payload)
        elif len(payload) >= 4:
            self._take_event(payload, int.from_bytes(packet[4:8], "big"))

    def _take_event(self, payload: bytes, ts: int) -> None:
        """A key counts once, at its first packet; its packets share a timestamp."""
        if ts != self._heard_event and payload[0] < len(_KEYS):
            self._heard_event = ts
            self._on_digit(_KEYS[payload[0]])
