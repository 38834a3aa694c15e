"""Ogg Opus; see opus_file.pxd."""

from libc.errno cimport EIO
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport calloc
from libc.string cimport memcpy, memset

from media_ext.codec cimport CODEC_OPUS, CodecSettings, codec_open
from media_ext.disk cimport disk_fail, disk_write
from media_ext.ogg cimport OGG_BEGINS, OGG_ENDS, OggPage, ogg_add, ogg_close_page, ogg_fits
from media_ext.opus cimport OPUS_CLOCK_HZ, OPUS_MAX_FRAME_BYTES, opus_delay
from media_ext.sound_file cimport OPUS_FILE_MS, OPUS_PACKET_BYTES, OPUS_PAGE_MS


cdef bint opus_file_open(SoundFile *f, int32_t complexity) noexcept nogil:
    cdef CodecSettings settings
    cdef int32_t status
    cdef int32_t i
    memset(&settings, 0, sizeof(settings))
    settings.id = CODEC_OPUS
    settings.rate_hz = f.rate_hz
    settings.ptime_ms = OPUS_FILE_MS
    settings.encodes = True
    settings.complexity = complexity
    f.page = <OggPage *> calloc(1, sizeof(OggPage))
    if f.page == NULL:
        return False
    for i in range(f.channels):
        f.encoders[i] = codec_open(&settings, &status)
        if f.encoders[i] == NULL:
            return False
    f.page.serial = 1
    f.pre_skip = opus_delay(&f.encoders[0].state.opus) * (OPUS_CLOCK_HZ // f.rate_hz)
    write_heads(f)
    return True


cdef void write_heads(SoundFile *f) noexcept nogil:
    """RFC 7845 5.1 and 5.2."""
    cdef uint8_t head[23]
    cdef uint8_t tags[24]
    memcpy(head, b"OpusHead", 8)
    head[8] = 1
    head[9] = <uint8_t> f.channels
    head[10] = f.pre_skip & 0xff
    head[11] = f.pre_skip >> 8 & 0xff
    head[12] = f.rate_hz & 0xff
    head[13] = f.rate_hz >> 8 & 0xff
    memset(head + 14, 0, 5)                             # the rate's rest, no gain, mapping family 0
    if f.channels == 2:
        head[18] = 1
        head[19] = 2                                    # streams
        head[20] = 0                                    # none of them coupled
        head[21] = 0                                    # left is the first
        head[22] = 1
    ogg_add(f.page, head, 23 if f.channels == 2 else 19)
    write_page(f, 0, OGG_BEGINS)
    memcpy(tags, b"OpusTags\x08\0\0\0bellwire\0\0\0\0", 24)
    ogg_add(f.page, tags, 24)
    write_page(f, 0, 0)


cdef void write_page(SoundFile *f, int64_t granule, uint8_t flags) noexcept nogil:
    cdef int32_t size = ogg_close_page(f.page, granule, flags)
    disk_write(f, f.page.page, size)
    f.page_packets = 0


cdef void opus_file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil:
    cdef int32_t frame_bytes = 2 * f.channels
    cdef int32_t part
    f.frames += count
    while count:
        part = min(count, (f.room - f.used) // frame_bytes)
        memcpy(f.buffer + f.used, frames, part * frame_bytes)
        f.used += part * frame_bytes
        frames += part * f.channels
        count -= part
        if f.used == f.room:
            encode(f)


cdef int32_t encode_side(SoundFile *f, int32_t side, uint8_t *packet) noexcept nogil:
    cdef int16_t pcm[960]
    cdef const int16_t *frames = <const int16_t *> f.buffer
    cdef int32_t samples = f.encoders[side].frame_samples
    cdef int32_t i
    for i in range(samples):
        pcm[i] = frames[i * f.channels + side]
    return f.encoders[side].encode(f.encoders[side], pcm, samples, packet, OPUS_MAX_FRAME_BYTES)


cdef int32_t delimit(uint8_t *packet, int32_t size) noexcept nogil:
    """A packet of one frame says its own length (RFC 6716 appendix B), so that another one can follow it."""
    cdef uint8_t frame[1275]
    cdef int32_t length = size - 1
    memcpy(frame, packet + 1, length)
    if length < 252:
        packet[1] = <uint8_t> length
        memcpy(packet + 2, frame, length)
        return size + 1
    packet[1] = <uint8_t> (252 + (length & 3))
    packet[2] = <uint8_t> (length - packet[1] >> 2)
    memcpy(packet + 3, frame, length)
    return size + 2


cdef void encode(SoundFile *f) noexcept nogil:
    """A packet of both sides. The page before it is written when it is full: the last page is never empty."""
    cdef uint8_t packet[OPUS_PACKET_BYTES]
    cdef int32_t size = encode_side(f, 0, packet)
    cdef int32_t second
    f.used = 0
    if size > 0 and f.channels == 2:
        size = delimit(packet, size)
        second = encode_side(f, 1, packet + size)
        size = size + second if second > 0 else second
    if size <= 0:
        disk_fail(f, EIO)                               # the codec, which never does
        return
    if f.page_packets * OPUS_FILE_MS >= OPUS_PAGE_MS or not ogg_fits(f.page, size):
        write_page(f, granule_of(f, f.packets), 0)
    ogg_add(f.page, packet, size)
    f.packets += 1
    f.page_packets += 1


cdef int64_t granule_of(const SoundFile *f, int64_t packets) noexcept nogil:
    return packets * OPUS_FILE_MS * (OPUS_CLOCK_HZ // 1000)


cdef void opus_file_close(SoundFile *f) noexcept nogil:
    """What the encoder still holds is pushed out by silence; the granule says where the sound ends."""
    cdef int64_t end = f.pre_skip + f.frames * (OPUS_CLOCK_HZ // f.rate_hz)
    if f.error or f.frames == 0:
        return
    while granule_of(f, f.packets) < end and f.error == 0:
        memset(f.buffer + f.used, 0, f.room - f.used)
        encode(f)
    write_page(f, end, OGG_ENDS)
