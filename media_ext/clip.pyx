"""Clips; see clip.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from media_ext.atomics cimport reference_add
from media_ext.audio_status cimport AUDIO_NO_MEMORY, AUDIO_OK
from media_ext.resample cimport Resampler, resample, resample_close, resample_open, resample_room

cdef enum:
    CLIP_QUALITY = 6            # of 0-10; done once per clip and rate
    LEAD_MS = 20                # more than the filter is long


cdef ClipData *empty(int32_t samples, int32_t rate_hz) noexcept nogil:
    cdef ClipData *clip = <ClipData *> calloc(1, sizeof(ClipData))
    if clip == NULL:
        return NULL
    clip.data = <int16_t *> malloc((samples or 1) * sizeof(int16_t))
    if clip.data == NULL:
        free(clip)
        return NULL
    clip.references = 1
    clip.rate_hz = rate_hz
    clip.samples = samples
    return clip


cdef ClipData *clip_open(const int16_t *pcm, int32_t samples, int32_t rate_hz) noexcept nogil:
    cdef ClipData *clip = empty(samples, rate_hz)
    if clip != NULL:
        memcpy(clip.data, pcm, samples * sizeof(int16_t))
    return clip


cdef void around(const ClipData *clip, bint round, int64_t at, int16_t *into, int32_t samples) noexcept nogil:
    """The clip's samples from `at` on, which may lie outside of it: silence there, or the clip again."""
    cdef int32_t i
    cdef int64_t place
    for i in range(samples):
        place = at + i
        if round:
            place = ((place % clip.samples) + clip.samples) % clip.samples
        into[i] = clip.data[place] if 0 <= place < clip.samples else 0


cdef ClipData *clip_at_rate(const ClipData *clip, int32_t rate_hz, bint round, int32_t *status) noexcept nogil:
    """Resampled with a lead before and after it, which is then cut off."""
    cdef Resampler r
    cdef int32_t lead = clip.rate_hz // 1000 * LEAD_MS
    cdef int32_t all = clip.samples + 2 * lead
    cdef int32_t cut = <int32_t> (<int64_t> lead * rate_hz // clip.rate_hz)
    cdef int32_t samples = <int32_t> ((<int64_t> clip.samples * rate_hz + clip.rate_hz // 2) // clip.rate_hz)
    cdef ClipData *result = NULL
    cdef int16_t *source
    cdef int16_t *made
    cdef int32_t room
    status[0] = resample_open(&r, clip.rate_hz, rate_hz, CLIP_QUALITY, True)
    if status[0] != AUDIO_OK:
        return NULL
    room = resample_room(&r, all)
    source = <int16_t *> malloc(all * sizeof(int16_t))
    made = <int16_t *> calloc(room + 1, sizeof(int16_t))
    status[0] = AUDIO_NO_MEMORY
    if source != NULL and made != NULL:
        around(clip, round and clip.samples > 0, -lead, source, lead)
        memcpy(source + lead, clip.data, clip.samples * sizeof(int16_t))
        around(clip, round and clip.samples > 0, clip.samples, source + lead + clip.samples, lead)
        status[0] = min(resample(&r, source, all, made, room), AUDIO_OK)
        if status[0] == AUDIO_OK:
            result = clip_open(made + cut, samples, rate_hz)
            status[0] = AUDIO_OK if result != NULL else AUDIO_NO_MEMORY
    free(source)
    free(made)
    resample_close(&r)
    return result


cdef ClipData *clip_hold(ClipData *clip) noexcept nogil:
    reference_add(&clip.references, 1)
    return clip


cdef void clip_release(ClipData *clip) noexcept nogil:
    if clip != NULL and reference_add(&clip.references, -1) == 0:
        free(clip.data)
        free(clip)
