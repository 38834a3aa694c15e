from collections.abc import Callable, Iterable
from typing import NotRequired, TypeAlias, TypedDict

from media_ext.sound_door import Clip, Feed
from media_ext.tap_handle import TapHandle

NativeEvent: TypeAlias = tuple[int, str, int, int, bytes, int]
NativeDatagram: TypeAlias = tuple[int, int, bytes, int, bytes]
SrtpMaterial: TypeAlias = tuple[int, bytes, bytes]

class NativeCounters(TypedDict):
    packets_in: int
    bytes_in: int
    packets_out: int
    bytes_out: int
    expected: int
    lost: int
    jitter_ms: float
    jitter_mean_ms: float
    jitter_max_ms: float
    decided: int
    decided_lost: int
    loss_runs: int
    bursts: int
    burst_packets: int
    burst_lost: int
    late: int
    discarded: int
    rtt_ms: float | None
    packet_age_s: float | None
    rtcp_in: int
    rtcp_out: int
    rtcp_age_s: float | None
    out_of_order: int
    duplicates: int
    dropped_alien: int
    dropped_malformed: int
    dropped_oversize: int
    dropped_payload_type: int
    dropped_direction: int
    dropped_auth: int
    dropped_replayed: int
    dropped_unkeyed: int
    dropped_datagrams: int
    send_errors: int
    remote_reports: NotRequired[int]
    remote_lost: NotRequired[int]
    remote_expected: NotRequired[int]
    remote_fraction_lost: NotRequired[float]
    remote_jitter_ms: NotRequired[float]

class OpusVoice(TypedDict, total=False):
    bitrate_bps: int
    complexity: int
    loss_pct: int
    fec: bool
    dtx: bool

def io_uring_refusal() -> str: ...

class Leg:
    @property
    def id(self) -> int: ...
    @property
    def thread(self) -> int: ...
    @property
    def payload_type(self) -> int | None: ...
    @property
    def state(self) -> bytes | None: ...
    @property
    def reserved(self) -> bytes | None: ...
    def counters(self) -> NativeCounters: ...

class Room:
    capacity: int
    max_rate_hz: int
    rate_hz: int
    @property
    def id(self) -> int: ...
    @property
    def legs(self) -> list[Leg]: ...
    def level_dbov(self, leg: Leg) -> int: ...
    def talking(self, leg: Leg) -> bool: ...

class Engine:
    def __init__(self, *, threads: int, silence_ms: int, loop: str, report_ms: int = 5000) -> None: ...
    def start(self) -> None: ...
    def wake_once(self, later: Callable[[Callable[[], None]], object] | None) -> None: ...
    def stop(self) -> None: ...
    def release(self) -> None: ...
    def fileno(self) -> int: ...
    @property
    def loop_name(self) -> str: ...
    @property
    def events_lost(self) -> int: ...
    @property
    def leg_count(self) -> int: ...
    def cpu_seconds(self) -> list[float]: ...
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
    def join(self, room: Room, leg: Leg, *, muted: bool = False, gain: int = 4096) -> None: ...
    def whisper(self, room: Room, leg: Leg, to: Leg | None) -> None: ...
    def leave(self, room: Room, leg: Leg) -> None: ...
    def play_in_room(
        self,
        room: Room,
        sounds: tuple[Clip | Feed, ...],
        *,
        loop: bool = False,
        gain: int = 4096,
        place: int = 0,
    ) -> int: ...
    def stop_in_room(self, room: Room) -> None: ...
    def tap_room(self, room: Room, tap: TapHandle) -> None: ...
    def untap_room(self, room: Room, tap: TapHandle) -> None: ...
    def link_rooms(self, a: Room, b: Room) -> None: ...
    def unlink_rooms(self, a: Room, b: Room) -> None: ...
    def close_room(self, room: Room) -> None: ...
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
