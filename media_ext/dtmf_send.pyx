"""RFC 4733 digits, sent; see dtmf_send.pxd."""

from libc.stdint cimport int32_t, uint8_t, uint32_t
from libc.string cimport memset

from media_ext.rtp cimport put16


cdef void dtmf_send_open(DigitSender *s, uint32_t clock_hz, int32_t update_ms, uint8_t volume) noexcept nogil:
    memset(s, 0, sizeof(DigitSender))
    s.clock_hz = clock_hz
    s.update_ms = update_ms
    s.volume = min(volume, 63)


cdef bint dtmf_send_add(DigitSender *s, uint8_t event, int32_t duration_ms, int32_t pause_ms) noexcept nogil:
    cdef QueuedDigit *one
    if event > 15 or not 1 <= duration_ms <= 600000 or not 0 <= pause_ms <= 600000 or s.waiting == DIGIT_QUEUE:
        return False
    one = &s.queue[(s.first + s.waiting) % DIGIT_QUEUE]
    one.event = event
    one.duration_ms = duration_ms
    one.pause_ms = pause_ms
    s.waiting += 1
    return True


cdef bint dtmf_send_idle(const DigitSender *s) noexcept nogil:
    return not s.sending and s.ends == 0 and s.waiting == 0


cdef inline uint32_t units_of(const DigitSender *s, int32_t milliseconds) noexcept nogil:
    return s.clock_hz // 1000 * milliseconds


cdef void begin(DigitSender *s, uint32_t rtp_ts) noexcept nogil:
    cdef QueuedDigit *one = &s.queue[s.first]
    s.first = (s.first + 1) % DIGIT_QUEUE
    s.waiting -= 1
    s.sending = True
    s.told = False
    s.event = one.event
    s.rtp_ts = rtp_ts
    s.before = s.elapsed = s.since = 0
    s.total = units_of(s, one.duration_ms)
    s.pause = <int32_t> units_of(s, one.pause_ms)


cdef void write(const DigitSender *s, uint32_t length, bint end, DigitPacket *packet) noexcept nogil:
    packet.rtp_ts = s.rtp_ts
    packet.marker = not s.told
    packet.payload[0] = s.event
    packet.payload[1] = <uint8_t> (end << 7 | s.volume)
    put16(packet.payload + 2, <unsigned short> length)


cdef bint dtmf_send_tick(DigitSender *s, uint32_t rtp_ts, uint32_t units, DigitPacket *packet) noexcept nogil:
    if not s.sending:
        if s.ends > 0:
            s.ends -= 1
            s.pause -= <int32_t> units
            write(s, s.total - s.before, True, packet)
            return True
        if s.pause > 0:
            s.pause -= <int32_t> units
            return False
        if s.waiting == 0:
            return False
        begin(s, rtp_ts)
    s.elapsed += units
    s.since += units
    if min(s.elapsed, s.total) - s.before > DIGIT_SEGMENT:      # the next tick tells of the rest
        write(s, DIGIT_SEGMENT, False, packet)
        s.before += DIGIT_SEGMENT
        s.rtp_ts += DIGIT_SEGMENT
    elif s.elapsed >= s.total:
        write(s, s.total - s.before, True, packet)
        s.sending = False
        s.ends = DIGIT_ENDS - 1
    elif not s.told or s.since >= units_of(s, s.update_ms):
        write(s, s.elapsed - s.before, False, packet)
    else:
        return False
    s.told = True
    s.since = 0
    return True
