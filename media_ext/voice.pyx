"""What a speaker holds and what it sounds like; see voice.pxd."""

from libc.stdint cimport int16_t, int32_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.audio_status cimport AUDIO_NO_MEMORY, AUDIO_OK, AUDIO_UNSUPPORTED
from media_ext.codec cimport Codec, CodecSettings, codec_open
from media_ext.dtmf_send cimport DIGIT_QUEUE, DIGIT_UPDATE_MS, DIGIT_VOLUME, QueuedDigit, dtmf_send_open
from media_ext.dtmf_tone cimport DTMF_HIGH_DBM0, DTMF_LOW_DBM0, dtmf_tone_make, dtmf_tone_start
from media_ext.player cimport PLAYER_SLACK, player_close, player_follow, player_read


cdef Speaker *speaker_open(const VoiceSettings *settings, int32_t *status) noexcept nogil:
    cdef Speaker *s
    cdef int32_t longest
    cdef Codec *encoder = encoder_open(settings.codec, status)
    if encoder == NULL:
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
    dtmf_send_open(&s.digits, s.digits_clock_hz, DIGIT_UPDATE_MS, DIGIT_VOLUME)
    longest = max(encoder.frame_samples, s.tick_samples) + PLAYER_SLACK
    s.waiting = <int16_t *> calloc(encoder.frame_samples + s.tick_samples, sizeof(int16_t))
    s.sound = <int16_t *> calloc(longest, sizeof(int16_t))
    s.under = <int16_t *> calloc(longest, sizeof(int16_t))
    if s.waiting == NULL or s.sound == NULL or s.under == NULL:
        speaker_close(s)
        status[0] = AUDIO_NO_MEMORY
        return NULL
    status[0] = AUDIO_OK
    return s


cdef Codec *encoder_open(CodecSettings settings, int32_t *status) noexcept nogil:
    """With the packet length that was wished for, or the longest that a packet has room for."""
    cdef Codec *encoder = codec_open(&settings, status)
    while encoder != NULL and encoder.frame_bytes > LONGEST_FRAME_BYTES:
        settings.ptime_ms = encoder.ptime_ms - 10
        encoder.close(encoder)
        if settings.ptime_ms < 10:
            status[0] = AUDIO_UNSUPPORTED
            return NULL
        encoder = codec_open(&settings, status)
    return encoder


cdef void speaker_close(Speaker *s) noexcept nogil:
    if s == NULL:
        return
    speaker_hush(s)
    s.encoder.close(s.encoder)
    free(s.waiting)
    free(s.sound)
    free(s.under)
    free(s)


cdef void speaker_revoice(Speaker *s, Speaker *fresh) noexcept nogil:
    s.encoder, fresh.encoder = fresh.encoder, s.encoder
    s.waiting, fresh.waiting = fresh.waiting, s.waiting
    s.sound, fresh.sound = fresh.sound, s.sound
    s.under, fresh.under = fresh.under, s.under
    go_on(&s.player, &fresh.player, fresh.rate_hz)
    go_on(&s.whisper, &fresh.whisper, fresh.rate_hz)
    if s.digits_clock_hz != fresh.digits_clock_hz:
        s.digits.clock_hz = fresh.digits_clock_hz
        s.digits.sending = False                # the rest of this digit would be told in a clock that is gone
        s.digits.ends = 0
    s.tone_on = s.tone_on and s.rate_hz == fresh.rate_hz
    s.rate_hz = fresh.rate_hz
    s.tick_samples = fresh.tick_samples
    s.payload_type = fresh.payload_type
    s.digits_type = fresh.digits_type
    s.digits_clock_hz = fresh.digits_clock_hz
    s.count = 0
    s.gap = 0
    speaker_close(fresh)


cdef void go_on(Player **now, Player **then, int32_t rate_hz) noexcept nogil:
    """The player at the new rate takes the place of the one that plays, unless that has ended meanwhile."""
    if now[0] == NULL or now[0].rate_hz == rate_hz:
        return
    if then[0] != NULL and then[0].serial == now[0].serial:
        player_follow(then[0], now[0])
        now[0], then[0] = then[0], now[0]
    else:
        player_close(now[0])
        now[0] = NULL


cdef void speaker_play(Speaker *s, Player *player) noexcept nogil:
    cdef Player **place = &s.whisper if player.over else &s.player
    player_close(place[0])
    place[0] = player


cdef void speaker_hush(Speaker *s) noexcept nogil:
    player_close(s.player)
    player_close(s.whisper)
    s.player = NULL
    s.whisper = NULL


cdef bint heard(Player **place, int16_t *into, int32_t samples, uint32_t *ended) noexcept nogil:
    """Read a player; False when there is none (any more)."""
    if place[0] == NULL:
        return False
    if player_read(place[0], into, samples):
        return True
    ended[0] = place[0].serial
    player_close(place[0])
    place[0] = NULL
    return False


cdef inline void mix(int16_t *sound, const int16_t *under, int32_t samples) noexcept nogil:
    cdef int32_t i
    for i in range(samples):
        sound[i] = <int16_t> min(max(<int32_t> sound[i] + under[i], -32768), 32767)


cdef const int16_t *speaker_sound(Speaker *s, const int16_t *pcm, int32_t samples) noexcept nogil:
    cdef const int16_t *sound = pcm
    if heard(&s.player, s.sound, samples, &s.ended[0]):
        sound = s.sound
    if heard(&s.whisper, s.under, samples, &s.ended[1]):
        if sound == NULL:
            sound = s.under
        else:
            if sound == pcm:
                memcpy(s.sound, pcm, samples * sizeof(int16_t))
            mix(s.sound, s.under, samples)
            sound = s.sound
    if digit_tone(s, samples):
        sound = s.under
    return sound


cdef bint digit_tone(Speaker *s, int32_t samples) noexcept nogil:
    """A digit as sound, instead of everything else; its pause is silence."""
    cdef QueuedDigit *one
    cdef int32_t done = 0
    while done < samples:
        if not s.tone_on:
            if s.digits_type != NO_TYPE or s.digits.waiting == 0:
                break
            one = &s.digits.queue[s.digits.first]
            s.digits.first = (s.digits.first + 1) % DIGIT_QUEUE
            s.digits.waiting -= 1
            s.tone_on = dtmf_tone_start(&s.tone, one.event, s.rate_hz, DTMF_LOW_DBM0, DTMF_HIGH_DBM0,
                                        one.duration_ms, one.pause_ms)
            continue
        done += dtmf_tone_make(&s.tone, s.under + done, samples - done)
        s.tone_on = s.tone.made < s.tone.total
    if done == 0:
        return False
    memset(s.under + done, 0, (samples - done) * sizeof(int16_t))
    return True
