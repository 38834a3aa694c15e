"""A packet that came in: is it the phone's, what does it say, who hears it. The one path that every packet takes."""
from libc.stdint cimport uint8_t, uint64_t

from media_ext.address cimport Address
from media_ext.types cimport Leg, Worker


cdef inline uint64_t feed_of(const Leg *leg) noexcept nogil:
    """Names what this phone sends now, to whoever hears it; differs after each restart of its sender.

    Our SSRC towards the phone is the leg's own for life, and goes with it into another process.
    """
    return (<uint64_t> leg.out.ssrc << 31) | (leg.sender.epoch & 0x7fffffff)


# `source` NULL: the socket is connected to the latched address. `data` is writable, and valid until the loop's flush.
cdef void relay_receive(Worker *w, Leg *leg, int component, uint8_t *data, size_t size,
                        const Address *source) noexcept nogil
