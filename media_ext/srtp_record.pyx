"""SRTP's counters over a restart; see srtp_record.pxd."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from media_ext.srtp cimport SRTP_SOURCES, srtp_admit, srtp_source
from media_ext.srtp_index cimport RTCP_INDEX_MAX


cdef void window_ahead(Window *window, uint64_t ahead, uint64_t limit) noexcept nogil:
    """Move on by `ahead`, as if all up to there had been sent."""
    if not window.started or ahead == 0:
        return
    window.highest = window.highest + ahead if window.highest + ahead < limit else limit
    window.seen[0] = window.seen[1] = <uint64_t> -1


cdef void srtp_export(const Srtp *s, uint32_t rtp_ahead, uint32_t rtcp_ahead, SrtpRecord *record) noexcept nogil:
    """Write down every source's counters; a sender adds what it may send before it writes them down again."""
    cdef int i
    memcpy(record.sources, s.sources, sizeof(record.sources))
    for i in range(SRTP_SOURCES):
        if record.sources[i].known:
            window_ahead(&record.sources[i].rtp, rtp_ahead, <uint64_t> 0xffffffffffff)
            window_ahead(&record.sources[i].rtcp, rtcp_ahead, RTCP_INDEX_MAX)


cdef int64_t srtcp_left(const Srtp *s, uint32_t ssrc) noexcept nogil:
    cdef const Source *source = srtp_source(<Srtp *> s, ssrc)
    cdef uint64_t newest = source.rtcp.highest if source != NULL and source.rtcp.started else 0
    return <int64_t> s.rtcp_limit - <int64_t> newest if s.limited else RTCP_INDEX_MAX


cdef void window_import(Window *mine, const Window *theirs, uint32_t generation) noexcept nogil:
    if theirs.started and (not mine.started or mine.highest < theirs.highest):
        mine[0] = theirs[0]
        mine.generation = generation


cdef bint srtp_import(Srtp *s, const SrtpRecord *record) noexcept nogil:
    cdef int i
    cdef Source *source
    for i in range(SRTP_SOURCES):
        if record.sources[i].known:
            source = srtp_admit(s, record.sources[i].ssrc)
            if source == NULL:
                return False
            window_import(&source.rtp, &record.sources[i].rtp, s.generation)
            window_import(&source.rtcp, &record.sources[i].rtcp, s.generation)
    return True


cdef uint64_t srtp_next_index(const Srtp *s, uint32_t ssrc) noexcept nogil:
    """The lowest RTP index that this source has not passed; 0 when it is unknown."""
    cdef const Source *source = srtp_source(<Srtp *> s, ssrc)
    return source.rtp.highest + 1 if source != NULL and source.rtp.started else 0
