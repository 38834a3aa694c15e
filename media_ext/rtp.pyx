"""RTP headers and one sender's state; see rtp.pxd."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.losses cimport losses_advance


cdef bint rtp_parse(const uint8_t *data, size_t size, RtpHeader *h) noexcept nogil:
    """Fill `h`; every length that the packet claims is checked against `size` (bytes)."""
    cdef size_t at = RTP_HEADER_BYTES
    cdef size_t padding = 0
    if size < RTP_HEADER_BYTES or data[0] >> 6 != 2:
        return False
    at += 4 * (data[0] & 0x0f)
    if data[0] & 0x10:
        if at + 4 > size:
            return False
        at += 4 + 4 * <size_t> get16(data + at + 2)
    if at > size:
        return False
    if data[0] & 0x20:
        padding = data[size - 1]
        if padding == 0 or at + padding > size:
            return False
    h.marker = data[1] >> 7
    h.payload_type = data[1] & 0x7f
    h.seq = get16(data + 2)
    h.rtp_ts = get32(data + 4)
    h.ssrc = get32(data + 8)
    h.payload_at = <uint32_t> at
    h.payload_bytes = <uint32_t> (size - at - padding)
    return True


cdef void restart(Sender *s, uint32_t ssrc, uint16_t seq) noexcept nogil:
    s.expected_before = sender_expected(s)
    s.received_before += s.received
    s.epoch += 1
    s.known = True
    s.ssrc = ssrc
    s.max_seq = seq
    s.base_seq = seq
    s.cycles = 0
    s.bad_seq = 0x10000
    s.received = 1
    s.window = 1
    s.jitter_q4 = 0
    s.clock_hz = 0


cdef Arrival sender_receive(Sender *s, uint32_t ssrc, uint16_t seq) noexcept nogil:
    """Take one packet's number into account (RFC 3550 A.1, without its probation: the address was proven before)."""
    cdef uint16_t ahead = <uint16_t> (seq - s.max_seq)
    cdef uint16_t behind = <uint16_t> (s.max_seq - seq)
    if not s.known or ssrc != s.ssrc:
        restart(s, ssrc, seq)
        return ARRIVAL_RESTART
    if 0 < ahead < MAX_DROPOUT:
        losses_advance(&s.losses, s.window, s.cycles + s.max_seq - s.base_seq, ahead)
        if seq < s.max_seq:
            s.cycles += 0x10000
        s.max_seq = seq
        s.window = s.window << ahead | 1 if ahead < 64 else 1
        s.bad_seq = 0x10000
        s.received += 1
        return ARRIVAL_NEW
    if behind < MAX_MISORDER:
        s.received += 1
        if behind < 64:
            if s.window >> behind & 1:
                return ARRIVAL_DUPLICATE
            s.window |= <uint64_t> 1 << behind
        return ARRIVAL_LATE
    if seq == s.bad_seq:
        restart(s, ssrc, seq)
        return ARRIVAL_RESTART
    s.bad_seq = (seq + 1) & 0xffff
    return ARRIVAL_SUSPECT


cdef void sender_jitter(Sender *s, uint32_t rtp_ts, uint32_t clock_hz, int64_t at_ns) noexcept nogil:
    """RFC 3550 A.8 in integers. A change of clock starts the next measurement without ending the figure."""
    cdef uint32_t arrival = <uint32_t> (<uint64_t> (at_ns // 1000) * clock_hz // 1000000)
    cdef uint32_t transit = arrival - rtp_ts
    cdef uint32_t d = transit - s.transit
    if s.clock_hz == clock_hz:
        if <int32_t> d < 0:
            d = 0 - d
        s.jitter_q4 += d - ((s.jitter_q4 + 8) >> 4)
    s.transit = transit
    s.clock_hz = clock_hz


cdef uint64_t sender_expected(const Sender *s) noexcept nogil:
    if not s.known:
        return 0
    return s.expected_before + s.cycles + s.max_seq - s.base_seq + 1


cdef uint64_t sender_received(const Sender *s) noexcept nogil:
    return s.received_before + s.received
