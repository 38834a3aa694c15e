"""The door for tests and benchmarks to SRTP. Nothing of the running node imports it.

Packets are bytes; each is copied into memory of exactly its length, so that a sanitizer sees a step outside. A record
is a tuple of (ssrc, RTP window, RTCP window), a window None or (highest index, 128 bits of what was seen).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from posix.time cimport CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

from media_ext.rtp cimport put16
from media_ext.srtp cimport (
    SRTP_SOURCES,
    Srtp,
    srtcp_protect,
    srtcp_unprotect,
    srtp_close,
    srtp_open,
    srtp_protect,
    srtp_rekey,
    srtp_unprotect,
)
from media_ext.srtp_index cimport SRTP_OK, SrtpStatus, Window
from media_ext.srtp_keys cimport SessionKeys, SrtpKeys, SrtpShape, keys_close, keys_open, srtp_derive, srtp_shape
from media_ext.srtp_record cimport SrtpRecord, srtp_export, srtp_import, srtp_next_index

STATUSES = ("ok", "replayed", "old", "bad_tag", "malformed", "too_long", "key_expired", "too_many_sources", "failed")
SOURCES = SRTP_SOURCES

cdef enum:
    BATCH = 256                 # packets between two looks at the clock
    SLOT_BYTES = 2048


cdef uint8_t *bytes_of(bytes data) noexcept:
    return <uint8_t *> PyBytes_AS_STRING(data)


cdef SrtpShape shape_of(int profile, bytes material) except *:
    """The profile's sizes; `material` must be a key and a salt of just these."""
    cdef SrtpShape shape
    if not srtp_shape(profile, &shape):
        raise ValueError("unknown profile")
    if PyBytes_GET_SIZE(material) != shape.key_bytes + shape.salt_bytes:
        raise ValueError("key material of the wrong length")
    return shape


def derive(int profile, bytes material not None):
    """Session keys of SRTP, then of SRTCP: (cipher, authentication, salt) each."""
    cdef SrtpShape shape = shape_of(profile, material)
    cdef SessionKeys session[2]
    cdef uint8_t *key = bytes_of(material)
    if not srtp_derive(&shape, key, key + shape.key_bytes, session):
        raise MemoryError
    return [
        (session[i].cipher[:shape.key_bytes], session[i].auth[:20], session[i].salt[:shape.salt_bytes])
        for i in range(2)
    ]


cdef class SrtpProbe:
    """One direction. `session` takes the material for session keys already: how the RFCs give their vectors."""

    cdef Srtp *s

    def __cinit__(self, int profile, bytes material not None, *, bint sending, bytes session=None):
        cdef SrtpShape shape = shape_of(profile, material)
        cdef uint8_t *key = bytes_of(material)
        self.s = srtp_open(profile, key, key + shape.key_bytes, sending)
        if self.s == NULL:
            raise MemoryError
        if session is not None:
            self.replace_session(&shape, session)

    cdef int replace_session(self, SrtpShape *shape, bytes session) except -1:
        """The same session keys for RTP and RTCP: cipher key, salt, and the rest for authentication."""
        cdef SessionKeys both[2]
        cdef SrtpKeys *keys
        cdef int i
        memset(both, 0, sizeof(both))
        padded = session + bytes(20)
        for i in range(2):
            memcpy(both[i].cipher, bytes_of(padded), shape.key_bytes)
            memcpy(both[i].salt, bytes_of(padded) + shape.key_bytes, shape.salt_bytes)
            memcpy(both[i].auth, bytes_of(padded) + shape.key_bytes + shape.salt_bytes, 20)
        keys = keys_open(shape, both, self.s.sending)
        if keys == NULL:
            raise MemoryError
        keys_close(self.s.keys)
        self.s.keys = keys
        return 0

    def __dealloc__(self):
        srtp_close(self.s)

    def rekey(self, int profile, bytes material not None):
        cdef SrtpShape shape = shape_of(profile, material)
        cdef uint8_t *key = bytes_of(material)
        if not srtp_rekey(self.s, profile, key, key + shape.key_bytes):
            raise MemoryError

    def against_direction(self, bytes packet not None):
        """The status of unprotecting with a sender's context, or of protecting with a receiver's."""
        cdef size_t size = PyBytes_GET_SIZE(packet)
        cdef bytes copy = packet + bytes(20)
        cdef uint8_t *p = bytes_of(copy)
        cdef SrtpStatus status
        status = srtp_unprotect(self.s, p, &size) if self.s.sending else srtp_protect(self.s, p, &size, size + 20)
        return STATUSES[<int> status]

    def protect(self, bytes packet not None, int room=65535):
        """(status, packet): protected when the status is "ok", else as it came."""
        return self.work(packet, room, False, True)

    def unprotect(self, bytes packet not None):
        return self.work(packet, <int> PyBytes_GET_SIZE(packet), False, True)

    def protect_rtcp(self, bytes packet not None, int room=65535, *, bint encrypt=True):
        return self.work(packet, room, True, encrypt)

    def unprotect_rtcp(self, bytes packet not None):
        return self.work(packet, <int> PyBytes_GET_SIZE(packet), True, True)

    cdef object work(self, bytes packet, int room, bint rtcp, bint encrypt):
        cdef size_t size = PyBytes_GET_SIZE(packet)
        cdef size_t held = size if size > <size_t> room else <size_t> room
        cdef uint8_t *p = <uint8_t *> malloc(held if held else 1)
        cdef SrtpStatus status
        if p == NULL:
            raise MemoryError
        memcpy(p, bytes_of(packet), size)
        with nogil:
            if rtcp:
                status = (srtcp_protect(self.s, p, &size, room, encrypt) if self.s.sending
                          else srtcp_unprotect(self.s, p, &size))
            else:
                status = srtp_protect(self.s, p, &size, room) if self.s.sending else srtp_unprotect(self.s, p, &size)
        result = PyBytes_FromStringAndSize(<char *> p, size) if status == SRTP_OK else packet
        free(p)
        return STATUSES[<int> status], result

    def export(self, uint32_t rtp_ahead=0, uint32_t rtcp_ahead=0):
        cdef SrtpRecord record
        srtp_export(self.s, rtp_ahead, rtcp_ahead, &record)
        return [
            (record.sources[i].ssrc, window_out(&record.sources[i].rtp), window_out(&record.sources[i].rtcp))
            for i in range(SRTP_SOURCES) if record.sources[i].known
        ]

    def restore(self, sources):
        """False when there was no room for all of them."""
        cdef SrtpRecord record
        cdef int i
        memset(&record, 0, sizeof(record))
        for i, (ssrc, rtp, rtcp) in enumerate(sources):
            record.sources[i].known = True
            record.sources[i].ssrc = ssrc
            window_in(&record.sources[i].rtp, rtp)
            window_in(&record.sources[i].rtcp, rtcp)
        return bool(srtp_import(self.s, &record))

    def next_index(self, uint32_t ssrc):
        return srtp_next_index(self.s, ssrc)

    @property
    def counts(self):
        return {name: self.s.counts[i] for i, name in enumerate(STATUSES)}

    @property
    def has_former_key(self):
        return self.s.former != NULL


cdef object window_out(const Window *w):
    return (w.highest, <object> w.seen[1] << 64 | <object> w.seen[0]) if w.started else None


cdef int window_in(Window *w, window) except -1:
    if window is not None:
        w.started = True
        w.highest = window[0]
        w.seen[0] = window[1] & 0xffffffffffffffff
        w.seen[1] = window[1] >> 64
    return 0


cdef int64_t cpu_ns() noexcept nogil:
    """CPU time of this thread: what other programs take does not count."""
    cdef timespec t
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return <int64_t> t.tv_sec * 1000000000 + t.tv_nsec


def time_ns(int profile, bytes material not None, bytes packet not None, int batches):
    """Mean ns of CPU per packet of each batch, protecting and unprotecting: two lists. Packets come in order."""
    cdef SrtpShape shape = shape_of(profile, material)
    cdef uint8_t *key = bytes_of(material)
    cdef uint8_t *plain = bytes_of(packet)
    cdef size_t size = PyBytes_GET_SIZE(packet)
    cdef Srtp *out = srtp_open(profile, key, key + shape.key_bytes, True)
    cdef Srtp *back = srtp_open(profile, key, key + shape.key_bytes, False)
    cdef uint8_t *slots = <uint8_t *> malloc(BATCH * SLOT_BYTES)
    cdef size_t sizes[BATCH]
    cdef int64_t start, between, end
    cdef int n, i
    cdef int wrong = 0
    protected, unprotected = [], []
    for n in range(batches):
        for i in range(BATCH):
            memcpy(slots + i * SLOT_BYTES, plain, size)
            put16(slots + i * SLOT_BYTES + 2, (n * BATCH + i) & 0xffff)
            sizes[i] = size
        with nogil:
            start = cpu_ns()
            for i in range(BATCH):
                wrong += srtp_protect(out, slots + i * SLOT_BYTES, &sizes[i], SLOT_BYTES) != SRTP_OK
            between = cpu_ns()
            for i in range(BATCH):
                wrong += srtp_unprotect(back, slots + i * SLOT_BYTES, &sizes[i]) != SRTP_OK
            end = cpu_ns()
        protected.append((between - start) / <double> BATCH)
        unprotected.append((end - between) / <double> BATCH)
    srtp_close(out)
    srtp_close(back)
    free(slots)
    if wrong:
        raise RuntimeError("a packet was refused")
    return protected, unprotected
