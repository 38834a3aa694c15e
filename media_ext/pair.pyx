"""Two legs, transcoded; see pair.pxd."""

from libc.stdint cimport int16_t, int32_t
from libc.stdlib cimport calloc, free

from media_ext.beat cimport BEAT_MS, beat_first_ns, beat_left_out
from media_ext.clock cimport ms
from media_ext.listener cimport listener_serve, listener_tick
from media_ext.speaker cimport speaker_feed, speaker_left_out, speaker_tick
from media_ext.types cimport TIMER_PAIR
from media_ext.voice cimport NO_TYPE
from media_ext.wheel cimport wheel_arm, wheel_disarm


cdef Pair *pair_open() noexcept nogil:
    return <Pair *> calloc(1, sizeof(Pair))


cdef void pair_join(Worker *w, Leg *a, Leg *b, Pair *fresh) noexcept nogil:
    if a.listener == NULL or b.listener == NULL or a.speaker == NULL or b.speaker == NULL:
        free(fresh)
        return
    if a.pair != NULL and a.pair == b.pair:         # joined again after a change of codec: nothing is interrupted
        free(fresh)
        return
    pair_part(w, a)
    pair_part(w, b)
    fresh.a = a
    fresh.b = b
    a.pair = b.pair = fresh
    fresh.timer.owner = fresh
    fresh.timer.kind = TIMER_PAIR
    listener_serve(w, a, True)
    listener_serve(w, b, True)
    speaker_feed(w, a, True)
    speaker_feed(w, b, True)
    fresh.due_ns = beat_first_ns(w)
    wheel_arm(&w.wheel, &fresh.timer, fresh.due_ns)


cdef void pair_part(Worker *w, Leg *leg) noexcept nogil:
    cdef Pair *pair = leg.pair
    if pair == NULL:
        return
    wheel_disarm(&w.wheel, &pair.timer)
    pair.a.pair = pair.b.pair = NULL
    listener_serve(w, pair.a, False)
    listener_serve(w, pair.b, False)
    speaker_feed(w, pair.a, False)
    speaker_feed(w, pair.b, False)
    free(pair)


cdef void pair_run(Worker *w, Pair *pair) noexcept nogil:
    cdef int32_t beats = beat_left_out(w, &pair.due_ns)
    if beats:
        speaker_left_out(pair.a, beats)
        speaker_left_out(pair.b, beats)
    one_way(w, pair.a, pair.b)
    one_way(w, pair.b, pair.a)
    pair.due_ns += ms(BEAT_MS)
    wheel_arm(&w.wheel, &pair.timer, pair.due_ns)


cdef inline void one_way(Worker *w, Leg *talker, Leg *hearer) noexcept nogil:
    """While one of them changes its codec, their rates may differ for a moment: nothing is heard then."""
    cdef const int16_t *pcm
    talker.listener.mutes = hearer.speaker.digits_type != NO_TYPE
    pcm = listener_tick(w, talker)
    speaker_tick(w, hearer, pcm if talker.listener.rate_hz == hearer.speaker.rate_hz else NULL)
