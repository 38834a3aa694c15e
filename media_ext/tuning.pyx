"""Speakers and listeners that fit; see tuning.pxd."""

from libc.stdint cimport int32_t
from libc.string cimport memcmp, memset

from media_ext.audio_status cimport audio_status_name
from media_ext.codec cimport (
    CODEC_G722,
    CODEC_L16,
    CODEC_OPUS,
    CODEC_PCMA,
    CODEC_PCMU,
    CodecId,
    codec_available,
    codec_common_rate,
    codec_has_rate,
)
from media_ext.hearing cimport HearingSettings, hearing_open
from media_ext.leg_handle cimport Leg, Playing
from media_ext.sound_door cimport player_for
from media_ext.types cimport OP_LISTENER, OP_SPEAKER, PAYLOAD_TYPES, Command
from media_ext.voice cimport NO_TYPE, Speaker, VoiceSettings, speaker_close, speaker_open, speaker_play
from media_ext.workers cimport Workers

cdef dict CODEC_CODES = {
    "PCMU": CODEC_PCMU + 1,
    "PCMA": CODEC_PCMA + 1,
    "G722": CODEC_G722 + 1,
    "OPUS": CODEC_OPUS + 1,
    "L16": CODEC_L16 + 1,
}

# Rates at which two are joined, since digits in sound can be found there.
cdef tuple DETECTABLE_HZ = (8000, 16000, 48000)


cdef int check_type(object payload_type) except -1:
    if not 0 <= payload_type < PAYLOAD_TYPES:
        raise ValueError(f"payload type {payload_type}")
    return payload_type


cdef int codec_code(object encoding) except -1:
    """CodecId + 1; 0 is what the engine cannot decode."""
    return CODEC_CODES.get(encoding, 0)


# -- what was agreed on ------------------------------------------------------------------------------------------------

cdef set_voice(Workers w, Leg leg, voice, digits, int ptime_ms):
    """A speaker that is there changes over to the new format in mid-sentence."""
    cdef VoiceSettings v
    memset(&v, 0, sizeof(v))
    v.digits_type = NO_TYPE
    leg.has_voice = False
    if voice is None or voice[1] not in CODEC_CODES:
        return
    number, encoding, clock_hz, opus = voice
    v.payload_type = check_type(number)
    v.codec.id = <CodecId> (codec_code(encoding) - 1)
    if not codec_available(v.codec.id) or (v.codec.id == CODEC_L16 and not codec_has_rate(CODEC_L16, clock_hz)):
        return
    leg.has_voice = True
    v.codec.encodes = True
    v.codec.rate_hz = clock_hz if v.codec.id == CODEC_L16 else 0
    v.codec.ptime_ms = whole_ptime(v.codec.id, clock_hz, ptime_ms)
    v.codec.complexity = opus.get("complexity", 5)
    v.codec.bitrate_bps = opus.get("bitrate_bps", 0)
    v.codec.fec = opus.get("fec", False)
    v.codec.loss_pct = opus.get("loss_pct", 0)
    v.codec.dtx = opus.get("dtx", False)
    if digits is not None:
        v.digits_type = check_type(digits[0])
        v.digits_clock_hz = digits[1]
    if memcmp(&v, &leg.voice, sizeof(v)):
        leg.voice = v
        if leg.speaker_hz:
            speak(w, leg, leg.speaker_hz)


cdef set_hearing(Workers w, Leg leg, formats):
    """What may come now; a listener that is there changes over."""
    cdef HearingSettings h
    cdef int code
    memset(&h, 0, sizeof(h))
    for _number, encoding, clock_hz in formats:
        code = codec_code(encoding)
        if not code or (code - 1 == CODEC_L16 and (clock_hz % 4000 or not codec_has_rate(CODEC_L16, clock_hz))):
            continue
        h.codecs[code - 1] = codec_available(<CodecId> (code - 1))
        if code - 1 == CODEC_L16:
            h.l16_hz = clock_hz
    if memcmp(&h, &leg.hearing, sizeof(h)):
        leg.hearing = h
        if leg.listener_hz and can_hear(leg):
            rate_hz, leg.listener_hz = leg.listener_hz, 0
            hear(w, leg, rate_hz)


cdef int whole_ptime(CodecId id, int clock_hz, int ptime_ms):
    """A packet length that encoders have, and that fits a packet."""
    ptime_ms = min(max(ptime_ms // 10 * 10, 10), 60)
    if id == CODEC_L16:
        while ptime_ms > 10 and clock_hz * ptime_ms // 500 > 1400:
            ptime_ms -= 10
    return ptime_ms


# -- what it allows ----------------------------------------------------------------------------------------------------

cdef int rate_for(CodecId id, int rate_hz):
    cdef int each
    for each in (8000, 12000, 16000, 24000, 48000):
        if each >= rate_hz and codec_has_rate(id, each):
            return each
    return 0


cdef int voice_rate(Leg leg, int rate_hz):
    if leg.voice.codec.id == CODEC_L16:
        return leg.voice.codec.rate_hz
    return rate_for(leg.voice.codec.id, rate_hz) or {CODEC_G722: 16000, CODEC_OPUS: 48000}.get(leg.voice.codec.id, 8000)


cdef bint can_hear(Leg leg) noexcept:
    cdef int i
    for i in range(5):
        if leg.hearing.codecs[i]:
            return True
    return False


cdef bint can_join(Leg leg) noexcept:
    return leg.has_voice and can_hear(leg)


cdef check_join(Leg leg):
    check_voice(leg)
    if not can_hear(leg):
        raise ValueError("no format was agreed on with this phone that can be decoded here")


cdef check_voice(Leg leg):
    if not leg.has_voice:
        raise ValueError("no voice format was agreed on with this phone that can be encoded here")


# -- speakers and listeners --------------------------------------------------------------------------------------------

cdef int speak(Workers w, Leg leg, int rate_hz) except 0:
    """Give the leg a speaker for sound at `rate_hz`, or the next rate above it that its codec has.

    Returns the speaker's rate. What is played goes on.
    """
    cdef Command c
    cdef VoiceSettings v = leg.voice
    cdef int32_t status = 0
    check_voice(leg)
    if v.codec.id != CODEC_L16:
        v.codec.rate_hz = rate_for(v.codec.id, rate_hz)
    memset(&c, 0, sizeof(c))
    c.detail.speaker = speaker_open(&v, &status)
    if c.detail.speaker == NULL:
        raise ValueError(f"the voice format cannot be sent: {audio_status_name(status).decode()}")
    if leg.speaker_hz and leg.speaker_hz != c.detail.speaker.rate_hz:
        try:
            take_along(leg, c.detail.speaker)
        except BaseException:
            speaker_close(c.detail.speaker)
            raise
    leg.speaker_hz = c.detail.speaker.rate_hz
    w.submit(leg, OP_SPEAKER, &c)
    return leg.speaker_hz


cdef take_along(Leg leg, Speaker *fresh):
    """Players for the new rate; the worker sets them where the old ones are."""
    cdef Playing each
    for serial, each in leg.playing.items():
        speaker_play(fresh, player_for(each.sounds, fresh.rate_hz, each.loop, each.gain, 0, each.over, serial))


cdef speak_at_least(Workers w, Leg leg, int rate_hz):
    """A speaker for what is played; a better one only where a better one is to be had, and nobody feeds this one."""
    if not leg.speaker_hz or (leg.speaker_hz < rate_hz and not leg.fed and could_do_better(leg, rate_hz)):
        speak(w, leg, rate_hz)
    else:
        check_voice(leg)


cdef bint could_do_better(Leg leg, int rate_hz):
    return leg.voice.codec.id != CODEC_L16 and rate_for(leg.voice.codec.id, rate_hz) > leg.speaker_hz


cdef int hear(Workers w, Leg leg, int rate_hz) except 0:
    """Give the leg a listener for sound at `rate_hz`, whatever its codecs; nothing when it has one."""
    cdef Command c
    cdef HearingSettings h = leg.hearing
    cdef int32_t status = 0
    if leg.listener_hz == rate_hz and not leg.arriving:
        return rate_hz
    h.rate_hz = rate_hz
    memset(&c, 0, sizeof(c))
    c.detail.listener = hearing_open(&h, &status)
    if c.detail.listener == NULL:
        raise ValueError(f"what the phone sends cannot be decoded: {audio_status_name(status).decode()}")
    leg.listener_hz = rate_hz
    w.submit(leg, OP_LISTENER, &c)
    return rate_hz


# -- two at one rate ---------------------------------------------------------------------------------------------------

cdef join_at(Workers w, Leg leg, int rate_hz):
    """A speaker for sound at `rate_hz`, or as near to it as its codec comes, unless there is one."""
    if leg.speaker_hz != voice_rate(leg, rate_hz) or leg.arriving:
        speak(w, leg, rate_hz)


cdef tune(Workers w, Leg a, Leg b):
    """Each hears the other at the rate at which it is spoken to, if possible without a resampler."""
    cdef int rate_hz = codec_common_rate(a.voice.codec.id, a.voice.codec.rate_hz,
                                         b.voice.codec.id, b.voice.codec.rate_hz)
    if rate_hz not in DETECTABLE_HZ:
        rate_hz = 16000
    join_at(w, a, rate_hz)
    join_at(w, b, rate_hz)
    hear(w, a, b.speaker_hz)
    hear(w, b, a.speaker_hz)
