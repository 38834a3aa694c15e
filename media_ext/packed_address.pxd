"""Addresses as Python has them: the host packed (4 or 16 bytes, empty for none), and a port."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from media_ext.address cimport AF_INET, Address, address_set, ntohs


cdef inline void fill_address(Address *into, bytes host, int port):
    if not 0 < port < 65536:
        port = 0
    address_set(into, <uint8_t *> PyBytes_AS_STRING(host), <int> PyBytes_GET_SIZE(host), port)


cdef inline bytes packed_host(const Address *a):
    if a.length == 0:
        return b""
    if a.bits.v4.sin_family == AF_INET:
        return PyBytes_FromStringAndSize(<char *> &a.bits.v4.sin_addr, 4)
    return PyBytes_FromStringAndSize(<char *> &a.bits.v6.sin6_addr, 16)


cdef inline int packed_port(const Address *a) noexcept:
    return ntohs(a.bits.v4.sin_port) if a.length else 0
