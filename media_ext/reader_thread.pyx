"""The thread that reads taps; see reader_thread.pxd."""

from libc.stdlib cimport calloc, free
from posix.unistd cimport close, read, write

from media_ext.atomics cimport load_relaxed, store_relaxed
from media_ext.clock cimport ms, now_ns, sleep_until
from media_ext.reading cimport (
    END_STOPPED,
    NEWS_ENDED,
    reading_step,
    reading_stop,
)
from media_ext.ring cimport ring_close, ring_open, ring_peek, ring_publish, ring_release, ring_reserve
from media_ext.tap_reader cimport reader_pause


cdef extern from "<sys/eventfd.h>" nogil:
    enum: EFD_NONBLOCK, EFD_CLOEXEC
    int eventfd(unsigned int initial, int flags)


cdef extern from "<poll.h>" nogil:
    enum: POLLIN
    struct pollfd:
        int fd
        short events
        short revents
    int poll(pollfd *fds, unsigned long count, int timeout_ms)


cdef extern from "<sys/resource.h>" nogil:
    enum: PRIO_PROCESS
    int setpriority(int which, int who, int priority)


cdef extern from "<sys/syscall.h>" nogil:
    enum: SYS_gettid


cdef extern from "<unistd.h>" nogil:
    long syscall(long number)


cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t
    pthread_t pthread_self()
    int pthread_getcpuclockid(pthread_t thread, int *clock)


cdef bint reader_thread_open(ReaderThread *t, int32_t period_ms, int event_fd) noexcept nogil:
    t.period_ms = period_ms
    t.event_fd = event_fd
    t.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    t.scratch = <ReaderScratch *> calloc(1, sizeof(ReaderScratch))
    if (t.wake_fd >= 0 and t.scratch != NULL and ring_open(&t.commands, sizeof(ReaderCommand), READER_COMMANDS)
            and ring_open(&t.events, sizeof(ReaderEvent), READER_EVENTS)):
        return True
    reader_thread_shut(t)
    return False


cdef void reader_thread_shut(ReaderThread *t) noexcept nogil:
    if t.wake_fd > 0:
        close(t.wake_fd)
    t.wake_fd = -1
    ring_close(&t.commands)
    ring_close(&t.events)
    free(t.scratch)
    t.scratch = NULL


cdef void reader_thread_run(ReaderThread *t) noexcept nogil:
    cdef int clock
    setpriority(PRIO_PROCESS, <int> syscall(SYS_gettid), READER_NICE)
    if pthread_getcpuclockid(pthread_self(), &clock) == 0:
        store_relaxed(&t.cpu_clock, <uint64_t> <unsigned int> clock)
    while not t.quitting:
        wait(t)
        carry_out_commands(t)
        step_all(t)
    while t.readings != NULL:
        stop_all(t)
        step_all(t)
    store_relaxed(&t.cpu_clock, 0)


cdef void wait(ReaderThread *t) noexcept nogil:
    cdef pollfd p
    cdef uint64_t number
    p.fd = t.wake_fd
    p.events = POLLIN
    p.revents = 0
    if poll(&p, 1, t.period_ms if t.readings != NULL else -1) > 0:
        read(t.wake_fd, &number, sizeof(number))
    store_relaxed(&t.alive_ns, <uint64_t> now_ns())


cdef void carry_out_commands(ReaderThread *t) noexcept nogil:
    cdef ReaderCommand *c = <ReaderCommand *> ring_peek(&t.commands)
    while c != NULL:
        if c.op == READER_ADD:
            c.reading.next = t.readings
            t.readings = c.reading
        elif c.op == READER_QUIT:
            t.quitting = True
        elif not has(t, c.reading):
            pass                                        # it ended before it heard of this
        elif c.op == READER_STOP:
            reading_stop(c.reading, c.reason, c.at_ns)
        else:
            reader_pause(&c.reading.reader, c.op == READER_PAUSE, c.at_ns)
        ring_release(&t.commands)
        c = <ReaderCommand *> ring_peek(&t.commands)


cdef bint has(const ReaderThread *t, const Reading *reading) noexcept nogil:
    """Compares only: an ended reading may have been freed."""
    cdef const Reading *r = t.readings
    while r != NULL and r != reading:
        r = r.next
    return r != NULL


cdef void stop_all(ReaderThread *t) noexcept nogil:
    cdef Reading *r = t.readings
    while r != NULL:
        reading_stop(r, END_STOPPED, now_ns())
        r = r.next


cdef void step_all(ReaderThread *t) noexcept nogil:
    cdef Reading **link = &t.readings
    cdef Reading *r = t.readings
    cdef uint64_t one = 1
    cdef bint told = False
    cdef int32_t news
    while r != NULL:
        news = reading_step(r, now_ns(), t.scratch)
        if news & NEWS_ENDED:
            link[0] = r.next                            # once told, it is no longer ours to read
        else:
            link = &r.next
        if news and tell(t, r, news):
            told = True
        r = link[0]
    if told:
        write(t.event_fd, &one, sizeof(one))


cdef bint tell(ReaderThread *t, Reading *r, int32_t news) noexcept nogil:
    """An end waits for room, while there is somebody to make some; all other news come again."""
    cdef ReaderEvent *event = <ReaderEvent *> ring_reserve(&t.events)
    cdef uint64_t one = 1
    while event == NULL and news & NEWS_ENDED and not t.quitting:
        write(t.event_fd, &one, sizeof(one))
        sleep_until(now_ns() + ms(5))
        event = <ReaderEvent *> ring_reserve(&t.events)
    if event == NULL:
        return False
    event.reading = r.id
    event.news = news
    event.reason = r.reason
    event.error = r.file.error
    event.frames = <int64_t> load_relaxed(&r.frames)
    event.bytes = <int64_t> load_relaxed(&r.bytes)
    ring_publish(&t.events)
    return True
