from collections.abc import Iterable
from typing import TypeAlias, TypedDict

from media_ext.sound_door import Clip, Feed

NativeEvent: TypeAlias = tuple[int, str, int, int, bytes, int]

class NativeCounters(TypedDict):
    packets_in: int
    bytes_in: int
    packets_out: int
    bytes_out: int
    expected: int
    lost: int
    jitter_ms: float
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
    send_errors: int
    late: int
    discarded: int

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
    def counters(self) -> NativeCounters: ...

class Engine:
    def __init__(self, *, threads: int, silence_ms: int, loop: str) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def release(self) -> None: ...
    def fileno(self) -> int: ...
    @property
    def loop_name(self) -> str: ...
    @property
    def events_lost(self) -> int: ...
    def cpu_seconds(self) -> list[float]: ...
    def open(self, rtp_fd: int, rtcp_fd: int, *, thread: int, ssrc: int, seq: int, rtp_ts: int) -> Leg: ...
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
    def drain(self) -> list[NativeEvent]: ...
