"""An IPv4 or IPv6 socket address of fixed size, without pointers, so that it can be copied into a command.

A socket that takes both families knows IPv4 peers as ::ffff:a.b.c.d, and so does every address given to it.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy, memset


cdef extern from "<netinet/in.h>" nogil:
    ctypedef unsigned int socklen_t
    int AF_INET
    int AF_INET6
    int AF_UNSPEC
    uint16_t htons(uint16_t host)
    uint16_t ntohs(uint16_t net)
    struct in_addr:
        uint32_t s_addr
    struct in6_addr:
        uint8_t s6_addr[16]
    struct sockaddr:
        unsigned short sa_family
    struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr


cdef union AddressBits:
    sockaddr_in v4
    sockaddr_in6 v6


cdef struct Address:
    socklen_t length            # 0: no address
    AddressBits bits


cdef inline void address_clear(Address *a) noexcept nogil:
    memset(a, 0, sizeof(Address))


cdef inline void address_set(Address *a, const uint8_t *host, int host_bytes, uint16_t port) noexcept nogil:
    """`host` is 4 or 16 bytes in network order; any other length makes "no address", and so does port 0."""
    address_clear(a)
    if port == 0:
        return
    if host_bytes == 4:
        a.length = sizeof(sockaddr_in)
        a.bits.v4.sin_family = AF_INET
        a.bits.v4.sin_port = htons(port)
        memcpy(&a.bits.v4.sin_addr, host, 4)
    elif host_bytes == 16:
        a.length = sizeof(sockaddr_in6)
        a.bits.v6.sin6_family = AF_INET6
        a.bits.v6.sin6_port = htons(port)
        memcpy(&a.bits.v6.sin6_addr, host, 16)


cdef inline bint same_host(const Address *a, const Address *b) noexcept nogil:
    if a.length != b.length or a.length == 0:
        return False
    if a.bits.v4.sin_family == AF_INET:
        return a.bits.v4.sin_addr.s_addr == b.bits.v4.sin_addr.s_addr
    return memcmp(&a.bits.v6.sin6_addr, &b.bits.v6.sin6_addr, 16) == 0


cdef inline bint same_address(const Address *a, const Address *b) noexcept nogil:
    """Host and port agree. (The port stands at the same place in both families.)"""
    return a.bits.v4.sin_port == b.bits.v4.sin_port and same_host(a, b)
