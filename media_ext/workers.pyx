"""The way to the worker threads; see workers.pxd."""

import logging
import os
import threading
import time
from collections import deque

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.errno cimport ENOPKG
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy
from posix.time cimport clock_gettime, timespec
from posix.unistd cimport close, write

from media_ext.atomics cimport load_relaxed
from media_ext.clock cimport NS_PER_S, ms
from media_ext.leg_handle cimport Leg
from media_ext.loop_epoll cimport loop_epoll
from media_ext.loop_uring cimport loop_uring, uring_refusal
from media_ext.ring cimport ring_publish, ring_reserve
from media_ext.types cimport OP_ADD, OP_DETACH, OP_STOP, Command, Loop, Operation, Worker
from media_ext.types cimport Leg as LegRecord
from media_ext.worker cimport worker_open, worker_run, worker_shut

log = logging.getLogger(__name__)

FULL_RING_PATIENCE_S = 2.0


def io_uring_refusal():
    """Why the io_uring loop cannot be used here; empty when it can."""
    cdef int refusal = uring_refusal()
    if refusal == ENOPKG:
        return "the engine was built without liburing"
    return f"the kernel refuses it: {os.strerror(refusal)}" if refusal else ""


cdef class Workers:
    """`threads` workers; `silence_ms` 0 tells no silence; `loop` is "epoll" or "io_uring".

    `report_ms` is the least interval of RTCP reports (RFC 3550 6.2), 0 for none of our own.

    All methods but `stop` are called from one Python thread.
    """

    def __cinit__(self, *, int threads, int silence_ms, str loop not None, int report_ms=5000):
        cdef Loop *chosen
        cdef int i
        if not 0 < threads <= 64:
            raise ValueError(f"{threads} media threads")
        if loop not in ("epoll", "io_uring"):
            raise ValueError(f"no loop is called {loop}")
        chosen = loop_uring() if loop == "io_uring" else loop_epoll()
        self.loop_name = loop
        self.later = None
        self.asleep = 0
        self.legs = {}
        self.rooms = {}
        self.waiting = deque()
        self.threads = []
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.workers = <Worker *> calloc(threads, sizeof(Worker))
        if self.workers == NULL:
            raise MemoryError
        for i in range(threads):
            if not worker_open(&self.workers[i], chosen, i, self.event_fd, ms(silence_ms), ms(report_ms)):
                raise OSError("no memory or file for a media thread")
            self.count = i + 1

    def __dealloc__(self):
        # The threads hold a reference to this object, so none of them runs any more.
        cdef int i
        if self.workers != NULL:
            for i in range(self.count):
                worker_shut(&self.workers[i])
            free(self.workers)
        if self.event_fd > 0:
            close(self.event_fd)

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self):
        """Start the threads."""
        if self.running:
            raise RuntimeError("the engine runs already")
        self.running = True
        for i in range(self.count):
            thread = threading.Thread(target=self._run, args=(i,), name=f"media-{i}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, int index):
        with nogil:
            worker_run(&self.workers[index])

    def wake_once(self, later):
        """Let what is commanded in one turn of the loop wake a thread once: `later` is its `call_soon`, None to end."""
        self.later = later
        self.wake()

    def wake(self):
        """Wake the workers that have commands."""
        cdef int i
        cdef uint64_t asleep = self.asleep
        cdef uint64_t one = 1
        self.asleep = 0
        for i in range(self.count):
            if asleep >> i & 1:
                write(self.workers[i].wake_fd, &one, sizeof(one))

    def stop(self):
        """End the threads and wait for them; blocks, so the loop calls it in another thread. Legs are closed."""
        cdef int i
        self.wake_once(None)
        if not self.running:
            return
        self.running = False
        for i in range(self.count):
            self.push(i, NULL, OP_STOP, NULL)
        for thread in self.threads:
            thread.join()
        self.threads.clear()

    def fileno(self):
        """Readable when `drain` has something."""
        return self.event_fd

    @property
    def events_lost(self):
        return sum([load_relaxed(&self.workers[i].events_lost) for i in range(self.count)])

    def cpu_seconds(self):
        """CPU time of each thread so far."""
        return [thread_cpu_s(load_relaxed(&self.workers[i].cpu_clock)) for i in range(self.count)]

    cdef uint32_t new_id(self):
        self.last_id += 1
        return self.last_id

    cdef uint32_t new_serial(self):
        self.last_serial = (self.last_serial % 0x7fffffff) + 1
        return self.last_serial

    # -- commands --------------------------------------------------------------------------------------------------

    cdef in_turn(self, call):
        """Calls keep their order while a leg moves."""
        if self.moving is None:
            call()
        else:
            self.waiting.append(call)

    cdef submit(self, Leg leg, Operation op, Command *c):
        cdef bytes detail
        if leg.record == NULL:
            raise RuntimeError("the leg was closed")
        if self.moving is None:
            self.push(leg.worker, leg.record, op, c)
            return
        detail = kept(c)
        self.waiting.append(lambda: self._push_kept(leg.worker, leg, op, detail))

    cdef submit_to(self, int worker, Operation op, Command *c):
        cdef bytes detail
        if self.moving is None:
            self.push(worker, NULL, op, c)
            return
        detail = kept(c)
        self.waiting.append(lambda: self._push_kept(worker, None, op, detail))

    def _push_kept(self, int worker, Leg leg, int op, bytes detail):
        self.push(worker, NULL if leg is None else leg.record, <Operation> op,
                  <Command *> PyBytes_AS_STRING(detail) if detail else NULL)

    cdef push(self, int worker, LegRecord *record, Operation op, Command *c):
        """Write a command into the ring and wake the worker."""
        cdef bint wakes = self.asleep == 0
        self.put(worker, record, op, c)
        self.asleep |= <uint64_t> 1 << worker
        if self.later is None:
            self.wake()
        elif wakes:
            self.later(self.wake)

    cdef put(self, int worker, LegRecord *record, Operation op, Command *c):
        """Write a command into the ring. Waits a little when that is full."""
        cdef Worker *w = &self.workers[worker]
        cdef Command *slot = <Command *> ring_reserve(&w.commands)
        if slot == NULL:
            self.asleep |= <uint64_t> 1 << worker
            self.wake()
            slot = self.wait_for_slot(w)
        if c != NULL:
            memcpy(slot, c, sizeof(Command))
        slot.op = op
        slot.leg = record
        ring_publish(&w.commands)

    cdef Command *wait_for_slot(self, Worker *w) except NULL:
        cdef Command *slot = NULL
        deadline = time.monotonic() + FULL_RING_PATIENCE_S
        while slot == NULL:
            if time.monotonic() > deadline:
                raise RuntimeError("a media thread does not take commands")
            time.sleep(0.0002)
            slot = <Command *> ring_reserve(&w.commands)
        return slot

    # -- a leg that moves --------------------------------------------------------------------------------------------

    cdef bint moved_to(self, Leg leg, int worker, call):
        """Whether the leg has to move first; `call` is made when it has."""
        if leg.worker == worker:
            return False
        self.moving = leg
        self.moving_to = worker
        leg.arriving = True
        self.push(leg.worker, leg.record, OP_DETACH, NULL)
        leg.part()
        self.waiting.appendleft(call)
        return True

    cdef attach(self):
        """The moving leg is free: give it to its new worker, then do what had to wait."""
        cdef Leg leg = self.moving
        self.moving = None
        leg.worker = self.moving_to
        if self.running:
            self.push(leg.worker, leg.record, OP_ADD, NULL)
            while self.waiting and self.moving is None:
                self.make(self.waiting.popleft())

    cdef make(self, call):
        """Nobody waits for this call any more: what it cannot do is logged, and stops none of those behind it."""
        try:
            call()
        except Exception as error:
            log.warning("a command that waited for a stream to move failed", extra={"reason": str(error)})


cdef bytes kept(const Command *c):
    return b"" if c == NULL else PyBytes_FromStringAndSize(<const char *> c, sizeof(Command))


cdef double thread_cpu_s(uint64_t clock):
    cdef timespec t
    if clock == 0 or clock_gettime(<int> <unsigned int> clock, &t) != 0:
        return 0.0
    return t.tv_sec + t.tv_nsec / <double> NS_PER_S
