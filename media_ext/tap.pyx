"""Taps; see tap.pxd."""

from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from media_ext.atomics cimport count, load_acquire, reference_add, store_relaxed, store_release
from media_ext.clock cimport NS_PER_S, ms
from media_ext.codec cimport CODEC_G722, CODEC_PCMA, CODEC_PCMU
from media_ext.formats cimport clock_hz_of
from media_ext.rtp cimport is_rtcp, rtp_parse


cdef Tap *tap_open(uint32_t ring_bytes) noexcept nogil:
    cdef Tap *tap = <Tap *> calloc(1, sizeof(Tap))
    if tap == NULL:
        return NULL
    tap.references = 1
    tap.size = 4096
    while tap.size < ring_bytes and tap.size < 1 << 30:
        tap.size *= 2
    tap.ring = <uint8_t *> calloc(tap.size, 1)
    if tap.ring == NULL:
        free(tap)
        return NULL
    return tap


cdef Tap *tap_hold(Tap *tap) noexcept nogil:
    reference_add(&tap.references, 1)
    return tap


cdef void tap_release(Tap *tap) noexcept nogil:
    if reference_add(&tap.references, -1) == 0:
        free(tap.ring)
        free(tap)


cdef void tap_add(Tap **taps, Tap *tap) noexcept nogil:
    tap.next = taps[0]
    taps[0] = tap


cdef void tap_end(Tap *tap, int64_t now_ns) noexcept nogil:
    tap.ended_ns = now_ns
    store_release(&tap.ended, 1)


cdef void tap_remove(Tap **taps, Tap *tap, int64_t now_ns) noexcept nogil:
    """A tap that is not there has been ended already."""
    while taps[0] != NULL and taps[0] != tap:
        taps = &taps[0].next
    if taps[0] == tap:
        taps[0] = tap.next
        tap_end(tap, now_ns)
        tap_release(tap)


cdef void tap_end_all(Tap **taps, int64_t now_ns) noexcept nogil:
    while taps[0] != NULL:
        tap_remove(taps, taps[0], now_ns)


# -- writing -----------------------------------------------------------------------------------------------------------

cdef TapPacket *reserve(Tap *tap, uint32_t bytes) noexcept nogil:
    """Room for a record in one piece, NULL when the ring is full."""
    cdef uint32_t at = tap.written & (tap.size - 1)
    cdef uint32_t left = tap.size - at
    cdef uint32_t wanted = bytes if left >= bytes else left + bytes
    cdef TapPacket *skip
    if tap.size - (tap.written - load_acquire(&tap.read)) < wanted:
        return NULL
    if left < bytes:
        skip = <TapPacket *> (tap.ring + at)            # of which only the first 8 bytes may be there
        skip.bytes = left
        skip.side = TAP_SKIP
        store_release(&tap.written, tap.written + left)
        at = 0
    return <TapPacket *> (tap.ring + at)


cdef inline void put(Tap *tap, const TapPacket *packet, const uint8_t *payload) noexcept nogil:
    cdef TapPacket *slot = reserve(tap, packet.bytes)
    if slot == NULL:
        if tap.dropped == 0:
            store_relaxed(&tap.dropped_ns, <uint64_t> packet.at_ns)
        count(&tap.dropped, 1)
        return
    slot[0] = packet[0]
    memcpy(<uint8_t *> slot + sizeof(TapPacket), payload, packet.size)
    count(&tap.packets, 1)
    store_release(&tap.written, tap.written + packet.bytes)


cdef inline uint32_t record_bytes(size_t payload) noexcept nogil:
    return <uint32_t> (sizeof(TapPacket) + payload + 7) & ~<uint32_t> 7


cdef inline uint8_t codec_of(const uint8_t *codecs, uint8_t payload_type) noexcept nogil:
    """What was agreed on; else what the number has always meant (RFC 3551 table 4)."""
    if codecs[payload_type]:
        return codecs[payload_type]
    if payload_type == 0:
        return CODEC_PCMU + 1
    if payload_type == 8:
        return CODEC_PCMA + 1
    return CODEC_G722 + 1 if payload_type == 9 else 0


cdef void put_rtp(Tap *taps, uint8_t side, uint8_t codec, uint32_t clock_hz, const uint8_t *data, const RtpHeader *h,
                  int64_t now_ns) noexcept nogil:
    cdef TapPacket packet
    packet.size = <uint16_t> h.payload_bytes if codec else 0
    packet.bytes = record_bytes(packet.size)
    packet.side = side
    packet.codec = codec
    packet.clock_hz = clock_hz if clock_hz else 8000
    packet.ssrc = h.ssrc
    packet.rtp_ts = h.rtp_ts
    packet.seq = h.seq
    packet.used = 0
    packet.at_ns = now_ns
    while taps != NULL:
        put(taps, &packet, data + h.payload_at)
        taps = taps.next


cdef void tap_heard(Tap *taps, const uint8_t *codecs, const uint8_t *data, const RtpHeader *h, uint32_t clock_hz,
                    int64_t now_ns) noexcept nogil:
    put_rtp(taps, TAP_HEARD, codec_of(codecs, h.payload_type), clock_hz, data, h, now_ns)


cdef void tap_said(Tap *taps, const uint8_t *codecs, const uint8_t *formats, const uint8_t *data, size_t size,
                   int64_t now_ns) noexcept nogil:
    cdef RtpHeader h
    if not is_rtcp(data) and rtp_parse(data, size, &h):
        put_rtp(taps, TAP_SAID, codec_of(codecs, h.payload_type), clock_hz_of(formats[h.payload_type]), data, &h,
                now_ns)


cdef void tap_pcm(Tap *tap, const int16_t *pcm, int32_t samples, uint32_t rate_hz, int64_t now_ns) noexcept nogil:
    """Frames of whoever ticks, 30,000 samples at most; between them time goes on by the samples, not by the clock."""
    cdef TapPacket packet
    cdef int64_t quiet_ns = now_ns - tap.pcm_ns
    if tap.pcm_ns and quiet_ns > ms(TAP_PCM_GAP_MS):
        tap.pcm_ts += <uint32_t> (quiet_ns // 1000 * rate_hz // (NS_PER_S // 1000)) - samples
    tap.pcm_ns = now_ns
    packet.size = <uint16_t> (2 * samples)
    packet.bytes = record_bytes(packet.size)
    packet.side = TAP_HEARD
    packet.codec = TAP_CODEC_PCM
    packet.clock_hz = rate_hz
    packet.ssrc = 0
    packet.rtp_ts = tap.pcm_ts
    packet.seq = tap.pcm_seq
    packet.used = 0
    packet.at_ns = now_ns
    put(tap, &packet, <const uint8_t *> pcm)
    tap.pcm_ts += samples
    tap.pcm_seq += 1


# -- reading -----------------------------------------------------------------------------------------------------------

cdef TapPacket *tap_next(const Tap *tap, uint32_t *cursor) noexcept nogil:
    cdef uint32_t written = load_acquire(&tap.written)
    cdef TapPacket *packet
    while cursor[0] != written:
        packet = <TapPacket *> (tap.ring + (cursor[0] & (tap.size - 1)))
        cursor[0] += packet.bytes
        if packet.side != TAP_SKIP:
            return packet
    return NULL


cdef void tap_forget(Tap *tap, uint32_t cursor) noexcept nogil:
    store_release(&tap.read, cursor)
