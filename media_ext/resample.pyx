"""Resampling; see resample.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t
from libc.string cimport memset

from media_ext.audio_status cimport (
    AUDIO_CLOSED,
    AUDIO_FAILED,
    AUDIO_LENGTH,
    AUDIO_NO_MEMORY,
    AUDIO_OK,
    AUDIO_ROOM,
    AUDIO_UNAVAILABLE,
    AUDIO_UNSUPPORTED,
)


cdef int32_t resample_open(Resampler *r, int32_t from_hz, int32_t to_hz, int quality, bint skip_zeros) noexcept nogil:
    cdef int error = 0
    memset(r, 0, sizeof(Resampler))
    if not SPEEXDSP_BUILT:
        return AUDIO_UNAVAILABLE
    if not (8000 <= from_hz <= 96000 and 8000 <= to_hz <= 96000 and 0 <= quality <= 10):
        return AUDIO_UNSUPPORTED
    r.state = speex_resampler_init(1, from_hz, to_hz, quality, &error)
    if r.state == NULL:
        return AUDIO_NO_MEMORY
    r.from_hz = from_hz
    r.to_hz = to_hz
    r.skip_zeros = skip_zeros
    if skip_zeros:
        speex_resampler_skip_zeros(r.state)
    return AUDIO_OK


cdef void resample_close(Resampler *r) noexcept nogil:
    if r.state != NULL:
        speex_resampler_destroy(r.state)
    r.state = NULL


cdef void resample_reset(Resampler *r) noexcept nogil:
    if r.state == NULL:
        return
    speex_resampler_reset_mem(r.state)
    if r.skip_zeros:
        speex_resampler_skip_zeros(r.state)


cdef int32_t resample_room(const Resampler *r, int32_t samples) noexcept nogil:
    if r.from_hz == 0:
        return 0
    return <int32_t> ((<int64_t> samples * r.to_hz + r.from_hz - 1) // r.from_hz) + 1


cdef int32_t resample_delay(const Resampler *r) noexcept nogil:
    return speex_resampler_get_output_latency(r.state) if r.state != NULL and not r.skip_zeros else 0


cdef int32_t resample(Resampler *r, const int16_t *pcm, int32_t samples, int16_t *out, int32_t room) noexcept nogil:
    cdef uint32_t taken
    cdef uint32_t made
    cdef uint32_t done = 0
    cdef uint32_t total = 0
    if r.state == NULL:
        return AUDIO_CLOSED
    if samples < 0:
        return AUDIO_LENGTH
    if room < resample_room(r, samples):
        return AUDIO_ROOM
    while done < <uint32_t> samples:
        taken = <uint32_t> samples - done
        made = <uint32_t> room - total
        if speex_resampler_process_int(r.state, 0, pcm + done, &taken, out + total, &made) or (taken | made) == 0:
            return AUDIO_FAILED
        done += taken
        total += made
    return <int32_t> total
