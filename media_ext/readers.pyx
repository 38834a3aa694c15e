"""The threads that read taps, as Python sees them: recordings and listeners in, news out.

Commands go to a thread through its ring, news come back through another and an eventfd, as in engine.pyx. A reading's
memory belongs to its thread from `record` or `listen` until "ended" was told.
"""

import os
import threading
import time

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int16_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport strdup
from posix.time cimport clock_gettime, timespec
from posix.unistd cimport close, write

from media_ext.atomics cimport load_acquire, load_relaxed, store_release
from media_ext.clock cimport NS_PER_S, now_ns
from media_ext.reader_thread cimport (
    READER_ADD,
    READER_PAUSE,
    READER_QUIT,
    READER_RESUME,
    READER_STOP,
    ReaderCommand,
    ReaderEvent,
    ReaderOperation,
    ReaderThread,
    reader_thread_open,
    reader_thread_run,
    reader_thread_shut,
)
from media_ext.reading cimport (
    END_CLOSED,
    END_FAILED,
    END_FULL,
    END_LENGTH,
    END_NONE,
    END_QUOTA,
    END_SLOW,
    END_STOPPED,
    NEWS_AUDIO,
    NEWS_ENDED,
    NEWS_PROGRESS,
    EndReason,
    queue_open,
    reading_free,
)
from media_ext.reading cimport Reading as Record
from media_ext.ring cimport ring_peek, ring_publish, ring_release, ring_reserve
from media_ext.sound_file cimport FILE_OPUS, FILE_WAV
from media_ext.tap_handle cimport TapHandle
from media_ext.tap_reader cimport READER_MAX_LAG_MS, reader_open

cdef dict REASONS = {
    END_STOPPED: "stopped",
    END_CLOSED: "closed",
    END_LENGTH: "max_length",
    END_QUOTA: "quota",
    END_FULL: "disk_full",
    END_FAILED: "disk_failed",
    END_SLOW: "disk_slow",
}
cdef dict REASON_CODES = {name: code for code, name in REASONS.items()}

LISTENER_MS = 20                # how often what is heard live is read …
RECORDING_MS = 200              # … and what is written


cdef class Reading:
    """A recording or a listener: handed to the methods of `Readers`, and read for its figures."""

    cdef Record *record
    cdef int thread
    cdef readonly uint32_t id

    def __dealloc__(self):
        # Only one that no thread knows comes here with a record: `Readers` keeps the others.
        if self.record != NULL:
            reading_free(self.record)

    def take(self):
        """What a listener has heard since the last time, (of the phone, to the phone), 16-bit samples."""
        cdef uint32_t waiting
        cdef uint32_t read
        cdef Py_ssize_t frames
        cdef Py_ssize_t i
        cdef const int16_t *from_queue
        cdef int16_t *left
        cdef int16_t *right
        if self.record == NULL or self.record.queue.data == NULL:
            return b"", b""
        read = self.record.queue.read
        waiting = load_acquire(&self.record.queue.written) - read
        frames = waiting // 4
        heard = PyBytes_FromStringAndSize(NULL, 2 * frames)
        said = PyBytes_FromStringAndSize(NULL, 2 * frames)
        left = <int16_t *> PyBytes_AS_STRING(heard)
        right = <int16_t *> PyBytes_AS_STRING(said)
        for i in range(frames):
            from_queue = <const int16_t *> (self.record.queue.data
                                            + (<uint32_t> (read + 4 * i) & (self.record.queue.size - 1)))
            left[i] = from_queue[0]
            right[i] = from_queue[1]
        store_release(&self.record.queue.read, read + 4 * <uint32_t> frames)
        return heard, said

    @property
    def frames(self):
        """Written, or heard, so far."""
        return load_relaxed(&self.record.frames) if self.record != NULL else 0

    @property
    def bytes(self):
        """In the file so far."""
        return load_relaxed(&self.record.bytes) if self.record != NULL else 0

    @property
    def overrun_frames(self):
        """Of a listener: heard while nobody read."""
        return load_relaxed(&self.record.queue.dropped) if self.record != NULL else 0

    @property
    def lost_packets(self):
        """That never came, or too late, of both sides."""
        if self.record == NULL:
            return 0
        return load_relaxed(&self.record.reader.tracks[0].stats.lost) + load_relaxed(
            &self.record.reader.tracks[1].stats.lost)


cdef class Readers:
    """`writers` threads for recordings, and one for listeners, which waits for no disk."""

    cdef ReaderThread *threads
    cdef int count
    cdef int event_fd
    cdef uint32_t last_id
    cdef dict readings
    cdef list load
    cdef list running

    def __cinit__(self, *, int writers):
        cdef int i
        if not 0 < writers <= 16:
            raise ValueError(f"{writers} threads that write recordings")
        self.readings = {}
        self.running = []
        self.load = [0] * (writers + 1)
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.threads = <ReaderThread *> calloc(writers + 1, sizeof(ReaderThread))
        if self.threads == NULL:
            raise MemoryError
        for i in range(writers + 1):
            if not reader_thread_open(&self.threads[i], RECORDING_MS if i else LISTENER_MS, self.event_fd):
                raise OSError("no memory or file for a thread that reads taps")
            self.count = i + 1

    def __dealloc__(self):
        # The threads hold a reference to this object, so none of them runs any more.
        cdef int i
        if self.threads != NULL:
            for i in range(self.count):
                reader_thread_shut(&self.threads[i])
            free(self.threads)
        if self.event_fd > 0:
            close(self.event_fd)

    def start(self):
        for i in range(self.count):
            name = f"recorder-{i}" if i else "listener"
            thread = threading.Thread(target=self._run, args=(i,), name=name, daemon=True)
            self.running.append(thread)
            thread.start()

    def _run(self, int index):
        with nogil:
            reader_thread_run(&self.threads[index])

    def stop(self, timeout_s):
        """End all readings, then the threads; False when one of them still waits for a disk after `timeout_s`."""
        cdef int i
        for i in range(self.count):
            self.push(i, NULL, READER_QUIT, END_STOPPED)
        deadline = time.monotonic() + timeout_s
        for thread in self.running:
            thread.join(max(deadline - time.monotonic(), 0))
        return not any([thread.is_alive() for thread in self.running])

    def fileno(self):
        """Readable when `drain` has something."""
        return self.event_fd

    def cpu_seconds(self):
        """CPU time of each thread so far; the first is the listeners'."""
        return [thread_cpu_s(load_relaxed(&self.threads[i].cpu_clock)) for i in range(self.count)]

    def record(self, TapHandle tap not None, bytes path not None, *, bint opus, int channels, int rate_hz,
               int64_t max_ms, int lag_ms, int complexity):
        """Write a tap into a new file; at most one reading may read a tap."""
        cdef Reading reading = self.made(tap, rate_hz, channels, lag_ms)
        cdef int64_t most = (<int64_t> 0xffffffff - 100) // (2 * channels)
        reading.record.path = strdup(path)
        if reading.record.path == NULL:
            raise MemoryError
        reading.record.format = FILE_OPUS if opus else FILE_WAV
        reading.record.complexity = complexity
        reading.record.max_frames = max_ms * rate_hz // 1000
        if not opus and reading.record.max_frames > most:
            reading.record.max_frames = most            # of WAV
        self.add(reading, self.freest())
        return reading

    def listen(self, TapHandle tap not None, *, int rate_hz, int lag_ms, int buffer_ms):
        """Decode a tap for `Reading.take`."""
        cdef Reading reading = self.made(tap, rate_hz, 2, lag_ms)
        if not queue_open(&reading.record.queue, <uint32_t> (4 * rate_hz // 1000 * buffer_ms)):
            raise MemoryError
        self.add(reading, 0)
        return reading

    cdef Reading made(self, TapHandle tap, int rate_hz, int channels, int lag_ms):
        cdef Reading reading = Reading.__new__(Reading)
        if rate_hz not in (8000, 16000, 48000) or channels not in (1, 2):
            raise ValueError(f"{channels} channels at {rate_hz} Hz")
        if not 20 <= lag_ms <= READER_MAX_LAG_MS:
            raise ValueError(f"a lag of {lag_ms} ms")
        reading.record = <Record *> calloc(1, sizeof(Record))
        if reading.record == NULL or not reader_open(&reading.record.reader, tap.record, rate_hz, channels, lag_ms,
                                                     now_ns()):
            raise MemoryError
        self.last_id += 1
        reading.id = reading.record.id = self.last_id
        return reading

    cdef add(self, Reading reading, int thread):
        reading.thread = thread
        self.readings[reading.id] = reading
        self.load[thread] += 1
        self.push(thread, reading.record, READER_ADD, END_NONE)

    cdef int freest(self) except -1:
        """The writer with the fewest recordings, of those that no disk holds up."""
        cdef int64_t since = now_ns() - 2 * NS_PER_S
        writers = range(1, self.count)
        awake = [i for i in writers if not self.load[i] or <int64_t> load_relaxed(&self.threads[i].alive_ns) > since]
        return min(awake or writers, key=self.load.__getitem__)

    def pause(self, Reading reading not None):
        """From now on; the time until `resume` is left out."""
        self.command(reading, READER_PAUSE, END_NONE)

    def resume(self, Reading reading not None):
        self.command(reading, READER_RESUME, END_NONE)

    def end(self, Reading reading not None, str reason):
        """Write what was heard up to now; "ended" is told."""
        self.command(reading, READER_STOP, REASON_CODES[reason])

    cdef command(self, Reading reading, ReaderOperation op, EndReason reason):
        if reading.record != NULL and reading.id in self.readings:
            self.push(reading.thread, reading.record, op, reason)

    def drain(self):
        """All news: (reading id, kind, reason, errno, frames, bytes); kind is "audio", "progress" or "ended"."""
        cdef list news = []
        cdef ReaderEvent *event
        cdef int i
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            pass
        for i in range(self.count):
            event = <ReaderEvent *> ring_peek(&self.threads[i].events)
            while event != NULL:
                self.take_event(event, news)
                ring_release(&self.threads[i].events)
                event = <ReaderEvent *> ring_peek(&self.threads[i].events)
        return news

    cdef take_event(self, const ReaderEvent *event, list news):
        cdef Reading reading = self.readings.get(event.reading)
        kinds = ((NEWS_AUDIO, "audio"), (NEWS_PROGRESS, "progress"), (NEWS_ENDED, "ended"))
        for bit, kind in kinds:
            if event.news & bit:
                news.append((event.reading, kind, REASONS.get(event.reason, ""), event.error, event.frames,
                             event.bytes))
        if event.news & NEWS_ENDED and reading is not None:
            self.load[reading.thread] -= 1
            del self.readings[event.reading]            # whoever holds it may still read and take

    cdef push(self, int thread, Record *record, ReaderOperation op, EndReason reason):
        cdef ReaderThread *t = &self.threads[thread]
        cdef ReaderCommand *slot = <ReaderCommand *> ring_reserve(&t.commands)
        cdef uint64_t one = 1
        if slot == NULL:
            raise RuntimeError("a thread that reads taps does not take commands")
        slot.op = op
        slot.reading = record
        slot.reason = reason
        slot.at_ns = now_ns()
        ring_publish(&t.commands)
        write(t.wake_fd, &one, sizeof(one))


cdef double thread_cpu_s(uint64_t clock):
    cdef timespec t
    if clock == 0 or clock_gettime(<int> <unsigned int> clock, &t) != 0:
        return 0.0
    return t.tv_sec + t.tv_nsec / <double> NS_PER_S
