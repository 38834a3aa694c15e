"""Packet-loss concealment; see plc.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memmove, memset

cdef enum:
    COARSE_HZ = 8000
    COARSE_SAMPLES = 400        # PLC_HISTORY_MS of them
    MOST_SUMMED = 320           # products of 11 bits each that fit 32; more take 10 bits


cdef inline int32_t samples_of(const Plc *p, int32_t milliseconds) noexcept nogil:
    return p.rate_hz // 1000 * milliseconds


cdef bint plc_open(Plc *p, int32_t rate_hz) noexcept nogil:
    memset(p, 0, sizeof(Plc))
    p.rate_hz = rate_hz
    if rate_hz < COARSE_HZ:
        return False
    p.history = <int16_t *> calloc(2 * samples_of(p, PLC_HISTORY_MS), sizeof(int16_t))
    p.fine = p.history + samples_of(p, PLC_HISTORY_MS)
    return p.history != NULL


cdef void plc_close(Plc *p) noexcept nogil:
    free(p.history)
    p.history = p.fine = NULL


cdef void plc_reset(Plc *p) noexcept nogil:
    memset(p.history, 0, samples_of(p, PLC_HISTORY_MS) * sizeof(int16_t))
    p.lost = 0


# ---- the pitch


cdef int32_t dot(const int16_t *a, const int16_t *b, int32_t count) noexcept nogil:
    cdef int32_t total = 0
    cdef int32_t i
    for i in range(count):
        total += <int32_t> a[i] * b[i]
    return total


cdef void scale_down(int16_t *x, int32_t count, int32_t summed) noexcept nogil:
    """To 11 bits or 10, so that a sum of so many products fits 32."""
    cdef int32_t limit = 2047 if summed <= MOST_SUMMED else 1023
    cdef int32_t most = 0
    cdef int32_t shift = 0
    cdef int32_t i
    for i in range(count):
        most = max(most, x[i] if x[i] >= 0 else -<int32_t> x[i])
    while most >> shift > limit:
        shift += 1
    if shift:
        for i in range(count):
            x[i] = x[i] >> shift


cdef int32_t likest(const int16_t *x, int32_t count, int32_t compared, int32_t first, int32_t last) noexcept nogil:
    """The lag from `first` to `last` at which the newest samples look most like those before (normalised)."""
    cdef const int16_t *newest = x + count - compared
    cdef const int16_t *then
    cdef int32_t best = last
    cdef int32_t lag, alike
    cdef int32_t energy = dot(newest - first, newest - first, compared)
    cdef double score
    cdef double highest = 0
    for lag in range(first, last + 1):
        then = newest - lag
        if lag > first:
            energy += <int32_t> then[0] * then[0] - <int32_t> then[compared] * then[compared]
        alike = dot(newest, then, compared)
        if alike <= 0 or energy <= 0:
            continue
        score = <double> alike * alike / energy
        if score > highest:
            highest = score
            best = lag
    return best


cdef int32_t pitch(Plc *p) noexcept nogil:
    """Samples of one period: searched at 8 kHz, then finer at the stream's rate."""
    cdef int16_t coarse[COARSE_SAMPLES]
    cdef int32_t count = samples_of(p, PLC_HISTORY_MS)
    cdef int32_t compared = samples_of(p, PLC_COMPARE_MS)
    cdef int32_t i, lag, first, last
    for i in range(COARSE_SAMPLES):
        first = <int32_t> (<int64_t> i * count // COARSE_SAMPLES)
        last = <int32_t> (<int64_t> (i + 1) * count // COARSE_SAMPLES) - 1
        coarse[i] = <int16_t> ((<int32_t> p.history[first] + p.history[last]) >> 1)
    scale_down(coarse, COARSE_SAMPLES, COARSE_HZ // 1000 * PLC_COMPARE_MS)
    lag = likest(coarse, COARSE_SAMPLES, COARSE_HZ // 1000 * PLC_COMPARE_MS, COARSE_HZ // 1000 * PLC_SHORTEST_MS,
                 COARSE_HZ // 1000 * PLC_LONGEST_MS)
    if p.rate_hz == COARSE_HZ:
        return lag
    memcpy(p.fine, p.history, count * sizeof(int16_t))
    scale_down(p.fine, count, compared)
    first = (lag - 1) * p.rate_hz // COARSE_HZ
    last = min((lag + 1) * p.rate_hz // COARSE_HZ + 1, samples_of(p, PLC_LONGEST_MS) + 4)
    return likest(p.fine, count, compared, first, last)


# ---- the sound


cdef inline double round_at(const Plc *p, int32_t periods, int32_t at) noexcept nogil:
    """Sample `at` of a round of so many periods; its last quarter period leads over to its first sample."""
    cdef int32_t count = samples_of(p, PLC_HISTORY_MS)
    cdef int32_t length = periods * p.period
    cdef int32_t quarter = p.period // 4
    cdef int32_t into = at - (length - quarter)
    cdef double sample = p.history[count - length + at]
    cdef double part
    if into < 0:
        return sample
    part = (into + 1) / <double> (quarter + 1)
    return sample * (1 - part) + p.history[count - 2 * length + at] * part


cdef inline double level(const Plc *p, int32_t lost) noexcept nogil:
    cdef int32_t full = samples_of(p, PLC_STEP_MS)
    if lost < full:
        return 1
    return max(1 - (lost - full) / <double> (samples_of(p, PLC_SILENT_MS) - full), 0)


cdef void begin(Plc *p) noexcept nogil:
    cdef int32_t count = samples_of(p, PLC_HISTORY_MS)
    p.period = pitch(p)
    p.periods = 1
    p.at = 0
    p.bend = p.history[count - 1] - p.history[count - p.period - 1]


cdef double next_sample(Plc *p) noexcept nogil:
    """One sample more of the sound that goes on."""
    cdef int32_t quarter = p.period // 4
    cdef int32_t step = samples_of(p, PLC_STEP_MS)
    cdef int32_t since = p.lost % step
    cdef int32_t before
    cdef double sample, part
    if since == 0 and 0 < p.lost <= 2 * step:
        p.periods += 1
    sample = round_at(p, p.periods, p.at)
    if p.lost < quarter:
        sample += p.bend * (1 - (p.lost + 1) / <double> (quarter + 1))
    elif p.periods > 1 and since < quarter and p.lost < 3 * step:
        before = p.at % ((p.periods - 1) * p.period)
        part = (since + 1) / <double> (quarter + 1)
        sample = sample * part + round_at(p, p.periods - 1, before) * (1 - part)
    sample *= level(p, p.lost)
    p.at = (p.at + 1) % (p.periods * p.period)
    p.lost += 1
    return sample


cdef inline int16_t saturated(double sample) noexcept nogil:
    return <int16_t> max(min(sample, 32767.0), -32768.0)


cdef void plc_conceal(Plc *p, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t silent = samples_of(p, PLC_SILENT_MS)
    cdef int32_t i
    if samples <= 0:
        return
    if p.lost == 0:
        begin(p)
    for i in range(samples):
        if p.lost >= silent:
            memset(pcm + i, 0, (samples - i) * sizeof(int16_t))
            return
        pcm[i] = saturated(next_sample(p))


cdef void join(Plc *p, int16_t *pcm, int32_t samples) noexcept nogil:
    """Fade from what was made up into what came: the longer the loss, the longer."""
    cdef int32_t over = min(samples_of(p, 2) + p.lost // 4, samples_of(p, PLC_JOIN_MS), samples)
    cdef bint silent = p.lost >= samples_of(p, PLC_SILENT_MS)
    cdef double part
    cdef int32_t i
    for i in range(over):
        part = (i + 1) / <double> (over + 1)
        pcm[i] = saturated(pcm[i] * part + (0 if silent else next_sample(p)) * (1 - part))


cdef void plc_hear(Plc *p, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t count = samples_of(p, PLC_HISTORY_MS)
    if samples <= 0:
        return
    if p.lost:
        join(p, pcm, samples)
        p.lost = 0
    if samples >= count:
        memcpy(p.history, pcm + samples - count, count * sizeof(int16_t))
        return
    memmove(p.history, p.history + samples, (count - samples) * sizeof(int16_t))
    memcpy(p.history + count - samples, pcm, samples * sizeof(int16_t))
