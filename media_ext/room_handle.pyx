"""Python's hold on a conference; see room_handle.pxd."""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from media_ext.atomics cimport load_relaxed
from media_ext.audio_status cimport audio_status_name
from media_ext.leg_handle cimport Leg
from media_ext.mixer cimport mix_level_dbov
from media_ext.player cimport GAIN_UNITY
from media_ext.resample cimport RESAMPLE_QUALITY, resample_open
from media_ext.room cimport room_free, room_open
from media_ext.sound_door cimport player_for
from media_ext.tap cimport tap_hold
from media_ext.tap_handle cimport TapHandle
from media_ext.tuning cimport can_join, check_join, hear, join_at, voice_rate
from media_ext.types cimport (
    OP_ROOM,
    ROOM_CLOSE,
    ROOM_DOWN,
    ROOM_JOIN,
    ROOM_LEAVE,
    ROOM_LINK,
    ROOM_LINKS,
    ROOM_PLAY,
    ROOM_PLAYERS,
    ROOM_RATE,
    ROOM_SEAT,
    ROOM_TAP,
    ROOM_UNLINK,
    ROOM_UNTAP,
    ROOM_WHISPER,
    Command,
    RoomOrder,
)
from media_ext.workers cimport Workers

MOST_MEMBERS = 1000


cdef Room open_room(Workers workers, int capacity, int worker, int max_rate_hz):
    cdef Room room = Room.__new__(Room)
    if not 0 < capacity <= MOST_MEMBERS:
        raise ValueError(f"a conference of {capacity}: there are some of 1 to {MOST_MEMBERS}")
    if max_rate_hz not in (8000, 16000, 48000):
        raise ValueError(f"a conference at {max_rate_hz} Hz: 8000, 16000 or 48000")
    room.record = room_open(workers.new_id(), capacity, max_rate_hz)
    if room.record == NULL:
        raise MemoryError
    room.workers = workers
    room.worker = worker
    room.capacity, room.max_rate_hz, room.rate_hz = capacity, max_rate_hz, 8000
    room.members = {}
    room.coming = {}
    room.links = []
    room.playing = [None] * ROOM_PLAYERS
    workers.rooms[room.id] = room
    return room


cdef class Room:
    """A conference on one thread."""

    @property
    def id(self):
        return self.record.id if self.record != NULL else 0

    @property
    def legs(self):
        """Its members, in the order in which they came."""
        return [*self.members, *self.coming]

    def level_dbov(self, Leg leg not None):
        """How loud the member is now, after gain: -127 (silence) to 0."""
        return mix_level_dbov(<int64_t> (self.level_of(leg) >> 1))

    def talking(self, Leg leg not None):
        """Whether the others hear it talk."""
        return bool(self.level_of(leg) & 1)

    cdef uint64_t level_of(self, Leg leg):
        if leg.room is not self or leg.record == NULL:
            return 0
        return load_relaxed(&leg.record.counters.mix_level)

    # -- members -----------------------------------------------------------------------------------------------------

    def join(self, Leg leg not None, *, bint muted=False, int gain=GAIN_UNITY):
        """Into the conference, out of everything else; who is in it gets the new gain. Raises ValueError."""
        check_join(leg)
        if leg.room is not self and leg not in self.coming:
            if len(self.members) + len(self.coming) >= self.capacity:
                raise ValueError(f"the conference is full: {self.capacity}")
            self.coming[leg] = None
        self.workers.in_turn(lambda: self._join(leg, muted, gain))

    def _join(self, Leg leg, bint muted, int gain):
        cdef Command c
        if leg.record == NULL or self.record == NULL or leg.closing or not can_join(leg):
            self.coming.pop(leg, None)
            return
        if self.workers.moved_to(leg, self.worker, lambda: self._join(leg, muted, gain)):
            return
        self.coming.pop(leg, None)
        memset(&c, 0, sizeof(c))
        c.detail.room.muted = muted
        c.detail.room.gain = gain
        if leg.room is self:
            leg.arriving = False
            self.order_about(leg, ROOM_SEAT, &c)
        else:
            leg.part()
            self.members[leg] = None
            leg.room, leg.members = self, self.members
            leg.fed = True
            c.detail.room.rate_hz = self.best_rate()
            hear(self.workers, leg, c.detail.room.rate_hz)
            join_at(self.workers, leg, c.detail.room.rate_hz)
            leg.arriving = False
            self.order_about(leg, ROOM_JOIN, &c)
        self.tune()

    def whisper(self, Leg leg not None, Leg to):
        """Let only `to` hear a member; None: all of them again. Nothing for one who is not in the conference."""
        self.workers.in_turn(lambda: self._whisper(leg, to))

    def _whisper(self, Leg leg, Leg to):
        cdef Command c
        if leg.room is not self or leg.record == NULL or leg.closing:
            return
        memset(&c, 0, sizeof(c))
        if to is not None:
            if to.room is not self or to.record == NULL or to.closing:
                return
            c.detail.room.to = to.record
        self.order_about(leg, ROOM_WHISPER, &c)

    def leave(self, Leg leg not None):
        """Out of the conference; nothing for one who is not in it."""
        cdef Command c
        if leg in self.coming:
            self.workers.in_turn(lambda: self.leave(leg))
            return
        if leg.room is not self or leg.record == NULL:
            return
        leg.part()
        memset(&c, 0, sizeof(c))
        self.order_about(leg, ROOM_LEAVE, &c)
        self.workers.in_turn(lambda: self.tune())

    # -- the rate ----------------------------------------------------------------------------------------------------

    cdef int best_rate(self):
        """The best rate among the members of it and of all that are linked, as far as the rooms go."""
        cdef Room each
        cdef Leg leg
        rates = [8000]
        highest = 48000
        for each in linked_rooms(self):
            highest = min(highest, each.max_rate_hz)
            for leg in each.members:
                best = voice_rate(leg, 48000) if leg.has_voice else 8000
                rates.append(48000 if best > 16000 else 16000 if best > 8000 else 8000)
        return min(max(rates), highest)

    cdef tune(self):
        """All that are linked work at the best rate that one of their members has."""
        cdef Room each
        cdef Leg leg
        cdef Command c
        cdef int rate_hz
        if self.record == NULL:
            return
        rate_hz = self.best_rate()
        for each in linked_rooms(self):
            for leg in each.members:
                each.tune_member(leg, rate_hz)
            if each.rate_hz != rate_hz:
                each.rate_hz = rate_hz
                memset(&c, 0, sizeof(c))
                c.detail.room.rate_hz = rate_hz
                each.order(ROOM_RATE, &c)
                for place in range(ROOM_PLAYERS):
                    if each.playing[place] is not None:
                        each.start(place)

    cdef tune_member(self, Leg leg, int rate_hz):
        if can_join(leg):
            hear(self.workers, leg, rate_hz)
            join_at(self.workers, leg, rate_hz)
            self.give_down(leg, rate_hz)

    cdef give_down(self, Leg leg, int rate_hz):
        """A resampler for a member whose codec has not the room's rate."""
        cdef Command c
        cdef int32_t status
        if leg.speaker_hz == rate_hz or leg.down == (rate_hz, leg.speaker_hz):
            return
        memset(&c, 0, sizeof(c))
        status = resample_open(&c.detail.room.down, rate_hz, leg.speaker_hz, RESAMPLE_QUALITY, False)
        if status:
            raise ValueError(f"from {rate_hz} to {leg.speaker_hz} Hz: {audio_status_name(status).decode()}")
        leg.down = (rate_hz, leg.speaker_hz)
        self.order_about(leg, ROOM_DOWN, &c)

    # -- what all hear -----------------------------------------------------------------------------------------------

    def play(self, tuple sounds not None, *, bint loop=False, int gain=GAIN_UNITY, int place=0):
        """To all members, beside what they say. Returns the serial that "room_played" tells.

        Ends what is played in the same place, of which there are two: announcements, and tones.
        """
        serial = self.workers.new_serial()
        before, self.playing[place] = self.playing[place], (sounds, loop, gain, serial)
        try:
            self.start(place)
        except BaseException:
            self.playing[place] = before
            raise
        return serial

    cdef start(self, int place):
        cdef Command c
        sounds, loop, gain, serial = self.playing[place]
        memset(&c, 0, sizeof(c))
        c.detail.room.place = place
        c.detail.room.player = player_for(sounds, self.rate_hz, loop, gain, 0, False, serial)
        self.order(ROOM_PLAY, &c)

    def stop_playing(self):
        """The announcement; a tone is over soon."""
        cdef Command c
        self.playing[0] = None
        memset(&c, 0, sizeof(c))
        self.order(ROOM_PLAY, &c)

    cdef played(self, uint64_t serial):
        self.playing = [None if each is not None and each[3] == serial else each for each in self.playing]

    def tap(self, TapHandle tap not None):
        """Copy what all say together into the tap, which belongs to one room at most."""
        cdef Command c
        if self.record == NULL:
            raise RuntimeError("the conference was closed")
        memset(&c, 0, sizeof(c))
        c.detail.room.tap = tap_hold(tap.record)
        self.order(ROOM_TAP, &c)

    def untap(self, TapHandle tap not None):
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.room.tap = tap.record
        self.order(ROOM_UNTAP, &c)

    # -- conferences that hear each other ------------------------------------------------------------------------------

    def link(self, Room other not None):
        """The members of each hear those of the other. Raises ValueError for another thread, or what would go round."""
        if other in linked_rooms(self):
            raise ValueError("these conferences hear each other already")
        if self.worker != other.worker:
            raise ValueError("only conferences of one thread can be linked")
        if len(self.links) >= ROOM_LINKS or len(other.links) >= ROOM_LINKS:
            raise ValueError(f"a conference has {ROOM_LINKS} links at most")
        self.order_other(other, ROOM_LINK)
        self.links.append(other)
        other.links.append(self)
        self.workers.in_turn(lambda: self.tune())

    def unlink(self, Room other not None):
        if other not in self.links:
            return
        self.order_other(other, ROOM_UNLINK)
        self.links.remove(other)
        other.links.remove(self)
        self.workers.in_turn(lambda: self.tune())
        self.workers.in_turn(lambda: other.tune())

    # -- the end -----------------------------------------------------------------------------------------------------

    def close(self):
        """Everybody leaves. Nothing can be done with it afterwards, and doing it again does nothing."""
        cdef Command c
        cdef Leg leg
        if self.record == NULL:
            return
        for leg in list(self.members):
            leg.part()
        for other in list(self.links):
            self.unlink(other)
        memset(&c, 0, sizeof(c))
        self.order(ROOM_CLOSE, &c)
        del self.workers.rooms[self.id]
        self.record = NULL

    cdef give_back(self):
        if self.record != NULL:
            room_free(self.record)
            self.record = NULL

    # -- orders ------------------------------------------------------------------------------------------------------

    cdef order(self, RoomOrder what, Command *c):
        if self.record == NULL:
            raise RuntimeError("the conference was closed")
        c.detail.room.order = what
        c.detail.room.room = self.record
        self.workers.submit_to(self.worker, OP_ROOM, c)

    cdef order_about(self, Leg leg, RoomOrder what, Command *c):
        c.detail.room.order = what
        c.detail.room.room = self.record
        self.workers.submit(leg, OP_ROOM, c)

    cdef order_other(self, Room other, RoomOrder what):
        cdef Command c
        if self.record == NULL or other.record == NULL:
            raise RuntimeError("the conference was closed")
        memset(&c, 0, sizeof(c))
        c.detail.room.other = other.record
        self.order(what, &c)


cdef list linked_rooms(Room room):
    """It, and all that hear it."""
    found = [room]
    for each in found:
        found += [other for other in (<Room> each).links if other not in found]
    return found
