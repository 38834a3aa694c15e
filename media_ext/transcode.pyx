"""Transcoding; see transcode.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove, memset

from media_ext.audio_status cimport AUDIO_CLOSED, AUDIO_LENGTH, AUDIO_NO_MEMORY, AUDIO_OK, AUDIO_ROOM
from media_ext.codec cimport Codec
from media_ext.resample cimport resample, resample_close, resample_open, resample_reset, resample_room


cdef int32_t transcode_open(Transcoder *t, Codec *source, Codec *sink, int quality) noexcept nogil:
    cdef int32_t status = AUDIO_OK
    cdef int32_t longest = source.max_samples
    memset(t, 0, sizeof(Transcoder))
    if not (source.decodes and sink.encodes):
        return AUDIO_CLOSED
    t.source = source
    t.sink = sink
    if source.rate_hz != sink.rate_hz:
        status = resample_open(&t.resampler, source.rate_hz, sink.rate_hz, quality, False)
        if status != AUDIO_OK:
            return status
        t.heard = <int16_t *> malloc(longest * sizeof(int16_t))
        longest = resample_room(&t.resampler, longest)
    t.room = longest + sink.frame_samples
    t.waiting = <int16_t *> malloc(t.room * sizeof(int16_t))
    if t.waiting == NULL or (t.resampler.state != NULL and t.heard == NULL):
        transcode_close(t)
        return AUDIO_NO_MEMORY
    return AUDIO_OK


cdef void transcode_close(Transcoder *t) noexcept nogil:
    resample_close(&t.resampler)
    free(t.heard)
    free(t.waiting)
    memset(t, 0, sizeof(Transcoder))


cdef void transcode_reset(Transcoder *t) noexcept nogil:
    resample_reset(&t.resampler)
    t.source.reset(t.source)
    t.sink.reset(t.sink)
    t.count = 0


cdef int32_t transcode_ready(const Transcoder *t) noexcept nogil:
    return t.count // t.sink.frame_samples


cdef int32_t arrived(Transcoder *t, int32_t samples) noexcept nogil:
    """So many samples were heard: they are where `place` said."""
    if samples < 0:
        return samples
    if t.resampler.state != NULL:
        samples = resample(&t.resampler, t.heard, samples, t.waiting + t.count, t.room - t.count)
        if samples < 0:
            return samples
    t.count += samples
    return transcode_ready(t)


cdef inline int16_t *place(Transcoder *t, int32_t *room) noexcept nogil:
    """Where sound is decoded to: at once to where it waits, unless it is to be resampled."""
    if t.resampler.state == NULL:
        room[0] = t.room - t.count
        return t.waiting + t.count
    room[0] = t.source.max_samples
    return t.heard


cdef int32_t transcode_put(Transcoder *t, const uint8_t *payload, int32_t size) noexcept nogil:
    cdef int32_t room
    cdef int16_t *pcm = place(t, &room)
    return arrived(t, t.source.decode(t.source, payload, size, pcm, room))


cdef int32_t transcode_lost(Transcoder *t, int32_t ms, const uint8_t *next, int32_t size) noexcept nogil:
    cdef int32_t room
    cdef int16_t *pcm = place(t, &room)
    cdef int32_t samples
    if not 0 < ms <= 120:
        return AUDIO_LENGTH
    samples = t.source.rate_hz * ms // 1000
    if samples > room:
        return AUDIO_ROOM
    return arrived(t, t.source.conceal(t.source, next, size, pcm, samples))


cdef int32_t transcode_take(Transcoder *t, uint8_t *payload, int32_t room) noexcept nogil:
    cdef int32_t frame = t.sink.frame_samples
    cdef int32_t size
    if t.count < frame:
        return AUDIO_LENGTH
    size = t.sink.encode(t.sink, t.waiting, frame, payload, room)
    if size == AUDIO_ROOM:
        return size                                     # the frame can be taken again
    t.count -= frame
    if t.count:
        memmove(t.waiting, t.waiting + frame, t.count * sizeof(int16_t))
    return size
