"""A speaker's memory; see voice.pxd."""

from libc.stdint cimport int16_t, int32_t
from libc.stdlib cimport calloc, free

from media_ext.audio_status cimport AUDIO_NO_MEMORY, AUDIO_OK, AUDIO_UNSUPPORTED
from media_ext.codec cimport codec_open

cdef enum:
    LONGEST_FRAME_BYTES = 1400  # with RTP, SRTP, UDP and IPv6 around it, it fits an Ethernet frame


cdef Speaker *speaker_open(const VoiceSettings *settings, int32_t *status) noexcept nogil:
    cdef Speaker *s
    cdef Codec *encoder = codec_open(&settings.codec, status)
    if encoder == NULL:
        return NULL
    if encoder.frame_bytes > LONGEST_FRAME_BYTES:
        encoder.close(encoder)
        status[0] = AUDIO_UNSUPPORTED
        return NULL
    s = <Speaker *> calloc(1, sizeof(Speaker))
    if s == NULL:
        encoder.close(encoder)
        status[0] = AUDIO_NO_MEMORY
        return NULL
    s.encoder = encoder
    s.rate_hz = encoder.rate_hz
    s.tick_samples = s.rate_hz * TICK_MS // 1000
    s.payload_type = settings.payload_type
    s.digits_type = settings.digits_type
    s.digits_clock_hz = settings.digits_clock_hz
    s.waiting = <int16_t *> calloc(encoder.frame_samples + s.tick_samples, sizeof(int16_t))
    s.sound = <int16_t *> calloc(max(encoder.frame_samples, s.tick_samples), sizeof(int16_t))
    if s.waiting == NULL or s.sound == NULL:
        speaker_close(s)
        status[0] = AUDIO_NO_MEMORY
        return NULL
    status[0] = AUDIO_OK
    return s


cdef void speaker_close(Speaker *s) noexcept nogil:
    if s == NULL:
        return
    s.encoder.close(s.encoder)
    free(s.waiting)
    free(s.sound)
    free(s)


cdef void speaker_revoice(Speaker *s, Speaker *fresh) noexcept nogil:
    s.encoder, fresh.encoder = fresh.encoder, s.encoder
    s.waiting, fresh.waiting = fresh.waiting, s.waiting
    s.sound, fresh.sound = fresh.sound, s.sound
    s.rate_hz = fresh.rate_hz
    s.tick_samples = fresh.tick_samples
    s.payload_type = fresh.payload_type
    s.digits_type = fresh.digits_type
    s.digits_clock_hz = fresh.digits_clock_hz
    s.count = 0
    s.gap = 0
    speaker_close(fresh)
