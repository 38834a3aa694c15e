"""WAV; see wav_file.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from media_ext.disk cimport disk_rewrite, disk_write
from media_ext.sound_file cimport WAV_HEADER_BYTES


cdef inline void put32le(uint8_t *into, uint32_t value) noexcept nogil:
    into[0] = value & 0xff
    into[1] = value >> 8 & 0xff
    into[2] = value >> 16 & 0xff
    into[3] = value >> 24


cdef void header(const SoundFile *f, uint8_t *into) noexcept nogil:
    """Its sizes are those of whole frames; whoever writes ends a file before they are too large for it."""
    cdef uint32_t frame_bytes = 2 * f.channels
    cdef int64_t data = f.bytes - WAV_HEADER_BYTES
    if data < 0:
        data = 0
    data -= data % frame_bytes
    memcpy(into, b"RIFF", 4)
    put32le(into + 4, <uint32_t> (36 + data))
    memcpy(into + 8, b"WAVEfmt ", 8)
    put32le(into + 16, 16)
    put32le(into + 20, 1 | <uint32_t> f.channels << 16)             # PCM
    put32le(into + 24, f.rate_hz)
    put32le(into + 28, f.rate_hz * frame_bytes)
    put32le(into + 32, frame_bytes | 16 << 16)
    memcpy(into + 36, b"data", 4)
    put32le(into + 40, <uint32_t> data)


cdef void wav_file_open(SoundFile *f) noexcept nogil:
    cdef uint8_t bytes[WAV_HEADER_BYTES]
    header(f, bytes)
    disk_write(f, bytes, WAV_HEADER_BYTES)


cdef void wav_file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil:
    """Written when a second is full."""
    cdef int32_t frame_bytes = 2 * f.channels
    cdef int32_t part
    f.frames += count
    while count:
        part = min(count, (f.room - f.used) // frame_bytes)
        memcpy(f.buffer + f.used, frames, part * frame_bytes)
        f.used += part * frame_bytes
        frames += part * f.channels
        count -= part
        if f.used + frame_bytes > f.room:
            wav_file_write(f)


cdef void wav_file_write(SoundFile *f) noexcept nogil:
    cdef uint8_t bytes[WAV_HEADER_BYTES]
    cdef int64_t before = f.bytes
    disk_write(f, f.buffer, f.used)
    f.used = 0
    if f.bytes != before:
        header(f, bytes)
        disk_rewrite(f, bytes, WAV_HEADER_BYTES)
