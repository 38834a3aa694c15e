"""Opus (RFC 6716, RTP by RFC 7587), one channel, by libopus. The RTP clock is always 48000, whatever the rate here.

The encoder and the decoder each work at 8, 12, 16, 24 or 48 kHz; a decoder plays packets of any rate, so a narrowband
leg on the other side needs no resampler. A packet is 10, 20, 40 or 60 ms as one Opus frame, 30 or 50 ms as frames of
10 ms in one packet.
"""
from libc.stdint cimport int16_t, int32_t, uint8_t

cdef extern from "shim_opus.h" nogil:
    enum:
        OPUS_BUILT
        OPUS_OK
        OPUS_BUFFER_TOO_SMALL
        OPUS_INVALID_PACKET
        OPUS_ALLOC_FAIL
        OPUS_AUTO
        OPUS_APPLICATION_VOIP
        OPUS_SET_BITRATE_REQUEST
        OPUS_SET_BANDWIDTH_REQUEST
        OPUS_SET_COMPLEXITY_REQUEST
        OPUS_SET_INBAND_FEC_REQUEST
        OPUS_SET_PACKET_LOSS_PERC_REQUEST
        OPUS_SET_DTX_REQUEST
        OPUS_GET_LOOKAHEAD_REQUEST
        OPUS_MODE_REQUEST
    ctypedef struct OpusEncoder:
        pass
    ctypedef struct OpusDecoder:
        pass
    ctypedef struct OpusRepacketizer:
        pass
    OpusEncoder *opus_encoder_create(int32_t rate_hz, int channels, int application, int *error) noexcept
    void opus_encoder_destroy(OpusEncoder *e) noexcept
    int32_t opus_encode(OpusEncoder *e, const int16_t *pcm, int samples, uint8_t *packet, int32_t room) noexcept
    OpusDecoder *opus_decoder_create(int32_t rate_hz, int channels, int *error) noexcept
    void opus_decoder_destroy(OpusDecoder *d) noexcept
    int opus_decode(OpusDecoder *d, const uint8_t *packet, int32_t size, int16_t *pcm, int room, int fec) noexcept
    int opus_packet_get_bandwidth(const uint8_t *packet) noexcept
    int opus_packet_get_nb_samples(const uint8_t *packet, int32_t size, int32_t rate_hz) noexcept
    OpusRepacketizer *opus_repacketizer_create() noexcept
    void opus_repacketizer_destroy(OpusRepacketizer *r) noexcept
    OpusRepacketizer *opus_repacketizer_init(OpusRepacketizer *r) noexcept
    int opus_repacketizer_cat(OpusRepacketizer *r, const uint8_t *packet, int32_t size) noexcept
    int32_t opus_repacketizer_out(OpusRepacketizer *r, uint8_t *packet, int32_t room) noexcept
    int opus_packet_mode(const uint8_t *packet) noexcept
    int encoder_set(OpusEncoder *e, int request, int value) noexcept
    int encoder_get(OpusEncoder *e, int request) noexcept
    void encoder_reset(OpusEncoder *e) noexcept
    void decoder_reset(OpusDecoder *d) noexcept

cdef enum:
    OPUS_CLOCK_HZ = 48000
    OPUS_MAX_FRAME_BYTES = 1275         # RFC 6716 3.2.1
    OPUS_MAX_PACKET_MS = 120
    OPUS_PARTS = 5                      # frames of 10 ms in a packet of 50
    OPUS_DTX_BYTES = 2                  # the encoder says with so few that the packet need not be sent


cdef struct OpusSettings:
    int32_t rate_hz
    int32_t ptime_ms                    # of what is sent; what is heard says itself
    int32_t bitrate_bps                 # 0: what suits speech at this rate
    int32_t complexity                  # 0-10
    int32_t loss_pct                    # expected; with `fec` decides how much of a packet repeats the one before
    bint fec
    bint dtx
    bint encodes
    bint decodes


cdef struct Opus:
    OpusEncoder *encoder                # NULL: not opened for this direction
    OpusDecoder *decoder
    OpusRepacketizer *repacketizer      # NULL: a packet is one frame
    uint8_t *parts                      # room for its frames
    int32_t rate_hz
    int32_t frame_samples               # of a packet
    int32_t frames                      # in a packet
    bint dtx


# AUDIO_OK, or why not; after a failure nothing is left to close.
cdef int32_t opus_open(Opus *o, const OpusSettings *settings) noexcept nogil
cdef void opus_close(Opus *o) noexcept nogil
cdef void opus_reset(Opus *o) noexcept nogil
# Takes exactly `frame_samples`. Bytes; 0: DTX, nothing to send while its time passes.
cdef int32_t opus_encode_frame(Opus *o, const int16_t *pcm, int32_t samples, uint8_t *packet,
                               int32_t room) noexcept nogil
cdef int32_t opus_decode_frame(Opus *o, const uint8_t *packet, int32_t size, int16_t *pcm,
                               int32_t room) noexcept nogil                             # samples
# What was lost before `next`, the packet after it, from that packet's in-band FEC where it has some and otherwise by
# guessing; `next` NULL: by guessing. `samples` is a multiple of 2.5 ms, 120 ms at most.
cdef int32_t opus_conceal(Opus *o, const uint8_t *next, int32_t size, int16_t *pcm, int32_t samples) noexcept nogil
cdef int32_t opus_set_bitrate(Opus *o, int32_t bitrate_bps) noexcept nogil
cdef int32_t opus_set_complexity(Opus *o, int32_t complexity) noexcept nogil
cdef int32_t opus_set_loss(Opus *o, bint fec, int32_t loss_pct) noexcept nogil
cdef int32_t opus_delay(Opus *o) noexcept nogil         # of the encoder, in samples at its rate
