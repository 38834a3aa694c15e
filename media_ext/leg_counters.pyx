"""A leg's counters as Python reads them; see leg_counters.pxd."""

from libc.stdint cimport int64_t, uint64_t

from media_ext.atomics cimport load_relaxed
from media_ext.clock cimport NS_PER_S, now_ns
from media_ext.types cimport Counters


cdef dict counters_of(Counters *c):
    cdef int64_t now = now_ns()
    cdef uint64_t expected = load_relaxed(&c.expected)
    cdef uint64_t clock_hz = load_relaxed(&c.jitter_clock_hz)
    cdef uint64_t rtt_us = load_relaxed(&c.rtt_us)
    return {
        "packets_in": load_relaxed(&c.packets_in),
        "bytes_in": load_relaxed(&c.bytes_in),
        "packets_out": load_relaxed(&c.packets_out),
        "bytes_out": load_relaxed(&c.bytes_out),
        "expected": expected,
        "lost": <int64_t> expected - <int64_t> load_relaxed(&c.received),
        "jitter_ms": load_relaxed(&c.jitter_q4) * 1000.0 / 16 / clock_hz if clock_hz else 0.0,
        **figures_over_time(c),
        "rtt_ms": rtt_us / 1000.0 if rtt_us else None,
        "packet_age_s": age_s(load_relaxed(&c.last_rtp_ns), now),
        **remote_figures(c),
        "rtcp_in": load_relaxed(&c.rtcp_in),
        "rtcp_out": load_relaxed(&c.rtcp_out),
        "rtcp_age_s": age_s(load_relaxed(&c.last_rtcp_ns), now),
        "out_of_order": load_relaxed(&c.out_of_order),
        "duplicates": load_relaxed(&c.duplicates),
        "dropped_alien": load_relaxed(&c.dropped_alien),
        "dropped_malformed": load_relaxed(&c.dropped_malformed),
        "dropped_oversize": load_relaxed(&c.dropped_oversize),
        "dropped_payload_type": load_relaxed(&c.dropped_payload_type),
        "dropped_direction": load_relaxed(&c.dropped_direction),
        "dropped_auth": load_relaxed(&c.dropped_auth),
        "dropped_replayed": load_relaxed(&c.dropped_replayed),
        "dropped_unkeyed": load_relaxed(&c.dropped_unkeyed),
        "dropped_datagrams": load_relaxed(&c.dropped_datagrams),
        "send_errors": load_relaxed(&c.send_errors),
    }


cdef dict figures_over_time(Counters *c):
    cdef uint64_t samples = load_relaxed(&c.jitter_samples)
    return {
        "jitter_mean_ms": load_relaxed(&c.jitter_sum_us) / 1000.0 / samples if samples else 0.0,
        "jitter_max_ms": load_relaxed(&c.jitter_max_us) / 1000.0,
        "decided": load_relaxed(&c.decided),
        "decided_lost": load_relaxed(&c.decided_lost),
        "loss_runs": load_relaxed(&c.loss_runs),
        "bursts": load_relaxed(&c.bursts),
        "burst_packets": load_relaxed(&c.burst_packets),
        "burst_lost": load_relaxed(&c.burst_lost),
        "late": load_relaxed(&c.late),
        "discarded": load_relaxed(&c.discarded),
    }


cdef dict remote_figures(Counters *c):
    """What the phone's reports say about what it hears; nothing before the first."""
    cdef uint64_t clock_hz = load_relaxed(&c.remote_clock_hz)
    if load_relaxed(&c.remote_reports) == 0:
        return {}
    return {
        "remote_reports": load_relaxed(&c.remote_reports),
        "remote_lost": load_relaxed(&c.remote_lost),
        "remote_expected": load_relaxed(&c.remote_expected),
        "remote_fraction_lost": load_relaxed(&c.remote_fraction) / 256.0,
        "remote_jitter_ms": load_relaxed(&c.remote_jitter) * 1000.0 / clock_hz if clock_hz else 0.0,
    }


cdef object age_s(uint64_t at_ns, int64_t now):
    if at_ns == 0:
        return None
    return max(now - <int64_t> at_ns, 0) / <double> NS_PER_S
