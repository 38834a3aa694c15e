"""Loads and stores between threads, and counters that one thread writes and another may read."""
from libc.stdint cimport int32_t, uint32_t, uint64_t


cdef extern from "atomics.h" nogil:
    uint32_t load_acquire(const uint32_t *p)
    void store_release(uint32_t *p, uint32_t v)
    uint64_t load_relaxed(const uint64_t *p)
    void store_relaxed(uint64_t *p, uint64_t v)
    void count(uint64_t *p, uint64_t n)
    int32_t reference_count(const int32_t *p)
    int32_t reference_add(int32_t *p, int32_t n)        # returns the new value
