"""One native thread's life: receive a batch, carry out commands, run what is due, tell what happened."""
from libc.stdint cimport int64_t

from media_ext.types cimport Loop, Worker


cdef bint worker_open(Worker *w, Loop *loop, int index, int event_fd, int64_t silence_ns,
                      int64_t report_ns) noexcept nogil
cdef void worker_shut(Worker *w) noexcept nogil                 # after worker_run has returned, or if it never ran
cdef void worker_run(Worker *w) noexcept nogil                  # returns after OP_STOP; every leg is closed then
