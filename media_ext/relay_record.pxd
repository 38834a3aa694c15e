"""All that relaying a leg's packets needs and changes, as one block without pointers.

It is what a path in the kernel would be given for a call and give back, and what a restart keeps: the new leg goes on
with the same SSRC, sequence, timestamps, latch and counts. Times are those of the monotonic clock, so a block is of use
until the machine starts again. Keys, digits under way and what the node itself says are not in it.

Of SRTP it has the roll-over counters and replay windows, which the leg takes with the keys that it is given again. They
count only if the leg was handed over: a copy of a leg that goes on would send two packets under one index, and who sees
both can read them.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from media_ext.address cimport Address
from media_ext.latch cimport Latch
from media_ext.rtp cimport Sender
from media_ext.srtp cimport SrtpRecord
from media_ext.types cimport Counters, Leg, Output

cdef enum:
    RELAY_RECORD_VERSION = 2


cdef struct RelayRecord:
    uint32_t version
    uint32_t bytes              # of this struct: another build's is not taken
    uint8_t payload_map[128]
    uint8_t formats[128]
    uint8_t codecs[128]
    bint handed_over            # nothing was taken or sent since
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
