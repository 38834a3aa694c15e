"""Ogg pages; see ogg.pxd."""

from libc.string cimport memcpy


cdef extern from "ogg_crc.h" nogil:
    uint32_t bellwire_ogg_crc(const uint8_t *data, size_t size) noexcept


cdef uint32_t ogg_crc(const uint8_t *data, size_t size) noexcept nogil:
    """Of a page whose own CRC field is zero."""
    return bellwire_ogg_crc(data, size)


cdef inline void put_le(uint8_t *into, int64_t value, int32_t size) noexcept nogil:
    cdef int32_t i
    for i in range(size):
        into[i] = <uint8_t> (value >> (8 * i) & 0xff)


cdef bint ogg_fits(const OggPage *o, int32_t size) noexcept nogil:
    return o.segments + size // 255 + 1 <= OGG_SEGMENTS and o.body_bytes + size <= <int32_t> sizeof(o.body)


cdef void ogg_add(OggPage *o, const uint8_t *packet, int32_t size) noexcept nogil:
    """A packet's length is a run of 255s and what is left (RFC 3533 5)."""
    cdef int32_t left = size
    memcpy(o.body + o.body_bytes, packet, size)
    o.body_bytes += size
    while left >= 255:
        o.lacing[o.segments] = 255
        o.segments += 1
        left -= 255
    o.lacing[o.segments] = <uint8_t> left
    o.segments += 1


cdef int32_t ogg_close_page(OggPage *o, int64_t granule, uint8_t flags) noexcept nogil:
    cdef uint8_t *p = o.page
    cdef int32_t size = OGG_HEADER_BYTES + o.segments + o.body_bytes
    memcpy(p, b"OggS", 4)
    p[4] = 0
    p[5] = flags
    put_le(p + 6, granule, 8)
    put_le(p + 14, o.serial, 4)
    put_le(p + 18, o.sequence, 4)
    put_le(p + 22, 0, 4)
    p[26] = <uint8_t> o.segments
    memcpy(p + OGG_HEADER_BYTES, o.lacing, o.segments)
    memcpy(p + OGG_HEADER_BYTES + o.segments, o.body, o.body_bytes)
    put_le(p + 22, ogg_crc(p, size), 4)
    o.sequence += 1
    o.segments = 0
    o.body_bytes = 0
    return size
