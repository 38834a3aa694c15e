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


cdef int32_t open_decoders(Listener *ear, const HearingSettings *settings, int32_t *slot_bytes) noexcept nogil:
    cdef int32_t status
    cdef int32_t id
    for id in range(<int> CODECS):
        if not settings.codecs[id] or not codec_available(<CodecId> id):
            continue
        status = open_decoder(&ear.decoders[id], <CodecId> id, settings)
        if status != AUDIO_OK:
            return status
        ear.current = id
        slot_bytes[0] = max(slot_bytes[0], OPUS_PAYLOAD if id == CODEC_OPUS else L16_PAYLOAD if id == CODEC_L16
                            else LONGEST_PAYLOAD)
    return AUDIO_OK if slot_bytes[0] else AUDIO_UNSUPPORTED


cdef Listener *hearing_open(const HearingSettings *settings, int32_t *status) noexcept nogil:
    cdef Listener *ear = <Listener *> calloc(1, sizeof(Listener))
    cdef int32_t slot_bytes = 0
    status[0] = AUDIO_NO_MEMORY
    if ear == NULL:
        return NULL
    ear.rate_hz = settings.rate_hz
    ear.tick_samples = ear.rate_hz // 1000 * JITTER_TICK_MS
    ear.room = ear.rate_hz // 1000 * (LONGEST_PACKET_MS + 4 * JITTER_TICK_MS) + 16
    status[0] = open_decoders(ear, settings, &slot_bytes)
    if status[0] == AUDIO_OK:
        ear.heard = <int16_t *> calloc(48 * LONGEST_PACKET_MS, sizeof(int16_t))
        ear.pcm = <int16_t *> calloc(ear.room, sizeof(int16_t))
        if (ear.heard == NULL or ear.pcm == NULL
                or not jitter_open(&ear.jitter, hearing_clock_hz(ear, <CodecId> ear.current), slot_bytes + 1,
                                   JITTER_MIN_MS, JITTER_MAX_MS)):
            status[0] = AUDIO_NO_MEMORY
    if status[0] != AUDIO_OK:
        hearing_close(ear)
        return NULL
    ear.quiet = True
    dtmf_detect_open(&ear.detector, ear.rate_hz)
    return ear


cdef void hearing_close(Listener *ear) noexcept nogil:
    cdef int32_t id
    if ear == NULL:
        return
    for id in range(<int> CODECS):
        resample_close(&ear.decoders[id].resampler)
        if ear.decoders[id].codec != NULL:
            ear.decoders[id].codec.close(ear.decoders[id].codec)
    if ear.jitter.slot != NULL:
        jitter_close(&ear.jitter)
    free(ear.heard)
    free(ear.pcm)
    free(ear)


cdef void hearing_change(Listener *ear, Listener *fresh) noexcept nogil:
    """What waits undecoded stays, unless its place is too small for what may come now."""
    cdef int32_t id
    for id in range(<int> CODECS):
        ear.decoders[id], fresh.decoders[id] = fresh.decoders[id], ear.decoders[id]
    if fresh.jitter.slot_bytes > ear.jitter.slot_bytes:
        ear.jitter, fresh.jitter = fresh.jitter, ear.jitter
        ear.jitter.stats = fresh.jitter.stats           # the leg's counters never go back
    ear.pcm, fresh.pcm = fresh.pcm, ear.pcm
    if ear.decoders[ear.current].codec == NULL:
        ear.current = fresh.current
    if ear.rate_hz != fresh.rate_hz:
        dtmf_detect_open(&ear.detector, fresh.rate_hz)
    ear.rate_hz = fresh.rate_hz
    ear.tick_samples = fresh.tick_samples
    ear.room = fresh.room
    ear.count = ear.taken = ear.sounding = 0
    hearing_close(fresh)


cdef void hearing_forget(Listener *ear) noexcept nogil:
    cdef int32_t id
    jitter_restart(&ear.jitter, ear.jitter.clock_hz)
    for id in range(<int> CODECS):
        if ear.decoders[id].codec != NULL:
            ear.decoders[id].codec.reset(ear.decoders[id].codec)
            resample_reset(&ear.decoders[id].resampler)
    ear.count = ear.taken = ear.sounding = 0
    ear.power = 0
    ear.turn_ticks = 0
    ear.quiet = True
    dtmf_detect_open(&ear.detector, ear.rate_hz)


# -- sound -------------------------------------------------------------------------------------------------------------

cdef int32_t hearing_span(const Listener *ear, CodecId id, const uint8_t *payload, int32_t size) noexcept nogil:
    cdef int32_t samples
    if ear.decoders[<int> id].codec == NULL or size <= 0:
        return 0
    if id == CODEC_OPUS:
        samples = opus_packet_get_nb_samples(payload, size, 48000)
        return samples if samples > 0 else 0
    return size // 2 if id == CODEC_L16 else size


cdef inline int32_t samples_of(const Listener *ear, int32_t rate_hz, int32_t span) noexcept nogil:
    return <int32_t> (<int64_t> span * rate_hz // ear.jitter.clock_hz)


cdef void arrived(Listener *ear, Decoder *d, int32_t samples) noexcept nogil:
    """So many samples were made where `place` said; none, or less than none: the time is silent."""
    cdef int16_t *sound = ear.pcm + ear.count
    if samples > 0 and d.resampler.state != NULL:
        samples = resample(&d.resampler, ear.heard, samples, sound, ear.room - ear.count)
    if samples <= 0:
        return
    ear.count += samples
    ear.sounding = ear.count
    ear.quiet = kernels.energy(sound, samples) < <int64_t> SPEECH_GATE * samples


cdef inline int16_t *place(Listener *ear, Decoder *d, int32_t *room) noexcept nogil:
    """Where sound is decoded to: at once to where it waits, unless it is to be resampled."""
    if d.resampler.state == NULL:
        room[0] = ear.room - ear.count
        return ear.pcm + ear.count
    room[0] = min(d.codec.rate_hz // 1000 * LONGEST_PACKET_MS, resamplable(ear, d))
    return ear.heard


cdef inline int32_t resamplable(Listener *ear, Decoder *d) noexcept nogil:
    """So many samples of this codec still find room."""
    return <int32_t> (<int64_t> (ear.room - ear.count - 2) * d.codec.rate_hz // ear.rate_hz)


cdef void hearing_decode(Listener *ear, const uint8_t *payload, int32_t size, int32_t span) noexcept nogil:
    cdef Decoder *d = &ear.decoders[payload[0]]
    cdef int32_t room
    cdef int32_t before = ear.count
    cdef int16_t *pcm
    if d.codec != NULL:
        if payload[0] != ear.current:
            ear.current = payload[0]
            d.codec.reset(d.codec)
            resample_reset(&d.resampler)
        pcm = place(ear, d, &room)
        arrived(ear, d, d.codec.decode(d.codec, payload + 1, size - 1, pcm, room))
    if ear.count == before:
        hearing_silence(ear, span)


cdef void hearing_conceal(Listener *ear, const uint8_t *next, int32_t size, int32_t span) noexcept nogil:
    cdef Decoder *d = &ear.decoders[ear.current]
    cdef int32_t samples = samples_of(ear, d.codec.rate_hz, span)
    cdef int32_t before = ear.count
    cdef int32_t room
    cdef int16_t *pcm = place(ear, d, &room)
    if next != NULL and next[0] != ear.current:
        next = NULL
    if 0 < samples <= room:
        if next != NULL:
            arrived(ear, d, d.codec.conceal(d.codec, next + 1, size - 1, pcm, samples))
        else:
            arrived(ear, d, d.codec.conceal(d.codec, NULL, 0, pcm, samples))
    if ear.count == before:
        hearing_silence(ear, span)


cdef void hearing_silence(Listener *ear, int32_t span) noexcept nogil:
    """Time in which nothing is said; at the queue's end it is none, for nobody is told of it."""
    cdef int32_t samples = min(samples_of(ear, ear.rate_hz, span), ear.room - ear.count)
    ear.quiet = True
    if ear.count == 0 or samples <= 0:
        return
    memset(ear.pcm + ear.count, 0, samples * sizeof(int16_t))
    ear.count += samples


cdef void hearing_drop_taken(Listener *ear) noexcept nogil:
    if ear.taken == 0:
        return
    ear.count -= ear.taken
    ear.sounding -= ear.taken
    if ear.count > 0:
        memmove(ear.pcm, ear.pcm + ear.taken, ear.count * sizeof(int16_t))
    else:
        ear.count = 0
    ear.sounding = max(ear.sounding, 0)
    ear.taken = 0
