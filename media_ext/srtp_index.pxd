"""Which packet is it: the roll-over counter, and the window that takes a packet once (RFC 3711 3.3.1, 3.3.2).

An SRTP packet carries 16 bits of its 48-bit index; the rest, the roll-over counter (ROC), is what both sides count. An
SRTCP packet carries all 31 bits. Windows see indexes only, and only such as have been proven by a tag.

    highest - 127                                              highest
      |<------ seen[1], bits 63..0 ------>|<------ seen[0], bits 63..0 ------>|
"""
from libc.stdint cimport uint16_t, uint32_t, uint64_t

cdef enum:
    REPLAY_WINDOW = 128         # packets; RFC 3711 3.3.2 wants 64 or more
    RTCP_INDEX_MAX = 0x7fffffff


# What became of a packet.
cdef enum SrtpStatus:
    SRTP_OK = 0
    SRTP_REPLAYED = 1           # this index was taken before
    SRTP_OLD = 2                # too far behind to tell whether it was
    SRTP_BAD_TAG = 3            # not by who has the key, or damaged
    SRTP_MALFORMED = 4          # not RTP or RTCP, or cut short
    SRTP_TOO_LONG = 5           # no room for the tag, or more than a datagram
    SRTP_KEY_EXPIRED = 6        # 2^48 RTP or 2^31 RTCP packets: only another key goes on
    SRTP_TOO_MANY_SOURCES = 7   # one SSRC more than a context keeps
    SRTP_FAILED = 8             # our own fault: OpenSSL refused, or the context is for the other direction
    SRTP_STATUSES = 9


cdef struct Window:
    bint started                # a packet was taken
    uint32_t generation         # of the keys that took the newest one
    uint64_t highest            # index of the newest
    uint64_t seen[2]            # bit n: highest - n was taken


cdef inline SrtpStatus window_check(const Window *w, uint64_t index) noexcept nogil:
    """OK when this index was not taken yet, and would be known if it was."""
    cdef uint64_t behind
    if not w.started or index > w.highest:
        return SRTP_OK
    behind = w.highest - index
    if behind >= REPLAY_WINDOW:
        return SRTP_OLD
    return SRTP_REPLAYED if w.seen[behind >> 6] >> (behind & 63) & 1 else SRTP_OK


cdef inline void window_take(Window *w, uint64_t index) noexcept nogil:
    """Remember an index that `window_check` let through."""
    cdef uint64_t step
    if not w.started or index >= w.highest + REPLAY_WINDOW:
        w.started = True
        w.highest = index
        w.seen[0] = 1
        w.seen[1] = 0
        return
    if index <= w.highest:
        step = w.highest - index
        w.seen[step >> 6] |= <uint64_t> 1 << (step & 63)
        return
    step = index - w.highest
    if step < 64:
        w.seen[1] = w.seen[1] << step | w.seen[0] >> (64 - step)
        w.seen[0] = w.seen[0] << step | 1
    else:
        w.seen[1] = w.seen[0] << (step - 64)
        w.seen[0] = 1
    w.highest = index


cdef inline SrtpStatus rtp_index(const Window *w, uint16_t seq, bint sending, uint64_t *index) noexcept nogil:
    """The index nearest to the newest one (RFC 3711 3.3.1 and its appendix A).

    Before ROC 0 there is nothing. A sender must not send that; a receiver takes it for a jump ahead within ROC 0, as
    libsrtp's sender does, and lets the tag decide.
    """
    cdef int newest
    cdef uint64_t roc
    index[0] = seq
    if not w.started:
        return SRTP_OK
    newest = <int> (w.highest & 0xffff)
    roc = w.highest >> 16
    if newest < 0x8000:
        if <int> seq - newest > 0x8000:
            if roc == 0:
                return SRTP_OLD if sending else SRTP_OK
            roc -= 1
    elif newest - 0x8000 > <int> seq:
        if roc == <uint64_t> 0xffffffff:
            return SRTP_KEY_EXPIRED
        roc += 1
    index[0] = roc << 16 | seq
    return SRTP_OK
