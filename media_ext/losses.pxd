"""Lost packets by how they lie: alone, or close together in bursts (RFC 3611 4.7.2).

A burst begins and ends with a lost packet and has no sixteen received ones in a row between; everything else is gap. A
packet counts as lost when it has not come by the time that 32 later ones could have: no phone waits longer.
"""
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    LOSS_APART = 16             # RFC 3611's Gmin: so many received packets end a burst
    LOSS_DEPTH = 32             # packets behind the newest at which one is decided upon


cdef struct Losses:
    uint64_t packets            # decided upon
    uint64_t lost
    uint64_t runs               # of lost packets without a received one between
    uint64_t bursts             # closed, and their packets: all, and the lost ones
    uint64_t burst_packets
    uint64_t burst_lost
    uint32_t received           # in a row, since the last lost packet
    uint32_t open_packets       # from the first to the last lost packet of what may be a burst; 0: none was lost yet
    uint32_t open_lost


cdef inline void losses_close(Losses *losses) noexcept nogil:
    """What was open is a burst when it has two lost packets; one alone belongs to the gap."""
    if losses.open_lost > 1:
        losses.bursts += 1
        losses.burst_packets += losses.open_packets
        losses.burst_lost += losses.open_lost
    losses.open_packets = losses.open_lost = 0


cdef inline void losses_missing(Losses *losses) noexcept nogil:
    losses.packets += 1
    losses.lost += 1
    if losses.received or losses.open_lost == 0:
        losses.runs += 1
    if losses.received >= LOSS_APART:
        losses_close(losses)
    losses.open_packets = losses.open_packets + losses.received + 1 if losses.open_lost else 1
    losses.open_lost += 1
    losses.received = 0


cdef inline void losses_came(Losses *losses) noexcept nogil:
    losses.packets += 1
    losses.received += 1


cdef inline void losses_advance(Losses *losses, uint64_t window, uint32_t progress, uint32_t ahead) noexcept nogil:
    """The newest number is about to step `ahead`. Bit n of `window`: n behind the newest was seen; `progress` is how
    far the newest is from the stream's first."""
    cdef uint32_t behind = LOSS_DEPTH
    cdef uint32_t left = ahead
    while left:                                         # the oldest first; once, but for a loss
        behind -= 1
        left -= 1
        if behind <= progress:
            if window >> behind & 1:
                losses_came(losses)
            else:
                losses_missing(losses)
        if behind == 0:
            break
    while left:                                         # numbers between the old newest and the new one
        left -= 1
        losses_missing(losses)
