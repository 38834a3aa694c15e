"""A file that sound is written to, and that can be played whenever writing stops: WAV, or Ogg Opus (RFC 7845).

    WAV     16-bit samples; after each write of a second or so the header's sizes are made to say what is there
    Opus    one page a second; two channels are two streams of one voice each (mapping family 1, nothing coupled), so
            nothing of one side is heard on the other

Blocks where the disk does: for writer threads only. Errors stay: `error` is the errno of the first one.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t

from media_ext.codec cimport Codec
from media_ext.ogg cimport OggPage

cdef enum:
    WAV_HEADER_BYTES = 44
    OPUS_FILE_MS = 20           # of a packet
    OPUS_PAGE_MS = 1000
    OPUS_PACKET_BYTES = 2600    # two frames and the length of one


cdef enum FileFormat:
    FILE_WAV = 0
    FILE_OPUS = 1


cdef struct SoundFile:
    FileFormat format
    int fd                      # -1: not open
    int error
    int32_t rate_hz
    int32_t channels
    int64_t frames              # taken
    int64_t bytes               # in the file
    # WAV: what waits to be written; Opus: the frames of the next packet
    uint8_t *buffer
    int32_t used
    int32_t room
    # Opus
    Codec *encoders[2]
    OggPage *page
    int32_t pre_skip            # at 48 kHz
    int64_t packets
    int32_t page_packets


# `path` is created and must not exist, unless it is a named pipe. On failure `error` says why, nothing stays open.
cdef bint file_open(SoundFile *f, const char *path, FileFormat format, int32_t rate_hz, int32_t channels,
                    int32_t complexity) noexcept nogil
cdef bint file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil
cdef bint file_flush(SoundFile *f) noexcept nogil           # to the kernel: a killed process loses nothing before it
cdef bint file_sync(SoundFile *f) noexcept nogil            # to the disk
cdef bint file_close(SoundFile *f) noexcept nogil           # complete; False: `error` says what went wrong
