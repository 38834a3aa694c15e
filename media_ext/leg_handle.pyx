"""Python's hold on a leg; see leg_handle.pxd."""

import base64
import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from media_ext.atomics cimport load_relaxed
from media_ext.clock cimport now_ns
from media_ext.leg_counters cimport counters_of
from media_ext.relay_record cimport (
    RelayRecord,
    relay_ahead,
    relay_export,
    relay_fits,
    relay_import,
    relay_reserve,
)
from media_ext.rtcp cimport CNAME_BYTES
from media_ext.security cimport security_close
from media_ext.sparse cimport sparse_bound, sparse_pack
from media_ext.srtp_record cimport srtp_import
from media_ext.types cimport RTCP, RTP, Reserve, SecureCommand
from media_ext.types cimport Leg as LegRecord


def packed_state(bytes state not None):
    """A leg's state without its zeros; `pbx.media.kept` unpacks it."""
    cdef size_t size = PyBytes_GET_SIZE(state)
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, sparse_bound(size))
    size = sparse_pack(<const uint8_t *> PyBytes_AS_STRING(state), size, <uint8_t *> PyBytes_AS_STRING(packed))
    return packed[:size]


cdef Leg open_leg(uint32_t id, int worker, int rtp_fd, int rtcp_fd):
    cdef Leg leg = Leg.__new__(Leg)
    leg.record = <LegRecord *> calloc(1, sizeof(LegRecord))
    if leg.record == NULL:
        raise MemoryError
    leg.worker = worker
    leg.playing = {}
    leg.record.id = id
    leg.record.sockets[RTP].fd = rtp_fd
    leg.record.sockets[RTCP].fd = rtcp_fd
    memcpy(leg.record.report.cname, PyBytes_AS_STRING(new_cname()), CNAME_BYTES)
    return leg


cdef Reserve reserve_of(Leg leg):
    cdef Reserve reserve = relay_reserve(leg.ahead)
    reserve.record = leg.ahead
    return reserve


cdef bytes new_cname():
    """RFC 7022 4.2 and 5: 96 random bits in base64 name a session's sender and tell nothing about it."""
    return base64.b64encode(os.urandom(CNAME_BYTES // 4 * 3))


cdef inline const RelayRecord *record_of(bytes state):
    return <const RelayRecord *> PyBytes_AS_STRING(state)


cdef class Leg:
    """A phone's audio: handed to the engine's methods, and read for its counters."""

    def __dealloc__(self):
        # Only a leg that no worker knows comes here with a record: `Engine.free` and `Engine.release` see to that.
        self.give_back()
        free(self.exported)
        free(self.ahead)

    cdef void give_back(self):
        """The record, which no worker knows any more, and what belongs to it."""
        if self.record != NULL:
            security_close(self.record)
            free(self.record)
            self.record = NULL

    cdef go_on_from(self, bytes state):
        cdef RelayRecord past
        if len(state) != sizeof(past):
            raise ValueError("not a leg's state, or of another build")
        memcpy(&past, PyBytes_AS_STRING(state), sizeof(past))
        if not relay_fits(&past):
            raise ValueError("a leg's state of another build")
        if past.must_encrypt and not past.handed_over and not past.reserved:
            raise ValueError("an encrypted leg goes on elsewhere only when it was handed over")
        relay_import(self.record, &past)
        self.receives_from = self.sends_from = state if past.must_encrypt or past.reserved else None

    cdef keep_ahead(self, bytes state):
        self.ahead = <RelayRecord *> calloc(1, sizeof(RelayRecord))
        if self.ahead == NULL:
            raise MemoryError
        relay_export(self.record, False, self.ahead)
        if state is not None:       # its SRTP counters wait for the keys
            self.ahead.srtp_in = record_of(state).srtp_in
            self.ahead.srtp_out = record_of(state).srtp_out
        relay_ahead(self.ahead, now_ns())
        self.record.reserve = reserve_of(self)

    cdef void count_on(self, SecureCommand *c):
        if c.receive != NULL and self.receives_from is not None:
            srtp_import(c.receive, &record_of(self.receives_from).srtp_in)
            self.receives_from = None
        if c.send != NULL and self.sends_from is not None:
            srtp_import(c.send, &record_of(self.sends_from).srtp_out)
            self.sends_from = None

    cdef part(self):
        """Neither it nor the one it is joined to hears anybody now."""
        if self.partner is not None:
            self.partner.fed = self.fed = False
            self.partner.partner = None
            self.partner = None
        if self.room is not None:
            self.members.pop(self, None)
            self.room = self.members = self.down = None
            self.fed = False
        if self.linked is not None:
            self.linked.linked = None
            self.linked = None

    @property
    def id(self):
        return self.record.id if self.record != NULL else 0

    @property
    def thread(self):
        """The number of the worker that it belongs to."""
        return self.worker

    @property
    def payload_type(self):
        """Of the phone's newest audio packet; None before the first."""
        if self.record == NULL or load_relaxed(&self.record.counters.jitter_clock_hz) == 0:
            return None
        return load_relaxed(&self.record.counters.heard_type)

    @property
    def state(self):
        """What `Engine.export` copied last, as bytes; None before the first "exported"."""
        if self.exported == NULL or not relay_fits(self.exported):
            return None
        return PyBytes_FromStringAndSize(<char *> self.exported, sizeof(RelayRecord))

    @property
    def reserved(self):
        """What is to be written down before `Engine.reserve`: from the start, and after each "reserved". Packed as
        `packed_state` does it."""
        if self.ahead == NULL:
            return None
        cdef RelayRecord room[2]            # more than sparse_bound
        cdef size_t size = sparse_pack(<const uint8_t *> self.ahead, sizeof(RelayRecord), <uint8_t *> room)
        return PyBytes_FromStringAndSize(<char *> room, size)

    def counters(self):
        """The counters as keyword arguments of `pbx.model.stream.StreamStats`."""
        return {} if self.record == NULL else counters_of(&self.record.counters)


cdef class Playing:
    pass
