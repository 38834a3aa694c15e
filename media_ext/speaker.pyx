"""What the node says on a leg; see speaker.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from media_ext.clock cimport ms
from media_ext.codec cimport CODEC_PCMA, Codec
from media_ext.dtmf_send cimport DigitPacket, dtmf_send_add, dtmf_send_idle, dtmf_send_tick
from media_ext.output cimport OUTPUT_HEADROOM, OUTPUT_TAILROOM, output_cut, output_event, output_frame, output_next_ts
from media_ext.player cimport player_close, player_skip
from media_ext.tell cimport tell
from media_ext.types cimport EVENT_PROMPT_ENDED, SHARED_BYTES, TIMER_SPEAKER, SharedFrame
from media_ext.voice cimport (
    LONGEST_FRAME_BYTES,
    NO_TYPE,
    speaker_hush,
    speaker_play,
    speaker_revoice,
    speaker_sound,
    speaker_sounds,
)
from media_ext.wheel cimport wheel_arm, wheel_disarm

cdef enum:
    LATE_MS = 200               # further behind than this, sound is skipped rather than sent in a burst


# -- what it is told ---------------------------------------------------------------------------------------------------

cdef void speaker_install(Worker *w, Leg *leg, Speaker *fresh) noexcept nogil:
    if leg.speaker != NULL:
        speaker_revoice(leg.speaker, fresh)
        return
    w.feeds += 1
    fresh.feed = (<uint64_t> 1 << 63) | w.feeds
    leg.speaker = fresh
    speaker_add(w, leg)


cdef void speaker_add(Worker *w, Leg *leg) noexcept nogil:
    cdef Speaker *s = leg.speaker
    if s == NULL:
        return
    s.timer.owner = leg
    s.timer.kind = TIMER_SPEAKER
    if not s.fed and busy(s):
        wheel_arm(&w.wheel, &s.timer, s.due_ns)


cdef void speaker_drop(Worker *w, Leg *leg) noexcept nogil:
    if leg.speaker != NULL:
        wheel_disarm(&w.wheel, &leg.speaker.timer)


cdef void speaker_feed(Worker *w, Leg *leg, bint fed) noexcept nogil:
    cdef Speaker *s = leg.speaker
    s.fed = fed
    s.owns = fed or owns(s)
    s.count = 0
    output_cut(&leg.out)
    wheel_disarm(&w.wheel, &s.timer)
    begin(w, leg)


cdef void speaker_start(Worker *w, Leg *leg, Player *player) noexcept nogil:
    if leg.speaker == NULL:
        player_close(player)
        return
    speaker_play(leg.speaker, player)
    output_cut(&leg.out)
    begin(w, leg)


cdef void speaker_stop(Worker *w, Leg *leg) noexcept nogil:
    cdef Speaker *s = leg.speaker
    if s == NULL or (s.player == NULL and s.whisper == NULL):
        return
    speaker_hush(s)
    if not s.fed:
        s.owns = owns(s)
        if not busy(s):
            wheel_disarm(&w.wheel, &s.timer)
    pause(leg)


cdef void speaker_digits(Worker *w, Leg *leg, const DigitsCommand *c) noexcept nogil:
    cdef int32_t i
    if leg.speaker == NULL:
        return
    for i in range(c.count):
        dtmf_send_add(&leg.speaker.digits, c.events[i], c.duration_ms, c.pause_ms)
    begin(w, leg)


# -- its own timer -----------------------------------------------------------------------------------------------------

cdef inline bint busy(const Speaker *s) noexcept nogil:
    return speaker_sounds(s) or not dtmf_send_idle(&s.digits)


cdef inline bint owns(const Speaker *s) noexcept nogil:
    """Nothing that is relayed may be heard; it may be in the pause between two digits."""
    return speaker_sounds(s) or s.digits.sending or s.digits.ends > 0


cdef void begin(Worker *w, Leg *leg) noexcept nogil:
    """Run the timer unless it runs; the first packet goes at once."""
    cdef Speaker *s = leg.speaker
    if s.fed or s.timer.armed or not busy(s):
        return
    s.due_ns = w.now_ns
    speaker_run(w, leg)


cdef void speaker_run(Worker *w, Leg *leg) noexcept nogil:
    """One packet; packet n is due exactly n packets after the first."""
    cdef Speaker *s = leg.speaker
    cdef int64_t step_ns = ms(s.encoder.ptime_ms)
    cdef int64_t late
    if s.fed:
        return
    if w.now_ns - s.due_ns > ms(LATE_MS):
        late = (w.now_ns - s.due_ns) // step_ns
        s.due_ns += late * step_ns
        skip(s, late)
        output_cut(&leg.out)
    say(w, leg, NULL, s.encoder.frame_samples, NULL)
    s.owns = owns(s)
    if busy(s):
        s.due_ns += step_ns
        wheel_arm(&w.wheel, &s.timer, s.due_ns)


cdef void skip(Speaker *s, int64_t packets) noexcept nogil:
    cdef uint32_t samples = <uint32_t> (packets * s.encoder.frame_samples)
    if s.player != NULL:
        player_skip(s.player, samples)
    if s.whisper != NULL:
        player_skip(s.whisper, samples)


# -- sound into packets ------------------------------------------------------------------------------------------------

cdef void speaker_tick(Worker *w, Leg *leg, const int16_t *pcm) noexcept nogil:
    say(w, leg, pcm, leg.speaker.tick_samples, NULL)


cdef void speaker_share(Worker *w, Leg *leg, const int16_t *pcm, SharedFrame *shared) noexcept nogil:
    say(w, leg, pcm, leg.speaker.tick_samples, shared)


cdef void speaker_left_out(Leg *leg, int32_t beats) noexcept nogil:
    """Time has passed, and what comes is marked as what follows a pause (RFC 3551 4.1)."""
    output_cut(&leg.out)
    leg.speaker.gap += <uint32_t> beats * (leg.speaker.encoder.rtp_clock_hz // 50)


cdef void say(Worker *w, Leg *leg, const int16_t *pcm, int32_t samples, SharedFrame *shared) noexcept nogil:
    """Add what is played, and cut it into packets. Silence is no packets: the next one begins a talkspurt."""
    cdef Speaker *s = leg.speaker
    cdef int32_t frame = s.encoder.frame_samples
    cdef int32_t at = 0
    cdef const int16_t *sound = speaker_sound(s, pcm, samples)
    tell_ended(w, leg)
    if s.count == 0 and samples == frame:
        frame_due(w, leg, sound, shared)
        return
    if sound == NULL and s.count == 0 and dtmf_send_idle(&s.digits):
        pause(leg)
        return
    if sound != NULL:
        memcpy(s.waiting + s.count, sound, samples * sizeof(int16_t))
    else:
        memset(s.waiting + s.count, 0, samples * sizeof(int16_t))
    s.count += samples
    while s.count - at >= frame:
        frame_due(w, leg, s.waiting + at, NULL)
        at += frame
    s.count -= at
    if s.count and at:
        memmove(s.waiting, s.waiting + at, s.count * sizeof(int16_t))


cdef void pause(Leg *leg) noexcept nogil:
    """Nothing more is said for now; what is relayed instead goes on as it is."""
    leg.speaker.gap = 0
    if leg.out.feed == leg.speaker.feed:
        output_cut(&leg.out)


cdef void tell_ended(Worker *w, Leg *leg) noexcept nogil:
    cdef int i
    for i in range(2):
        if leg.speaker.ended[i]:
            tell(w, leg, EVENT_PROMPT_ENDED, leg.speaker.ended[i])
            leg.speaker.ended[i] = 0


cdef inline int32_t encode(Codec *encoder, const int16_t *pcm, uint8_t *payload, SharedFrame *shared) noexcept nogil:
    cdef int place = <int> encoder.id
    if shared == NULL or pcm != shared.pcm or place > CODEC_PCMA or encoder.frame_samples != SHARED_BYTES:
        return encoder.encode(encoder, pcm, encoder.frame_samples, payload, LONGEST_FRAME_BYTES)
    if not shared.encoded[place]:
        shared.encoded[place] = True
        encoder.encode(encoder, pcm, SHARED_BYTES, shared.payloads[place], SHARED_BYTES)
    memcpy(payload, shared.payloads[place], SHARED_BYTES)
    return SHARED_BYTES


cdef void frame_due(Worker *w, Leg *leg, const int16_t *pcm, SharedFrame *shared) noexcept nogil:
    """A packet's time: of a digit, of sound, or of nothing (NULL)."""
    cdef Speaker *s = leg.speaker
    cdef Codec *encoder = s.encoder
    cdef uint8_t packet[OUTPUT_HEADROOM + LONGEST_FRAME_BYTES + OUTPUT_TAILROOM]
    cdef int32_t size
    s.gap += encoder.frame_units
    if s.digits_type != NO_TYPE and not dtmf_send_idle(&s.digits) and digit_due(w, leg, packet + OUTPUT_HEADROOM):
        return
    if pcm == NULL:
        if dtmf_send_idle(&s.digits):
            pause(leg)
        return
    size = encode(encoder, pcm, packet + OUTPUT_HEADROOM, shared)
    if size > 0:
        output_frame(w, leg, s.feed, packet + OUTPUT_HEADROOM, size, s.gap, s.payload_type, encoder.rtp_clock_hz)
        s.gap = 0


cdef bint digit_due(Worker *w, Leg *leg, uint8_t *payload) noexcept nogil:
    """Whether a digit takes the time of this packet. Its timestamp is in the sound's clock: it is one stream."""
    cdef Speaker *s = leg.speaker
    cdef DigitPacket packet
    cdef uint32_t clock_hz = s.encoder.rtp_clock_hz
    cdef uint32_t units = s.digits_clock_hz // 1000 * s.encoder.ptime_ms
    cdef uint32_t rtp_ts
    cdef bint replaced = s.digits.sending
    cdef bint told = dtmf_send_tick(&s.digits, s.digit_clock, units, &packet)
    s.digit_clock += units
    if not told:
        return replaced
    if packet.marker:
        replaced = True
        s.digit_from = packet.rtp_ts
        s.digit_ts = output_next_ts(&leg.out, s.feed, s.gap, clock_hz, w.now_ns)
        s.gap = 0
    rtp_ts = s.digit_ts + <uint32_t> (<uint64_t> (packet.rtp_ts - s.digit_from) * clock_hz // s.digits_clock_hz)
    if not packet.marker and <int32_t> (rtp_ts - leg.out.last_ts) > 0:
        s.gap -= rtp_ts - leg.out.last_ts       # a long digit goes on under a new timestamp
    memcpy(payload, packet.payload, sizeof(packet.payload))
    output_event(w, leg, s.feed, payload, sizeof(packet.payload), rtp_ts, packet.marker, s.digits_type, clock_hz)
    return replaced                             # the end is told three times, twice beside the sound after it
