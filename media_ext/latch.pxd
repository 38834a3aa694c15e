"""Which address is the phone: symmetric RTP that cannot be stolen.

The signalled address is the phone's word and always wins. Behind NAT the packets come from elsewhere: such a source
must first show a run of packets in order, and is taken only while nobody else is live. From then on it is locked.

  | latched now, is it live?     | none    | a guess, live        | a guess, silent  | the signalled, live | … silent |
  |------------------------------|---------|----------------------|------------------|---------------------|----------|
  | signalled host and port      | taken   | taken                | taken            | it is the one       |          |
  | signalled host, other port   | after 3 | 3 s, over other host | for 3 s, after 3 | never               | never    |
  | any other host               | after 5 | never                | for 3 s, after 5 | never               | never    |
  | same SSRC, sequence goes on  |         | never                | after 2          | never               | after 2  |

"After n" means n packets in order; "for 3 s" counts from the last word of signalling (set_remote). An address that
signalling has moved away from is not taken again during that time.
"""
from libc.stdint cimport int16_t, int64_t, uint16_t, uint32_t

from media_ext.address cimport Address
from media_ext.rtp cimport Sender

cdef enum:
    LATCH_LEARNING_MS = 3000
    LATCH_LIVE_MS = 250         # a source is live for so long after its last packet
    LATCH_SPACING_MS = 10       # a run in order must take this long per packet: a sprayed burst is no proof
    LATCH_RUN_HOST = 3
    LATCH_RUN_ANY = 5
    LATCH_RUN_PROVEN = 2


cdef enum Rank:
    RANK_NONE = 0
    RANK_ANY = 1
    RANK_HOST = 2
    RANK_EXACT = 3


cdef struct Latch:
    Address signalled           # empty: signalling gave no usable address
    Address current             # empty: none is latched
    Address former              # latched until signalling moved
    Rank rank                   # of `current`
    int64_t learning_until_ns
    int64_t live_ns             # the last packet of `current`
    Address candidate
    uint32_t candidate_ssrc
    uint16_t candidate_seq
    int candidate_run
    int64_t candidate_since_ns


cdef void latch_arm(Latch *latch, const Address *signalled, int64_t now_ns) noexcept nogil
cdef bint latch_admit(Latch *latch, const Address *source, uint32_t ssrc, uint16_t seq, const Sender *sender,
                      int64_t now_ns) noexcept nogil       # for a source that is not `current`; True: it is now
