"""Conferences; see room.pxd."""

from libc.stdint cimport int16_t, int32_t, uint32_t
from libc.stdlib cimport calloc, free

from media_ext.atomics cimport store_relaxed
from media_ext.clock cimport now_ns
from media_ext.listener cimport listener_serve
from media_ext.mixer cimport MIX_EVERYBODY, MIX_GAIN_MAX, MIX_NOBODY, MIX_OK, mixer_close, mixer_join, mixer_open
from media_ext.player cimport player_close
from media_ext.resample cimport Resampler, resample_close
from media_ext.room_tick cimport NOWHERE, room_empty, room_play, room_wake
from media_ext.speaker cimport speaker_feed
from media_ext.tap cimport tap_add, tap_end_all, tap_release, tap_remove
from media_ext.types cimport (
    ROOM_CLOSE,
    ROOM_DOWN,
    ROOM_JOIN,
    ROOM_LEAVE,
    ROOM_LINK,
    ROOM_LINKS,
    ROOM_LOWERED,
    ROOM_PLAY,
    ROOM_PLAYERS,
    ROOM_RATE,
    ROOM_SEAT,
    ROOM_TAP,
    ROOM_UNLINK,
    ROOM_UNTAP,
    ROOM_WHISPER,
    RoomLink,
    Seat,
)
from media_ext.wheel cimport wheel_disarm


cdef Room *room_open(uint32_t id, int32_t capacity, int32_t max_rate_hz) noexcept nogil:
    """Beside the members there is room for what is played and for links."""
    cdef Room *room = <Room *> calloc(1, sizeof(Room))
    cdef int32_t places = capacity + ROOM_PLAYERS + ROOM_LINKS
    if room == NULL:
        return NULL
    room.id = id
    room.seats = <Seat *> calloc(places, sizeof(Seat))
    if room.seats == NULL or not open_sounds(room) or mixer_open(&room.mixer, places, max_rate_hz) != MIX_OK:
        room_free(room)
        return NULL
    return room


cdef bint open_sounds(Room *room) noexcept nogil:
    cdef int16_t *at
    cdef int i
    at = room.sounds = <int16_t *> calloc((2 + ROOM_LOWERED + ROOM_PLAYERS) * ROOM_TICK_SAMPLES, sizeof(int16_t))
    if at == NULL:
        return False
    room.resampled = at
    room.before = at + ROOM_TICK_SAMPLES
    at += 2 * ROOM_TICK_SAMPLES
    for i in range(ROOM_LOWERED):
        room.lowered[i] = at + i * ROOM_TICK_SAMPLES
    at += ROOM_LOWERED * ROOM_TICK_SAMPLES
    for i in range(ROOM_PLAYERS):
        room.players[i].at = NOWHERE
        room.players[i].played = at + i * ROOM_TICK_SAMPLES
    return True


cdef void room_free(Room *room) noexcept nogil:
    cdef int i
    if room == NULL:
        return
    for i in range(ROOM_PLAYERS):
        player_close(room.players[i].player)
    tap_end_all(&room.tap, now_ns())
    mixer_close(&room.mixer)
    free(room.seats)
    free(room.sounds)
    free(room)


# -- orders ------------------------------------------------------------------------------------------------------------

cdef void room_carry_out(Worker *w, Leg *leg, RoomCommand *c) noexcept nogil:
    if c.order == ROOM_JOIN:
        join(w, leg, c)
    elif c.order == ROOM_LEAVE:
        room_leave(w, leg)
    elif c.order == ROOM_SEAT:
        if leg.room == c.room:
            c.room.mixer.members[leg.seat].gain = min(max(c.gain, 0), MIX_GAIN_MAX)
            c.room.mixer.members[leg.seat].muted = c.muted
    elif c.order == ROOM_WHISPER:
        if leg.room == c.room:
            c.room.mixer.members[leg.seat].only = heard_by(c)
    elif c.order == ROOM_DOWN:
        if leg.room == c.room:
            swap_down(&c.room.seats[leg.seat].down, &c.down)
            c.room.seats[leg.seat].lowered = 0
        resample_close(&c.down)
    elif c.order == ROOM_RATE:
        set_rate(c.room, c.rate_hz)
    elif c.order == ROOM_PLAY:
        room_play(w, c.room, c.place, c.player)
    elif c.order == ROOM_LINK:
        link(w, c.room, c.other)
    elif c.order == ROOM_UNLINK:
        unlink(c.room, c.other)
    elif c.order == ROOM_TAP:
        tap_add(&c.room.tap, c.tap)
    elif c.order == ROOM_UNTAP:
        tap_remove(&c.room.tap, c.tap, w.now_ns)
    elif c.order == ROOM_CLOSE:
        shut(w, c.room)


cdef inline int32_t heard_by(const RoomCommand *c) noexcept nogil:
    """One who is not in the room any more hears nothing."""
    if c.to == NULL:
        return MIX_EVERYBODY
    return c.to.seat if c.to.room == c.room else MIX_NOBODY


cdef void room_discard(RoomCommand *c) noexcept nogil:
    resample_close(&c.down)
    player_close(c.player)
    if c.order == ROOM_TAP:
        tap_release(c.tap)
    if c.order == ROOM_CLOSE:
        room_free(c.room)


cdef inline void swap_down(Resampler *now, Resampler *then) noexcept nogil:
    now[0], then[0] = then[0], now[0]


cdef void join(Worker *w, Leg *leg, RoomCommand *c) noexcept nogil:
    cdef Room *room = c.room
    cdef int32_t index
    if leg.room != NULL or leg.listener == NULL or leg.speaker == NULL:
        resample_close(&c.down)
        return
    index = mixer_join(&room.mixer, room.mixer.rate_hz, True)
    if index < 0:
        resample_close(&c.down)
        return
    swap_down(&room.seats[index].down, &c.down)
    room.mixer.members[index].gain = min(max(c.gain, 0), MIX_GAIN_MAX)
    room.mixer.members[index].muted = c.muted
    set_rate(room, c.rate_hz)
    room.seats[index].leg = leg
    room.taken += 1
    leg.room = room
    leg.seat = index
    listener_serve(w, leg, True)
    speaker_feed(w, leg, True)
    room_wake(w, room)


cdef void room_leave(Worker *w, Leg *leg) noexcept nogil:
    cdef Room *room = leg.room
    if room == NULL:
        return
    leg.room = NULL
    store_relaxed(&leg.counters.mix_level, 0)
    room_empty(room, leg.seat)
    resample_close(&room.seats[leg.seat].down)
    room.seats[leg.seat].leg = NULL
    room.taken -= 1
    listener_serve(w, leg, False)
    speaker_feed(w, leg, False)


cdef void set_rate(Room *room, int32_t rate_hz) noexcept nogil:
    cdef int32_t i
    if room.mixer.rate_hz != rate_hz:
        for i in range(room.mixer.capacity):
            room.mixer.members[i].says = NULL
            if room.mixer.members[i].hears != NULL:
                room.mixer.members[i].hears = room.mixer.silence
    for i in range(room.mixer.capacity):
        room.mixer.members[i].rate_hz = rate_hz
    room.mixer.rate_hz = rate_hz
    room.before_at = 0


cdef RoomLink *link_to(Room *room, const Room *other) noexcept nogil:
    """Its link to that room, or to none."""
    cdef int i
    for i in range(ROOM_LINKS):
        if room.links[i].other == other:
            return &room.links[i]
    return NULL


cdef void link(Worker *w, Room *a, Room *b) noexcept nogil:
    cdef RoomLink *here = link_to(a, NULL)
    cdef RoomLink *there = link_to(b, NULL)
    if here == NULL or there == NULL or link_to(a, b) != NULL:
        return
    here.other, there.other = b, a
    here.here = there.there = mixer_join(&a.mixer, a.mixer.rate_hz, True)
    here.there = there.here = mixer_join(&b.mixer, b.mixer.rate_hz, True)
    here.drives = True
    there.drives = False
    room_wake(w, a)
    room_wake(w, b)


cdef void unlink(Room *a, Room *b) noexcept nogil:
    cdef RoomLink *here = link_to(a, b)
    cdef RoomLink *there = link_to(b, a)
    if here == NULL or there == NULL:
        return
    room_empty(a, here.here)
    room_empty(b, here.there)
    here.other = there.other = NULL


cdef void shut(Worker *w, Room *room) noexcept nogil:
    cdef int32_t i
    for i in range(room.mixer.capacity):
        if room.seats[i].leg != NULL:
            room_leave(w, room.seats[i].leg)
    for i in range(ROOM_LINKS):
        if room.links[i].other != NULL:
            unlink(room, room.links[i].other)
    wheel_disarm(&w.wheel, &room.timer)
    room_free(room)
