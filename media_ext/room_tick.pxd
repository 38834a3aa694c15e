"""One tick of a conference: all are heard, mixed, and told what the others said.

What those hear who say nothing is the same sound, so it is resampled once for a rate and encoded once for a codec of
G.711. A seat that begins to talk goes on with its own resampler, which is first given what the seat heard last.
"""
from libc.stdint cimport int32_t

from media_ext.types cimport Player, Room, Worker

cdef enum:
    NOWHERE = -1                # not in the mixer

cdef void room_run(Worker *w, Room *room) noexcept nogil                        # its timer is due
# As number `place` of the room's players, instead of what is played there; NULL: nothing.
cdef void room_play(Worker *w, Room *room, int32_t place, Player *player) noexcept nogil
cdef void room_wake(Worker *w, Room *room) noexcept nogil                       # tick from now on, if there is a need
# Out of the mixer, whose rate stays; and nobody may go on hearing the frames of one who is gone.
cdef void room_empty(Room *room, int32_t index) noexcept nogil
# A frame of a listener is about to go, which the other conference of a link might take until this one's next tick.
cdef void room_hush(Room *room) noexcept nogil
