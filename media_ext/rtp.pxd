"""RTP packets and one sender's state (RFC 3550 5.1, A.1, A.3, A.8); told apart from RTCP by RFC 5761 section 4.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                           timestamp                           |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           synchronization source (SSRC) identifier            |
    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
    |      CC times a contributing source, then the extension       |
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.losses cimport Losses

cdef enum:
    RTP_HEADER_BYTES = 12
    MAX_DROPOUT = 3000          # RFC 3550 A.1: a larger step ahead is a restarted sender
    MAX_MISORDER = 100


cdef struct RtpHeader:
    uint8_t payload_type
    bint marker
    uint16_t seq
    uint32_t rtp_ts
    uint32_t ssrc
    uint32_t payload_at         # bytes from the packet's start
    uint32_t payload_bytes      # without padding


# What a packet is to the sender's state.
cdef enum Arrival:
    ARRIVAL_NEW = 0             # the newest so far
    ARRIVAL_LATE = 1            # older than the newest, seen for the first time
    ARRIVAL_DUPLICATE = 2
    ARRIVAL_RESTART = 3         # a new SSRC, or the second packet in order after a jump: counting starts anew
    ARRIVAL_SUSPECT = 4         # a jump in the sequence that nothing has confirmed: to be dropped


cdef struct Sender:
    bint known                  # False until the first packet
    uint32_t ssrc
    uint32_t epoch              # counts restarts
    uint16_t max_seq
    uint32_t cycles             # sequence wraps, shifted left by 16
    uint32_t base_seq
    uint32_t bad_seq            # the seq that would confirm a jump; above 0xffff: none
    uint64_t received           # of this epoch, duplicates included
    uint64_t window             # bit n: max_seq - n was seen
    uint64_t expected_before    # in earlier epochs
    uint64_t received_before
    uint32_t transit
    uint32_t jitter_q4          # in timestamp units, times 16
    uint32_t clock_hz           # of the last packet that jitter was taken from; 0: none yet
    Losses losses               # over all epochs


cdef bint rtp_parse(const uint8_t *data, size_t size, RtpHeader *h) noexcept nogil  # False: not RTP, or cut short
cdef Arrival sender_receive(Sender *s, uint32_t ssrc, uint16_t seq) noexcept nogil
cdef void sender_jitter(Sender *s, uint32_t rtp_ts, uint32_t clock_hz, int64_t at_ns) noexcept nogil
cdef uint64_t sender_expected(const Sender *s) noexcept nogil                       # over all epochs
cdef uint64_t sender_received(const Sender *s) noexcept nogil


cdef inline uint16_t get16(const uint8_t *p) noexcept nogil:
    return <uint16_t> (p[0] << 8 | p[1])


cdef inline uint32_t get32(const uint8_t *p) noexcept nogil:
    return <uint32_t> p[0] << 24 | <uint32_t> p[1] << 16 | <uint32_t> p[2] << 8 | p[3]


cdef inline void put16(uint8_t *p, uint16_t value) noexcept nogil:
    p[0] = value >> 8
    p[1] = value & 0xff


cdef inline void put32(uint8_t *p, uint32_t value) noexcept nogil:
    p[0] = value >> 24
    p[1] = (value >> 16) & 0xff
    p[2] = (value >> 8) & 0xff
    p[3] = value & 0xff


cdef inline bint looks_like_rtp(const uint8_t *data, size_t size) noexcept nogil:
    """Version 2 and room for a header; RTCP passes too (RFC 7983: the first byte is 128-191)."""
    return size >= 8 and data[0] >> 6 == 2


cdef inline bint is_datagram(const uint8_t *data, size_t size) noexcept nogil:
    """RFC 7983 7: a first byte of 0-3 is STUN, of 20-63 DTLS."""
    return size > 0 and (data[0] < 4 or 20 <= data[0] < 64)


cdef inline bint is_rtcp(const uint8_t *data) noexcept nogil:
    """RFC 5761 4: packet types 192-223, which no RTP payload type with or without marker may use."""
    return 192 <= data[1] <= 223
