"""RTCP translation; see rtcp.pxd. Every function but `rtcp_valid` expects data that passed it."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from media_ext.rtp cimport get16, get32, put16, put32

cdef enum:
    SENDER_INFO_BYTES = 20
    BLOCK_BYTES = 24
    SDES_CNAME = 1


cdef inline size_t packet_bytes(const uint8_t *p) noexcept nogil:
    return 4 * (<size_t> get16(p + 2) + 1)


cdef inline size_t blocks_at(const uint8_t *p) noexcept nogil:
    """Where the report blocks of an SR or RR start."""
    return 8 + (SENDER_INFO_BYTES if p[1] == RTCP_SR else 0)


cdef bint rtcp_valid(const uint8_t *data, size_t size) noexcept nogil:
    """RFC 3550 A.2, but a reduced-size packet (RFC 5506) passes: any type may stand first."""
    cdef size_t at = 0
    cdef size_t length
    cdef const uint8_t *p
    if size < 8:
        return False
    while at < size:
        p = data + at
        if size - at < 4 or p[0] >> 6 != 2 or not 192 <= p[1] <= 223:
            return False
        length = packet_bytes(p)
        if length > size - at:
            return False
        if p[0] & 0x20 and at + length != size:
            return False                                # padding is for the last packet only
        if p[1] in (RTCP_SR, RTCP_RR) and blocks_at(p) + BLOCK_BYTES * <size_t> (p[0] & 0x1f) > length:
            return False
        if p[1] not in (RTCP_SDES, RTCP_BYE) and length < 8:
            return False
        at += length
    return True


cdef void rtcp_read(const uint8_t *data, size_t size, uint32_t heard_ssrc, Reports *reports) noexcept nogil:
    """What is in it for our own figures."""
    cdef size_t at = 0
    cdef const uint8_t *p
    cdef const uint8_t *block
    cdef int _i
    memset(reports, 0, sizeof(Reports))
    while at < size:
        p = data + at
        at += packet_bytes(p)
        if p[1] not in (RTCP_SR, RTCP_RR):
            continue
        reports.ssrc = get32(p + 4)
        if p[1] == RTCP_SR:
            reports.sender_report = True
            reports.ntp = get32(p + 10)
        block = p + blocks_at(p)
        for _i in range(p[0] & 0x1f):
            if get32(block) == heard_ssrc:
                reports.about_us = True
                reports.fraction_lost = block[4]
                reports.lost = <int32_t> (get32(block + 4) << 8) >> 8
                reports.jitter = get32(block + 12)
                reports.last_report = get32(block + 16)
                reports.delay = get32(block + 20)
            block += BLOCK_BYTES


cdef size_t write_cname(uint32_t ssrc, const uint8_t *cname, uint8_t *into) noexcept nogil:
    """An SDES of one chunk: SSRC, the CNAME item, and zeros up to the next word."""
    into[0] = 0x81
    into[1] = RTCP_SDES
    put16(into + 2, DESCRIPTION_BYTES // 4 - 1)
    put32(into + 4, ssrc)
    into[8] = SDES_CNAME
    into[9] = CNAME_BYTES
    memcpy(into + 10, cname, CNAME_BYTES)
    memset(into + 10 + CNAME_BYTES, 0, 2)
    return DESCRIPTION_BYTES


cdef size_t translate_report(const uint8_t *p, const Translation *t, uint8_t *into) noexcept nogil:
    """An SR or RR. Without a timestamp that the other phone could understand, an SR becomes an RR."""
    cdef const uint8_t *block = p + blocks_at(p)
    cdef bint sender = p[1] == RTCP_SR and t.in_step
    cdef size_t size = 8
    cdef int kept = 0
    cdef int _i
    cdef uint16_t seq
    cdef uint32_t highest
    if sender:
        memcpy(into + size, p + 8, SENDER_INFO_BYTES)
        put32(into + 16, get32(p + 16) + t.ts_offset)
        put32(into + 20, <uint32_t> t.packets)
        put32(into + 24, <uint32_t> t.payload_bytes)
        size += SENDER_INFO_BYTES
    for _i in range(p[0] & 0x1f):
        if get32(block) == t.heard_ssrc and t.heard_in_step:
            seq = get16(block + 10) - t.seq_offset
            highest = t.origin_max + <uint32_t> <int16_t> (seq - <uint16_t> t.origin_max)
            memcpy(into + size, block, BLOCK_BYTES)
            put32(into + size, t.origin_ssrc)
            put32(into + size + 8, highest)
            size += BLOCK_BYTES
            kept += 1
        block += BLOCK_BYTES
    into[0] = 0x80 | kept
    into[1] = RTCP_SR if sender else RTCP_RR
    put16(into + 2, <uint16_t> (size // 4 - 1))
    put32(into + 4, t.sender_ssrc)
    return size


cdef size_t translate_other(const uint8_t *p, const Translation *t, uint8_t *into) noexcept nogil:
    """APP, and feedback about the codec; the rest is for us alone."""
    cdef size_t size = packet_bytes(p)
    if p[0] & 0x20 or size < 8:
        return 0
    if p[1] == RTCP_PAYLOAD_FEEDBACK:
        if size < 12 or get32(p + 8) != t.heard_ssrc or not t.heard_in_step:
            return 0
    elif p[1] != RTCP_APP:
        return 0
    memcpy(into, p, size)
    put32(into + 4, t.sender_ssrc)
    if p[1] == RTCP_PAYLOAD_FEEDBACK:
        put32(into + 8, t.origin_ssrc)
    return size


cdef size_t rtcp_translate(const uint8_t *data, size_t size, const Translation *t, uint8_t *into) noexcept nogil:
    """Write what the other phone may know; returns its length, 0 for nothing. `into`: `size` and DESCRIPTION_BYTES."""
    cdef size_t at = 0
    cdef size_t done = 0
    cdef bint described = False
    cdef const uint8_t *p
    while at < size:
        p = data + at
        at += packet_bytes(p)
        if p[1] in (RTCP_SR, RTCP_RR):
            done += translate_report(p, t, into + done)
            if not described:
                done += write_cname(t.sender_ssrc, t.cname, into + done)
                described = True
        else:
            done += translate_other(p, t, into + done)
    return done


# -- our own -----------------------------------------------------------------------------------------------------------

cdef size_t write_report(const OwnReport *r, uint8_t *into) noexcept nogil:
    """An SR or RR with at most one block."""
    cdef uint8_t *block = into + 8 + (SENDER_INFO_BYTES if r.sender else 0)
    cdef size_t size = <size_t> (block - into) + (BLOCK_BYTES if r.heard else 0)
    into[0] = 0x80 | <uint8_t> r.heard
    into[1] = RTCP_SR if r.sender else RTCP_RR
    put16(into + 2, <uint16_t> (size // 4 - 1))
    put32(into + 4, r.ssrc)
    if r.sender:
        put32(into + 8, <uint32_t> (r.ntp >> 32))
        put32(into + 12, <uint32_t> r.ntp)
        put32(into + 16, r.rtp_ts)
        put32(into + 20, r.packets)
        put32(into + 24, r.octets)
    if r.heard:
        put32(block, r.heard_ssrc)
        put32(block + 4, <uint32_t> r.lost & 0xffffff | <uint32_t> r.fraction_lost << 24)
        put32(block + 8, r.highest)
        put32(block + 12, r.jitter)
        put32(block + 16, r.last_report)
        put32(block + 20, r.delay)
    return size


cdef size_t rtcp_write(const OwnReport *r, uint8_t *into) noexcept nogil:
    """A compound packet (RFC 3550 6.1): the report, the CNAME, perhaps BYE."""
    cdef size_t size = write_report(r, into)
    size += write_cname(r.ssrc, r.cname, into + size)
    if r.bye:
        into[size] = 0x81
        into[size + 1] = RTCP_BYE
        put16(into + size + 2, 1)
        put32(into + size + 4, r.ssrc)
        size += 8
    return size
