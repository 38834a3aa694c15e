"""G.722; see g722.pxd. The kernels check no lengths, so this does."""

from libc.stdint cimport int16_t, int32_t, uint8_t

from media_ext.audio_status cimport (
    AUDIO_CLOSED,
    AUDIO_DAMAGED,
    AUDIO_LENGTH,
    AUDIO_OK,
    AUDIO_ROOM,
    AUDIO_UNSUPPORTED,
)


cdef int32_t g722_open(G722 *g, int32_t rate_hz, bint encodes, bint decodes) noexcept nogil:
    if rate_hz not in (8000, 16000):
        return AUDIO_UNSUPPORTED
    g.samples_per_byte = rate_hz // 8000
    g.encodes = encodes
    g.decodes = decodes
    g722_reset(g)
    return AUDIO_OK


cdef void g722_reset(G722 *g) noexcept nogil:
    """As if just opened."""
    g722_begin(&g.encoder)
    g722_begin(&g.decoder)


cdef int32_t g722_encode_frame(G722 *g, const int16_t *pcm, int32_t samples, uint8_t *payload,
                               int32_t room) noexcept nogil:
    cdef int32_t size = samples // g.samples_per_byte
    if not g.encodes:
        return AUDIO_CLOSED
    if samples < 0 or samples % g.samples_per_byte:
        return AUDIO_LENGTH
    if size > room:
        return AUDIO_ROOM
    if g.samples_per_byte == 2:
        g722_encode_wide(&g.encoder, payload, pcm, size)
    else:
        g722_encode_narrow(&g.encoder, payload, pcm, size)
    return size


cdef int32_t g722_decode_frame(G722 *g, const uint8_t *payload, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil:
    if not g.decodes:
        return AUDIO_CLOSED
    if size <= 0:
        return AUDIO_DAMAGED
    if size > room // g.samples_per_byte:
        return AUDIO_ROOM
    if g.samples_per_byte == 2:
        g722_decode_wide(&g.decoder, pcm, payload, size)
    else:
        g722_decode_narrow(&g.decoder, pcm, payload, size)
    return size * g.samples_per_byte
