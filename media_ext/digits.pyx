"""RFC 4733 digits; see digits.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from media_ext.clock cimport ms


cdef Digit ended(Digits *d) noexcept nogil:
    cdef Digit digit
    digit.event = d.event
    digit.duration_ms = <uint32_t> ((<int64_t> d.before + d.length) * 1000 // d.clock_hz)
    d.pressed = False
    return digit


cdef Digit nothing() noexcept nogil:
    cdef Digit digit
    digit.event = DIGIT_NONE
    digit.duration_ms = 0
    return digit


cdef void digits_reset(Digits *d) noexcept nogil:
    """A new sender: its timestamps have nothing to do with those before."""
    d.any = False
    d.pressed = False


cdef Digit digits_receive(Digits *d, const uint8_t *payload, size_t size, uint32_t rtp_ts, uint32_t clock_hz,
                          int64_t at_ns) noexcept nogil:
    """Take one packet's payload; returns the digit that it ended, if any. A flash or tone event (16 and above) is none.

    A packet of a newer digit ends an older one whose own end was lost.
    """
    cdef Digit lost = nothing()
    cdef uint8_t event
    cdef uint16_t length
    cdef bint end
    if size < 4 or payload[0] > 15 or clock_hz == 0:
        return lost
    event = payload[0]
    end = payload[1] >> 7
    length = <uint16_t> (payload[2] << 8 | payload[3])
    if d.any and rtp_ts != d.segment_ts:
        if d.segment_ts - rtp_ts <= clock_hz * DIGIT_STRAGGLER_S:
            return lost                                     # of an old digit
        if d.pressed and event == d.event and rtp_ts - d.segment_ts == 0xffff and d.length == 0xffff:
            d.before += 0xffff
            d.segment_ts = rtp_ts
            d.length = 0
        else:
            if d.pressed:
                lost = ended(d)
            d.any = False
    if not d.any:
        d.any = True
        d.pressed = True
        d.event = event
        d.rtp_ts = d.segment_ts = rtp_ts
        d.before = 0
        d.length = 0
        d.clock_hz = clock_hz
    elif not d.pressed:
        return lost                                         # told already
    if length > d.length:
        d.length = length
    d.seen_ns = at_ns
    if end and lost.event == DIGIT_NONE:
        return ended(d)
    # A digit of which only the end arrived, right after one whose ends were all lost: its next end, or time, tells it.
    return lost


cdef Digit digits_expire(Digits *d, int64_t now_ns) noexcept nogil:
    """The digit whose packets stopped without an end, if there is one."""
    if d.any and d.pressed and now_ns - d.seen_ns >= ms(DIGIT_LOST_END_MS):
        return ended(d)
    return nothing()
