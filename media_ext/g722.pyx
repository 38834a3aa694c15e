"""G.722; see g722.pxd. The library checks no lengths and knows no errors, so this does."""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.string cimport memset

from media_ext.audio_status cimport (
    AUDIO_CLOSED,
    AUDIO_DAMAGED,
    AUDIO_LENGTH,
    AUDIO_NO_MEMORY,
    AUDIO_OK,
    AUDIO_ROOM,
    AUDIO_UNAVAILABLE,
    AUDIO_UNSUPPORTED,
)


cdef inline int options(const G722 *g) noexcept nogil:
    return G722_SAMPLE_RATE_8000 if g.samples_per_byte == 1 else 0


cdef g722_decode_state_t *fresh_decoder(G722 *g, g722_decode_state_t *memory) noexcept nogil:
    cdef g722_decode_state_t *decoder = g722_decode_init(memory, G722_BITS_PER_S, options(g))
    if decoder != NULL and g.samples_per_byte == 2:
        g722_decode_bands(decoder)
    memset(&g.bands, 0, sizeof(g.bands))
    return decoder


cdef int32_t g722_open(G722 *g, int32_t rate_hz, bint encodes, bint decodes) noexcept nogil:
    memset(g, 0, sizeof(G722))
    if not G722_BUILT:
        return AUDIO_UNAVAILABLE
    if rate_hz not in (8000, 16000):
        return AUDIO_UNSUPPORTED
    g.samples_per_byte = rate_hz // 8000
    if encodes:
        g.encoder = g722_encode_init(NULL, G722_BITS_PER_S, options(g))
    if decodes:
        g.decoder = fresh_decoder(g, NULL)
    if (encodes and g.encoder == NULL) or (decodes and g.decoder == NULL):
        g722_close(g)
        return AUDIO_NO_MEMORY
    return AUDIO_OK


cdef void g722_close(G722 *g) noexcept nogil:
    if g.encoder != NULL:
        g722_encode_free(g.encoder)
    if g.decoder != NULL:
        g722_decode_free(g.decoder)
    g.encoder = NULL
    g.decoder = NULL


cdef void g722_reset(G722 *g) noexcept nogil:
    """As if just opened; the memory is kept."""
    if g.encoder != NULL:
        g722_encode_init(g.encoder, G722_BITS_PER_S, options(g))
    if g.decoder != NULL:
        fresh_decoder(g, g.decoder)


cdef int32_t g722_encode_frame(G722 *g, const int16_t *pcm, int32_t samples, uint8_t *payload,
                               int32_t room) noexcept nogil:
    if g.encoder == NULL:
        return AUDIO_CLOSED
    if samples < 0 or samples % g.samples_per_byte:
        return AUDIO_LENGTH
    if samples // g.samples_per_byte > room:
        return AUDIO_ROOM
    return g722_encode(g.encoder, payload, pcm, samples)


cdef int32_t g722_decode_frame(G722 *g, const uint8_t *payload, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil:
    cdef int32_t samples
    if g.decoder == NULL:
        return AUDIO_CLOSED
    if size <= 0:
        return AUDIO_DAMAGED
    if size > room // g.samples_per_byte:
        return AUDIO_ROOM
    samples = g722_decode(g.decoder, pcm, payload, size)
    if g.samples_per_byte == 2:
        g722_join_bands(&g.bands, pcm, samples // 2)
    return samples
