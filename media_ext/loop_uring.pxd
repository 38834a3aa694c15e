"""Packets in and out by io_uring: one request per socket that goes on receiving into shared buffers, sends in batches.

A receive carries the source of each packet, whether or not the socket is connected; connecting saves the kernel the
route and lets it drop strangers. Files are not registered with the ring: kernels before 6.13 let go of a registered
socket only when the oldest request of all has ended, so a closed call's ports would stay taken as long as another call
lasts. Needs Linux 6.1.

A completion does not name a leg but a place: index and generation. A place gets a new generation when its leg leaves,
so what comes late finds nobody.
"""
from media_ext.types cimport Loop


cdef Loop *loop_uring() noexcept nogil
cdef int uring_refusal() noexcept nogil     # 0: it works here; else an errno, ENOPKG when it was built without liburing
