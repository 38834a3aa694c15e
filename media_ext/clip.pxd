"""Sound in memory: 16-bit samples of one channel at one rate, shared by the players that play it and never changed."""
from libc.stdint cimport int16_t, int32_t


cdef struct ClipData:
    int32_t references
    int32_t rate_hz
    int32_t samples
    int16_t *data


# With one reference; NULL: no memory. The samples are copied.
cdef ClipData *clip_open(const int16_t *pcm, int32_t samples, int32_t rate_hz) noexcept nogil
# The same sound at another rate; NULL: `status` says why. `round` means that it is played in a loop: its end is what is
# heard before its beginning.
cdef ClipData *clip_at_rate(const ClipData *clip, int32_t rate_hz, bint round, int32_t *status) noexcept nogil
cdef ClipData *clip_hold(ClipData *clip) noexcept nogil
cdef void clip_release(ClipData *clip) noexcept nogil           # frees it with the last reference
