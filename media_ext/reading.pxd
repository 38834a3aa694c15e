"""Somebody who reads a tap: a recording into a file, or sound for Python. Run by one thread (reader_thread.pxd).

    pausing     takes effect at the moment of the command, not when the reader gets there; paused time is cut out
    end         stopped, leg closed, longest length, quota, disk full or failed; or `dropped` packets: the disk, and
                with it the reader, is too slow. Everything up to then is written.
    on disk     WAV is flushed every second, both formats are synchronised every 5 s: a killed process loses what was
                not flushed, a machine without power what was not synchronised
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from media_ext.sound_file cimport FileFormat, SoundFile
from media_ext.tap_reader cimport ReaderScratch, TapReader

cdef enum:
    READING_FLUSH_MS = 1000
    READING_SYNC_MS = 5000


cdef enum EndReason:
    END_NONE = 0
    END_STOPPED
    END_CLOSED                  # the leg
    END_LENGTH
    END_QUOTA
    END_FULL                    # the disk
    END_FAILED                  # it said no for another reason
    END_SLOW                    # it took too long


cdef enum ReadingNews:          # what a step has brought, bits
    NEWS_AUDIO = 1
    NEWS_PROGRESS = 2
    NEWS_ENDED = 4


# PCM from the reader's thread to Python.
cdef struct PcmQueue:
    uint8_t *data               # NULL: this is a recording
    uint32_t size               # bytes, a power of two
    uint32_t written
    uint32_t read
    uint64_t dropped            # frames without room


cdef struct Reading:
    uint32_t id
    TapReader reader
    PcmQueue queue
    # recordings
    char *path
    FileFormat format
    int32_t complexity
    bint opened
    SoundFile file
    int64_t max_frames
    int64_t flushed_ns
    int64_t synced_ns
    # both
    int64_t stop_ns             # 0: goes on
    EndReason reason
    uint64_t frames             # given on; for other threads to read, as the next one
    uint64_t bytes              # in the file
    Reading *next               # of its thread


cdef void reading_stop(Reading *r, EndReason reason, int64_t at_ns) noexcept nogil
cdef int32_t reading_step(Reading *r, int64_t now_ns, ReaderScratch *s) noexcept nogil      # ReadingNews
cdef void reading_free(Reading *r) noexcept nogil
cdef bint queue_open(PcmQueue *q, uint32_t bytes) noexcept nogil
