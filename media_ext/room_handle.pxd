"""A conference as Python holds it: made by `Engine.room`, on one worker.

Who is in it is known twice: here, to choose rates, and by the worker (room.pxd), which does the mixing. Both go the
same way because commands keep their order; a leg of another worker moves first, and is in `coming` meanwhile.
"""
from libc.stdint cimport uint64_t

from media_ext.leg_handle cimport Leg
from media_ext.types cimport Command, RoomOrder
from media_ext.types cimport Room as RoomRecord
from media_ext.workers cimport Workers


cdef class Room:
    cdef RoomRecord *record         # NULL: closed
    cdef Workers workers
    cdef readonly int capacity
    cdef readonly int max_rate_hz
    cdef readonly int rate_hz
    cdef int worker
    cdef dict members               # Leg → None, in the order in which they came
    cdef dict coming                # Leg → None: those who wait until a leg has moved to another thread
    cdef list links
    cdef list playing               # by ROOM_PLAYERS: (sounds, loop, gain, serial), None for nothing
    cdef uint64_t level_of(self, Leg leg)
    cdef int best_rate(self)
    cdef tune(self)                 # to the best rate, with all that are linked
    cdef tune_member(self, Leg leg, int rate_hz)
    cdef give_down(self, Leg leg, int rate_hz)
    cdef start(self, int place)
    cdef order(self, RoomOrder what, Command *c)
    cdef order_about(self, Leg leg, RoomOrder what, Command *c)
    cdef order_other(self, Room other, RoomOrder what)
    cdef played(self, uint64_t serial)
    cdef give_back(self)            # the threads have ended


cdef Room open_room(Workers workers, int capacity, int worker, int max_rate_hz)
