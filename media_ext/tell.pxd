"""Telling Python what happened, through the worker's event ring."""
from libc.stdint cimport uint32_t
from libc.string cimport memset

from media_ext.address cimport Address
from media_ext.atomics cimport count
from media_ext.ring cimport ring_publish, ring_reserve
from media_ext.types cimport Event, EventKind, Leg, Worker


cdef inline bint tell(Worker *w, const Leg *leg, EventKind kind, uint32_t number=0, uint32_t duration_ms=0,
                      const Address *address=NULL) noexcept nogil:
    """False, and counted, when the ring is full because Python has not read for long."""
    cdef Event *event = <Event *> ring_reserve(&w.events)
    if event == NULL:
        count(&w.events_lost, 1)
        return False
    event.kind = kind
    event.leg = leg.id
    event.number = number
    event.duration_ms = duration_ms
    if address != NULL:
        event.address = address[0]
    else:
        event.address.length = 0
    ring_publish(&w.events)
    w.told = True
    return True
