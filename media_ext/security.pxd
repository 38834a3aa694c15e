"""What keeps strangers and listeners out of a leg: SRTP around the relay, and the packets that agree on its keys.

A leg that must be encrypted takes and sends nothing but SRTP. A packet is opened right after the socket, before
anything is learned from it, so an address or a sequence number counts only if it came from who has the key. What is
sent is sealed last of all. Keys that change keep roll-over counters and replay windows (srtp.pxd).

STUN and DTLS share the port and are told apart by their first byte (RFC 7983). They go up to Python in a ring of
their own, and only from legs that asked for them; whose they are is for Python to find out.
"""
from libc.stdint cimport uint8_t

from media_ext.address cimport Address
from media_ext.types cimport Leg, SecureCommand, Worker

# `size` in and out. False: to be dropped; counted when it came in.
cdef bint security_open(Leg *leg, uint8_t *data, size_t *size) noexcept nogil
cdef bint security_seal(Leg *leg, uint8_t *data, size_t *size) noexcept nogil   # OUTPUT_TAILROOM bytes may be added

cdef void security_change(Leg *leg, SecureCommand *c) noexcept nogil            # takes what the command brings
cdef void security_limit(Leg *leg) noexcept nogil                               # nothing is sent beyond its reserve
cdef void security_drop(SecureCommand *c) noexcept nogil                        # a command that nobody will take
cdef void security_close(Leg *leg) noexcept nogil

cdef void datagram_receive(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                           const Address *source) noexcept nogil
