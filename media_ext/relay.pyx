"""The way of an incoming packet; see relay.pxd."""

from libc.stdint cimport uint8_t, uint32_t
from media_ext.address cimport address_clear, same_address, same_host
from media_ext.atomics cimport count, store_relaxed
from media_ext.digits cimport DIGIT_NONE, Digit, digits_receive, digits_reset
from media_ext.formats cimport clock_hz_of
from media_ext.hearing cimport hearing_wanted
from media_ext.latch cimport latch_admit
from media_ext.listener cimport listener_receive
from media_ext.output cimport output_address, output_relay, output_reported, output_send, rtcp_address
from media_ext.pair cimport pair_digit
from media_ext.report cimport report_heard
from media_ext.rtcp cimport Reports, Translation, rtcp_read, rtcp_translate, rtcp_valid
from media_ext.rtp cimport (
    ARRIVAL_DUPLICATE,
    ARRIVAL_LATE,
    ARRIVAL_NEW,
    ARRIVAL_RESTART,
    Arrival,
    RtpHeader,
    is_datagram,
    is_rtcp,
    looks_like_rtp,
    rtp_parse,
    sender_expected,
    sender_jitter,
    sender_receive,
    sender_received,
)
from media_ext.security cimport datagram_receive, security_open
from media_ext.tap cimport tap_heard
from media_ext.tell cimport tell
from media_ext.types cimport (
    BUFFER_BYTES,
    DROP,
    EVENT_DIGIT,
    EVENT_FIRST,
    EVENT_LATCHED,
    EVENT_RESUMED,
    MAX_PACKET_BYTES,
    RTCP,
    RTP,
    TELEPHONE_EVENT,
)


cdef void relay_receive(Worker *w, Leg *leg, int component, uint8_t *data, size_t size,
                        const Address *source) noexcept nogil:
    cdef RtpHeader h
    if size > MAX_PACKET_BYTES:
        count(&leg.counters.dropped_oversize, 1)
    elif not looks_like_rtp(data, size):
        if is_datagram(data, size):
            datagram_receive(w, leg, component, data, size, source)
        else:
            count(&leg.counters.dropped_malformed, 1)
    elif leg.must_encrypt and not security_open(leg, data, &size):
        return
    elif is_rtcp(data):
        receive_rtcp(w, leg, component, data, size, source)
    elif component == RTCP or not rtp_parse(data, size, &h):
        count(&leg.counters.dropped_malformed, 1)
    elif not is_the_phone(w, leg, &h, source):
        count(&leg.counters.dropped_alien, 1)
    else:
        receive_rtp(w, leg, data, size, &h)


cdef inline bint is_the_phone(Worker *w, Leg *leg, const RtpHeader *h, const Address *source) noexcept nogil:
    """Whether the packet comes from the latched address, or from one that may become it now."""
    if not leg.has_remote:
        return False
    if source == NULL or same_address(source, &leg.latch.current):
        leg.latch.live_ns = w.now_ns
        return True
    if leg.by_ice:
        return leg.must_encrypt         # it had the key, so it is what was under way on another path
    # A packet of a type that was never agreed on proves nothing.
    if not leg.any_format and leg.formats[h.payload_type] == 0:
        return False
    if not latch_admit(&leg.latch, source, h.ssrc, h.seq, &leg.sender, w.now_ns):
        return False
    leg.latched_ns = w.now_ns
    address_clear(&leg.rtcp_current)
    tell(w, leg, EVENT_LATCHED, 0, 0, source)
    return True


cdef void receive_rtp(Worker *w, Leg *leg, uint8_t *data, size_t size, const RtpHeader *h) noexcept nogil:
    """A packet of the phone: count it, look for digits, pass it on."""
    cdef uint8_t format = leg.formats[h.payload_type]
    cdef uint32_t clock_hz = clock_hz_of(format)
    cdef Arrival arrival = sender_receive(&leg.sender, h.ssrc, h.seq)
    count(&leg.counters.packets_in, 1)
    count(&leg.counters.bytes_in, size)
    store_relaxed(&leg.counters.expected, sender_expected(&leg.sender))
    store_relaxed(&leg.counters.received, sender_received(&leg.sender))
    store_relaxed(&leg.counters.last_rtp_ns, w.now_ns)
    if not leg.heard or leg.silent:
        tell_heard(w, leg)
    if arrival != ARRIVAL_NEW:
        if arrival == ARRIVAL_RESTART:
            digits_reset(&leg.digits)
        elif arrival == ARRIVAL_LATE:
            count(&leg.counters.out_of_order, 1)
        else:
            count(&leg.counters.duplicates if arrival == ARRIVAL_DUPLICATE else &leg.counters.out_of_order, 1)
            return
    if format & TELEPHONE_EVENT:
        hear_digit(w, leg, data, h, clock_hz)
    elif clock_hz:
        sender_jitter(&leg.sender, h.rtp_ts, clock_hz, w.now_ns)
        store_relaxed(&leg.counters.jitter_q4, leg.sender.jitter_q4)
        store_relaxed(&leg.counters.jitter_clock_hz, clock_hz)
        store_relaxed(&leg.counters.heard_type, h.payload_type)
    if format == 0 and not leg.any_format:
        count(&leg.counters.dropped_payload_type, 1)
        return
    if leg.tap != NULL and leg.may_receive:
        tap_heard(leg.tap, leg.codecs, data, h, clock_hz, w.now_ns)
    if leg.may_receive and hearing_wanted(leg.listener):
        listener_receive(w, leg, data, h)
    if leg.sink != NULL:
        pass_on(w, leg, data, size, h, clock_hz)


cdef inline void pass_on(Worker *w, Leg *leg, uint8_t *data, size_t size, const RtpHeader *h,
                         uint32_t clock_hz) noexcept nogil:
    cdef uint8_t payload_type = leg.payload_map[h.payload_type]
    if payload_type == DROP:
        count(&leg.counters.dropped_payload_type, 1)
    elif not leg.may_receive or not output_relay(w, leg.sink, feed_of(leg), data, size, h, payload_type, clock_hz):
        count(&leg.counters.dropped_direction, 1)


cdef void tell_heard(Worker *w, Leg *leg) noexcept nogil:
    if not leg.heard:
        leg.heard = True
        tell(w, leg, EVENT_FIRST)
    if leg.silent:
        leg.silent = False
        tell(w, leg, EVENT_RESUMED)


cdef void hear_digit(Worker *w, Leg *leg, const uint8_t *data, const RtpHeader *h, uint32_t clock_hz) noexcept nogil:
    cdef Digit digit = digits_receive(&leg.digits, data + h.payload_at, h.payload_bytes, h.rtp_ts, clock_hz, w.now_ns)
    if digit.event != DIGIT_NONE:
        tell(w, leg, EVENT_DIGIT, digit.event, digit.duration_ms)
        pair_digit(leg, digit.event, digit.duration_ms)


cdef void receive_rtcp(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                       const Address *source) noexcept nogil:
    """A report of the phone: read the round trip, translate it for the phone that hears this one."""
    cdef Reports reports
    if not rtcp_valid(data, size):
        count(&leg.counters.dropped_malformed, 1)
        return
    if not rtcp_is_the_phone(leg, component, source):
        count(&leg.counters.dropped_alien, 1)
        return
    count(&leg.counters.rtcp_in, 1)
    store_relaxed(&leg.counters.last_rtcp_ns, w.now_ns)
    rtcp_read(data, size, leg.out.ssrc, &reports)
    report_heard(w, leg, &reports)
    if leg.sink != NULL and leg.sink != leg:
        send_rtcp(w, leg, leg.sink, data, size, &reports)


cdef bint rtcp_is_the_phone(Leg *leg, int component, const Address *source) noexcept nogil:
    """RTCP comes from the latched host (on any port) or from where signalling said; it never moves the RTP latch."""
    if not leg.has_remote:
        return False
    if source == NULL or (leg.by_ice and leg.must_encrypt):
        return True
    if component == RTP:
        return same_address(source, output_address(leg)) if output_address(leg) != NULL else False
    if leg.rtcp_current.length and same_address(source, &leg.rtcp_current):
        return True
    if same_address(source, &leg.rtcp_signalled) or (
            leg.rtcp_current.length == 0 and same_host(source, &leg.latch.current)):
        leg.rtcp_current = source[0]
        return True
    return False


cdef void send_rtcp(Worker *w, Leg *leg, Leg *sink, const uint8_t *data, size_t size,
                    const Reports *reports) noexcept nogil:
    cdef Translation t
    cdef uint8_t translated[BUFFER_BYTES]               # of which a report fills 1,500 at most
    cdef const Address *to = rtcp_address(sink)
    if to == NULL or (sink.speaker != NULL and sink.speaker.owns):
        return
    t.sender_ssrc = sink.out.ssrc
    t.cname = sink.report.cname
    t.in_step = sink.out.feed == feed_of(leg)
    t.ts_offset = sink.out.ts_offset
    t.packets = sink.counters.packets_out
    t.payload_bytes = sink.counters.payload_bytes_out
    t.heard_ssrc = leg.out.ssrc
    t.heard_in_step = sink.sender.known and sink.sink == leg and leg.out.feed == feed_of(sink)
    t.origin_ssrc = sink.sender.ssrc
    t.seq_offset = leg.out.seq_offset
    t.origin_max = sink.sender.cycles + sink.sender.max_seq
    size = rtcp_translate(data, size, &t, translated)
    if size == 0:
        return
    if reports.sender_report and t.in_step:
        output_reported(&sink.out, reports.ntp, w.now_ns)
    sink.report.relayed_ns = w.now_ns
    sink.report.source = leg
    sink.report.any = True
    count(&sink.counters.rtcp_out, 1)
    output_send(w, sink, RTP if sink.rtcp_mux else RTCP, translated, size, to)
