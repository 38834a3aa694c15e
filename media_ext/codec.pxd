"""One face for all codecs: a table of functions over 16-bit samples of one channel, opened once per stream and side.

Results are counts, or an AudioStatus below zero. Nothing allocates but `codec_open`. A codec belongs to one thread at
a time. PCMU, PCMA, G.722 and L16 encode any length; Opus exactly `frame_samples`.

    | codec | PCM rate, Hz                  | RTP clock | bytes per 20 ms |
    |-------|-------------------------------|-----------|-----------------|
    | PCMU  | 8000                          | 8000      | 160             |
    | PCMA  | 8000                          | 8000      | 160             |
    | G722  | 16000, 8000 (half the band)   | 8000      | 160             |
    | OPUS  | 8000 12000 16000 24000 48000  | 48000     | varies          |
    | L16   | the negotiated one            | the same  | 2 per sample    |
"""
from libc.stdint cimport int16_t, int32_t, uint8_t

from media_ext.g722 cimport G722
from media_ext.opus cimport Opus
from media_ext.plc cimport Plc

cdef enum CodecId:
    CODEC_PCMU = 0
    CODEC_PCMA = 1
    CODEC_G722 = 2
    CODEC_OPUS = 3
    CODEC_L16 = 4
    CODECS = 5


cdef struct CodecSettings:
    CodecId id
    int32_t rate_hz             # 0: the codec's best
    int32_t ptime_ms            # of what is sent; 0: 20
    bint encodes
    bint decodes
    # Opus only
    int32_t bitrate_bps         # 0: what suits speech at the rate
    int32_t complexity
    int32_t loss_pct
    bint fec
    bint dtx


cdef struct Codec

ctypedef int32_t (*CodecEncode)(Codec *c, const int16_t *pcm, int32_t samples, uint8_t *payload,
                                int32_t room) noexcept nogil                # bytes; 0: nothing to send (DTX)
ctypedef int32_t (*CodecDecode)(Codec *c, const uint8_t *payload, int32_t size, int16_t *pcm,
                                int32_t room) noexcept nogil                # samples
# `samples` that were lost; `next` is the packet after them, or NULL while it is not there. Returns `samples`.
ctypedef int32_t (*CodecConceal)(Codec *c, const uint8_t *next, int32_t size, int16_t *pcm,
                                 int32_t samples) noexcept nogil
ctypedef void (*CodecReset)(Codec *c) noexcept nogil                        # another stream begins
ctypedef void (*CodecClose)(Codec *c) noexcept nogil                        # and frees it

cdef union CodecState:
    G722 g722
    Opus opus


cdef struct Codec:
    CodecEncode encode
    CodecDecode decode
    CodecConceal conceal
    CodecReset reset
    CodecClose close
    CodecId id
    int32_t rate_hz
    int32_t rtp_clock_hz
    int32_t ptime_ms
    int32_t frame_samples       # in one packet that is sent
    int32_t frame_units         # of the RTP clock in it
    int32_t frame_bytes         # room that encoding it takes at most
    int32_t max_samples         # one payload of a UDP packet never decodes to more
    bint encodes
    bint decodes
    Plc plc                     # of the codecs that have none of their own
    CodecState state


cdef Codec *codec_open(const CodecSettings *settings, int32_t *status) noexcept nogil      # NULL: `status` says why
cdef bint codec_available(CodecId id) noexcept nogil
cdef bint codec_has_rate(CodecId id, int32_t rate_hz) noexcept nogil
# The highest rate that both work at without a resampler, 0 if none; L16's is given, others' given rates are ignored.
cdef int32_t codec_common_rate(CodecId a, int32_t a_hz, CodecId b, int32_t b_hz) noexcept nogil
cdef int32_t codec_cost_ns(CodecId id, int32_t rate_hz, bint encode) noexcept nogil         # of 20 ms
# Both ways together for 20 ms, 0 for a codec with itself, -1 when the pair cannot be bridged here.
cdef int32_t codec_pair_cost_ns(CodecId a, int32_t a_hz, CodecId b, int32_t b_hz) noexcept nogil
