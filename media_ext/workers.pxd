"""The way to the worker threads, for one Python thread: commands out through their rings, and their life.

    Python thread, GIL held                             worker thread, no GIL from start to end
    submit, push → Command into w.commands → wake_fd → carry_out, between two packets
    drain  ← event_fd ← Event out of w.events ← tell

There is no lock. Each ring has one writer and one reader (ring.pxd), and of Python's side the GIL makes one: all that
is here runs under it, is called from one thread (`stop` excepted, which is the last to command), and never lets go of
it between reserving a slot and publishing it. A worker never takes the GIL, nor waits for Python: an event that finds
its ring full is counted in `events_lost`, or kept (tell.pxd).

What a command points to is the worker's from `push` on. What it points to and does not own (a leg, a room) outlives
it, for commands of one worker are carried out in order and memory is given back after OP_CLOSE was answered.

One leg moves between workers at a time: OP_DETACH to the old one, "detached" back, OP_ADD to the new one. What is
commanded in between, for any leg, waits in `waiting` and is done in order then.
"""
from libc.stdint cimport uint32_t, uint64_t

from media_ext.leg_handle cimport Leg
from media_ext.types cimport Command, Operation, Worker
from media_ext.types cimport Leg as LegRecord


cdef class Workers:
    cdef Worker *workers
    cdef int count
    cdef int event_fd
    cdef bint running
    cdef readonly str loop_name
    cdef list threads
    cdef dict legs                  # by id, all whose memory is not given back …
    cdef dict rooms                 # … and conferences that are not closed
    cdef uint32_t last_id           # of legs and rooms
    cdef uint32_t last_serial       # of players
    cdef object waiting             # calls that wait until a leg has moved to another worker
    cdef Leg moving
    cdef int moving_to
    cdef object later               # calls back soon, once the loop has done what it is at
    cdef uint64_t asleep            # a bit for each worker that has commands and was not woken
    cdef uint32_t new_id(self)
    cdef uint32_t new_serial(self)
    cdef in_turn(self, call)                                        # at once, or when nothing moves
    cdef submit(self, Leg leg, Operation op, Command *c)            # … a command about a leg; NULL: no detail
    cdef submit_to(self, int worker, Operation op, Command *c)      # … and one about none
    cdef push(self, int worker, LegRecord *record, Operation op, Command *c)    # at once, whatever moves
    cdef put(self, int worker, LegRecord *record, Operation op, Command *c)     # … for when the worker wakes
    cdef Command *wait_for_slot(self, Worker *w) except NULL
    cdef bint moved_to(self, Leg leg, int worker, call)
    cdef attach(self)
    cdef make(self, call)
