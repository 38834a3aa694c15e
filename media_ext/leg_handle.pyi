from typing import NotRequired, TypedDict

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

def packed_state(state: bytes) -> bytes: ...

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
