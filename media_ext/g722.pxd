"""ITU-T G.722 at 64 kbit/s, by libspandsp: one byte for two samples at 16 kHz.

RTP gives it a clock of 8000 although it samples at 16000 (RFC 3551 4.5.2: an error of old that is kept): 20 ms are
160 bytes, 160 timestamp units, 320 samples. At `rate_hz` 8000 one byte is one sample: the library then works on the
lower half of the band only, for a telephone of 8 kHz on the other side, without a resampler and at half the cost.
"""
from libc.stdint cimport int16_t, int32_t, uint8_t

cdef extern from "shim_g722.h" nogil:
    enum:
        G722_BUILT
        G722_SAMPLE_RATE_8000
    ctypedef struct g722_encode_state_t:
        pass
    ctypedef struct g722_decode_state_t:
        pass
    g722_encode_state_t *g722_encode_init(g722_encode_state_t *s, int rate, int options) noexcept
    int g722_encode_free(g722_encode_state_t *s) noexcept
    int g722_encode(g722_encode_state_t *s, uint8_t *data, const int16_t *pcm, int count) noexcept
    g722_decode_state_t *g722_decode_init(g722_decode_state_t *s, int rate, int options) noexcept
    int g722_decode_free(g722_decode_state_t *s) noexcept
    int g722_decode(g722_decode_state_t *s, int16_t *pcm, const uint8_t *data, int count) noexcept
    void g722_decode_bands(g722_decode_state_t *s) noexcept
    ctypedef struct g722_bands:
        pass
    void g722_join_bands(g722_bands *past, int16_t *pcm, int32_t pairs) noexcept

cdef enum:
    G722_BITS_PER_S = 64000


cdef struct G722:
    int32_t samples_per_byte                # 2 at 16 kHz, 1 at 8 kHz
    g722_encode_state_t *encoder            # NULL: not opened for this direction
    g722_decode_state_t *decoder
    g722_bands bands


# AUDIO_OK, or why not; after a failure nothing is left to close.
cdef int32_t g722_open(G722 *g, int32_t rate_hz, bint encodes, bint decodes) noexcept nogil
cdef void g722_close(G722 *g) noexcept nogil
cdef void g722_reset(G722 *g) noexcept nogil
# Bytes; at 16 kHz the samples must be of an even number.
cdef int32_t g722_encode_frame(G722 *g, const int16_t *pcm, int32_t samples, uint8_t *payload,
                               int32_t room) noexcept nogil
cdef int32_t g722_decode_frame(G722 *g, const uint8_t *payload, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil                             # samples
