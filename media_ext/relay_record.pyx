"""A leg's relay state as one block; see relay_record.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint64_t
from libc.string cimport memcpy, memset

from media_ext.output cimport output_cut
from media_ext.srtp cimport SRTP_SOURCES, Source
from media_ext.srtp_index cimport RTCP_INDEX_MAX
from media_ext.srtp_record cimport srtp_export, window_ahead
from media_ext.types cimport PAYLOAD_TYPES


cdef bint relay_fits(const RelayRecord *record) noexcept nogil:
    return record.version == RELAY_RECORD_VERSION and record.bytes == sizeof(RelayRecord)


cdef void relay_export(const Leg *leg, bint hand_over, RelayRecord *record) noexcept nogil:
    memset(record, 0, sizeof(RelayRecord))              # no byte of it is left to chance
    record.version = RELAY_RECORD_VERSION
    record.bytes = sizeof(RelayRecord)
    memcpy(record.payload_map, leg.payload_map, PAYLOAD_TYPES)
    memcpy(record.formats, leg.formats, PAYLOAD_TYPES)
    memcpy(record.codecs, leg.codecs, PAYLOAD_TYPES)
    record.handed_over = hand_over
    record.any_format = leg.any_format
    record.has_remote = leg.has_remote
    record.may_send = leg.may_send
    record.may_receive = leg.may_receive
    record.rtcp_mux = leg.rtcp_mux
    record.must_encrypt = leg.must_encrypt
    record.wants_datagrams = leg.wants_datagrams
    record.heard = leg.heard
    record.silent = leg.silent
    record.listening_since_ns = leg.listening_since_ns
    record.latched_ns = leg.latched_ns
    record.latch = leg.latch
    record.rtcp_signalled = leg.rtcp_signalled
    record.rtcp_current = leg.rtcp_current
    record.sender = leg.sender
    record.out = leg.out
    record.counters = leg.counters
    memcpy(record.cname, leg.report.cname, sizeof(record.cname))
    record.random = leg.report.random
    record.ntp_ns = leg.report.ntp_ns
    record.reported = leg.report.any
    record.reported_packets_out = leg.report.packets_out
    record.reported_packets_out_before = leg.report.packets_out_before
    record.reported_epoch = leg.report.epoch
    record.reported_expected = leg.report.expected
    record.reported_received = leg.report.received
    record.heard_ssrc = leg.report.heard_ssrc
    record.heard_ntp = leg.report.heard_ntp
    record.heard_ns = leg.report.heard_ns
    if leg.srtp_in != NULL:
        srtp_export(leg.srtp_in, 0, 0, &record.srtp_in)
    if leg.srtp_out != NULL:
        srtp_export(leg.srtp_out, 0, 0, &record.srtp_out)


cdef void relay_import(Leg *leg, const RelayRecord *record) noexcept nogil:
    """Sockets, timers and links are the new leg's own; SRTP's counters come with its keys."""
    memcpy(leg.payload_map, record.payload_map, PAYLOAD_TYPES)
    memcpy(leg.formats, record.formats, PAYLOAD_TYPES)
    memcpy(leg.codecs, record.codecs, PAYLOAD_TYPES)
    leg.any_format = record.any_format
    leg.has_remote = record.has_remote
    leg.may_send = record.may_send
    leg.may_receive = record.may_receive
    leg.rtcp_mux = record.rtcp_mux
    leg.must_encrypt = record.must_encrypt
    leg.wants_datagrams = record.wants_datagrams
    leg.heard = record.heard
    leg.silent = record.silent
    leg.listening_since_ns = record.listening_since_ns
    leg.latched_ns = record.latched_ns
    leg.latch = record.latch
    leg.rtcp_signalled = record.rtcp_signalled
    leg.rtcp_current = record.rtcp_current
    leg.sender = record.sender
    leg.out = record.out
    if record.reserved:
        output_cut(&leg.out)                            # whatever feeds it begins beyond the reserve
    leg.counters = record.counters
    memcpy(leg.report.cname, record.cname, sizeof(record.cname))
    leg.report.random = record.random
    leg.report.ntp_ns = record.ntp_ns
    leg.report.any = record.reported
    leg.report.packets_out = record.reported_packets_out
    leg.report.packets_out_before = record.reported_packets_out_before
    leg.report.epoch = record.reported_epoch
    leg.report.expected = record.reported_expected
    leg.report.received = record.reported_received
    leg.report.heard_ssrc = record.heard_ssrc
    leg.report.heard_ntp = record.heard_ntp
    leg.report.heard_ns = record.heard_ns


cdef Source *sent_of(RelayRecord *record) noexcept nogil:
    """Our own source in what was sent encrypted, entered when it is not there; NULL: no place."""
    cdef int i
    cdef Source *free = NULL
    for i in range(SRTP_SOURCES):
        if not record.srtp_out.sources[i].known:
            if free == NULL:
                free = &record.srtp_out.sources[i]
        elif record.srtp_out.sources[i].ssrc == record.out.ssrc:
            return &record.srtp_out.sources[i]
    if free != NULL:
        memset(free, 0, sizeof(Source))
        free.known = True
        free.ssrc = record.out.ssrc
    return free


cdef void relay_ahead(RelayRecord *record, int64_t now_ns) noexcept nogil:
    cdef Source *sent = sent_of(record)
    record.reserved = True
    record.handed_over = False
    record.out.next_seq += RESERVE_RTP
    if not record.out.started:
        record.out.started = True                       # at this moment, at the earliest
        record.out.last_ns = now_ns
    if sent == NULL:
        return
    window_ahead(&sent.rtp, RESERVE_RTP, <uint64_t> 0xffffffffffff)
    if not sent.rtcp.started:
        sent.rtcp.started = True                        # index 0 at least may have been sent
        sent.rtcp.highest = 0
    window_ahead(&sent.rtcp, RESERVE_RTCP, RTCP_INDEX_MAX)


cdef Reserve relay_reserve(const RelayRecord *record) noexcept nogil:
    cdef Reserve reserve
    cdef Source *sent = sent_of(<RelayRecord *> record)
    memset(&reserve, 0, sizeof(reserve))
    reserve.end_seq = record.out.next_seq
    reserve.heard = record.sender.cycles + record.sender.max_seq
    if sent != NULL:
        # Before the first packet the roll-over counter is 0, and the sequence starts low enough to stay there.
        reserve.rtp_limit = sent.rtp.highest if sent.rtp.started else <uint64_t> <uint16_t> (record.out.next_seq - 1)
        reserve.rtcp_limit = sent.rtcp.highest
    return reserve
