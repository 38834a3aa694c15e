"""The audio engine as the node's loop sees it: streams are opened, linked, played to and closed.

Native threads do the work (`media_ext.engine`). Commands are pushed to them, events come back through a ring and an
eventfd that the loop reads; each wake drains the ring. Nothing here sees a packet.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from media_ext.codec import available, transcode_cost_ns
from media_ext.engine import Engine
from media_ext.sound_door import Clip, Feed
from pbx.core.errors import PeerError, StartupError
from pbx.core.ids import bits
from pbx.media.identity import Certificate
from pbx.media.kept import KeptStream, unpacked_state
from pbx.media.loop_setting import LoopSetting, loop_for
from pbx.media.refusals import Refusals
from pbx.media.room import Room
from pbx.media.stream import DIGITS, Stream, gain_of, speakable
from pbx.media.udp_ports import NoPortError, PortPair, PortPool
from pbx.model.stream import RecordingEnded, StreamFormat

__all__ = ["Clip", "MediaEngine"]

if TYPE_CHECKING:
    from pbx.media.recorder import Recorder, SoundFormat
    from pbx.media.recording import MayGoOn, Recording
    from pbx.media.tap import Tap

log = logging.getLogger(__name__)

_KEPT = msgspec.msgpack.Decoder(KeptStream)

RETRY_AFTER_S = 5


def unkept(_stream: Stream) -> None:
    """Nobody keeps a journal."""


class MediaEngine:
    """Opens streams on ports `port_min`…`port_max` of `bind_host`; `threads` of them share the work.

    `silence_ms` is how long a phone that should talk may send nothing before `WentSilent` is told. `identity_file` has
    the certificate of DTLS-SRTP. `report_s` is the least interval of RTCP reports (RFC 3550 6.2).
    """

    def __init__(
        self,
        *,
        bind_host: str,
        port_min: int,
        port_max: int,
        threads: int = 1,
        silence_ms: int,
        quarantine_s: float = 5.0,
        loop: LoopSetting = "auto",
        identity_file: Path | None = None,
        report_s: float = 5.0,
        keeps: bool = False,
    ) -> None:
        """`keeps`: what streams may send is written down before (`on_reserved`), for a later process."""
        self._pool = PortPool(bind_host, port_min, port_max, quarantine_s=quarantine_s)
        self._threads = threads
        self.native = Engine(
            threads=threads, silence_ms=silence_ms, loop=loop_for(loop), report_ms=int(report_s * 1000)
        )
        self._recorder_in_use: Recorder | None = None
        self._streams: dict[int, Stream] = {}
        self._rooms: dict[int, Room] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exhausted = False
        self._expects_browsers = False
        self.certificate = Certificate(identity_file)
        self.on_reserved: Callable[[Stream], None] = unkept
        """Is to write down `Stream.kept` before it returns."""
        self.on_changed: Callable[[Stream], None] = unkept
        """Told when a phone is somewhere else, or has other keys."""
        self.on_forgotten: Callable[[int], None] = lambda _port: None
        """Told of the RTP ports that are closed, and of those of an earlier process that could not be taken."""
        self._keeps = keeps
        self.refused = Refusals()
        self.portless = 0
        """Streams that could not be opened for want of ports."""

    @property
    def loop_name(self) -> str:
        """How packets get in and out: epoll or io_uring."""
        return self.native.loop_name

    @property
    def ipv6(self) -> bool:
        """Whether the sockets are IPv6 ones (which may carry IPv4 too)."""
        return self._pool.ipv6

    @property
    def streams(self) -> int:
        """How many streams are open, those that are closing included."""
        return len(self._streams)

    def refusals(self) -> Counter[str]:
        """What all streams have refused since the start, by what was wrong with it."""
        return self.refused.total(self._streams.values())

    @property
    def recordings(self) -> int:
        """How many recordings are going on."""
        return self._recorder_in_use.recordings if self._recorder_in_use is not None else 0

    @property
    def open_streams(self) -> list[Stream]:
        """All that are open or closing."""
        return list(self._streams.values())

    def reader_cpu_seconds(self) -> list[float]:
        """CPU time of each thread that reads taps; none while nothing was ever recorded."""
        return self._recorder_in_use.cpu_seconds() if self._recorder_in_use is not None else []

    @property
    def ports(self) -> int:
        """How many streams there is a pair of ports for."""
        return self._pool.size

    @property
    def ports_available(self) -> int:
        """How many more streams could be opened now."""
        return self._pool.available

    async def start(self, held: Collection[int] = ()) -> None:
        """Start the threads. Raises `StartupError` when audio could not work on this address at all.

        `held` are the RTP ports that sockets of an earlier process still hold.
        """
        try:
            self._pool.prove(held)
        except NoPortError as error:
            raise StartupError(
                f"no RTP port can be opened: {error}",
                action="Set --rtp-port-min and --rtp-port-max to a range that nothing else uses, and check --host",
            ) from error
        self.certificate.check()
        allow_many_files()
        self.native.start()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.native.fileno(), self._drain)
        self.native.wake_once(self._loop.call_soon)

    async def stop(self) -> None:
        """Close every stream, end the threads and wait for them."""
        if self._loop is None:
            return
        loop, self._loop = self._loop, None
        for room in list(self._rooms.values()):
            room.close()
        for stream in list(self._streams.values()):
            stream.close()
        await loop.run_in_executor(None, self.native.stop)
        if self._recorder_in_use is not None:
            await self._recorder_in_use.stop()
        loop.remove_reader(self.native.fileno())
        self._drain()
        self.native.release()

    def expect_browsers(self) -> None:
        """Load what only they need, in a thread, so that the first call of one need not wait for it."""
        if self._loop is not None and not self._expects_browsers:
            self._expects_browsers = True
            self._loop.run_in_executor(None, _load_for_browsers, self.certificate)

    def open_stream(self, *, label: str) -> Stream:
        """Bind a pair of ports and start listening on it; nothing is accepted before `Stream.set_remote`.

        `label` names the stream in logs; streams whose labels agree up to the first "/" share a thread. Raises
        `PeerError` 503 with Retry-After when no pair of ports is free.
        """
        return self._opened(self._take_ports(), label, None)

    def reopen_stream(self, *, label: str, rtp_port: int, state: bytes) -> Stream:
        """Go on where the stream was of which `Stream.export` gave this state, on the same ports.

        Raises `NoPortError` when they cannot be had and `ValueError` for a state of another build.
        """
        pair = self._pool.take_again(rtp_port)
        try:
            return self._opened(pair, label, state)
        except ValueError:
            pair.rtp.close()
            pair.rtcp.close()
            self._pool.give_back(rtp_port)
            raise

    def revive_stream(
        self, kept: bytes, inherited: Callable[[int], list[socket.socket]] = lambda _port: []
    ) -> tuple[Stream, Callable[[], None]]:
        """Go on where the stream of an earlier process was of which `Stream.kept` was written down.

        `inherited` gives the sockets of an RTP port that stayed open, and of its RTCP port. The stream neither takes
        nor sends anything before the second of what is returned is called: what the first says of itself is to be
        written down until then. Raises `NoPortError` when the ports cannot be had, `ValueError` for what is of another
        build.
        """
        record = _KEPT.decode(kept)
        state = unpacked_state(record.state)
        port = record.rtp_port
        still_open = inherited(port)
        try:
            pair = self._pool.adopt(port, *still_open) if still_open else self._pool.take_again(port)
        except NoPortError:
            if all(each.rtp_port != port for each in self._streams.values()):
                self.on_forgotten(port)
            raise
        try:
            stream = self._opened(pair, record.label, state)
        except ValueError:
            pair.rtp.close()
            pair.rtcp.close()
            self._pool.give_back(port)
            self.on_forgotten(port)
            raise
        stream.remember(record)
        return stream, partial(stream.resume, record)

    def _take_ports(self) -> PortPair:
        try:
            pair = self._pool.take()
        except NoPortError as error:
            self._say_exhausted(error)
            raise PeerError(
                503, "No Audio Port Free", headers=(("Retry-After", str(RETRY_AFTER_S)),)
            ) from error
        self._exhausted = False
        return pair

    def _opened(self, pair: PortPair, label: str, state: bytes | None) -> Stream:
        native = self.native.open(
            pair.rtp.fileno(),
            pair.rtcp.fileno(),
            thread=self._thread(label),
            ssrc=bits(32),
            seq=bits(15),  # so that an early loss cannot hide SRTP's roll-over (RFC 3711 3.3.1)
            rtp_ts=bits(32),
            state=state,
            keep=self._keeps,
        )
        fds = pair.rtp.detach(), pair.rtcp.detach()  # the engine's from here on
        stream = self._streams[native.id] = Stream(self, native, rtp_port=pair.rtp_port, label=label, fds=fds)
        return stream

    def link(self, a: Stream, b: Stream, a_to_b: Mapping[int, int], b_to_a: Mapping[int, int]) -> None:
        """Relay audio between two streams; payload types that a map does not name are dropped and counted.

        Ends what either was linked to before. May be called again to change the maps.
        """
        if not a.closed and not b.closed:
            self.native.link(a.native, b.native, dict(a_to_b), dict(b_to_a))

    def pair_cost(self, a: StreamFormat, b: StreamFormat) -> int | None:
        """CPU of bridging two formats, roughly, in ns for 20 ms; 0 for the same codec, None when it cannot be done."""
        if not all(available(each.encoding) and speakable(each) for each in (a, b)):
            return None
        a_hz, b_hz = (each.clock_hz if each.encoding == "L16" else 0 for each in (a, b))
        return transcode_cost_ns(a.encoding, b.encoding, a_hz, b_hz)

    def bridge(self, a: Stream, b: Stream) -> None:
        """Join two streams by sound: each is decoded and encoded for the other, whatever codecs they have.

        Digits go the way that the other phone has. Ends what either was joined to before; `link` and `unlink` end it.
        Raises `ValueError` when a phone's formats are unknown or cannot be decoded or encoded here.
        """
        if not a.closed and not b.closed:
            self.native.bridge(a.native, b.native)

    def detect_digits(self, a: Stream, on: bool) -> None:
        """Look for DTMF tones in what the phone says; `DigitPressed` tells them, as it does RFC 4733 digits.

        In a bridge with a phone that has telephone-event, they become events. Raises `ValueError` for what cannot be
        decoded.
        """
        if not a.closed:
            self.native.watch(a.native, detects=on)

    def tell_talkers(self, a: Stream, on: bool) -> None:
        """Tell `StartedTalking` and `StoppedTalking`. Raises `ValueError` for what cannot be decoded."""
        if not a.closed:
            self.native.watch(a.native, tells=on)

    def room(self, capacity: int, *, label: str, max_rate_hz: int = 48000, tones: bool = False) -> Room:
        """A conference. Those whose labels agree up to the first "/" share a thread, and can be linked."""
        native = self.native.room(capacity, thread=self._thread(label), max_rate_hz=max_rate_hz)
        room = self._rooms[native.id] = Room(self, native, tones=tones)
        return room

    def close_room(self, room: Room) -> None:
        """For `Room.close`."""
        self._rooms.pop(room.native.id, None)
        room.native.close()

    def unlink(self, a: Stream) -> None:
        """End the relay of this stream, and of the one it was linked to; ends an echo too."""
        if not a.closed:
            self.native.unlink(a.native)

    def echo(self, a: Stream) -> None:
        """Send everything the phone says back to it. Ends what the stream was linked to before."""
        if not a.closed:
            self.native.echo(a.native)

    def play(
        self,
        a: Stream,
        sound: Clip | Feed | Sequence[Clip],
        *,
        loop: bool = False,
        gain_db: float = 0.0,
        start_ms: int = 0,
        over: bool = False,
    ) -> None:
        """Play to the phone, instead of what it is linked to, until the end or `stop_playing`.

        Clips of a list follow each other without a gap; `loop` begins again with the first. `over` mixes it with what
        the phone hears besides, and can be done only where that is decoded here. Ends what was played before, except
        that what is played `over` and what is played instead do not end each other. `PromptEnded` is told when what
        does not loop has ended. Raises `ValueError` for what cannot be played, and when no voice format is known.
        """
        if not a.closed:
            sounds: tuple[Clip | Feed, ...] = (sound,) if isinstance(sound, (Clip, Feed)) else tuple(sound)
            gain = gain_of(gain_db)
            self.native.play(a.native, sounds, loop=loop, gain=gain, start_ms=start_ms, over=over)

    def send_digits(self, a: Stream, digits: str, *, duration_ms: int = 100, pause_ms: int = 70) -> None:
        """Press keys towards the phone, after those that wait; instead of sound for as long as each lasts.

        As RFC 4733 events, or as tones when the phone has no telephone-event. Raises `ValueError` for what is no digit.
        """
        if not a.closed:
            events = bytes(map(DIGITS.index, digits.upper()))
            self.native.send_digits(a.native, events, duration_ms, pause_ms)

    def stop_playing(self, a: Stream) -> None:
        """Let the phone hear again what it is linked to."""
        if not a.closed:
            self.native.stop_playing(a.native)

    @property
    def _recorder(self) -> Recorder:
        """Made when first used: half a megabyte that a node which records nothing need not spend."""
        if self._recorder_in_use is None:
            from pbx.media.recorder import Recorder

            self._recorder_in_use = Recorder()
        return self._recorder_in_use

    def tap(self, a: Stream, *, rate_hz: int = 16000, lag_ms: int = 100, buffer_ms: int = 2000) -> Tap:
        """Listen in: what the phone says and hears, as samples of 8, 16 or 48 kHz.

        `lag_ms` is how long a packet may take longer than others and still be heard in its place. What nobody reads
        within `buffer_ms` is lost, and counted.
        """
        return self._recorder.listen(self.native, a, rate_hz=rate_hz, lag_ms=lag_ms, buffer_ms=buffer_ms)

    def record(
        self,
        a: Stream,
        path: Path,
        *,
        format: SoundFormat = "wav",
        channels: Literal[1, 2] = 2,
        rate_hz: int = 8000,
        max_s: int = 12 * 3600,
        may_go_on: MayGoOn | None = None,
    ) -> Recording:
        """Record into a new file: the phone left and what it hears right, or both mixed.

        `may_go_on` is asked every 5 s with what there is so far; its False ends the recording as "quota". The stream
        is told `RecordingEnded`.
        """
        return self._recorder.record(
            self.native,
            a,
            path,
            sound_format=format,
            channels=channels,
            rate_hz=rate_hz,
            max_s=max_s,
            may_go_on=may_go_on,
        )

    def record_room(
        self,
        room: Room,
        path: Path,
        *,
        format: SoundFormat = "wav",
        rate_hz: int = 8000,
        max_s: int = 12 * 3600,
        on_end: Callable[[RecordingEnded], None] | None = None,
        may_go_on: MayGoOn | None = None,
    ) -> Recording:
        """Record a conference into a new file: what all say together, and what is played to all.

        Goes on while nobody is in it, until the conference is closed; `may_go_on` as for `record`.
        """
        return self._recorder.record_room(
            room,
            path,
            sound_format=format,
            rate_hz=rate_hz,
            max_s=max_s,
            on_end=on_end or (lambda _: None),
            may_go_on=may_go_on,
        )

    def close_stream(self, stream: Stream) -> None:
        """For `Stream.close`."""
        self.native.close(stream.native)

    def _thread(self, label: str) -> int:
        return zlib.crc32(label.partition("/")[0].encode()) % self._threads

    def _drain(self) -> None:
        for event in self.native.drain():
            stream = self._streams.get(event[0])
            if stream is None:
                self._take_room_event(event[0], event[1], event[2])
                continue
            if event[1] == "closed":
                self._forget(event[0], stream)
                continue
            try:
                stream.take(event)
            except Exception:
                # A listener's mistake must not cost other streams their events.
                log.exception("a stream's listener failed", extra={"stream": stream.label, "event": event[1]})
        for stream_id, _component, host, port, data in self.native.drain_datagrams():
            stream = self._streams.get(stream_id)
            if stream is not None and not stream.closed:
                stream.take_datagram(data, host, port)

    def _take_room_event(self, room_id: int, kind: str, serial: int) -> None:
        room = self._rooms.get(room_id)
        if room is None or kind != "room_played" or not room.announced(serial):
            return
        try:
            room.on_played()
        except Exception:
            log.exception("a conference's listener failed")

    def _forget(self, stream_id: int, stream: Stream) -> None:
        stream.keep_final_stats()
        self.refused.keep(stream)
        self.native.free(stream.native)
        del self._streams[stream_id]
        for room in self._rooms.values():
            room.look()
        self._pool.give_back(stream.rtp_port)
        self.on_forgotten(stream.rtp_port)

    def _say_exhausted(self, error: NoPortError) -> None:
        self.portless += 1
        if not self._exhausted:
            self._exhausted = True
            log.error(
                "no RTP port is free, calls are refused: widen --rtp-port-min/--rtp-port-max",
                extra={"reason": str(error), "streams": len(self._streams)},
            )


def _load_for_browsers(certificate: Certificate) -> None:
    from aioice import stun  # noqa: F401

    from pbx.media import ice_path  # noqa: F401
    from pbx.media.dtls import prepare

    prepare(certificate.identity)


def speaks(codec: str) -> bool:
    """Whether the node can encode and decode it."""
    return available(codec)


def allow_many_files() -> None:
    """Two sockets a stream: a login shell's limit of 1,024 files would end at 250 calls."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
