"""G.711 by whatever this processor does best; see g711.pxd and src/g711.h."""

from libc.stdint cimport int16_t, uint8_t

cdef const g711_kernels *chosen = g711_best()


cdef const g711_kernels *g711_chosen() noexcept nogil:
    return chosen


cdef void ulaw_decode(int16_t *pcm, const uint8_t *codes, size_t count) noexcept nogil:
    chosen.ulaw_decode(pcm, codes, count)


cdef void alaw_decode(int16_t *pcm, const uint8_t *codes, size_t count) noexcept nogil:
    chosen.alaw_decode(pcm, codes, count)


cdef void ulaw_encode(uint8_t *codes, const int16_t *pcm, size_t count) noexcept nogil:
    chosen.ulaw_encode(codes, pcm, count)


cdef void alaw_encode(uint8_t *codes, const int16_t *pcm, size_t count) noexcept nogil:
    chosen.alaw_encode(codes, pcm, count)
