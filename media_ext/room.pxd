"""A conference of legs on one thread: each hears all others, once every 20 ms, at the best rate that any of them has.

    listener_tick of each member → mixer (and what is played) → speaker_tick of each member, resampled where its codec
    has not the room's rate; the taps hear all (room_tick.pxd)

The room's listeners all work at the mixer's rate. Rooms on one thread can be linked, as a tree.
"""
from libc.stdint cimport int32_t, uint32_t

from media_ext.player cimport PLAYER_SLACK
from media_ext.types cimport Leg, Room, RoomCommand, Worker

cdef enum:
    ROOM_TICK_SAMPLES = 48 * 20 + PLAYER_SLACK      # room for those of a tick at the highest rate

cdef Room *room_open(uint32_t id, int32_t capacity, int32_t max_rate_hz) noexcept nogil     # NULL: no memory
cdef void room_free(Room *room) noexcept nogil                  # nobody is in it
cdef void room_carry_out(Worker *w, Leg *leg, RoomCommand *c) noexcept nogil    # takes over what is the command's own
cdef void room_discard(RoomCommand *c) noexcept nogil                           # … or frees it
cdef void room_leave(Worker *w, Leg *leg) noexcept nogil
