"""All that relaying a leg's packets needs and changes, as one block without pointers.

It is what a path in the kernel would be given for a call and give back, and what a restart keeps: the new leg goes on
with the same SSRC, sequence, timestamps, latch and counts. Times are those of the monotonic clock, so a block is of use
until the machine starts again. Keys, digits under way and what the node itself says are not in it.

Of SRTP it has the roll-over counters and replay windows, which the leg takes with the keys that it is given again. They
count only if the leg was handed over, or goes no further than the copy says (`relay_ahead`): a copy of a leg that goes
on would send two packets under one index, and who sees both can read them.

A process that is killed hands nothing over. So what it may send is written down before it sends it, RESERVE_RTP packets
at a time: the copy's next sequence number and newest indexes lie so far ahead, and the leg sends nothing beyond. When
half is used up, the worker makes another copy, and Python lets it go on as soon as that is written.
"""
from libc.stdint cimport int16_t, int64_t, uint8_t, uint32_t, uint64_t

from media_ext.address cimport Address
from media_ext.latch cimport Latch
from media_ext.rtp cimport Sender
from media_ext.srtp_record cimport SrtpRecord, srtcp_left
from media_ext.types cimport Counters, Leg, Output, Reserve

cdef enum:
    RELAY_RECORD_VERSION = 3
    RESERVE_RTP = 2048          # packets: less than the step that receivers take for another stream (RFC 3711 3.3.1)
    RESERVE_RTCP = 512
    RESERVE_HEARD = 8192        # the phone's packets after which its roll-over counter is written down again


cdef struct RelayRecord:
    uint32_t version
    uint32_t bytes              # of this struct: another build's is not taken
    uint8_t payload_map[128]
    uint8_t formats[128]
    uint8_t codecs[128]
    bint handed_over            # nothing was taken or sent since
    bint reserved               # nothing was sent beyond
    bint any_format
    bint has_remote
    bint may_send
    bint may_receive
    bint rtcp_mux
    bint must_encrypt           # without the keys, which are not here, nothing passes
    bint wants_datagrams
    bint heard
    bint silent
    int64_t listening_since_ns
    int64_t latched_ns
    Latch latch                 # where the phone is
    Address rtcp_signalled
    Address rtcp_current
    Sender sender               # what it sends
    Output out                  # what it is sent
    Counters counters
    uint8_t cname[16]
    uint64_t random
    int64_t ntp_ns
    bint reported
    uint64_t reported_packets_out
    uint64_t reported_packets_out_before
    uint32_t reported_epoch
    uint64_t reported_expected
    uint64_t reported_received
    uint32_t heard_ssrc
    uint32_t heard_ntp
    int64_t heard_ns
    SrtpRecord srtp_in
    SrtpRecord srtp_out


cdef void relay_export(const Leg *leg, bint hand_over, RelayRecord *record) noexcept nogil
cdef bint relay_fits(const RelayRecord *record) noexcept nogil          # of this build's version and size
cdef void relay_import(Leg *leg, const RelayRecord *record) noexcept nogil     # one that fits, into a leg that is new
cdef void relay_ahead(RelayRecord *record, int64_t now_ns) noexcept nogil   # as if the whole reserve had been sent
cdef Reserve relay_reserve(const RelayRecord *record) noexcept nogil    # what a leg may send whose copy ahead this is


cdef inline bint reserve_is_low(const Leg *leg) noexcept nogil:
    """Whether the copy of the leg is to be made anew."""
    if leg.reserve.record == NULL or leg.reserve.told:
        return False
    return (<int16_t> (leg.reserve.end_seq - leg.out.next_seq) < RESERVE_RTP // 2
            or leg.sender.cycles + leg.sender.max_seq - leg.reserve.heard > RESERVE_HEARD
            or (leg.srtp_out != NULL and srtcp_left(leg.srtp_out, leg.out.ssrc) < RESERVE_RTCP // 2))
