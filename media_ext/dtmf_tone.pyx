"""DTMF as sound; see dtmf_tone.pxd. Two oscillators, each one multiplication a sample."""

from libc.math cimport M_PI, cos, lround, pow, sin
from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.string cimport memset

cdef double *LOW = [697, 770, 852, 941]
cdef double *HIGH = [1209, 1336, 1477, 1633]
cdef uint8_t *PLACES = [13, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 14, 3, 7, 11, 15]      # by event: 4 rows of 4
cdef double FULL_DBM0 = 3.14


cdef double amplitude(double dbm0) noexcept nogil:
    return 32767 * pow(10, (dbm0 - FULL_DBM0) / 20)


cdef double start(double *last, double frequency, int32_t rate_hz, double size) noexcept nogil:
    """The first value will be sin(0)."""
    cdef double angle = 2 * M_PI * frequency / rate_hz
    last[0] = -size * sin(angle)
    last[1] = -size * sin(2 * angle)
    return 2 * cos(angle)


cdef bint dtmf_tone_start(DtmfTone *t, uint8_t event, int32_t rate_hz, double low_dbm0, double high_dbm0, int32_t on_ms,
                          int32_t off_ms) noexcept nogil:
    memset(t, 0, sizeof(DtmfTone))
    if event > 15 or rate_hz < 8000 or on_ms < 0 or off_ms < 0 or on_ms > 600000 or off_ms > 600000:
        return False
    if amplitude(low_dbm0) + amplitude(high_dbm0) > 32767:
        return False
    t.rate_hz = rate_hz
    t.on = rate_hz // 1000 * on_ms
    t.total = t.on + rate_hz // 1000 * off_ms
    t.low_turn = start(t.low, LOW[PLACES[event] // 4], rate_hz, amplitude(low_dbm0))
    t.high_turn = start(t.high, HIGH[PLACES[event] % 4], rate_hz, amplitude(high_dbm0))
    return True


cdef inline double turn(double *last, double by) noexcept nogil:
    cdef double value = by * last[0] - last[1]
    last[1] = last[0]
    last[0] = value
    return value


cdef int32_t dtmf_tone_make(DtmfTone *t, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t ramp = t.rate_hz // 1000 * DTMF_RAMP_MS
    cdef int32_t sounding = min(max(t.on - t.made, 0), samples)
    cdef int32_t taken = min(t.total - t.made, samples)
    cdef int32_t i, edge
    cdef double value
    for i in range(sounding):
        value = turn(t.low, t.low_turn) + turn(t.high, t.high_turn)
        edge = min(t.made + i + 1, t.on - t.made - i)
        if edge < ramp:
            value = value * edge / ramp
        pcm[i] = <int16_t> lround(value)
    memset(pcm + sounding, 0, (samples - sounding) * sizeof(int16_t))
    t.made += taken
    return taken
