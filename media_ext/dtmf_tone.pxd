"""DTMF digits as sound (ITU-T Q.23 frequencies; Q.24 and ETSI ES 201 235-2 levels and times), at any rate."""
from libc.stdint cimport int16_t, int32_t, uint8_t

cdef enum:
    DTMF_LOW_DBM0 = -8          # what phones send: the high group 2 dB above the low one
    DTMF_HIGH_DBM0 = -6
    DTMF_ON_MS = 100
    DTMF_OFF_MS = 70
    DTMF_RAMP_MS = 1            # at both ends, so that it does not click


cdef struct DtmfTone:
    int32_t rate_hz
    int32_t made                # samples so far
    int32_t on                  # samples of sound
    int32_t total               # … and of the pause after it
    double low[2]               # the two last values of an oscillator
    double high[2]
    double low_turn             # 2 cos of its angle per sample
    double high_turn


# A full-size sine is +3.14 dBm0. False: no such event (0-15), or two tones too loud for 16 bits.
cdef bint dtmf_tone_start(DtmfTone *t, uint8_t event, int32_t rate_hz, double low_dbm0, double high_dbm0, int32_t on_ms,
                          int32_t off_ms) noexcept nogil
# Writes all `samples`; after the end, silence. Returns how many of them belong to the digit and its pause.
cdef int32_t dtmf_tone_make(DtmfTone *t, int16_t *pcm, int32_t samples) noexcept nogil
