"""Two legs joined by what is heard: each is decoded, and encoded for the other. For phones without a common codec.

Every 20 ms, at a phase of its own, the pair hands what each says to the other. Digits go the way that the other phone
has: RFC 4733 events if it has telephone-event, else tones.
"""
from libc.stdint cimport uint8_t, uint32_t

from media_ext.dtmf_send cimport DIGIT_PAUSE_MS, dtmf_send_add
from media_ext.types cimport Leg, Pair, Worker


cdef Pair *pair_open() noexcept nogil                                       # NULL: no memory
cdef void pair_join(Worker *w, Leg *a, Leg *b, Pair *fresh) noexcept nogil  # takes `fresh` over; both are free
cdef void pair_part(Worker *w, Leg *leg) noexcept nogil                     # … from whomever it is joined to
cdef void pair_run(Worker *w, Pair *pair) noexcept nogil                    # its timer is due


cdef enum:
    SHORTEST_DIGIT_MS = 60
    LONGEST_DIGIT_MS = 6000


cdef inline void pair_digit(Leg *leg, uint8_t event, uint32_t duration_ms) noexcept nogil:
    """The leg's phone pressed it: the other phone is told in its own way, if there is one."""
    cdef Leg *other
    if leg.pair == NULL:
        return
    other = leg.pair.b if leg.pair.a == leg else leg.pair.a
    dtmf_send_add(&other.speaker.digits, event, max(SHORTEST_DIGIT_MS, min(<int> duration_ms, LONGEST_DIGIT_MS)),
                  DIGIT_PAUSE_MS)
