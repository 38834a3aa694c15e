"""Conferences; see room.pxd."""

from libc.stdint cimport int16_t, int32_t, uint32_t
from libc.stdlib cimport calloc, free

from media_ext.beat cimport beat_first_ns, beat_next_ns
from media_ext.listener cimport listener_serve, listener_tick
from media_ext.mixer cimport (
    MIX_GAIN_MAX,
    MIX_OK,
    MIX_TICK_MS,
    mix_once,
    mixer_close,
    mixer_join,
    mixer_leave,
    mixer_link,
    mixer_open,
)
from media_ext.player cimport PLAYER_SLACK, player_close, player_follow, player_read
from media_ext.resample cimport Resampler, resample, resample_close
from media_ext.ring cimport ring_publish, ring_reserve
from media_ext.speaker cimport speaker_feed, speaker_tick
from media_ext.types cimport (
    EVENT_ROOM_PLAYED,
    ROOM_CLOSE,
    ROOM_DOWN,
    ROOM_JOIN,
    ROOM_LEAVE,
    ROOM_LINK,
    ROOM_LINKS,
    ROOM_PLAY,
    ROOM_RATE,
    ROOM_SEAT,
    ROOM_TAP,
    ROOM_UNLINK,
    TIMER_ROOM,
    Event,
    Player,
    RoomLink,
    Seat,
)
from media_ext.wheel cimport wheel_arm, wheel_disarm

cdef enum:
    NOWHERE = -1
    TICK_ROOM = 48 * 20 + PLAYER_SLACK      # samples of a tick at the highest rate


cdef Room *room_open(uint32_t id, int32_t capacity, int32_t max_rate_hz) noexcept nogil:
    """Beside the members there is room for an announcement and for links."""
    cdef Room *room = <Room *> calloc(1, sizeof(Room))
    cdef int32_t places = capacity + 1 + ROOM_LINKS
    if room == NULL:
        return NULL
    room.id = id
    room.player_at = NOWHERE
    room.seats = <Seat *> calloc(places, sizeof(Seat))
    room.resampled = <int16_t *> calloc(2 * TICK_ROOM, sizeof(int16_t))
    room.played = room.resampled + TICK_ROOM
    if room.seats == NULL or room.resampled == NULL or mixer_open(&room.mixer, places, max_rate_hz) != MIX_OK:
        room_free(room)
        return NULL
    return room


cdef void room_free(Room *room) noexcept nogil:
    if room == NULL:
        return
    player_close(room.player)
    mixer_close(&room.mixer)
    free(room.seats)
    free(room.resampled)
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
    elif c.order == ROOM_DOWN:
        if leg.room == c.room:
            swap_down(&c.room.seats[leg.seat].down, &c.down)
        resample_close(&c.down)
    elif c.order == ROOM_RATE:
        set_rate(c.room, c.rate_hz)
    elif c.order == ROOM_PLAY:
        play(w, c.room, c.player)
    elif c.order == ROOM_LINK:
        link(w, c.room, c.other)
    elif c.order == ROOM_UNLINK:
        unlink(c.room, c.other)
    elif c.order == ROOM_TAP:
        c.room.tap = c.tap
        c.room.tap_context = c.tap_context
    elif c.order == ROOM_CLOSE:
        shut(w, c.room)


cdef void room_discard(RoomCommand *c) noexcept nogil:
    resample_close(&c.down)
    player_close(c.player)
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
    wake(w, room)


cdef void room_leave(Worker *w, Leg *leg) noexcept nogil:
    cdef Room *room = leg.room
    if room == NULL:
        return
    leg.room = NULL
    leave(room, leg.seat)
    resample_close(&room.seats[leg.seat].down)
    room.seats[leg.seat].leg = NULL
    room.taken -= 1
    listener_serve(w, leg, False)
    speaker_feed(w, leg, False)


cdef void leave(Room *room, int32_t index) noexcept nogil:
    """The mixer's rate stays; and nobody may go on hearing the frames of one who is gone."""
    cdef int32_t rate_hz = room.mixer.rate_hz
    cdef int32_t i
    mixer_leave(&room.mixer, index)
    room.mixer.rate_hz = rate_hz
    room.mixer.everyone = room.mixer.silence
    for i in range(room.mixer.used):
        if room.mixer.members[i].hears != NULL:
            room.mixer.members[i].hears = room.mixer.silence


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


cdef void play(Worker *w, Room *room, Player *player) noexcept nogil:
    """Instead of what is played; a player of the same serial goes on where that one is."""
    if player != NULL and room.player != NULL and player.serial == room.player.serial:
        player_follow(player, room.player)
    player_close(room.player)
    room.player = player
    if player != NULL and room.player_at == NOWHERE:
        room.player_at = mixer_join(&room.mixer, room.mixer.rate_hz, False)
    elif player == NULL and room.player_at != NOWHERE:
        leave(room, room.player_at)
        room.player_at = NOWHERE
    wake(w, room)


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
    wake(w, a)
    wake(w, b)


cdef void unlink(Room *a, Room *b) noexcept nogil:
    cdef RoomLink *here = link_to(a, b)
    cdef RoomLink *there = link_to(b, a)
    if here == NULL or there == NULL:
        return
    leave(a, here.here)
    leave(b, here.there)
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


# -- a tick ------------------------------------------------------------------------------------------------------------

cdef inline bint busy(const Room *room) noexcept nogil:
    cdef int i
    if room.taken > 0 or room.player != NULL:
        return True
    for i in range(ROOM_LINKS):
        if room.links[i].other != NULL:
            return True
    return False


cdef void wake(Worker *w, Room *room) noexcept nogil:
    if room.timer.armed or not busy(room):
        return
    room.timer.owner = room
    room.timer.kind = TIMER_ROOM
    room.due_ns = beat_first_ns(w)
    wheel_arm(&w.wheel, &room.timer, room.due_ns)


cdef void room_run(Worker *w, Room *room) noexcept nogil:
    cdef int32_t i
    for i in range(room.mixer.used):
        if room.seats[i].leg != NULL:
            room.mixer.members[i].says = said(w, room, room.seats[i].leg)
    announce(w, room)
    mix_once(&room.mixer)
    for i in range(room.mixer.used):
        if room.seats[i].leg != NULL:
            hear(w, room, &room.seats[i], room.mixer.members[i].hears)
    if room.tap != NULL:
        record(room)
    for i in range(ROOM_LINKS):
        if room.links[i].other != NULL and room.links[i].drives:
            mixer_link(&room.mixer, room.links[i].here, &room.links[i].other.mixer, room.links[i].there)
    room.due_ns = beat_next_ns(w, room.due_ns)
    if busy(room):
        wheel_arm(&w.wheel, &room.timer, room.due_ns)


cdef void record(Room *room) noexcept nogil:
    cdef int32_t samples = room.mixer.rate_hz // 1000 * MIX_TICK_MS
    if room.mixer.silent:
        room.tap(room.tap_context, NULL, samples, room.mixer.rate_hz)
    else:
        room.tap(room.tap_context, room.mixer.everyone, samples, room.mixer.rate_hz)


cdef inline const int16_t *said(Worker *w, Room *room, Leg *leg) noexcept nogil:
    """While the room changes its rate, somebody may be heard at the old one for a moment: then not at all."""
    cdef const int16_t *pcm
    leg.listener.mutes = True
    pcm = listener_tick(w, leg)
    return pcm if leg.listener.rate_hz == room.mixer.rate_hz else NULL


cdef void hear(Worker *w, Room *room, Seat *seat, const int16_t *pcm) noexcept nogil:
    cdef int32_t rate_hz = seat.leg.speaker.rate_hz
    cdef int32_t samples = room.mixer.rate_hz // 1000 * MIX_TICK_MS
    if rate_hz != room.mixer.rate_hz:
        if (seat.down.state == NULL or seat.down.from_hz != room.mixer.rate_hz or seat.down.to_hz != rate_hz
                or resample(&seat.down, pcm, samples, room.resampled, TICK_ROOM) != seat.leg.speaker.tick_samples):
            pcm = NULL
        else:
            pcm = room.resampled
    speaker_tick(w, seat.leg, pcm)


cdef void announce(Worker *w, Room *room) noexcept nogil:
    cdef int32_t samples = room.mixer.rate_hz // 1000 * MIX_TICK_MS
    if room.player == NULL or room.player_at == NOWHERE:
        return
    if room.player.rate_hz != room.mixer.rate_hz:
        return
    if player_read(room.player, room.played, samples):
        room.mixer.members[room.player_at].says = room.played
        return
    tell_played(w, room, room.player.serial)
    play(w, room, NULL)


cdef void tell_played(Worker *w, const Room *room, uint32_t serial) noexcept nogil:
    cdef Event *event = <Event *> ring_reserve(&w.events)
    if event == NULL:
        w.events_lost += 1
        return
    event.kind = EVENT_ROOM_PLAYED
    event.leg = room.id
    event.number = serial
    event.duration_ms = 0
    event.address.length = 0
    ring_publish(&w.events)
    w.told = True
