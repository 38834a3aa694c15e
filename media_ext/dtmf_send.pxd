"""DTMF digits as RTP events, the sending side (RFC 4733 2.5.1); `digits` is the receiving one.

     tick    0      1      2    …    n      n+1    n+2
           marker  grows  grows    end=1   end=1  end=1      all with the timestamp of the digit's first sample

Each packet tells the length up to the end of its tick, so the first one is not 0. A digit longer than 65,535 units goes
on under a new timestamp (2.5.1.3). Digits wait in a queue; the next one begins when the pause is over and the third
end is sent.
"""
from libc.stdint cimport int32_t, uint8_t, uint32_t

cdef enum:
    DIGIT_QUEUE = 64
    DIGIT_ENDS = 3
    DIGIT_SEGMENT = 0xffff
    DIGIT_VOLUME = 10           # -10 dBm0
    DIGIT_PAUSE_MS = 70
    DIGIT_UPDATE_MS = 50        # RFC 4733 2.5.1.2 recommends it; 20 suits old gateways


cdef struct QueuedDigit:
    uint8_t event
    int32_t duration_ms
    int32_t pause_ms


cdef struct DigitSender:
    uint32_t clock_hz
    int32_t update_ms
    uint8_t volume
    QueuedDigit queue[64]
    int32_t first
    int32_t waiting
    bint sending                # sound is replaced by the digit in this tick
    bint told                   # the first packet is out
    uint8_t event
    uint32_t rtp_ts             # of the segment
    uint32_t before             # units in the segments before
    uint32_t elapsed            # units so far
    uint32_t total
    uint32_t since              # units since the last packet
    int32_t pause               # units until the next digit may begin
    int32_t ends                # still to be sent


cdef struct DigitPacket:
    bint marker
    uint32_t rtp_ts
    uint8_t payload[4]


cdef void dtmf_send_open(DigitSender *s, uint32_t clock_hz, int32_t update_ms, uint8_t volume) noexcept nogil
# False: no digit (0-15), no length from 1 ms to 10 minutes, or the queue is full.
cdef bint dtmf_send_add(DigitSender *s, uint8_t event, int32_t duration_ms, int32_t pause_ms) noexcept nogil
# One tick, whose sound would have this timestamp and length. True: send `packet`. While `s.sending`, send no sound.
cdef bint dtmf_send_tick(DigitSender *s, uint32_t rtp_ts, uint32_t units, DigitPacket *packet) noexcept nogil
cdef bint dtmf_send_idle(const DigitSender *s) noexcept nogil
