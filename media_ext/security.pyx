"""SRTP around the relay, and STUN and DTLS past it; see security.pxd."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memcpy

from media_ext.address cimport same_address
from media_ext.atomics cimport count
from media_ext.output cimport OUTPUT_TAILROOM
from media_ext.ring cimport ring_publish, ring_reserve
from media_ext.rtp cimport is_rtcp
from media_ext.srtp cimport (
    Srtp,
    srtcp_protect,
    srtcp_unprotect,
    srtp_close,
    srtp_limit,
    srtp_protect,
    srtp_take_keys,
    srtp_unprotect,
)
from media_ext.srtp_index cimport SRTP_MALFORMED, SRTP_OK, SRTP_OLD, SRTP_REPLAYED, SrtpStatus
from media_ext.types cimport DATAGRAMS_AT_ONCE, Datagram


cdef bint security_open(Leg *leg, uint8_t *data, size_t *size) noexcept nogil:
    cdef SrtpStatus status
    if leg.srtp_in == NULL:
        count(&leg.counters.dropped_unkeyed, 1)
        return False
    status = srtcp_unprotect(leg.srtp_in, data, size) if is_rtcp(data) else srtp_unprotect(leg.srtp_in, data, size)
    if status == SRTP_OK:
        return True
    if status == SRTP_REPLAYED or status == SRTP_OLD:
        count(&leg.counters.dropped_replayed, 1)
    elif status == SRTP_MALFORMED:
        count(&leg.counters.dropped_malformed, 1)
    else:
        count(&leg.counters.dropped_auth, 1)
    return False


cdef bint security_seal(Leg *leg, uint8_t *data, size_t *size) noexcept nogil:
    cdef size_t room = size[0] + OUTPUT_TAILROOM
    if leg.srtp_out == NULL:
        return False
    if is_rtcp(data):
        return srtcp_protect(leg.srtp_out, data, size, room, True) == SRTP_OK
    return srtp_protect(leg.srtp_out, data, size, room) == SRTP_OK


cdef void security_change(Leg *leg, SecureCommand *c) noexcept nogil:
    leg.srtp_in = changed(leg.srtp_in, c.receive)
    leg.srtp_out = changed(leg.srtp_out, c.send)
    security_limit(leg)
    leg.must_encrypt = c.must_encrypt
    if c.wants_datagrams and not leg.wants_datagrams:
        leg.datagrams_left[0] = leg.datagrams_left[1] = DATAGRAMS_AT_ONCE
    leg.wants_datagrams = c.wants_datagrams


cdef void security_limit(Leg *leg) noexcept nogil:
    if leg.srtp_out != NULL and leg.reserve.record != NULL:
        srtp_limit(leg.srtp_out, leg.reserve.rtp_limit, leg.reserve.rtcp_limit)


cdef Srtp *changed(Srtp *present, Srtp *fresh) noexcept nogil:
    """The context that goes on."""
    if present == NULL:
        return fresh
    if fresh != NULL:
        srtp_take_keys(present, fresh)
    return present


cdef void security_drop(SecureCommand *c) noexcept nogil:
    srtp_close(c.receive)
    srtp_close(c.send)


cdef void security_close(Leg *leg) noexcept nogil:
    srtp_close(leg.srtp_in)
    srtp_close(leg.srtp_out)
    leg.srtp_in = leg.srtp_out = NULL


cdef void datagram_receive(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                           const Address *source) noexcept nogil:
    cdef Datagram *waiting = NULL
    cdef bint known = source == NULL or same_address(source, &leg.latch.current)
    if leg.wants_datagrams and leg.datagrams_left[known] and size <= sizeof(waiting.data):
        waiting = <Datagram *> ring_reserve(&w.datagrams)
    if waiting == NULL:
        count(&leg.counters.dropped_datagrams, 1)
        return
    leg.datagrams_left[known] -= 1
    waiting.leg = leg.id
    waiting.component = component
    waiting.size = <uint16_t> size
    waiting.source = leg.latch.current if source == NULL else source[0]
    memcpy(waiting.data, data, size)
    ring_publish(&w.datagrams)
    w.told = True
