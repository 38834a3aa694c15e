"""A listener's memory, and its sound; see hearing.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memmove, memset

from media_ext.audio_status cimport AUDIO_NO_MEMORY, AUDIO_OK, AUDIO_UNSUPPORTED
from media_ext.codec cimport (
    CODEC_L16,
    CODEC_OPUS,
    CODECS,
    CodecSettings,
    codec_available,
    codec_has_rate,
    codec_open,
)
from media_ext.dtmf_detect cimport dtmf_detect_open
from media_ext.jitter cimport JITTER_MAX_MS, JITTER_MIN_MS, JITTER_TICK_MS, jitter_close, jitter_open, jitter_restart
from media_ext.mixer cimport mix_kernels, mix_kernels_named
from media_ext.opus cimport opus_packet_get_nb_samples
from media_ext.resample cimport (
    RESAMPLE_QUALITY,
    resample,
    resample_close,
    resample_open,
    resample_reset,
    resample_room,
)

cdef enum:
    LONGEST_PAYLOAD = 8 * 120   # bytes of PCMU, PCMA and G.722; no sender of Opus speech comes near it …
    OPUS_PAYLOAD = 1275         # … but may
    L16_PAYLOAD = 1440

cdef const mix_kernels *kernels = mix_kernels_named(NULL)


# -- memory ------------------------------------------------------------------------------------------------------------

cdef int32_t open_decoder(Decoder *d, CodecId id, const HearingSettings *settings) noexcept nogil:
    """At the wanted rate if the codec has it; else at its best, and resampled."""
    cdef CodecSettings s
    cdef int32_t status = AUDIO_OK
    memset(&s, 0, sizeof(s))
    s.id = id
    s.decodes = True
    if id == CODEC_L16:
        s.rate_hz = settings.l16_hz
    elif codec_has_rate(id, settings.rate_hz):
        s.rate_hz = settings.rate_hz
    d.codec = codec_open(&s, &status)
    if d.codec != NULL and d.codec.rate_hz != settings.rate_hz:
        status = resample_open(&d.resampler, d.codec.rate_hz, settings.rate_hz, RESAMPLE_QUALITY, False)
    return status


cdef int32_t open_decoders(Listener *l, const HearingSettings *settings, int32_t *slot_bytes) noexcept nogil:
    cdef int32_t status
    cdef int32_t id
    for id in range(<int> CODECS):
        if not settings.codecs[id] or not codec_available(<CodecId> id):
            continue
        status = open_decoder(&l.decoders[id], <CodecId> id, settings)
        if status != AUDIO_OK:
            return status
        l.current = id
        slot_bytes[0] = max(slot_bytes[0], OPUS_PAYLOAD if id == CODEC_OPUS else L16_PAYLOAD if id == CODEC_L16
                            else LONGEST_PAYLOAD)
    return AUDIO_OK if slot_bytes[0] else AUDIO_UNSUPPORTED


cdef Listener *hearing_open(const HearingSettings *settings, int32_t *status) noexcept nogil:
    cdef Listener *l = <Listener *> calloc(1, sizeof(Listener))
    cdef int32_t slot_bytes = 0
    status[0] = AUDIO_NO_MEMORY
    if l == NULL:
        return NULL
    l.rate_hz = settings.rate_hz
    l.tick_samples = l.rate_hz // 1000 * JITTER_TICK_MS
    l.room = l.rate_hz // 1000 * (LONGEST_PACKET_MS + 4 * JITTER_TICK_MS) + 16
    status[0] = open_decoders(l, settings, &slot_bytes)
    if status[0] == AUDIO_OK:
        l.heard = <int16_t *> calloc(48 * LONGEST_PACKET_MS, sizeof(int16_t))
        l.pcm = <int16_t *> calloc(l.room, sizeof(int16_t))
        if (l.heard == NULL or l.pcm == NULL
                or not jitter_open(&l.jitter, hearing_clock_hz(l, <CodecId> l.current), slot_bytes + 1,
                                   JITTER_MIN_MS, JITTER_MAX_MS)):
            status[0] = AUDIO_NO_MEMORY
    if status[0] != AUDIO_OK:
        hearing_close(l)
        return NULL
    l.quiet = True
    dtmf_detect_open(&l.detector, l.rate_hz)
    return l


cdef void hearing_close(Listener *l) noexcept nogil:
    cdef int32_t id
    if l == NULL:
        return
    for id in range(<int> CODECS):
        resample_close(&l.decoders[id].resampler)
        if l.decoders[id].codec != NULL:
            l.decoders[id].codec.close(l.decoders[id].codec)
    if l.jitter.slot != NULL:
        jitter_close(&l.jitter)
    free(l.heard)
    free(l.pcm)
    free(l)


cdef void hearing_change(Listener *l, Listener *fresh) noexcept nogil:
    """What waits undecoded stays, unless its place is too small for what may come now."""
    cdef int32_t id
    for id in range(<int> CODECS):
        l.decoders[id], fresh.decoders[id] = fresh.decoders[id], l.decoders[id]
    if fresh.jitter.slot_bytes > l.jitter.slot_bytes:
        l.jitter, fresh.jitter = fresh.jitter, l.jitter
    l.pcm, fresh.pcm = fresh.pcm, l.pcm
    if l.decoders[l.current].codec == NULL:
        l.current = fresh.current
    if l.rate_hz != fresh.rate_hz:
        dtmf_detect_open(&l.detector, fresh.rate_hz)
    l.rate_hz = fresh.rate_hz
    l.tick_samples = fresh.tick_samples
    l.room = fresh.room
    l.count = l.taken = l.sounding = 0
    hearing_close(fresh)


cdef void hearing_forget(Listener *l) noexcept nogil:
    cdef int32_t id
    jitter_restart(&l.jitter, l.jitter.clock_hz)
    for id in range(<int> CODECS):
        if l.decoders[id].codec != NULL:
            l.decoders[id].codec.reset(l.decoders[id].codec)
            resample_reset(&l.decoders[id].resampler)
    l.count = l.taken = l.sounding = 0
    l.power = 0
    l.turn_ticks = 0
    l.quiet = True
    dtmf_detect_open(&l.detector, l.rate_hz)


# -- sound -------------------------------------------------------------------------------------------------------------

cdef int32_t hearing_span(const Listener *l, CodecId id, const uint8_t *payload, int32_t size) noexcept nogil:
    cdef int32_t samples
    if l.decoders[<int> id].codec == NULL or size <= 0:
        return 0
    if id == CODEC_OPUS:
        samples = opus_packet_get_nb_samples(payload, size, 48000)
        return samples if samples > 0 else 0
    return size // 2 if id == CODEC_L16 else size


cdef inline int32_t samples_of(const Listener *l, int32_t rate_hz, int32_t span) noexcept nogil:
    return <int32_t> (<int64_t> span * rate_hz // l.jitter.clock_hz)


cdef void arrived(Listener *l, Decoder *d, int32_t samples) noexcept nogil:
    """So many samples were made where `place` said; none, or less than none: the time is silent."""
    cdef int16_t *sound = l.pcm + l.count
    if samples > 0 and d.resampler.state != NULL:
        samples = resample(&d.resampler, l.heard, samples, sound, l.room - l.count)
    if samples <= 0:
        return
    l.count += samples
    l.sounding = l.count
    l.quiet = kernels.energy(sound, samples) < <int64_t> SPEECH_GATE * samples


cdef inline int16_t *place(Listener *l, Decoder *d, int32_t *room) noexcept nogil:
    """Where sound is decoded to: at once to where it waits, unless it is to be resampled."""
    if d.resampler.state == NULL:
        room[0] = l.room - l.count
        return l.pcm + l.count
    room[0] = min(d.codec.rate_hz // 1000 * LONGEST_PACKET_MS, resamplable(l, d))
    return l.heard


cdef inline int32_t resamplable(Listener *l, Decoder *d) noexcept nogil:
    """So many samples of this codec still find room."""
    return <int32_t> (<int64_t> (l.room - l.count - 2) * d.codec.rate_hz // l.rate_hz)


cdef void hearing_decode(Listener *l, const uint8_t *payload, int32_t size, int32_t span) noexcept nogil:
    cdef Decoder *d = &l.decoders[payload[0]]
    cdef int32_t room
    cdef int32_t before = l.count
    cdef int16_t *pcm
    if d.codec != NULL:
        if payload[0] != l.current:
            l.current = payload[0]
            d.codec.reset(d.codec)
            resample_reset(&d.resampler)
        pcm = place(l, d, &room)
        arrived(l, d, d.codec.decode(d.codec, payload + 1, size - 1, pcm, room))
    if l.count == before:
        hearing_silence(l, span)


cdef void hearing_conceal(Listener *l, const uint8_t *next, int32_t size, int32_t span) noexcept nogil:
    cdef Decoder *d = &l.decoders[l.current]
    cdef int32_t samples = samples_of(l, d.codec.rate_hz, span)
    cdef int32_t before = l.count
    cdef int32_t room
    cdef int16_t *pcm = place(l, d, &room)
    if next != NULL and next[0] != l.current:
        next = NULL
    if 0 < samples <= room:
        if next != NULL:
            arrived(l, d, d.codec.conceal(d.codec, next + 1, size - 1, pcm, samples))
        else:
            arrived(l, d, d.codec.conceal(d.codec, NULL, 0, pcm, samples))
    if l.count == before:
        hearing_silence(l, span)


cdef void hearing_silence(Listener *l, int32_t span) noexcept nogil:
    """Time in which nothing is said; at the queue's end it is none, for nobody is told of it."""
    cdef int32_t samples = min(samples_of(l, l.rate_hz, span), l.room - l.count)
    l.quiet = True
    if l.count == 0 or samples <= 0:
        return
    memset(l.pcm + l.count, 0, samples * sizeof(int16_t))
    l.count += samples


cdef void hearing_drop_taken(Listener *l) noexcept nogil:
    if l.taken == 0:
        return
    l.count -= l.taken
    l.sounding -= l.taken
    if l.count > 0:
        memmove(l.pcm, l.pcm + l.taken, l.count * sizeof(int16_t))
    else:
        l.count = 0
    l.sounding = max(l.sounding, 0)
    l.taken = 0
