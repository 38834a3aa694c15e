"""Packet loss concealment; see conceal.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.audio_status cimport AUDIO_NO_MEMORY, AUDIO_OK


cdef inline int32_t units(const Concealer *c, int32_t ms) noexcept nogil:
    return c.rate_hz * ms // 1000


cdef int32_t conceal_open(Concealer *c, int32_t rate_hz) noexcept nogil:
    memset(c, 0, sizeof(Concealer))
    c.rate_hz = rate_hz
    c.capacity = units(c, CONCEAL_COMPARE_MS + CONCEAL_LONGEST_MS)
    c.past = <int16_t *> calloc(2 * c.capacity, sizeof(int16_t))
    if c.past == NULL:
        return AUDIO_NO_MEMORY
    c.line = c.past + c.capacity
    return AUDIO_OK


cdef void conceal_close(Concealer *c) noexcept nogil:
    free(c.past)
    c.past = NULL


cdef void conceal_reset(Concealer *c) noexcept nogil:
    memset(c.past, 0, c.capacity * sizeof(int16_t))
    c.lost = 0


cdef void keep(Concealer *c, const int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t first
    if samples > c.capacity:
        pcm += samples - c.capacity
        samples = c.capacity
    first = c.capacity - c.at
    if first > samples:
        first = samples
    memcpy(c.past + c.at, pcm, first * sizeof(int16_t))
    memcpy(c.past, pcm + first, (samples - first) * sizeof(int16_t))
    c.at = (c.at + samples) % c.capacity


cdef double likeness(const Concealer *c, int32_t lag, int32_t step) noexcept nogil:
    """Normalised correlation (squared, sign kept) of the newest sound with what was `lag` before."""
    cdef const int16_t *now = c.line + c.capacity - units(c, CONCEAL_COMPARE_MS)
    cdef const int16_t *then = now - lag
    cdef int64_t product = 0
    cdef int64_t energy = 1
    cdef int32_t compared = units(c, CONCEAL_COMPARE_MS)
    cdef int32_t i = 0
    while i < compared:
        product += <int32_t> now[i] * then[i]
        energy += <int32_t> then[i] * then[i]
        i += step
    return <double> product * (product if product > 0 else -product) / <double> energy


cdef int32_t best_lag(const Concealer *c, int32_t first, int32_t last, int32_t step) noexcept nogil:
    cdef int32_t lag = first + step
    cdef int32_t best = first
    cdef double most = likeness(c, first, step)
    cdef double found
    while lag <= last:
        found = likeness(c, lag, step)
        if found > most:
            most = found
            best = lag
        lag += step
    return best


cdef void begin(Concealer *c) noexcept nogil:
    """Look for the period; above 8 kHz first roughly, by every n-th sample, then exactly."""
    cdef int32_t step = c.rate_hz // 8000
    cdef int32_t shortest = units(c, CONCEAL_SHORTEST_MS)
    cdef int32_t longest = units(c, CONCEAL_LONGEST_MS)
    cdef int32_t rough
    cdef int32_t i
    cdef int16_t *tail
    cdef const int16_t *before
    memcpy(c.line, c.past + c.at, (c.capacity - c.at) * sizeof(int16_t))
    memcpy(c.line + c.capacity - c.at, c.past, c.at * sizeof(int16_t))
    if step < 1:
        step = 1
    c.period = best_lag(c, shortest, longest, step)
    if step > 1:
        rough = c.period
        c.period = best_lag(c, max(rough - step, shortest), min(rough + step, longest), 1)
    c.join = c.period // 4
    c.bend = c.line[c.capacity - 1] - c.line[c.capacity - 1 - c.period]
    tail = c.line + c.capacity - c.join                 # the period's end is faded into what led to its beginning
    before = tail - c.period
    for i in range(c.join):
        tail[i] = <int16_t> ((tail[i] * (c.join - i) + before[i] * i) // c.join)


cdef int16_t made(const Concealer *c, int32_t index) noexcept nogil:
    """The sample so many after the last one heard."""
    cdef int32_t full = units(c, CONCEAL_FULL_MS)
    cdef int32_t silent = units(c, CONCEAL_SILENT_MS)
    cdef int32_t value
    if index >= silent:
        return 0
    value = c.line[c.capacity - c.period + index % c.period]
    if index < c.join:
        value += c.bend * (c.join - index) // c.join
        value = max(-32768, min(32767, value))
    if index > full:
        value = value * (silent - index) // (silent - full)
    return <int16_t> value


cdef void conceal_fill(Concealer *c, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t i
    if c.lost == 0:
        begin(c)
    for i in range(samples):
        pcm[i] = made(c, c.lost + i)
    if c.lost < units(c, CONCEAL_SILENT_MS):            # more would only count up
        c.lost += samples
    keep(c, pcm, samples)


cdef void conceal_hear(Concealer *c, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t fade
    cdef int32_t i
    if c.lost:
        fade = min(c.join + c.lost * 4 // 10, min(units(c, CONCEAL_JOIN_MS), samples))
        for i in range(fade):
            pcm[i] = <int16_t> ((pcm[i] * i + made(c, c.lost + i) * (fade - i)) // fade)
        c.lost = 0
    keep(c, pcm, samples)
