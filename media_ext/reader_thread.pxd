"""A thread of low priority that reads taps: it wakes every `period_ms` while it has some, and on commands.

It may wait for a disk as long as that takes; then its taps wait in their rings.
"""
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from media_ext.reading cimport EndReason, Reading
from media_ext.ring cimport Ring
from media_ext.tap_reader cimport ReaderScratch

cdef enum:
    READER_COMMANDS = 1024
    READER_EVENTS = 4096
    READER_NICE = 10


cdef enum ReaderOperation:
    READER_ADD = 1
    READER_PAUSE
    READER_RESUME
    READER_STOP
    READER_QUIT                 # ends all readings, and then the thread


cdef struct ReaderCommand:
    ReaderOperation op
    Reading *reading
    EndReason reason
    int64_t at_ns


cdef struct ReaderEvent:
    uint32_t reading
    int32_t news                # ReadingNews
    EndReason reason
    int error                   # errno, of END_FULL and END_FAILED
    int64_t frames
    int64_t bytes


cdef struct ReaderThread:
    Ring commands
    Ring events
    int wake_fd
    int event_fd                # shared by all threads
    int32_t period_ms
    bint quitting
    Reading *readings
    uint64_t alive_ns           # when it last looked after its readings
    uint64_t cpu_clock
    ReaderScratch *scratch


cdef bint reader_thread_open(ReaderThread *t, int32_t period_ms, int event_fd) noexcept nogil   # `t` is zeroed
cdef void reader_thread_shut(ReaderThread *t) noexcept nogil
cdef void reader_thread_run(ReaderThread *t) noexcept nogil
