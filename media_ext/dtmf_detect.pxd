"""DTMF digits in sound (ITU-T Q.23, Q.24): eight tones measured over 12.75 ms, twice in that time.

            1209   1336   1477   1633 Hz        A block is a hit when one tone of each group
     697     1      2      3      A               - is at -29 dBm0 or more,
     770     4      5      6      B               - stands out of its group,
     852     7      8      9      C               - is not more than 11 dB above the other,
     941     *      0      #      D               - has no second harmonic (a voice has),
                                                and both are nearly all there is to hear.

A digit begins with the third whole hit in a row (after 18 to 26 ms; 40 ms always give four), when the phases of the
first and the third say that both frequencies are right within 2.3 % or 17 Hz, and that tones which are off by just so
much are 80 % of the sound. It ends with the third block in a row that is not it (19 ms).
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t

cdef enum:
    DTMF_BLOCK = 102            # samples at 8 kHz
    DTMF_STEP = 51
    DTMF_MOST = 204             # samples of a block at 16 kHz
    DTMF_HITS = 3
    DTMF_MISSES = 3
    DTMF_NONE = 255

cdef enum DtmfTelling:
    DTMF_NOTHING = 0
    DTMF_BEGAN = 1
    DTMF_ENDED = 2


cdef struct DtmfHeard:
    DtmfTelling what
    uint8_t event               # as in RFC 4733: 0-9, 10 *, 11 #, 12-15 A-D
    int32_t duration_ms         # of an ended one, within 10 ms
    double level_dbm0           # of the louder tone, when it began


cdef struct DtmfHit:
    uint8_t event               # DTMF_NONE: no digit
    double row_power            # mean squares
    double column_power
    double total
    double row_phase
    double column_phase


cdef struct DtmfDetector:
    int32_t rate                # index of the tables: 0 at 8 kHz, 1 at 16 kHz
    int32_t thin                # 48 kHz: three samples are one at 16 kHz
    int32_t thinned             # … so many of them are in `partial`
    int32_t partial
    int32_t block               # samples
    int32_t step
    int32_t filled
    uint8_t event               # the digit that is heard, or DTMF_NONE
    int32_t hits                # in a row, of `run`
    int32_t misses              # in a row
    int32_t length              # hits of the digit, misses between them included
    DtmfHit run[3]              # the last three blocks, newest last
    int16_t samples[204]


cdef bint dtmf_detect_open(DtmfDetector *d, int32_t rate_hz) noexcept nogil             # False: not 8, 16 or 48 kHz
# Takes samples until there is something to tell or no more are left; returns how many it took.
cdef int32_t dtmf_detect(DtmfDetector *d, const int16_t *pcm, int32_t count, DtmfHeard *heard) noexcept nogil
# Of the block, for tests; 0: it is too faint to be looked at.
cdef double dtmf_tone_power(const DtmfDetector *d, int32_t tone) noexcept nogil
