"""ITU-T G.711: µ-law (PCMU) and A-law (PCMA), one byte a sample, over 16-bit samples at 8 kHz.

Any count is allowed. Input and output may not overlap. Which code does the work is chosen once, at import.
"""
from libc.stdint cimport int16_t, uint8_t


cdef extern from "g711.h" nogil:
    ctypedef void (*g711_decoder)(int16_t *pcm, const uint8_t *codes, size_t count) noexcept nogil
    ctypedef void (*g711_encoder)(uint8_t *codes, const int16_t *pcm, size_t count) noexcept nogil

    ctypedef struct g711_kernels:
        const char *name
        g711_decoder ulaw_decode
        g711_decoder alaw_decode
        g711_encoder ulaw_encode
        g711_encoder alaw_encode

    const g711_kernels *g711_portable()
    const g711_kernels *g711_best()         # AVX2, NEON, or the portable ones


cdef const g711_kernels *g711_chosen() noexcept nogil
cdef void ulaw_decode(int16_t *pcm, const uint8_t *codes, size_t count) noexcept nogil
cdef void alaw_decode(int16_t *pcm, const uint8_t *codes, size_t count) noexcept nogil
cdef void ulaw_encode(uint8_t *codes, const int16_t *pcm, size_t count) noexcept nogil
cdef void alaw_encode(uint8_t *codes, const int16_t *pcm, size_t count) noexcept nogil
