"""What a leg says; see listener.pxd."""

from libc.math cimport log10, lround
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from media_ext.atomics cimport store_relaxed
from media_ext.clock cimport ms
from media_ext.codec cimport CodecId
from media_ext.digits cimport DIGIT_LOST_END_MS
from media_ext.dtmf_detect cimport DTMF_ENDED, DTMF_NONE, DtmfDetector, DtmfHeard, dtmf_detect, dtmf_detect_open
from media_ext.formats cimport clock_hz_of
from media_ext.hearing cimport (
    hearing_change,
    hearing_clock_hz,
    hearing_conceal,
    hearing_decode,
    hearing_drop_taken,
    hearing_forget,
    hearing_silence,
    hearing_span,
    hearing_wanted,
)
from media_ext.jitter cimport (
    JITTER_CONCEAL,
    JITTER_ENOUGH,
    JITTER_FRAME,
    JITTER_TICK_MS,
    JitterFrame,
    JitterGet,
    jitter_get,
    jitter_put,
    jitter_restart,
    jitter_tick,
)
from media_ext.mixer cimport (
    MIX_SILENT_DBOV,
    MIX_TALK_OFF,
    MIX_TALK_OFF_TICKS,
    MIX_TALK_ON,
    MIX_TALK_ON_TICKS,
    mix_kernels,
    mix_kernels_named,
)
from media_ext.pair cimport pair_digit
from media_ext.tell cimport tell
from media_ext.types cimport EVENT_DIGIT, EVENT_STOPPED, EVENT_TALKING, TELEPHONE_EVENT, TIMER_LISTENER
from media_ext.wheel cimport wheel_arm, wheel_disarm

cdef enum:
    LATE_MS = 200               # further behind than this, ticks are left out

cdef const mix_kernels *kernels = mix_kernels_named(NULL)


# -- what it is told ---------------------------------------------------------------------------------------------------

cdef void listener_install(Worker *w, Leg *leg, Listener *fresh) noexcept nogil:
    if leg.listener != NULL:
        hearing_change(leg.listener, fresh)
        return
    leg.listener = fresh
    listener_add(w, leg)


cdef void listener_serve(Worker *w, Leg *leg, bint ticked) noexcept nogil:
    cdef Listener *ear = leg.listener
    if ticked and not ear.ticked:
        hearing_forget(ear)
    ear.ticked = ticked
    ear.mutes = False
    listener_drop(w, leg)
    listener_add(w, leg)


cdef void listener_watch(Worker *w, Leg *leg, bint detects, bint tells) noexcept nogil:
    cdef Listener *ear = leg.listener
    if ear == NULL:
        return
    if not hearing_wanted(ear):
        hearing_forget(ear)
    if detects and not ear.detects:
        dtmf_detect_open(&ear.detector, ear.rate_hz)
    ear.detects = detects
    ear.tells = tells
    listener_add(w, leg)


cdef void listener_add(Worker *w, Leg *leg) noexcept nogil:
    """Run the timer unless it runs, or nobody wants to know."""
    cdef Listener *ear = leg.listener
    if ear == NULL or ear.ticked or ear.timer.armed or not hearing_wanted(ear):
        return
    ear.timer.owner = leg
    ear.timer.kind = TIMER_LISTENER
    ear.due_ns = w.now_ns + ms(JITTER_TICK_MS)
    wheel_arm(&w.wheel, &ear.timer, ear.due_ns)


cdef void listener_drop(Worker *w, Leg *leg) noexcept nogil:
    if leg.listener != NULL:
        wheel_disarm(&w.wheel, &leg.listener.timer)


cdef void listener_run(Worker *w, Leg *leg) noexcept nogil:
    cdef Listener *ear = leg.listener
    if ear.ticked or not hearing_wanted(ear):
        return
    listener_tick(w, leg)
    if w.now_ns - ear.due_ns > ms(LATE_MS):
        ear.due_ns = w.now_ns
    ear.due_ns += ms(JITTER_TICK_MS)
    wheel_arm(&w.wheel, &ear.timer, ear.due_ns)


# -- packets in --------------------------------------------------------------------------------------------------------

cdef void listener_receive(Worker *w, Leg *leg, uint8_t *data, const RtpHeader *h) noexcept nogil:
    """Keep the packet with its codec's number in the byte before the payload."""
    cdef Listener *ear = leg.listener
    cdef uint8_t *kept = data + h.payload_at - 1
    cdef uint8_t before = kept[0]
    cdef uint8_t codec = leg.codecs[h.payload_type]
    cdef int32_t size = <int32_t> h.payload_bytes
    cdef int32_t span = 0
    cdef uint32_t clock_hz
    if codec:
        kept[0] = codec - 1
        span = hearing_span(ear, <CodecId> kept[0], kept + 1, size)
    if span:
        clock_hz = hearing_clock_hz(ear, <CodecId> kept[0])
        if clock_hz != ear.jitter.clock_hz:           # RFC 7160 4.1: a change of clock is another timeline
            jitter_restart(&ear.jitter, clock_hz)
        jitter_put(&ear.jitter, h.ssrc, h.seq, h.rtp_ts, span, kept, size + 1, w.now_ns)
    elif (leg.formats[h.payload_type] & TELEPHONE_EVENT == 0
            or clock_hz_of(leg.formats[h.payload_type]) == ear.jitter.clock_hz):
        jitter_put(&ear.jitter, h.ssrc, h.seq, h.rtp_ts, 0, kept, 0, w.now_ns)
    else:
        skip_number(ear, h, w.now_ns)
    kept[0] = before


cdef void skip_number(Listener *ear, const RtpHeader *h, int64_t at_ns) noexcept nogil:
    """A digit in another clock than the sound: its number is not missing, its timestamp says nothing."""
    jitter_put(&ear.jitter, h.ssrc, h.seq, <uint32_t> ear.jitter.newest_ts, 0, NULL, 0, at_ns)


# -- sound out ---------------------------------------------------------------------------------------------------------

cdef const int16_t *listener_tick(Worker *w, Leg *leg) noexcept nogil:
    cdef Listener *ear = leg.listener
    cdef int32_t missing
    hearing_drop_taken(ear)
    fill(w, ear)
    publish(leg)
    if ear.sounding == 0:
        ear.count = 0
        follow_level(w, leg, 0)
        if ear.detects and ear.detector.event != DTMF_NONE:
            hear_silence(w, leg)
        return NULL
    missing = ear.tick_samples - ear.count
    if missing > 0:
        memset(ear.pcm + ear.count, 0, missing * sizeof(int16_t))
        ear.count += missing
    ear.taken = ear.tick_samples
    follow_level(w, leg, kernels.energy(ear.pcm, ear.tick_samples) // ear.tick_samples)
    if ear.detects and hear_digits(w, leg, ear.pcm, ear.tick_samples) and ear.mutes:
        memset(ear.pcm, 0, ear.tick_samples * sizeof(int16_t))
    return ear.pcm


cdef void fill(Worker *w, Listener *ear) noexcept nogil:
    """What the jitter buffer gives for these 20 ms."""
    cdef JitterFrame frame
    cdef JitterGet got
    jitter_tick(&ear.jitter, w.now_ns)
    while True:
        got = jitter_get(&ear.jitter, ear.quiet, &frame)
        if got == JITTER_ENOUGH:
            return
        if got == JITTER_FRAME:
            hearing_decode(ear, frame.payload, frame.size, frame.span)
        elif got == JITTER_CONCEAL:
            hearing_conceal(ear, frame.payload, frame.size, frame.span)
        else:
            hearing_silence(ear, frame.span)


cdef inline void publish(Leg *leg) noexcept nogil:
    store_relaxed(&leg.counters.late, leg.listener.jitter.stats.late)
    store_relaxed(&leg.counters.discarded, leg.listener.jitter.stats.left_out
                  + leg.listener.jitter.stats.overflowed + leg.listener.jitter.stats.refused)


cdef void follow_level(Worker *w, Leg *leg, int64_t power) noexcept nogil:
    """Fast up, slowly down; a talker is told after 60 ms of sound, and its end after half a second without."""
    cdef Listener *ear = leg.listener
    cdef bint other
    if power == 0 and ear.power < 8 and not ear.talking:
        ear.power = 0
        return
    ear.power += (power - ear.power) >> (1 if power > ear.power else 3)
    other = ear.power < MIX_TALK_OFF if ear.talking else power > MIX_TALK_ON
    ear.turn_ticks = ear.turn_ticks + 1 if other else 0
    if ear.turn_ticks < (MIX_TALK_OFF_TICKS if ear.talking else MIX_TALK_ON_TICKS):
        return
    ear.talking = not ear.talking
    ear.turn_ticks = 0
    if ear.tells:
        tell(w, leg, EVENT_TALKING if ear.talking else EVENT_STOPPED, <uint32_t> -level_dbov(ear))


cdef int32_t level_dbov(const Listener *ear) noexcept nogil:
    if ear.power <= 0:
        return MIX_SILENT_DBOV
    return <int32_t> max(lround(10 * log10(ear.power / 1073741824.0)), MIX_SILENT_DBOV)


cdef bint hear_digits(Worker *w, Leg *leg, const int16_t *pcm, int32_t samples) noexcept nogil:
    """Whether there is a digit in this sound."""
    cdef DtmfDetector *d = &leg.listener.detector
    cdef bint there = d.event != DTMF_NONE
    cdef DtmfHeard heard
    cdef int32_t at = 0
    while at < samples:
        at += dtmf_detect(d, pcm + at, samples - at, &heard)
        if heard.what == DTMF_ENDED and not is_told_otherwise(w, leg):
            tell(w, leg, EVENT_DIGIT, heard.event, heard.duration_ms)
            if leg.listener.mutes:
                pair_digit(leg, heard.event, heard.duration_ms)
        there = there or d.event != DTMF_NONE
    return there


cdef inline bint is_told_otherwise(Worker *w, const Leg *leg) noexcept nogil:
    """A phone that sends RFC 4733 events beside the tone means one digit."""
    return leg.digits.any and w.now_ns - leg.digits.seen_ns < ms(DIGIT_LOST_END_MS)


cdef void hear_silence(Worker *w, Leg *leg) noexcept nogil:
    """A digit at the end of all sound ends too."""
    memset(leg.listener.pcm, 0, leg.listener.tick_samples * sizeof(int16_t))
    hear_digits(w, leg, leg.listener.pcm, leg.listener.tick_samples)
