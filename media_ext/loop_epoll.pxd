"""Packets in and out by epoll: level-triggered, one `recv` per ready socket and batch, a nap after a busy one."""
from media_ext.types cimport Loop


cdef Loop *loop_epoll() noexcept nogil
