"""The node's own RTCP; see report.pxd."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from media_ext.address cimport Address
from media_ext.atomics cimport count, store_relaxed
from media_ext.clock cimport NS_PER_S, wall_ns
from media_ext.output cimport OUTPUT_TAILROOM, output_reported, output_send, rtcp_address
from media_ext.rtcp cimport OWN_REPORT_BYTES, OwnReport, rtcp_write
from media_ext.rtp cimport Sender
from media_ext.types cimport RTCP, RTP, TIMER_REPORT, Counters, Reporting
from media_ext.wheel cimport wheel_arm, wheel_disarm

cdef enum:
    NTP_1970_S = 2208988800     # from 1900 to 1970


# -- when --------------------------------------------------------------------------------------------------------------

cdef uint64_t next_random(Reporting *r) noexcept nogil:
    """xorshift64*: the intervals of many legs must not fall together, no more is asked of it."""
    r.random ^= r.random >> 12
    r.random ^= r.random << 25
    r.random ^= r.random >> 27
    return r.random * <uint64_t> 0x2545F4914F6CDD1D >> 32


cdef int64_t interval_ns(const Worker *w, Leg *leg) noexcept nogil:
    """RFC 3550 6.3.1: half the least interval before the first report; times 0.5 to 1.5; over e - 3/2.

    Two members at 5 % of any audio codec's bandwidth would report more often than each 5 s: the least interval rules.
    """
    cdef int64_t least = w.report_ns if leg.report.any else w.report_ns // 2
    return <int64_t> (<double> least * (0.5 + <double> next_random(&leg.report) / 4294967296.0) / 1.21828)


cdef void report_start(Worker *w, Leg *leg) noexcept nogil:
    """A leg that comes from another worker keeps the time of its next report."""
    cdef Reporting *r = &leg.report
    if w.report_ns <= 0:
        return
    if r.random == 0:
        r.random = (<uint64_t> leg.out.ssrc << 32 | leg.id) | 1
        r.ntp_ns = wall_ns() - w.now_ns + <int64_t> NTP_1970_S * NS_PER_S
        r.timer.due_ns = w.now_ns + interval_ns(w, leg)
    r.timer.owner = leg
    r.timer.kind = TIMER_REPORT
    wheel_arm(&w.wheel, &r.timer, r.timer.due_ns)


cdef void report_stop(Worker *w, Leg *leg) noexcept nogil:
    wheel_disarm(&w.wheel, &leg.report.timer)


cdef void report_due(Worker *w, Leg *leg) noexcept nogil:
    if is_our_turn(w, leg):
        send_report(w, leg, False)
    wheel_arm(&w.wheel, &leg.report.timer, w.now_ns + interval_ns(w, leg))


cdef bint is_our_turn(Worker *w, Leg *leg) noexcept nogil:
    """Whether the phone gets no reports of another phone."""
    cdef Reporting *r = &leg.report
    cdef Leg *other = leg.sink
    if other == NULL or other == leg or other.sink != leg or (leg.speaker != NULL and leg.speaker.owns):
        r.source = NULL
        return True
    if r.source != other:
        r.source = other
        r.relayed_ns = w.now_ns
    return w.now_ns - r.relayed_ns >= RELAYED_INTERVALS * w.report_ns


cdef void report_bye(Worker *w, Leg *leg) noexcept nogil:
    """RFC 3550 6.3.7: whoever has sent nothing says no BYE."""
    if w.report_ns > 0 and (leg.report.any or leg.out.started):
        send_report(w, leg, True)


# -- what --------------------------------------------------------------------------------------------------------------

cdef void send_report(Worker *w, Leg *leg, bint bye) noexcept nogil:
    cdef const Address *to = rtcp_address(leg)
    cdef OwnReport own
    cdef uint8_t packet[OWN_REPORT_BYTES + OUTPUT_TAILROOM]
    cdef size_t size
    if not leg.has_remote or to == NULL:
        return
    own.bye = bye
    own.ssrc = leg.out.ssrc
    own.cname = leg.report.cname
    about_sent(w, leg, &own)
    about_heard(w, leg, &own)
    size = rtcp_write(&own, packet)
    leg.report.any = True
    count(&leg.counters.rtcp_out, 1)
    output_send(w, leg, RTP if leg.rtcp_mux else RTCP, packet, size, to)


cdef void about_sent(Worker *w, Leg *leg, OwnReport *own) noexcept nogil:
    """Sender information, when something was sent since the report before the last (RFC 3550 6.4)."""
    cdef Reporting *r = &leg.report
    cdef int64_t ntp_ns = w.now_ns + r.ntp_ns
    own.sender = leg.counters.packets_out != r.packets_out_before
    r.packets_out_before = r.packets_out
    r.packets_out = leg.counters.packets_out
    if not own.sender:
        return
    own.ntp = <uint64_t> (ntp_ns // NS_PER_S) << 32 | (<uint64_t> (ntp_ns % NS_PER_S) << 32) // NS_PER_S
    own.rtp_ts = leg.out.last_ts + <uint32_t> ((w.now_ns - leg.out.last_ns) // 1000 * leg.out.clock_hz // 1000000)
    own.packets = <uint32_t> leg.counters.packets_out
    own.octets = <uint32_t> leg.counters.payload_bytes_out
    output_reported(&leg.out, <uint32_t> (own.ntp >> 16), w.now_ns)


cdef void about_heard(Worker *w, Leg *leg, OwnReport *own) noexcept nogil:
    """The block about the phone (RFC 3550 6.4.1, A.3), when it has sent anything since the last report."""
    cdef Reporting *r = &leg.report
    cdef const Sender *s = &leg.sender
    cdef uint64_t expected
    cdef int64_t lost
    cdef int64_t lost_now
    if r.epoch != s.epoch:
        r.epoch = s.epoch
        r.expected = r.received = 0
    own.heard = s.known and s.received != r.received
    if not own.heard:
        return
    expected = s.cycles + s.max_seq - s.base_seq + 1
    lost = <int64_t> (expected - s.received)
    lost_now = <int64_t> (expected - r.expected) - <int64_t> (s.received - r.received)
    own.heard_ssrc = s.ssrc
    own.lost = <int32_t> clamp(lost, -0x800000, 0x7fffff)
    own.fraction_lost = 0
    if lost_now > 0 and expected > r.expected:
        own.fraction_lost = <uint8_t> clamp((lost_now << 8) // <int64_t> (expected - r.expected), 0, 255)
    own.highest = s.cycles + s.max_seq
    own.jitter = s.jitter_q4 >> 4
    own.last_report = own.delay = 0
    if r.heard_ntp and r.heard_ssrc == s.ssrc:
        own.last_report = r.heard_ntp
        own.delay = <uint32_t> (((w.now_ns - r.heard_ns) // 1000 << 16) // 1000000)
    r.expected = expected
    r.received = s.received


cdef inline int64_t clamp(int64_t value, int64_t low, int64_t high) noexcept nogil:
    return low if value < low else high if value > high else value


# -- what the phone says -----------------------------------------------------------------------------------------------

cdef void report_heard(Worker *w, Leg *leg, const Reports *reports) noexcept nogil:
    """Keep what our next report answers, the round trip, and how the phone hears us."""
    cdef Counters *c = &leg.counters
    if reports.sender_report:
        leg.report.heard_ssrc = reports.ssrc
        leg.report.heard_ntp = reports.ntp
        leg.report.heard_ns = w.now_ns
    if not reports.about_us:
        return
    if reports.last_report != 0:
        measure_round_trip(w, leg, reports)
    store_relaxed(&c.remote_fraction, reports.fraction_lost)
    store_relaxed(&c.remote_lost, <uint64_t> reports.lost if reports.lost > 0 else 0)
    store_relaxed(&c.remote_expected, c.packets_out)
    store_relaxed(&c.remote_jitter, reports.jitter)
    store_relaxed(&c.remote_clock_hz, leg.out.clock_hz)
    count(&c.remote_reports, 1)


cdef void measure_round_trip(Worker *w, Leg *leg, const Reports *reports) noexcept nogil:
    """RFC 3550 6.4.1, the figure for DLSR. The phone may not have had our newest report when it sent its own."""
    cdef int64_t away_us
    cdef int i
    for i in range(2):
        if reports.last_report == leg.out.report_ntp[i]:
            away_us = (w.now_ns - leg.out.report_ns[i]) // 1000 - (<int64_t> reports.delay * 1000000 >> 16)
            store_relaxed(&leg.counters.rtt_us, <uint64_t> away_us if away_us > 0 else 1)
            return
