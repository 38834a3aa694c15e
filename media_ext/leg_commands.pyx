"""Commands about a leg; see leg_commands.pxd."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

from media_ext.address cimport address_clear, same_address
from media_ext.latch cimport RANK_EXACT, latch_arm
from media_ext.output cimport output_cut
from media_ext.pair cimport pair_join, pair_part
from media_ext.room cimport room_leave
from media_ext.security cimport security_change
from media_ext.tell cimport tell
from media_ext.types cimport EVENT_LATCHED, PAYLOAD_TYPES, RTP


# -- where the phone is ------------------------------------------------------------------------------------------------

cdef void leg_set_remote(Worker *w, Leg *leg, const RemoteCommand *remote) noexcept nogil:
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    if not leg.by_ice:
        latch_arm(&leg.latch, &remote.rtp, w.now_ns)
    leg.latched_ns = w.now_ns
    if not same_address(&leg.rtcp_signalled, &remote.rtcp):
        address_clear(&leg.rtcp_current)
    leg.rtcp_signalled = remote.rtcp
    leg.rtcp_mux = remote.rtcp_mux
    if leg.may_send != remote.may_send:
        output_cut(&leg.out)
    if leg.may_receive != remote.may_receive and leg.sink != NULL:
        output_cut(&leg.sink.out)
    leg.may_send = remote.may_send
    leg.may_receive = remote.may_receive
    leg.any_format = remote.any_format
    memcpy(leg.formats, remote.formats, PAYLOAD_TYPES)
    memcpy(leg.codecs, remote.codecs, PAYLOAD_TYPES)
    leg.has_remote = True
    leg.listening_since_ns = w.now_ns


cdef void leg_forget_remote(Worker *w, Leg *leg) noexcept nogil:
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    if not leg.by_ice:
        memset(&leg.latch, 0, sizeof(leg.latch))
    address_clear(&leg.rtcp_signalled)
    address_clear(&leg.rtcp_current)
    output_cut(&leg.out)
    leg.has_remote = leg.may_send = leg.may_receive = False


cdef void leg_set_path(Worker *w, Leg *leg, const PathCommand *c) noexcept nogil:
    """ICE has found where the phone is, or lost it; whoever sent what before, nothing else counts."""
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    memset(&leg.latch, 0, sizeof(leg.latch))
    leg.by_ice = c.by_ice
    if c.to.length == 0:
        return
    leg.latch.current = c.to
    leg.latch.rank = RANK_EXACT
    leg.latch.live_ns = leg.latched_ns = w.now_ns
    tell(w, leg, EVENT_LATCHED, 0, 0, &c.to)


cdef void leg_secure(Worker *w, Leg *leg, SecureCommand *c) noexcept nogil:
    """Keys; and a leg whose STUN or DTLS is wanted listens to every source, since either may come from anywhere."""
    security_change(leg, c)
    if leg.wants_datagrams and leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)


# -- whom it hears -----------------------------------------------------------------------------------------------------

cdef void leg_unlink(Worker *w, Leg *leg) noexcept nogil:
    """The leg alone: neither passed on nor decoded for another."""
    cdef Leg *other = leg.sink
    pair_part(w, leg)
    room_leave(w, leg)
    if other == NULL:
        return
    leg.sink = NULL
    output_cut(&other.out)
    if other != leg and other.sink == leg:
        other.sink = NULL
        output_cut(&leg.out)


cdef void leg_link(Worker *w, Leg *leg, const LinkCommand *c) noexcept nogil:
    """Joining again what is joined only changes the maps: the streams go on."""
    cdef Leg *other = c.other
    if leg.sink != other or other.sink != leg:
        leg_unlink(w, leg)
        leg_unlink(w, other)
        leg.sink = other
        other.sink = leg
    memcpy(leg.payload_map, c.map_out, PAYLOAD_TYPES)
    memcpy(other.payload_map, c.map_back, PAYLOAD_TYPES)


cdef void leg_bridge(Worker *w, Leg *leg, Leg *other, Pair *fresh) noexcept nogil:
    if leg.pair == NULL or leg.pair != other.pair:
        leg_unlink(w, leg)
        leg_unlink(w, other)
    pair_join(w, leg, other, fresh)


cdef void leg_echo(Worker *w, Leg *leg) noexcept nogil:
    cdef int i
    if leg.sink != leg:
        leg_unlink(w, leg)
    leg.sink = leg
    for i in range(PAYLOAD_TYPES):
        leg.payload_map[i] = <uint8_t> i
