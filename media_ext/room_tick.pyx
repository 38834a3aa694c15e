"""A tick of a conference; see room_tick.pxd."""

from libc.stdint cimport int16_t, int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

from media_ext.atomics cimport store_relaxed
from media_ext.beat cimport BEAT_MS, beat_first_ns, beat_left_out
from media_ext.clock cimport ms
from media_ext.listener cimport listener_tick
from media_ext.mixer cimport MIX_TICK_MS, MixMember, mix_once, mixer_join, mixer_leave, mixer_link
from media_ext.player cimport player_close, player_follow, player_read
from media_ext.resample cimport resample
from media_ext.ring cimport ring_publish, ring_reserve
from media_ext.room cimport ROOM_TICK_SAMPLES
from media_ext.speaker cimport speaker_left_out, speaker_share, speaker_tick
from media_ext.tap cimport tap_pcm
from media_ext.types cimport (
    EVENT_ROOM_PLAYED,
    ROOM_LINKS,
    ROOM_PLAYERS,
    TIMER_ROOM,
    Event,
    Leg,
    RoomPlayer,
    Seat,
    Tap,
)
from media_ext.wheel cimport wheel_arm


cdef inline int32_t tick_samples(const Room *room) noexcept nogil:
    return room.mixer.rate_hz // 1000 * MIX_TICK_MS


# -- when --------------------------------------------------------------------------------------------------------------

cdef inline bint busy(const Room *room) noexcept nogil:
    cdef int i
    if room.taken > 0:
        return True
    for i in range(ROOM_PLAYERS):
        if room.players[i].player != NULL:
            return True
    for i in range(ROOM_LINKS):
        if room.links[i].other != NULL:
            return True
    return False


cdef void room_wake(Worker *w, Room *room) noexcept nogil:
    if room.timer.armed or not busy(room):
        return
    room.timer.owner = room
    room.timer.kind = TIMER_ROOM
    room.due_ns = beat_first_ns(w)
    wheel_arm(&w.wheel, &room.timer, room.due_ns)


cdef void room_run(Worker *w, Room *room) noexcept nogil:
    cdef int32_t i
    cdef int32_t beats = beat_left_out(w, &room.due_ns)
    room.tick += 1
    for i in range(room.mixer.used):
        if room.seats[i].leg != NULL:
            if beats:
                speaker_left_out(room.seats[i].leg, beats)
            room.mixer.members[i].says = said(w, room, room.seats[i].leg)
    for i in range(ROOM_PLAYERS):
        announce(w, room, i)
    mix_once(&room.mixer)
    hear_all(w, room)
    record(w, room)
    for i in range(ROOM_LINKS):
        if room.links[i].other != NULL and room.links[i].drives:
            mixer_link(&room.mixer, room.links[i].here, &room.links[i].other.mixer, room.links[i].there)
    room.due_ns += ms(BEAT_MS)
    if busy(room):
        wheel_arm(&w.wheel, &room.timer, room.due_ns)


# -- what is said ------------------------------------------------------------------------------------------------------

cdef inline const int16_t *said(Worker *w, Room *room, Leg *leg) noexcept nogil:
    """While the room changes its rate, somebody may be heard at the old one for a moment: then not at all."""
    cdef const int16_t *pcm
    leg.listener.mutes = True
    pcm = listener_tick(w, leg)
    return pcm if leg.listener.rate_hz == room.mixer.rate_hz else NULL


cdef void announce(Worker *w, Room *room, int32_t place) noexcept nogil:
    cdef RoomPlayer *one = &room.players[place]
    if one.player == NULL or one.at == NOWHERE or one.player.rate_hz != room.mixer.rate_hz:
        return
    if player_read(one.player, one.played, tick_samples(room)):
        room.mixer.members[one.at].says = one.played
        return
    tell_played(w, room, one.player.serial)
    room_play(w, room, place, NULL)


cdef void room_play(Worker *w, Room *room, int32_t place, Player *player) noexcept nogil:
    """A player of the same serial goes on where the one before is."""
    cdef RoomPlayer *one = &room.players[place]
    if player != NULL and one.player != NULL and player.serial == one.player.serial:
        player_follow(player, one.player)
    player_close(one.player)
    one.player = player
    if player != NULL and one.at == NOWHERE:
        one.at = mixer_join(&room.mixer, room.mixer.rate_hz, False)
    elif player == NULL and one.at != NOWHERE:
        room_empty(room, one.at)
        one.at = NOWHERE
    room_wake(w, room)


cdef void room_empty(Room *room, int32_t index) noexcept nogil:
    cdef int32_t rate_hz = room.mixer.rate_hz
    mixer_leave(&room.mixer, index)
    room.mixer.rate_hz = rate_hz
    room_hush(room)


cdef void room_hush(Room *room) noexcept nogil:
    cdef int32_t i
    room.mixer.everyone = room.mixer.silence
    for i in range(room.mixer.used):
        if room.mixer.members[i].hears != NULL:
            room.mixer.members[i].hears = room.mixer.silence


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


# -- what is heard -----------------------------------------------------------------------------------------------------

cdef void hear_all(Worker *w, Room *room) noexcept nogil:
    cdef MixMember *member
    cdef int32_t i
    cdef bint lowers = False
    room.shared.pcm = NULL
    for i in range(room.mixer.used):
        if room.seats[i].leg == NULL:
            continue
        member = &room.mixer.members[i]
        store_relaxed(&room.seats[i].leg.counters.mix_level, <uint64_t> member.power << 1 | member.talking)
        lowers = lowers or room.seats[i].leg.speaker.rate_hz != room.mixer.rate_hz
        hear(w, room, &room.seats[i], member.hears)
    if lowers:
        memcpy(room.before, room.mixer.everyone, tick_samples(room) * sizeof(int16_t))
        room.before_at = room.tick


cdef inline void hear(Worker *w, Room *room, Seat *seat, const int16_t *pcm) noexcept nogil:
    cdef bint all_hear = pcm == room.mixer.everyone
    if seat.leg.speaker.rate_hz != room.mixer.rate_hz:
        pcm = lower(room, seat, pcm)
    if not all_hear or seat.leg.speaker.rate_hz != 8000 or pcm == NULL:
        speaker_tick(w, seat.leg, pcm)
        return
    if room.shared.pcm == NULL:
        room.shared.pcm = pcm
        room.shared.encoded[0] = room.shared.encoded[1] = False
    speaker_share(w, seat.leg, pcm, &room.shared)


cdef const int16_t *lower(Room *room, Seat *seat, const int16_t *pcm) noexcept nogil:
    """At the rate of the seat's phone; NULL while there is no resampler for it, which is on its way then."""
    cdef int32_t rate_hz = seat.leg.speaker.rate_hz
    cdef int32_t place = 0 if rate_hz == 8000 else 1
    cdef bint all_hear = pcm == room.mixer.everyone and rate_hz in (8000, 16000)
    cdef int16_t *out = room.lowered[place] if all_hear else room.resampled
    if all_hear and room.lowered_at[place] == room.tick:
        return out
    if seat.down.state == NULL or seat.down.from_hz != room.mixer.rate_hz or seat.down.to_hz != rate_hz:
        return NULL
    if seat.lowered + 1 != room.tick and room.before_at and room.before_at + 1 == room.tick:
        resample(&seat.down, room.before, tick_samples(room), out, ROOM_TICK_SAMPLES)
    seat.lowered = room.tick
    if resample(&seat.down, pcm, tick_samples(room), out, ROOM_TICK_SAMPLES) != seat.leg.speaker.tick_samples:
        return NULL
    if all_hear:
        room.lowered_at[place] = room.tick
    return out


cdef inline void record(Worker *w, Room *room) noexcept nogil:
    cdef Tap *tap = room.tap
    while tap != NULL:
        tap_pcm(tap, room.mixer.everyone, tick_samples(room), <uint32_t> room.mixer.rate_hz, w.now_ns)
        tap = tap.next
