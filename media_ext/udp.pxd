"""Connecting a UDP socket to one peer, and letting it hear everybody again."""
from media_ext.address cimport AF_UNSPEC, Address, sockaddr, socklen_t


cdef extern from "<sys/socket.h>" nogil:
    int connect(int fd, const sockaddr *address, socklen_t length)


cdef inline bint udp_connect(int fd, const Address *to) noexcept nogil:
    """False when the kernel knows no way there."""
    return to.length != 0 and connect(fd, <const sockaddr *> &to.bits, to.length) == 0


cdef inline void udp_disconnect(int fd) noexcept nogil:
    """Hear every source again. The port stays: it was bound by number."""
    cdef sockaddr nowhere
    nowhere.sa_family = AF_UNSPEC
    connect(fd, &nowhere, sizeof(nowhere))
