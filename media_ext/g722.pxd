"""ITU-T G.722 at 64 kbit/s, by src/g722.h: one byte for two samples at 16 kHz.

RTP gives it a clock of 8000 although it samples at 16000 (RFC 3551 4.5.2: an error of old that is kept): 20 ms are
160 bytes, 160 timestamp units, 320 samples. At `rate_hz` 8000 one byte is one sample: only the lower half of the band
is worked on then, for a telephone of 8 kHz on the other side, without a resampler and at half the cost.
"""
from libc.stdint cimport int16_t, int32_t, uint8_t

cdef extern from "g722.h" nogil:
    ctypedef struct g722_state:
        pass
    void g722_begin(g722_state *g)
    void g722_encode_wide(g722_state *g, uint8_t *payload, const int16_t *pcm, int32_t count)
    void g722_encode_narrow(g722_state *g, uint8_t *payload, const int16_t *pcm, int32_t count)
    void g722_decode_wide(g722_state *g, int16_t *pcm, const uint8_t *payload, int32_t count)
    void g722_decode_narrow(g722_state *g, int16_t *pcm, const uint8_t *payload, int32_t count)


cdef struct G722:
    int32_t samples_per_byte                # 2 at 16 kHz, 1 at 8 kHz
    bint encodes
    bint decodes
    g722_state encoder
    g722_state decoder


# AUDIO_OK, or why not; there is nothing to close.
cdef int32_t g722_open(G722 *g, int32_t rate_hz, bint encodes, bint decodes) noexcept nogil
cdef void g722_reset(G722 *g) noexcept nogil
# Bytes; at 16 kHz the samples must be of an even number.
cdef int32_t g722_encode_frame(G722 *g, const int16_t *pcm, int32_t samples, uint8_t *payload,
                               int32_t room) noexcept nogil
cdef int32_t g722_decode_frame(G722 *g, const uint8_t *payload, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil                             # samples
