"""Opus; see opus.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from media_ext.audio_status cimport (
    AUDIO_CLOSED,
    AUDIO_DAMAGED,
    AUDIO_FAILED,
    AUDIO_LENGTH,
    AUDIO_NO_MEMORY,
    AUDIO_OK,
    AUDIO_ROOM,
    AUDIO_UNAVAILABLE,
    AUDIO_UNSUPPORTED,
)


cdef int32_t status_of(int32_t answer) noexcept nogil:
    """The library's count as it is, its error as ours."""
    if answer >= 0:
        return answer
    if answer == OPUS_BUFFER_TOO_SMALL:
        return AUDIO_ROOM
    if answer == OPUS_INVALID_PACKET:
        return AUDIO_DAMAGED
    if answer == OPUS_ALLOC_FAIL:
        return AUDIO_NO_MEMORY
    return AUDIO_FAILED


cdef int32_t speech_bitrate(int32_t rate_hz, bint fec) noexcept nogil:
    """RFC 7587 3.1.1, the upper end for speech; with FEC more, since the encoder sends none when bits are short."""
    if rate_hz <= 12000:
        return 20000 if fec else 16000
    if rate_hz <= 24000:
        return 28000 if fec else 24000
    return 40000 if fec else 32000


cdef int32_t open_encoder(Opus *o, const OpusSettings *s) noexcept nogil:
    cdef int error = OPUS_OK
    cdef int32_t bitrate = s.bitrate_bps or speech_bitrate(s.rate_hz, s.fec)
    o.encoder = opus_encoder_create(s.rate_hz, 1, OPUS_APPLICATION_VOIP, &error)
    if o.encoder == NULL:
        return status_of(error)
    if s.ptime_ms in (30, 50):
        o.frames = s.ptime_ms // 10
        o.repacketizer = opus_repacketizer_create()
        o.parts = <uint8_t *> malloc(OPUS_PARTS * OPUS_MAX_FRAME_BYTES)
        if o.repacketizer == NULL or o.parts == NULL:
            return AUDIO_NO_MEMORY
    if (encoder_set(o.encoder, OPUS_SET_BITRATE_REQUEST, bitrate) != OPUS_OK
            or encoder_set(o.encoder, OPUS_SET_COMPLEXITY_REQUEST, s.complexity) != OPUS_OK
            or encoder_set(o.encoder, OPUS_SET_DTX_REQUEST, s.dtx) != OPUS_OK
            or opus_set_loss(o, s.fec, s.loss_pct) != AUDIO_OK):
        return AUDIO_UNSUPPORTED
    return AUDIO_OK


cdef int32_t opus_open(Opus *o, const OpusSettings *settings) noexcept nogil:
    cdef int error = OPUS_OK
    cdef int32_t status = AUDIO_OK
    memset(o, 0, sizeof(Opus))
    if not OPUS_BUILT:
        return AUDIO_UNAVAILABLE
    if settings.rate_hz not in (8000, 12000, 16000, 24000, 48000):
        return AUDIO_UNSUPPORTED
    if settings.ptime_ms not in (10, 20, 30, 40, 50, 60):
        return AUDIO_UNSUPPORTED
    o.rate_hz = settings.rate_hz
    o.frame_samples = settings.rate_hz // 1000 * settings.ptime_ms
    o.frames = 1
    o.dtx = settings.dtx
    if settings.encodes:
        status = open_encoder(o, settings)
    if status == AUDIO_OK and settings.decodes:
        o.decoder = opus_decoder_create(settings.rate_hz, 1, &error)
        status = status_of(error)
    if status != AUDIO_OK:
        opus_close(o)
    return status


cdef void opus_close(Opus *o) noexcept nogil:
    if o.encoder != NULL:
        opus_encoder_destroy(o.encoder)
    if o.decoder != NULL:
        opus_decoder_destroy(o.decoder)
    if o.repacketizer != NULL:
        opus_repacketizer_destroy(o.repacketizer)
    free(o.parts)
    memset(o, 0, sizeof(Opus))


cdef void opus_reset(Opus *o) noexcept nogil:
    """Forget the sound; the settings stay."""
    if o.encoder != NULL:
        encoder_reset(o.encoder)
    if o.decoder != NULL:
        decoder_reset(o.decoder)


cdef int32_t join_frames(Opus *o, const int16_t *pcm, uint8_t *packet, int32_t room) noexcept nogil:
    """Frames of 10 ms in one packet, which must all have the first one's mode and bandwidth (RFC 6716 3.2.5)."""
    cdef int32_t step = o.frame_samples // o.frames
    cdef int32_t share = room // o.frames - 2           # of the room, less what a frame's length takes
    cdef int32_t size = 0
    cdef bint silent = o.dtx
    cdef uint8_t *part = o.parts
    cdef int i
    if share > OPUS_MAX_FRAME_BYTES:
        share = OPUS_MAX_FRAME_BYTES
    if share < 3:
        return AUDIO_ROOM
    opus_repacketizer_init(o.repacketizer)
    for i in range(o.frames):
        size = opus_encode(o.encoder, pcm + i * step, step, part, share)
        if size > 0 and opus_repacketizer_cat(o.repacketizer, part, size) != OPUS_OK:
            size = -1
        if size <= 0:
            break
        if i == 0:
            encoder_set(o.encoder, OPUS_MODE_REQUEST, opus_packet_mode(part))
            encoder_set(o.encoder, OPUS_SET_BANDWIDTH_REQUEST, opus_packet_get_bandwidth(part))
        if size > OPUS_DTX_BYTES:
            silent = False
        part += OPUS_MAX_FRAME_BYTES
    encoder_set(o.encoder, OPUS_MODE_REQUEST, OPUS_AUTO)
    encoder_set(o.encoder, OPUS_SET_BANDWIDTH_REQUEST, OPUS_AUTO)
    if size <= 0:
        return AUDIO_FAILED
    return 0 if silent else status_of(opus_repacketizer_out(o.repacketizer, packet, room))


cdef int32_t opus_encode_frame(Opus *o, const int16_t *pcm, int32_t samples, uint8_t *packet,
                               int32_t room) noexcept nogil:
    cdef int32_t size
    if o.encoder == NULL:
        return AUDIO_CLOSED
    if samples != o.frame_samples:
        return AUDIO_LENGTH
    if room <= 0:
        return AUDIO_ROOM
    if o.repacketizer != NULL:
        return join_frames(o, pcm, packet, room)
    size = opus_encode(o.encoder, pcm, samples, packet, room)
    if o.dtx and 0 < size <= OPUS_DTX_BYTES:
        return 0
    return status_of(size)


cdef int32_t opus_decode_frame(Opus *o, const uint8_t *packet, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil:
    if o.decoder == NULL:
        return AUDIO_CLOSED
    if size <= 0:
        return AUDIO_DAMAGED                            # the library would take it for a lost packet
    return status_of(opus_decode(o.decoder, packet, size, pcm, room, 0))


cdef int32_t opus_conceal(Opus *o, const uint8_t *next, int32_t size, int16_t *pcm, int32_t samples) noexcept nogil:
    cdef int32_t answer
    if o.decoder == NULL:
        return AUDIO_CLOSED
    if samples <= 0 or samples % (o.rate_hz // 400) or samples > o.rate_hz // 1000 * OPUS_MAX_PACKET_MS:
        return AUDIO_LENGTH
    if next != NULL and size > 0:
        answer = opus_decode(o.decoder, next, size, pcm, samples, 1)
        if answer != OPUS_INVALID_PACKET:
            return status_of(answer)
    return status_of(opus_decode(o.decoder, NULL, 0, pcm, samples, 0))


cdef int32_t encoder_setting(Opus *o, int request, int32_t value) noexcept nogil:
    if o.encoder == NULL:
        return AUDIO_CLOSED
    return AUDIO_OK if encoder_set(o.encoder, request, value) == OPUS_OK else AUDIO_UNSUPPORTED


cdef int32_t opus_set_bitrate(Opus *o, int32_t bitrate_bps) noexcept nogil:
    return encoder_setting(o, OPUS_SET_BITRATE_REQUEST, bitrate_bps)


cdef int32_t opus_set_complexity(Opus *o, int32_t complexity) noexcept nogil:
    return encoder_setting(o, OPUS_SET_COMPLEXITY_REQUEST, complexity)


cdef int32_t opus_set_loss(Opus *o, bint fec, int32_t loss_pct) noexcept nogil:
    cdef int32_t status = encoder_setting(o, OPUS_SET_INBAND_FEC_REQUEST, fec)
    return status if status != AUDIO_OK else encoder_setting(o, OPUS_SET_PACKET_LOSS_PERC_REQUEST, loss_pct)


cdef int32_t opus_delay(Opus *o) noexcept nogil:
    return AUDIO_CLOSED if o.encoder == NULL else encoder_get(o.encoder, OPUS_GET_LOOKAHEAD_REQUEST)
