"""L16 (RFC 3551 4.5.11): uncompressed 16-bit samples in network byte order; the RTP clock is the sampling rate."""
from libc.stdint cimport int16_t, uint8_t


cdef extern from "l16.h" nogil:
    void l16_decode(int16_t *pcm, const uint8_t *payload, size_t count) noexcept
    void l16_encode(uint8_t *payload, const int16_t *pcm, size_t count) noexcept
