"""A bounded queue of fixed-size records between one writing and one reading thread.

Both indices only grow and wrap at 2^32; the size is a power of two. The writer fills a slot in place and publishes it,
the reader uses a slot in place and releases it: no copy, no lock, no allocation after `ring_open`.
"""
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from media_ext.atomics cimport load_acquire, store_release


cdef struct Ring:
    uint8_t *slots
    uint32_t slot_bytes
    uint32_t size               # slots, a power of two
    uint8_t apart1[56]          # the two indices live on cache lines of their own
    uint32_t written
    uint8_t apart2[60]
    uint32_t read


cdef inline bint ring_open(Ring *r, uint32_t slot_bytes, uint32_t size) noexcept nogil:
    """False when there is no memory."""
    r.slot_bytes = slot_bytes
    r.size = size
    r.written = 0
    r.read = 0
    r.slots = <uint8_t *> calloc(size, slot_bytes)
    return r.slots != NULL


cdef inline void ring_close(Ring *r) noexcept nogil:
    free(r.slots)
    r.slots = NULL


cdef inline void *ring_reserve(Ring *r) noexcept nogil:
    """Writer: the slot to fill, NULL when the ring is full."""
    if r.written - load_acquire(&r.read) >= r.size:
        return NULL
    return r.slots + <size_t> (r.written & (r.size - 1)) * r.slot_bytes


cdef inline void ring_publish(Ring *r) noexcept nogil:
    """Writer: let the reader see the reserved slot."""
    store_release(&r.written, r.written + 1)


cdef inline void *ring_peek(Ring *r) noexcept nogil:
    """Reader: the oldest slot, NULL when the ring is empty."""
    if load_acquire(&r.written) == r.read:
        return NULL
    return r.slots + <size_t> (r.read & (r.size - 1)) * r.slot_bytes


cdef inline void ring_release(Ring *r) noexcept nogil:
    """Reader: give the peeked slot back."""
    store_release(&r.read, r.read + 1)
