"""Ogg pages (RFC 3533): packets are gathered into a page, which gets its checksum and may be written as it stands.

     0                   1                   2                   3
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |       capture_pattern "OggS"                                  |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |    version    |     flags     |       granule_position (8)    |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |  serial (4)   |  sequence (4) |  CRC (4)      |  segments (1) |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |  a byte of length per segment, then the segments; numbers are little-endian
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cdef enum:
    OGG_HEADER_BYTES = 27
    OGG_SEGMENTS = 255
    OGG_PAGE_BYTES = 65307      # RFC 3533 6
    OGG_BEGINS = 2              # flags: the first page of a stream …
    OGG_ENDS = 4                # … and its last


cdef struct OggPage:
    uint32_t serial
    uint32_t sequence           # of the next page
    int32_t segments
    int32_t body_bytes
    uint8_t lacing[255]
    uint8_t body[8192]          # more than 1 s of two voices
    uint8_t page[8474]          # header, lacing and body


cdef uint32_t ogg_crc(const uint8_t *data, size_t size) noexcept nogil
cdef bint ogg_fits(const OggPage *o, int32_t size) noexcept nogil
cdef void ogg_add(OggPage *o, const uint8_t *packet, int32_t size) noexcept nogil       # a whole packet that fits
# The page in `o.page`; its bytes. A new one is begun. `granule` is that of the last packet in it.
cdef int32_t ogg_close_page(OggPage *o, int64_t granule, uint8_t flags) noexcept nogil
