"""DTMF in sound; see dtmf_detect.pxd. Tones are measured by products with tables, which compilers vectorise."""

from libc.math cimport M_PI, atan2, cos, fabs, lround, log10, remainder, sin
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.string cimport memcpy, memmove, memset

cdef enum:
    TABLE_SIZE = 8191           # of a cosine

cdef double *FREQUENCIES = [697, 770, 852, 941, 1209, 1336, 1477, 1633]
cdef uint8_t *EVENTS = [1, 2, 3, 12, 4, 5, 6, 13, 7, 8, 9, 14, 10, 0, 11, 15]
cdef double FULL = 2.605e8      # mean square of a sine at 0 dBm0 (full size is +3.14 dBm0)
cdef double FAINT = FULL * 0.00126          # -29 dBm0
cdef double TWIST = 12.6        # 11 dB; 8 are to be heard, off tune and in noise
cdef double STANDS_OUT = 4.0    # 6 dB above all others of its group
cdef double HARMONIC = 0.1      # -10 dB
cdef double SHARE = 0.6         # of all energy in the two tones, as measured …
cdef double SHARE_IN_TUNE = 0.8     # … and as it would be if the tones were at their nominal frequency
cdef double WHOLE = 0.7         # of the loudest of three blocks: less is a block that the tone did not fill
cdef double TOLERANCE = 0.023   # of a frequency …
cdef double TOLERANCE_HZ = 17.0     # … and never less: the other tone blurs the phase

# By rate, and by tone (8 to 15: the second harmonics): cosine and sine over one block.
cdef int16_t[2][16][204] cosines
cdef int16_t[2][16][204] sines


cdef void fill_tables() noexcept:
    cdef int32_t rate, tone, i
    cdef double turn
    for rate in range(2):
        for tone in range(16):
            turn = 2 * M_PI * FREQUENCIES[tone % 8] * (1 + tone // 8) / (8000 * (rate + 1))
            for i in range(DTMF_MOST):
                cosines[rate][tone][i] = <int16_t> lround(TABLE_SIZE * cos(turn * i))
                sines[rate][tone][i] = <int16_t> lround(TABLE_SIZE * sin(turn * i))


fill_tables()


cdef bint dtmf_detect_open(DtmfDetector *d, int32_t rate_hz) noexcept nogil:
    memset(d, 0, sizeof(DtmfDetector))
    d.rate = 0 if rate_hz == 8000 else 1
    d.thin = 3 if rate_hz == 48000 else 1
    d.block = DTMF_BLOCK * (d.rate + 1)
    d.step = DTMF_STEP * (d.rate + 1)
    d.event = DTMF_NONE
    d.run[0].event = d.run[1].event = d.run[2].event = DTMF_NONE
    return rate_hz == 8000 or rate_hz == 16000 or rate_hz == 48000


# ---- one block


cdef int32_t dot(const int16_t *a, const int16_t *b, int32_t count) noexcept nogil:
    cdef int32_t total = 0
    cdef int32_t i
    for i in range(count):
        total += <int32_t> a[i] * b[i]
    return total


cdef inline double measure(const DtmfDetector *d, const int16_t *x, int32_t tone, double *phase) noexcept nogil:
    """Mean square of this tone in the scaled block."""
    cdef double real = dot(x, cosines[d.rate][tone], d.block)
    cdef double imaginary = -<double> dot(x, sines[d.rate][tone], d.block)
    cdef double size = <double> TABLE_SIZE * d.block
    if phase != NULL:
        phase[0] = atan2(imaginary, real)
    return 2 * (real * real + imaginary * imaginary) / (size * size)


cdef double scaled(const DtmfDetector *d, int16_t *x, double *unit) noexcept nogil:
    """The block made small enough for 32-bit sums; returns its mean square, `unit` is what one of it was before.

    0 when it is too faint for any tone to be in it.
    """
    cdef int16_t highest = 0
    cdef int16_t lowest = 0
    cdef int32_t shift = 0
    cdef int32_t i, most
    for i in range(d.block):
        highest = d.samples[i] if d.samples[i] > highest else highest
        lowest = d.samples[i] if d.samples[i] < lowest else lowest
    most = max(<int32_t> highest, -<int32_t> lowest)
    if <double> most * most < FAINT:
        return 0
    while most >> shift > 1023:
        shift += 1
    for i in range(d.block):
        x[i] = d.samples[i] >> shift
    unit[0] = <double> (<int64_t> 1 << 2 * shift)
    return unit[0] * dot(x, x, d.block) / d.block


cdef double dtmf_tone_power(const DtmfDetector *d, int32_t tone) noexcept nogil:
    cdef int16_t x[204]
    cdef double unit
    if scaled(d, x, &unit) == 0:
        return 0
    return measure(d, x, tone, NULL) * unit


cdef int32_t loudest(const double *power, double *other) noexcept nogil:
    """Of four; `other` is the next one."""
    cdef int32_t best = 0
    cdef int32_t i
    for i in range(1, 4):
        if power[i] > power[best]:
            best = i
    other[0] = 0
    for i in range(4):
        if i != best:
            other[0] = max(other[0], power[i])
    return best


cdef bint clean(const DtmfDetector *d, const int16_t *x, int32_t row, int32_t column,
                const double *power) noexcept nogil:
    """No second harmonic of either; the row's is not asked where it falls on the column's own tone."""
    if measure(d, x, 8 + column, NULL) > HARMONIC * power[column]:
        return False
    if fabs(2 * FREQUENCIES[row] - FREQUENCIES[column]) < 160:
        return True
    return measure(d, x, 8 + row, NULL) <= HARMONIC * max(power[row], power[column])


cdef void look(const DtmfDetector *d, DtmfHit *hit) noexcept nogil:
    cdef int16_t x[204]
    cdef double power[8]
    cdef double phase[8]
    cdef double unit, total, other_row, other_column, both
    cdef int32_t row, column, i
    hit.event = DTMF_NONE
    hit.row_power = hit.column_power = 0
    total = scaled(d, x, &unit)
    if total < FAINT:
        return
    for i in range(8):
        power[i] = measure(d, x, i, NULL)
    row = loudest(power, &other_row)
    column = 4 + loudest(power + 4, &other_column)
    both = power[row] + power[column]
    if both * unit < SHARE * total or min(power[row], power[column]) * unit < FAINT:
        return
    if power[row] > TWIST * power[column] or power[column] > TWIST * power[row]:
        return
    if power[row] < STANDS_OUT * other_row or power[column] < STANDS_OUT * other_column:
        return
    if not clean(d, x, row, column, power):
        return
    measure(d, x, row, &phase[row])
    measure(d, x, column, &phase[column])
    hit.row_phase = phase[row]
    hit.column_phase = phase[column]
    hit.row_power = power[row] * unit
    hit.column_power = power[column] * unit
    hit.total = total
    hit.event = EVENTS[4 * row + column - 4]


# ---- blocks in a row


cdef double off_tune(double first, double last, double frequency) noexcept nogil:
    """Hz that the tone is off, by how its phase went on over two steps."""
    cdef double seconds = 2.0 * DTMF_STEP / 8000
    return remainder(last - first - 2 * M_PI * frequency * seconds, 2 * M_PI) / (2 * M_PI * seconds)


cdef inline bint tolerable(double off_hz, double frequency) noexcept nogil:
    return fabs(off_hz) < max(TOLERANCE * frequency, TOLERANCE_HZ)


cdef inline double captured(double off_hz) noexcept nogil:
    """The part of a tone's power that a block measures so far off it."""
    cdef double angle = M_PI * off_hz * DTMF_BLOCK / 8000
    return 1 if fabs(angle) < 1e-6 else (sin(angle) / angle) ** 2


cdef bint begins(const DtmfDetector *d) noexcept nogil:
    """Also asked at the fourth hit: the tone may not have filled the first block."""
    cdef double row, column
    cdef double share = 0
    cdef int32_t place = 0
    cdef int32_t i
    if d.hits != DTMF_HITS and d.hits != DTMF_HITS + 1:
        return False
    if min(d.run[0].total, d.run[2].total) < WHOLE * max(d.run[0].total, d.run[1].total, d.run[2].total):
        return False
    while EVENTS[place] != d.run[2].event:
        place += 1
    row = off_tune(d.run[0].row_phase, d.run[2].row_phase, FREQUENCIES[place // 4])
    column = off_tune(d.run[0].column_phase, d.run[2].column_phase, FREQUENCIES[4 + place % 4])
    if not tolerable(row, FREQUENCIES[place // 4]) or not tolerable(column, FREQUENCIES[4 + place % 4]):
        return False
    for i in range(1, 3):
        share += (d.run[i].row_power / captured(row) + d.run[i].column_power / captured(column)) / d.run[i].total / 2
    return share >= SHARE_IN_TUNE


cdef void tell(DtmfDetector *d, DtmfTelling what, DtmfHeard *heard) noexcept nogil:
    heard.what = what
    heard.event = d.event
    heard.duration_ms = (d.length * DTMF_STEP + DTMF_STEP) // 8
    heard.level_dbm0 = 10 * log10(max(d.run[2].row_power, d.run[2].column_power, 1.0) / FULL)


cdef void consider(DtmfDetector *d, DtmfHeard *heard) noexcept nogil:
    """One block more."""
    d.run[0] = d.run[1]
    d.run[1] = d.run[2]
    look(d, &d.run[2])
    if d.run[2].event != DTMF_NONE and d.run[2].event == d.run[1].event:
        d.hits += 1
    else:
        d.hits = d.run[2].event != DTMF_NONE
    if d.event != DTMF_NONE:
        if d.run[2].event == d.event:
            d.length += 1 + d.misses
            d.misses = 0
            return
        d.misses += 1
        if d.misses < DTMF_MISSES:
            return
        tell(d, DTMF_ENDED, heard)
        d.event = DTMF_NONE
        d.misses = 0
    elif begins(d):
        d.event = d.run[2].event
        d.length = d.hits
        d.misses = 0
        tell(d, DTMF_BEGAN, heard)


cdef int32_t gather(DtmfDetector *d, const int16_t *pcm, int32_t count) noexcept nogil:
    """Fill up the block; returns how many samples that took."""
    cdef int32_t taken = 0
    if d.thin == 1:
        taken = min(count, d.block - d.filled)
        memcpy(d.samples + d.filled, pcm, taken * sizeof(int16_t))
        d.filled += taken
        return taken
    while taken < count and d.filled < d.block:
        d.partial += pcm[taken]
        taken += 1
        d.thinned += 1
        if d.thinned == d.thin:
            d.samples[d.filled] = <int16_t> (d.partial // d.thin)
            d.filled += 1
            d.partial = d.thinned = 0
    return taken


cdef int32_t dtmf_detect(DtmfDetector *d, const int16_t *pcm, int32_t count, DtmfHeard *heard) noexcept nogil:
    cdef int32_t taken = 0
    heard.what = DTMF_NOTHING
    while taken < count and heard.what == DTMF_NOTHING:
        taken += gather(d, pcm + taken, count - taken)
        if d.filled == d.block:
            consider(d, heard)
            d.filled = d.block - d.step
            memmove(d.samples, d.samples + d.step, d.filled * sizeof(int16_t))
    return taken
