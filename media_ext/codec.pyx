"""The codecs behind one face; see codec.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport calloc, free

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
from media_ext.g711 cimport alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from media_ext.g722 cimport (
    g722_decode_frame,
    g722_encode_frame,
    g722_open,
    g722_reset,
)
from media_ext.l16 cimport l16_decode, l16_encode
from media_ext.opus cimport (
    OPUS_BUILT,
    OPUS_CLOCK_HZ,
    OPUS_MAX_FRAME_BYTES,
    OPUS_MAX_PACKET_MS,
    OpusSettings,
    opus_close,
    opus_conceal,
    opus_decode_frame,
    opus_encode_frame,
    opus_open,
    opus_reset,
)
from media_ext.plc cimport plc_close, plc_conceal, plc_hear, plc_open, plc_reset
from media_ext.resample cimport SPEEXDSP_BUILT

cdef enum:
    PAYLOAD_BYTES = 1500        # no UDP packet on an Ethernet carries more


# ------------------------------------------------------------------------------- one byte a sample: PCMU and PCMA

cdef inline int32_t encode_fault(const Codec *c, int32_t samples, int32_t size, int32_t room) noexcept nogil:
    if not c.encodes:
        return AUDIO_CLOSED
    if samples < 0:
        return AUDIO_LENGTH
    return AUDIO_ROOM if size > room else AUDIO_OK


cdef inline int32_t decode_fault(const Codec *c, int32_t size, int32_t samples, int32_t room) noexcept nogil:
    if not c.decodes:
        return AUDIO_CLOSED
    if size <= 0:
        return AUDIO_DAMAGED
    return AUDIO_ROOM if samples > room else AUDIO_OK


cdef int32_t pcmu_encode(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload, int32_t room) noexcept nogil:
    cdef int32_t fault = encode_fault(c, samples, samples, room)
    if fault:
        return fault
    ulaw_encode(payload, pcm, samples)
    return samples


cdef int32_t pcmu_decode(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm, int32_t room) noexcept nogil:
    cdef int32_t fault = decode_fault(c, size, size, room)
    if fault:
        return fault
    ulaw_decode(pcm, payload, size)
    plc_hear(&c.plc, pcm, size)
    return size


cdef int32_t pcma_encode(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload, int32_t room) noexcept nogil:
    cdef int32_t fault = encode_fault(c, samples, samples, room)
    if fault:
        return fault
    alaw_encode(payload, pcm, samples)
    return samples


cdef int32_t pcma_decode(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm, int32_t room) noexcept nogil:
    cdef int32_t fault = decode_fault(c, size, size, room)
    if fault:
        return fault
    alaw_decode(pcm, payload, size)
    plc_hear(&c.plc, pcm, size)
    return size


# ---------------------------------------------------------------------------------------------------------- L16

cdef int32_t linear_encode(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload,
                           int32_t room) noexcept nogil:
    cdef int32_t fault = encode_fault(c, samples, 2 * samples, room)
    if fault:
        return fault
    l16_encode(payload, pcm, samples)
    return 2 * samples


cdef int32_t linear_decode(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm, int32_t room) noexcept nogil:
    cdef int32_t fault = decode_fault(c, size, size // 2, room)
    if fault:
        return fault
    if size % 2:
        return AUDIO_DAMAGED
    l16_decode(pcm, payload, size // 2)
    plc_hear(&c.plc, pcm, size // 2)
    return size // 2


# ---------------------------------------------------------------------- what these and G.722 have in common, and G.722

cdef int32_t waveform_conceal(Codec *c, const uint8_t *next, int32_t size, int16_t *pcm,
                              int32_t samples) noexcept nogil:
    if not c.decodes:
        return AUDIO_CLOSED
    if samples < 0:
        return AUDIO_LENGTH
    plc_conceal(&c.plc, pcm, samples)
    return samples


cdef void waveform_reset(Codec *c) noexcept nogil:
    if c.decodes:
        plc_reset(&c.plc)


cdef void waveform_close(Codec *c) noexcept nogil:
    plc_close(&c.plc)
    free(c)


cdef int32_t wide_encode(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload, int32_t room) noexcept nogil:
    return g722_encode_frame(&c.state.g722, pcm, samples, payload, room)


cdef int32_t wide_decode(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm, int32_t room) noexcept nogil:
    cdef int32_t samples = g722_decode_frame(&c.state.g722, payload, size, pcm, room)
    if samples > 0:
        plc_hear(&c.plc, pcm, samples)
    return samples


cdef void wide_reset(Codec *c) noexcept nogil:
    g722_reset(&c.state.g722)
    waveform_reset(c)


# --------------------------------------------------------------------------------------------------------- Opus

cdef int32_t packet_encode(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload,
                           int32_t room) noexcept nogil:
    return opus_encode_frame(&c.state.opus, pcm, samples, payload, room)


cdef int32_t packet_decode(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm, int32_t room) noexcept nogil:
    return opus_decode_frame(&c.state.opus, payload, size, pcm, room)


cdef int32_t packet_conceal(Codec *c, const uint8_t *next, int32_t size, int16_t *pcm,
                            int32_t samples) noexcept nogil:
    return opus_conceal(&c.state.opus, next, size, pcm, samples)


cdef void packet_reset(Codec *c) noexcept nogil:
    opus_reset(&c.state.opus)


cdef void packet_close(Codec *c) noexcept nogil:
    opus_close(&c.state.opus)
    free(c)


# ------------------------------------------------------------------------------------------------------- opening

cdef int32_t open_waveform(Codec *c) noexcept nogil:
    c.conceal = waveform_conceal
    c.reset = waveform_reset
    c.close = waveform_close
    c.rtp_clock_hz = c.rate_hz
    return AUDIO_OK if not c.decodes or plc_open(&c.plc, c.rate_hz) else AUDIO_NO_MEMORY


cdef int32_t open_pcmu(Codec *c) noexcept nogil:
    c.encode = pcmu_encode
    c.decode = pcmu_decode
    c.frame_bytes = c.frame_samples
    c.max_samples = PAYLOAD_BYTES
    return open_waveform(c)


cdef int32_t open_pcma(Codec *c) noexcept nogil:
    c.encode = pcma_encode
    c.decode = pcma_decode
    c.frame_bytes = c.frame_samples
    c.max_samples = PAYLOAD_BYTES
    return open_waveform(c)


cdef int32_t open_linear(Codec *c) noexcept nogil:
    c.encode = linear_encode
    c.decode = linear_decode
    c.frame_bytes = 2 * c.frame_samples
    c.max_samples = PAYLOAD_BYTES // 2
    return open_waveform(c)


cdef int32_t open_wide(Codec *c) noexcept nogil:
    cdef int32_t status = g722_open(&c.state.g722, c.rate_hz, c.encodes, c.decodes)
    if status != AUDIO_OK:
        return status
    status = open_waveform(c)
    c.encode = wide_encode
    c.decode = wide_decode
    c.reset = wide_reset
    c.rtp_clock_hz = 8000                               # RFC 3551 4.5.2
    c.frame_bytes = 8 * c.ptime_ms
    c.max_samples = PAYLOAD_BYTES * c.state.g722.samples_per_byte
    return status


cdef int32_t open_packets(Codec *c, const CodecSettings *settings) noexcept nogil:
    cdef OpusSettings s
    s.rate_hz = c.rate_hz
    s.ptime_ms = c.ptime_ms
    s.bitrate_bps = settings.bitrate_bps
    s.complexity = settings.complexity
    s.loss_pct = settings.loss_pct
    s.fec = settings.fec
    s.dtx = settings.dtx
    s.encodes = settings.encodes
    s.decodes = settings.decodes
    c.encode = packet_encode
    c.decode = packet_decode
    c.conceal = packet_conceal
    c.reset = packet_reset
    c.close = packet_close
    c.rtp_clock_hz = OPUS_CLOCK_HZ
    c.frame_bytes = OPUS_MAX_FRAME_BYTES
    c.max_samples = c.rate_hz // 1000 * OPUS_MAX_PACKET_MS
    return opus_open(&c.state.opus, &s)


cdef int32_t best_rate(CodecId id) noexcept nogil:
    if id == CODEC_G722:
        return 16000
    return 48000 if id == CODEC_OPUS else 8000


cdef Codec *codec_open(const CodecSettings *settings, int32_t *status) noexcept nogil:
    cdef Codec *c
    status[0] = AUDIO_UNSUPPORTED
    if not 0 <= <int> settings.id < CODECS or settings.ptime_ms not in (0, 10, 20, 30, 40, 50, 60):
        return NULL
    if settings.rate_hz != 0 and not codec_has_rate(settings.id, settings.rate_hz):
        return NULL
    status[0] = AUDIO_UNAVAILABLE
    if not codec_available(settings.id):
        return NULL
    status[0] = AUDIO_NO_MEMORY
    c = <Codec *> calloc(1, sizeof(Codec))
    if c == NULL:
        return NULL
    c.id = settings.id
    c.rate_hz = settings.rate_hz or best_rate(c.id)
    c.ptime_ms = settings.ptime_ms or 20
    c.encodes = settings.encodes
    c.decodes = settings.decodes
    c.frame_samples = c.rate_hz * c.ptime_ms // 1000
    if c.id == CODEC_PCMU:
        status[0] = open_pcmu(c)
    elif c.id == CODEC_PCMA:
        status[0] = open_pcma(c)
    elif c.id == CODEC_G722:
        status[0] = open_wide(c)
    elif c.id == CODEC_OPUS:
        status[0] = open_packets(c, settings)
    else:
        status[0] = open_linear(c)
    if status[0] != AUDIO_OK:
        free(c)
        return NULL
    c.frame_units = c.rtp_clock_hz * c.ptime_ms // 1000
    return c


cdef bint codec_available(CodecId id) noexcept nogil:
    return OPUS_BUILT if id == CODEC_OPUS else True


# --------------------------------------------------------------------------------------------- choosing a cheap pair

cdef bint codec_has_rate(CodecId id, int32_t rate_hz) noexcept nogil:
    if id == CODEC_L16:
        return rate_hz in (8000, 12000, 16000, 24000, 32000, 44100, 48000)
    if id == CODEC_OPUS:
        return rate_hz in (8000, 12000, 16000, 24000, 48000)
    if id == CODEC_G722:
        return rate_hz in (8000, 16000)
    return rate_hz == 8000


cdef bint may_have_rate(CodecId id, int32_t fixed_hz, int32_t rate_hz) noexcept nogil:
    return rate_hz == fixed_hz if id == CODEC_L16 else codec_has_rate(id, rate_hz)


cdef int32_t codec_common_rate(CodecId a, int32_t a_hz, CodecId b, int32_t b_hz) noexcept nogil:
    cdef int32_t[7] rates = [48000, 44100, 32000, 24000, 16000, 12000, 8000]
    cdef int i
    for i in range(7):
        if may_have_rate(a, a_hz, rates[i]) and may_have_rate(b, b_hz, rates[i]):
            return rates[i]
    return 0


cdef int32_t codec_cost_ns(CodecId id, int32_t rate_hz, bint encode) noexcept nogil:
    """Rounded, as `python -m bench -k codecs` measures it on the reference machine; only the order matters."""
    cdef bint narrow = rate_hz <= 12000
    cdef bint wide = rate_hz <= 24000
    if id == CODEC_OPUS:
        if encode:
            return 100_000 if narrow else 200_000 if wide else 250_000
        return 10_000 if narrow else 18_000 if wide else 48_000
    if id == CODEC_G722:
        if encode:
            return 9_000 if narrow else 23_000
        return 6_000 if narrow else 12_000
    return 50


cdef int32_t codec_pair_cost_ns(CodecId a, int32_t a_hz, CodecId b, int32_t b_hz) noexcept nogil:
    cdef int32_t hz = codec_common_rate(a, a_hz, b, b_hz)
    cdef int32_t resampling = 0
    if not (codec_available(a) and codec_available(b)):
        return -1
    if a == b and (a != CODEC_L16 or a_hz == b_hz):
        return 0
    if hz == 0:
        if not SPEEXDSP_BUILT:
            return -1
        resampling = 2 * 14_000
    a_hz = hz or a_hz or best_rate(a)
    b_hz = hz or b_hz or best_rate(b)
    return (resampling + codec_cost_ns(a, a_hz, False) + codec_cost_ns(b, b_hz, True)
            + codec_cost_ns(b, b_hz, False) + codec_cost_ns(a, a_hz, True))


# --------------------------------------------------------------------------------------------- for pbx.media, in Python

cdef dict IDS = {"PCMU": CODEC_PCMU, "PCMA": CODEC_PCMA, "G722": CODEC_G722, "OPUS": CODEC_OPUS, "L16": CODEC_L16}


def codec_id(str name not None):
    """The number of a codec by its name in SDP, of any case; ValueError for one that is not among ours."""
    try:
        return IDS[name.upper()]
    except KeyError:
        raise ValueError(f"no codec {name!r}: there are {', '.join(IDS)}") from None


def available(str name not None):
    """Whether this build can encode and decode it; False too for names that no build knows."""
    return name.upper() in IDS and bool(codec_available(<CodecId> <int> codec_id(name)))


def transcode_cost_ns(str a not None, str b not None, int a_hz=0, int b_hz=0):
    """CPU of bridging two legs for 20 ms, both ways, roughly: 0 for the same codec, None when it cannot be done here.

    Only L16 needs its rate told. For choosing among what was offered: the smallest is the best answer.
    """
    cdef int32_t cost = codec_pair_cost_ns(<CodecId> <int> codec_id(a), a_hz, <CodecId> <int> codec_id(b), b_hz)
    return None if cost < 0 else cost
