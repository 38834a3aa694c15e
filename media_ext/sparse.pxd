"""A record that is mostly zeros, without them.

    size, 4 bytes · ( words of zero, 2 bytes · words that follow, 2 bytes · those words )* · what is left of a word

Words have 8 bytes, numbers are the machine's own: it is read on the machine that wrote it, in `pbx.media.kept`.
"""
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    SPARSE_RUN = 65535


cdef inline size_t sparse_bound(size_t size) noexcept nogil:
    """Bytes that `sparse_pack` writes at most."""
    return size + size // 4 + 32


cdef inline uint64_t sparse_word(const uint8_t *at) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return word


cdef inline size_t sparse_pack(const uint8_t *record, size_t size, uint8_t *into) noexcept nogil:
    """Returns the bytes written, of `sparse_bound(size)` that there are."""
    cdef size_t words = size // 8, at = 0, first
    cdef uint8_t *end = into
    cdef uint32_t whole = <uint32_t> size
    cdef uint16_t run
    memcpy(end, &whole, 4)
    end += 4
    while at < words:
        first = at
        while at < words and at - first < SPARSE_RUN and sparse_word(record + at * 8) == 0:
            at += 1
        run = <uint16_t> (at - first)
        memcpy(end, &run, 2)
        first = at
        while at < words and at - first < SPARSE_RUN and sparse_word(record + at * 8) != 0:
            at += 1
        run = <uint16_t> (at - first)
        memcpy(end + 2, &run, 2)
        memcpy(end + 4, record + first * 8, (at - first) * 8)
        end += 4 + (at - first) * 8
    memcpy(end, record + words * 8, size - words * 8)
    return <size_t> (end - into) + size - words * 8
