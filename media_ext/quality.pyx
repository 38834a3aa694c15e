"""A leg's figures over time; see quality.pxd."""

from libc.stdint cimport uint64_t

from media_ext.atomics cimport count, store_relaxed
from media_ext.losses cimport Losses
from media_ext.types cimport Counters


cdef void quality_sample(Worker *w, Leg *leg) noexcept nogil:
    """Publish the losses, and the jitter's mean and peak while the phone talks."""
    cdef Counters *c = &leg.counters
    cdef uint64_t jitter_us
    if c.packets_in == c.sampled_packets_in:
        return
    c.sampled_packets_in = c.packets_in
    publish_losses(c, &leg.sender.losses)
    if leg.sender.clock_hz == 0:
        return
    jitter_us = <uint64_t> leg.sender.jitter_q4 * 62500 // leg.sender.clock_hz
    if jitter_us >= JITTER_BELIEVED_MS * 1000:
        return
    count(&c.jitter_sum_us, jitter_us)
    count(&c.jitter_samples, 1)
    if jitter_us > c.jitter_max_us:
        store_relaxed(&c.jitter_max_us, jitter_us)


cdef void publish_losses(Counters *c, const Losses *losses) noexcept nogil:
    """What is open counts as it would if the stream ended now."""
    cdef bint burst = losses.open_lost > 1
    store_relaxed(&c.decided, losses.packets)
    store_relaxed(&c.decided_lost, losses.lost)
    store_relaxed(&c.loss_runs, losses.runs)
    store_relaxed(&c.bursts, losses.bursts + burst)
    store_relaxed(&c.burst_packets, losses.burst_packets + (losses.open_packets if burst else 0))
    store_relaxed(&c.burst_lost, losses.burst_lost + (losses.open_lost if burst else 0))
