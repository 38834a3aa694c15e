"""A few samples more or less in a packet, to follow a sender's clock: its samples are interpolated linearly."""
from libc.stdint cimport int16_t, int32_t, int64_t


cdef inline void stretch(const int16_t *pcm, int32_t samples, int16_t *out, int32_t wanted) noexcept nogil:
    """`samples` become `wanted`, both above 1; the first and the last stay what they are."""
    cdef int64_t step = (<int64_t> (samples - 1) << 16) // (wanted - 1)
    cdef int64_t at = 0
    cdef int32_t index
    cdef int32_t i
    for i in range(wanted - 1):
        index = <int32_t> (at >> 16)
        out[i] = <int16_t> (pcm[index] + ((pcm[index + 1] - pcm[index]) * (at & 0xffff) >> 16))
        at += step
    out[wanted - 1] = pcm[samples - 1]
