"""Time for the native threads: nanoseconds of the monotonic clock."""
from libc.stdint cimport int64_t
from posix.time cimport CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime, timespec

cdef enum:
    NS_PER_MS = 1000000
    NS_PER_S = 1000000000


cdef extern from "time.h" nogil:
    int TIMER_ABSTIME
    int clock_nanosleep(int clock, int flags, const timespec *request, timespec *remain)


cdef inline int64_t ms(int64_t milliseconds) noexcept nogil:
    """In nanoseconds."""
    return milliseconds * NS_PER_MS


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return <int64_t> t.tv_sec * NS_PER_S + t.tv_nsec


cdef inline int64_t wall_ns() noexcept nogil:
    """Since 1970, by a clock that may be set."""
    cdef timespec t
    clock_gettime(CLOCK_REALTIME, &t)
    return <int64_t> t.tv_sec * NS_PER_S + t.tv_nsec


cdef inline void sleep_until(int64_t at_ns) noexcept nogil:
    """Return at or shortly after `at_ns`, or early on a signal."""
    cdef timespec t
    t.tv_sec = at_ns // NS_PER_S
    t.tv_nsec = at_ns % NS_PER_S
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL)
