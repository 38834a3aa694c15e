"""The timer wheel; see wheel.pxd."""

from libc.stdint cimport int64_t

cdef void wheel_open(Wheel *wheel, int64_t now_ns) noexcept nogil:
    cdef int i
    for i in range(WHEEL_SLOTS):
        wheel.slots[i].next = &wheel.slots[i]
        wheel.slots[i].previous = &wheel.slots[i]
    wheel.tick = now_ns // WHEEL_TICK_NS
    wheel.armed = 0


cdef inline int64_t tick_of(int64_t due_ns) noexcept nogil:
    """The first tick at which a timer is due: never early."""
    return (due_ns + WHEEL_TICK_NS - 1) // WHEEL_TICK_NS


cdef void wheel_arm(Wheel *wheel, Timer *timer, int64_t due_ns) noexcept nogil:
    cdef int64_t tick = tick_of(due_ns)
    cdef Timer *head
    wheel_disarm(wheel, timer)
    if tick < wheel.tick:
        tick = wheel.tick
    head = &wheel.slots[tick & (WHEEL_SLOTS - 1)]
    timer.due_ns = due_ns
    timer.previous = head.previous
    timer.next = head
    head.previous.next = timer
    head.previous = timer
    timer.armed = True
    wheel.armed += 1


cdef void wheel_disarm(Wheel *wheel, Timer *timer) noexcept nogil:
    if not timer.armed:
        return
    timer.previous.next = timer.next
    timer.next.previous = timer.previous
    timer.next = timer.previous = NULL
    timer.armed = False
    wheel.armed -= 1


cdef void wheel_run(Wheel *wheel, int64_t now_ns, TimerHandler handler, void *context) noexcept nogil:
    """Call the handler of every timer that is due. A handler may arm and disarm any timer, its own too."""
    cdef int64_t last = now_ns // WHEEL_TICK_NS
    cdef int64_t tick
    cdef Timer *head
    cdef Timer *timer
    if last < wheel.tick:
        return
    if last - wheel.tick >= WHEEL_SLOTS:
        wheel.tick = last - WHEEL_SLOTS + 1
    while wheel.tick <= last:
        tick = wheel.tick
        head = &wheel.slots[tick & (WHEEL_SLOTS - 1)]
        wheel.tick = tick + 1           # what is armed from now on lies ahead of this slot
        timer = head.next
        while timer != head:
            if tick_of(timer.due_ns) <= last:
                wheel_disarm(wheel, timer)
                handler(context, timer)
                timer = head.next       # the handler may have changed the list
            else:
                timer = timer.next


cdef int64_t wheel_next_ns(const Wheel *wheel) noexcept nogil:
    """When the next occupied slot comes, which may hold only timers of a later turn."""
    cdef int64_t tick
    cdef const Timer *head
    if wheel.armed == 0:
        return -1
    for tick in range(wheel.tick, wheel.tick + WHEEL_SLOTS):
        head = &wheel.slots[tick & (WHEEL_SLOTS - 1)]
        if head.next != head:
            return tick * WHEEL_TICK_NS
    return -1
