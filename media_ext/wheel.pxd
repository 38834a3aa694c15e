"""Timers of one thread: a wheel of 1 ms slots with intrusive lists, so arming and disarming cost a few writes.

A timer that is further away than one turn stays in its slot and is looked at once per turn (512 ms).
"""
from libc.stdint cimport int64_t, uint64_t

cdef enum:
    WHEEL_SLOTS = 512
    WHEEL_TICK_NS = 1000000


cdef struct Timer:
    Timer *next
    Timer *previous
    int64_t due_ns
    void *owner
    int kind
    bint armed


cdef struct Wheel:
    Timer slots[512]            # list heads
    int64_t tick                # the next tick to look at
    uint64_t armed


ctypedef void (*TimerHandler)(void *context, Timer *timer) noexcept nogil

cdef void wheel_open(Wheel *wheel, int64_t now_ns) noexcept nogil
cdef void wheel_arm(Wheel *wheel, Timer *timer, int64_t due_ns) noexcept nogil      # re-arms one that is armed
cdef void wheel_disarm(Wheel *wheel, Timer *timer) noexcept nogil
cdef void wheel_run(Wheel *wheel, int64_t now_ns, TimerHandler handler, void *context) noexcept nogil
cdef int64_t wheel_next_ns(const Wheel *wheel) noexcept nogil                        # -1: no timer is armed
