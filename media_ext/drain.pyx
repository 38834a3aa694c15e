"""What the workers tell, as Python has it; see drain.pxd."""

import os

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint32_t

from media_ext.leg_handle cimport Leg
from media_ext.packed_address cimport packed_host, packed_port
from media_ext.ring cimport ring_peek, ring_release
from media_ext.room_handle cimport Room
from media_ext.types cimport (
    EVENT_CLOSED,
    EVENT_DETACHED,
    EVENT_DIGIT,
    EVENT_EXPORTED,
    EVENT_FIRST,
    EVENT_LATCHED,
    EVENT_PROMPT_ENDED,
    EVENT_RESERVED,
    EVENT_RESUMED,
    EVENT_ROOM_PLAYED,
    EVENT_SILENT,
    EVENT_STOPPED,
    EVENT_TALKING,
    Datagram,
    Event,
    Worker,
)
from media_ext.workers cimport Workers

cdef dict KIND_NAMES = {
    EVENT_FIRST: "first",
    EVENT_DIGIT: "digit",
    EVENT_EXPORTED: "exported",
    EVENT_RESERVED: "reserved",
    EVENT_SILENT: "silent",
    EVENT_RESUMED: "resumed",
    EVENT_LATCHED: "latched",
    EVENT_TALKING: "talking",
    EVENT_STOPPED: "stopped",
    EVENT_ROOM_PLAYED: "room_played",
    EVENT_PROMPT_ENDED: "prompt_ended",
    EVENT_CLOSED: "closed",
}


cdef list drain_events(Workers workers):
    """(leg id, kind, number, duration_ms, packed host, port) of each; a leg that has left its worker goes on."""
    cdef list events = []
    cdef Event *event
    cdef Worker *w
    cdef int i
    try:
        os.eventfd_read(workers.event_fd)
    except BlockingIOError:
        pass
    for i in range(workers.count):
        w = &workers.workers[i]
        event = <Event *> ring_peek(&w.events)
        while event != NULL:
            if event.kind == EVENT_DETACHED:
                workers.attach()
            else:
                if event.kind == EVENT_ROOM_PLAYED:
                    room_played(workers, event.leg, event.number)
                elif event.kind == EVENT_PROMPT_ENDED:
                    prompt_ended(workers, event.leg, event.number)
                events.append((event.leg, KIND_NAMES[event.kind], event.number, event.duration_ms,
                               packed_host(&event.address), packed_port(&event.address)))
            ring_release(&w.events)
            event = <Event *> ring_peek(&w.events)
    return events


cdef prompt_ended(Workers workers, uint32_t leg_id, uint32_t serial):
    cdef Leg leg = workers.legs.get(leg_id)
    if leg is not None:
        leg.playing.pop(serial, None)


cdef room_played(Workers workers, uint32_t room_id, uint32_t serial):
    cdef Room room = workers.rooms.get(room_id)
    if room is not None:
        room.played(serial)


cdef list drain_datagrams(Workers workers):
    """(leg id, component, packed host, port, bytes) of each."""
    cdef list datagrams = []
    cdef Datagram *d
    cdef Worker *w
    cdef int i
    for i in range(workers.count):
        w = &workers.workers[i]
        d = <Datagram *> ring_peek(&w.datagrams)
        while d != NULL:
            datagrams.append((d.leg, d.component, packed_host(&d.source), packed_port(&d.source),
                              PyBytes_FromStringAndSize(<char *> d.data, d.size)))
            ring_release(&w.datagrams)
            d = <Datagram *> ring_peek(&w.datagrams)
    return datagrams
