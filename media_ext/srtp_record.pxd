"""What a later process goes on with: every source's roll-over counter and replay window (RFC 3711 3.3.1, 3.3.2).

The keys are not in it. A sender's record lies ahead of what was sent: nothing is sent twice under one index, whatever
was sent after it was written down.
"""
from libc.stdint cimport int64_t, uint32_t, uint64_t

from media_ext.srtp cimport Source, Srtp
from media_ext.srtp_index cimport Window


# `srtp_import` never turns a counter back.
cdef struct SrtpRecord:
    Source sources[32]


cdef void srtp_export(const Srtp *s, uint32_t rtp_ahead, uint32_t rtcp_ahead, SrtpRecord *record) noexcept nogil
cdef bint srtp_import(Srtp *s, const SrtpRecord *record) noexcept nogil         # False: no room for all its sources
cdef int64_t srtcp_left(const Srtp *s, uint32_t ssrc) noexcept nogil            # how many SRTCP packets a limit leaves
cdef void window_ahead(Window *window, uint64_t ahead, uint64_t limit) noexcept nogil
cdef uint64_t srtp_next_index(const Srtp *s, uint32_t ssrc) noexcept nogil      # whose low 16 bits are the next seq
