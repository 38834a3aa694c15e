"""Symmetric latching; see latch.pxd."""

from libc.stdint cimport int16_t, int64_t, uint16_t, uint32_t

from media_ext.address cimport address_clear, same_address, same_host
from media_ext.clock cimport ms


cdef void latch_arm(Latch *latch, const Address *signalled, int64_t now_ns) noexcept nogil:
    """Signalling has spoken. An unchanged address keeps its latch; either way the phone may move for a moment.

    No address (hold as RFC 2543 had it, c=0.0.0.0) says nothing about where the phone is: what was known stays.
    """
    latch.learning_until_ns = now_ns + ms(LATCH_LEARNING_MS)
    latch.candidate_run = 0
    if signalled.length == 0:
        return
    if not same_address(&latch.signalled, signalled) and latch.current.length != 0:
        if same_address(&latch.current, signalled):
            latch.rank = RANK_EXACT
        else:
            latch.former = latch.current
            address_clear(&latch.current)
            latch.rank = RANK_NONE
    latch.signalled = signalled[0]


cdef Rank rank_of(const Latch *latch, const Address *source) noexcept nogil:
    if same_address(source, &latch.signalled):
        return RANK_EXACT
    return RANK_HOST if same_host(source, &latch.signalled) else RANK_ANY


cdef bint in_a_row(Latch *latch, const Address *source, uint32_t ssrc, uint16_t seq, int needed,
                   int64_t now_ns) noexcept nogil:
    """Whether this source has now shown `needed` packets in order, spaced as speech is."""
    if (latch.candidate_run > 0 and same_address(source, &latch.candidate) and ssrc == latch.candidate_ssrc
            and seq == <uint16_t> (latch.candidate_seq + 1)):
        latch.candidate_run += 1
    else:
        latch.candidate = source[0]
        latch.candidate_ssrc = ssrc
        latch.candidate_run = 1
        latch.candidate_since_ns = now_ns
    latch.candidate_seq = seq
    return (latch.candidate_run >= needed
            and now_ns - latch.candidate_since_ns >= ms((needed - 1) * LATCH_SPACING_MS))


cdef bint may_try(Latch *latch, const Address *source, Rank rank, bint proven, int64_t now_ns) noexcept nogil:
    """Whether a source that is not the latched one is heard at all."""
    cdef bint learning = now_ns < latch.learning_until_ns
    if learning and rank != RANK_EXACT and same_address(source, &latch.former):
        return False
    if latch.current.length == 0:
        return True
    if rank > latch.rank and (rank == RANK_EXACT or learning):
        return True
    if now_ns - latch.live_ns < ms(LATCH_LIVE_MS):
        return False
    return proven or (learning and latch.rank != RANK_EXACT)


cdef bint latch_admit(Latch *latch, const Address *source, uint32_t ssrc, uint16_t seq, const Sender *sender,
                      int64_t now_ns) noexcept nogil:
    """Decide about a packet whose source is not the latched one; True makes that source the latched one."""
    cdef Rank rank = rank_of(latch, source)
    cdef int16_t ahead = <int16_t> (seq - sender.max_seq)
    cdef bint proven = sender.known and ssrc == sender.ssrc and 0 < ahead < 3000
    cdef int needed = LATCH_RUN_ANY
    if not may_try(latch, source, rank, proven, now_ns):
        return False
    if rank == RANK_HOST:
        needed = LATCH_RUN_HOST
    if proven and latch.current.length != 0:
        needed = LATCH_RUN_PROVEN
    if rank != RANK_EXACT and not in_a_row(latch, source, ssrc, seq, needed, now_ns):
        return False
    latch.current = source[0]
    latch.rank = rank
    latch.live_ns = now_ns
    latch.candidate_run = 0
    address_clear(&latch.former)
    return True
