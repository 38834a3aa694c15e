"""DTMF digits in RTP (RFC 4733 2.3), each told once though its packets repeat and its end is sent three times.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     event     |E|R| volume    |          duration             |
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    DIGIT_NONE = 255
    DIGIT_LOST_END_MS = 200     # no packet of a pressed digit for so long: all its ends were lost
    DIGIT_STRAGGLER_S = 10      # an older timestamp than this is no late packet, but a sender that set its clock anew


cdef struct Digits:
    bint any                    # `rtp_ts` is that of a digit
    bint pressed                # and its end was not seen
    uint8_t event
    uint32_t rtp_ts             # of the digit's start; identifies it
    uint32_t segment_ts         # RFC 4733 2.5.1.3: a digit longer than 0xffff goes on under a new timestamp
    uint32_t before             # length of the segments before this one, in timestamp units
    uint16_t length             # of this segment
    uint32_t clock_hz
    int64_t seen_ns


cdef struct Digit:
    uint8_t event               # 0-9, 10 *, 11 #, 12-15 A-D; DIGIT_NONE: nothing ended
    uint32_t duration_ms


cdef void digits_reset(Digits *d) noexcept nogil
cdef Digit digits_receive(Digits *d, const uint8_t *payload, size_t size, uint32_t rtp_ts, uint32_t clock_hz,
                          int64_t at_ns) noexcept nogil
cdef Digit digits_expire(Digits *d, int64_t now_ns) noexcept nogil
