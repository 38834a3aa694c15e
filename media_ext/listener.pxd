"""The node understands a leg: its packets become 20 ms of sound at a time, its level and its digits are told.

A pair or a room calls `listener_tick`; without one, a listener that looks for digits or talkers has a timer of its own.
There is a listener from `listener_install` on, until the leg is closed.
"""
from libc.stdint cimport int16_t, uint8_t

from media_ext.hearing cimport Listener
from media_ext.rtp cimport RtpHeader
from media_ext.types cimport Leg, Worker


cdef void listener_install(Worker *w, Leg *leg, Listener *fresh) noexcept nogil     # takes `fresh` over
cdef void listener_serve(Worker *w, Leg *leg, bint ticked) noexcept nogil   # `ticked`: somebody calls listener_tick
cdef void listener_watch(Worker *w, Leg *leg, bint detects, bint tells) noexcept nogil
# A packet of a type that was agreed on, seen for the first time. `data` is as it was afterwards.
cdef void listener_receive(Worker *w, Leg *leg, uint8_t *data, const RtpHeader *h) noexcept nogil
# 20 ms at `leg.listener.rate_hz`, good until the next tick; NULL: nothing is said.
cdef const int16_t *listener_tick(Worker *w, Leg *leg) noexcept nogil
cdef void listener_run(Worker *w, Leg *leg) noexcept nogil                          # its timer is due
# The leg comes to this worker, or leaves it; there may be no listener.
cdef void listener_add(Worker *w, Leg *leg) noexcept nogil
cdef void listener_drop(Worker *w, Leg *leg) noexcept nogil
