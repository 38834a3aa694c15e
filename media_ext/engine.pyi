from collections.abc import Iterable
from typing import TypeAlias, TypedDict

from media_ext.leg_handle import Leg
from media_ext.room_handle import Room
from media_ext.sound_door import Clip, Feed
from media_ext.tap_handle import TapHandle
from media_ext.workers import Workers

NativeEvent: TypeAlias = tuple[int, str, int, int, bytes, int]
NativeDatagram: TypeAlias = tuple[int, int, bytes, int, bytes]
SrtpMaterial: TypeAlias = tuple[int, bytes, bytes]

class OpusVoice(TypedDict, total=False):
    bitrate_bps: int
    complexity: int
    loss_pct: int
    fec: bool
    dtx: bool

class Engine(Workers):
    def release(self) -> None: ...
    @property
    def leg_count(self) -> int: ...
    def open(
        self,
        rtp_fd: int,
        rtcp_fd: int,
        *,
        thread: int,
        ssrc: int,
        seq: int,
        rtp_ts: int,
        state: bytes | None = None,
        keep: bool = False,
    ) -> Leg: ...
    def reserve(self, leg: Leg) -> None: ...
    def export(self, leg: Leg, hand_over: bool) -> None: ...
    def close(self, leg: Leg) -> None: ...
    def free(self, leg: Leg) -> None: ...
    def set_remote(
        self,
        leg: Leg,
        rtp_host: bytes,
        rtp_port: int,
        rtcp_host: bytes,
        rtcp_port: int,
        rtcp_mux: bool,
        may_send: bool,
        may_receive: bool,
        formats: Iterable[tuple[int, str, int]],
        voice: tuple[int, str, int, OpusVoice] | None = None,
        digits: tuple[int, int] | None = None,
        ptime_ms: int = 20,
    ) -> None: ...
    def forget_remote(self, leg: Leg) -> None: ...
    def link(self, a: Leg, b: Leg, a_to_b: dict[int, int], b_to_a: dict[int, int]) -> None: ...
    def bridge(self, a: Leg, b: Leg) -> None: ...
    def watch(self, leg: Leg, *, detects: bool | None = None, tells: bool | None = None) -> None: ...
    def room(self, capacity: int, *, thread: int = 0, max_rate_hz: int = 48000) -> Room: ...
    def unlink(self, leg: Leg) -> None: ...
    def echo(self, leg: Leg) -> None: ...
    def play(
        self,
        leg: Leg,
        sounds: tuple[Clip | Feed, ...],
        *,
        loop: bool = False,
        gain: int = 4096,
        start_ms: int = 0,
        over: bool = False,
    ) -> None: ...
    def send_digits(self, leg: Leg, events: bytes, duration_ms: int, pause_ms: int) -> None: ...
    def stop_playing(self, leg: Leg) -> None: ...
    def secure(
        self,
        leg: Leg,
        receive: SrtpMaterial | None,
        send: SrtpMaterial | None,
        must_encrypt: bool,
        wants_datagrams: bool,
    ) -> None: ...
    def set_path(self, leg: Leg, by_ice: bool, host: bytes = ..., port: int = ...) -> None: ...
    def send_datagram(self, leg: Leg, data: bytes, host: bytes, port: int) -> bool: ...
    def drain_datagrams(self) -> list[NativeDatagram]: ...
    def tap(self, leg: Leg, tap: TapHandle) -> None: ...
    def untap(self, leg: Leg, tap: TapHandle) -> None: ...
    def drain(self) -> list[NativeEvent]: ...
