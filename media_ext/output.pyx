"""The outgoing side of a leg; see output.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.atomics cimport count
from media_ext.rtp cimport RTP_HEADER_BYTES, put16, put32
from media_ext.security cimport security_seal
from media_ext.tap cimport tap_said
from media_ext.types cimport RTP


cdef uint32_t units_since(const Output *out, uint32_t clock_hz, int64_t now_ns) noexcept nogil:
    """Timestamp units between the newest packet sent and now, at least one frame of 20 ms."""
    cdef int64_t units = (now_ns - out.last_ns) // 1000 * clock_hz // 1000000
    cdef int64_t frame = clock_hz // 50
    return <uint32_t> (units if units > frame else frame)


cdef bint output_map(Output *out, uint64_t feed, uint16_t seq, uint32_t rtp_ts, uint32_t clock_hz,
                     int64_t now_ns, bint *first) noexcept nogil:
    """Set the offsets when the feed is new; False for a packet that lies before the change and must not be sent."""
    first[0] = out.feed != feed
    if first[0]:
        if clock_hz == 0:
            clock_hz = out.clock_hz if out.clock_hz else 8000
        out.feed = feed
        out.feed_first_seq = seq
        out.feed_packets = 0
        out.seq_offset = out.next_seq - seq
        out.ts_offset = out.last_ts - rtp_ts
        if out.started:
            out.ts_offset += units_since(out, clock_hz, now_ns)
        return True
    if out.feed_packets < 128:
        out.feed_packets += 1
        return <int16_t> (seq - out.feed_first_seq) >= 0
    return True


cdef void output_sent(Output *out, uint16_t seq, uint32_t rtp_ts, uint32_t clock_hz, int64_t now_ns) noexcept nogil:
    """Remember how far the outgoing stream has come; `seq` and `rtp_ts` are the outgoing ones."""
    if not out.started or <int16_t> (seq - out.next_seq) >= 0:
        out.next_seq = seq + 1
    if not out.started or <int32_t> (rtp_ts - out.last_ts) > 0:
        out.last_ts = rtp_ts
        out.last_ns = now_ns
    if clock_hz:
        out.clock_hz = clock_hz
    out.started = True


cdef const Address *output_address(const Leg *leg) noexcept nogil:
    """The latched address, else the signalled one; none while an encrypted leg has no key."""
    if leg.must_encrypt and leg.srtp_out == NULL:
        return NULL
    if leg.latch.current.length:
        return &leg.latch.current
    return &leg.latch.signalled if leg.latch.signalled.length else NULL


cdef const Address *rtcp_address(const Leg *leg) noexcept nogil:
    if leg.rtcp_mux or output_address(leg) == NULL:
        return output_address(leg)
    if leg.rtcp_current.length:
        return &leg.rtcp_current
    return &leg.rtcp_signalled if leg.rtcp_signalled.length else NULL


cdef void output_send(Worker *w, Leg *leg, int component, uint8_t *data, size_t size, const Address *to) noexcept nogil:
    """Everything that goes to a phone: encrypted in place where it must be, with `OUTPUT_TAILROOM` to do so."""
    if leg.tap != NULL and component == RTP:
        tap_said(leg.tap, leg.codecs, leg.formats, data, size, w.now_ns)
    if leg.must_encrypt and not security_seal(leg, data, &size):
        count(&leg.counters.send_errors, 1)
        return
    w.loop.send(w, leg, component, data, size, to)


cdef bint output_relay(Worker *w, Leg *leg, uint64_t feed, uint8_t *data, size_t size, const RtpHeader *h,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil:
    """Send another phone's packet to this leg's phone, rewritten in place; False when it may not be sent."""
    cdef const Address *to = output_address(leg)
    cdef bint first
    cdef uint16_t seq
    cdef uint32_t rtp_ts
    if not leg.may_send or to == NULL or (leg.speaker != NULL and leg.speaker.owns):
        return False
    if not output_map(&leg.out, feed, h.seq, h.rtp_ts, clock_hz, w.now_ns, &first):
        return False
    seq = h.seq + leg.out.seq_offset
    rtp_ts = h.rtp_ts + leg.out.ts_offset
    data[1] = payload_type | (0x80 if h.marker or first else 0)
    put16(data + 2, seq)
    put32(data + 4, rtp_ts)
    put32(data + 8, leg.out.ssrc)
    output_sent(&leg.out, seq, rtp_ts, clock_hz, w.now_ns)
    count(&leg.counters.packets_out, 1)
    count(&leg.counters.bytes_out, size)
    count(&leg.counters.payload_bytes_out, h.payload_bytes)
    output_send(w, leg, RTP, data, size, to)
    return True


cdef uint32_t output_next_ts(const Output *out, uint64_t feed, uint32_t units, uint32_t clock_hz,
                             int64_t now_ns) noexcept nogil:
    """The timestamp of a frame of `feed` that lies `units` after the last one, or begins now."""
    if not out.started:
        return out.last_ts
    return out.last_ts + (units if out.feed == feed else units_since(out, clock_hz, now_ns))


cdef bint output_frame(Worker *w, Leg *leg, uint64_t feed, uint8_t *frame, size_t size, uint32_t units,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil:
    """Send one encoded frame of our own; the 12 bytes before `frame` are written. `units` is what the frame lasts.

    While the phone may not be sent to, time passes all the same and the frame is not heard.
    """
    cdef uint32_t rtp_ts = output_next_ts(&leg.out, feed, units, clock_hz, w.now_ns)
    return send_own(w, leg, feed, frame, size, rtp_ts, leg.out.feed != feed, payload_type, clock_hz)


cdef bint output_event(Worker *w, Leg *leg, uint64_t feed, uint8_t *event, size_t size, uint32_t rtp_ts, bint marker,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil:
    return send_own(w, leg, feed, event, size, rtp_ts, marker, payload_type, clock_hz)


cdef bint send_own(Worker *w, Leg *leg, uint64_t feed, uint8_t *payload, size_t size, uint32_t rtp_ts, bint marker,
                   uint8_t payload_type, uint32_t clock_hz) noexcept nogil:
    cdef const Address *to = output_address(leg)
    cdef Output *out = &leg.out
    cdef uint8_t *data = payload - RTP_HEADER_BYTES
    if not leg.may_send or to == NULL:
        output_cut(out)
        return False
    out.feed = feed
    data[0] = 0x80
    data[1] = payload_type | (0x80 if marker else 0)
    put16(data + 2, out.next_seq)
    put32(data + 4, rtp_ts)
    put32(data + 8, out.ssrc)
    output_sent(out, out.next_seq, rtp_ts, clock_hz, w.now_ns)
    count(&leg.counters.packets_out, 1)
    count(&leg.counters.bytes_out, size + RTP_HEADER_BYTES)
    count(&leg.counters.payload_bytes_out, size)
    output_send(w, leg, RTP, data, size + RTP_HEADER_BYTES, to)
    return True
