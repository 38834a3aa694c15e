"""RTCP between two phones that each see one SSRC of ours (RFC 3550 6.4, 6.5; RFC 4585).

A report speaks of SSRCs, sequence numbers and timestamps that the other phone has never seen; they are translated
here, so both phones keep their view of loss, jitter and round trip end to end. A phone hears one SSRC of ours, whoever
feeds it, so it hears one CNAME too, ours (6.5.1), and no other item of a stranger's description. BYE is not passed (our
stream goes on when theirs ends), nor are feedback about single packets and extended reports.
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    RTCP_SR = 200
    RTCP_RR = 201
    RTCP_SDES = 202
    RTCP_BYE = 203
    RTCP_APP = 204
    RTCP_PAYLOAD_FEEDBACK = 206
    CNAME_BYTES = 16
    DESCRIPTION_BYTES = 28                  # an SDES packet with nothing but the CNAME
    OWN_REPORT_BYTES = 52 + 28 + 8          # the longest that `rtcp_write` makes


# How what phone P says is told to phone Q.
cdef struct Translation:
    uint32_t sender_ssrc        # what Q hears P's audio under …
    const uint8_t *cname        # … and by which name, of CNAME_BYTES
    bint in_step                # Q hears P now, so P's timestamps can be told
    uint32_t ts_offset          # added to P's timestamps
    uint64_t packets            # sent to Q under that SSRC
    uint64_t payload_bytes
    uint32_t heard_ssrc         # what P hears us under …
    bint heard_in_step          # … and P hears Q there now
    uint32_t origin_ssrc        # Q's own SSRC
    uint16_t seq_offset         # added to Q's sequence numbers for P
    uint32_t origin_max         # Q's highest sequence number with cycles


cdef struct Reports:
    bint sender_report          # there was one, at NTP time (middle 32 bits):
    uint32_t ntp
    uint32_t ssrc               # of the phone that reports
    bint about_us               # a block about `heard_ssrc`, with
    uint32_t last_report        # the sender report it answers, and
    uint32_t delay              # how long ago that was, in 1/65536 s
    uint8_t fraction_lost
    int32_t lost                # cumulative, 24 bits with their sign
    uint32_t jitter


# A report of our own (RFC 3550 6.4).
cdef struct OwnReport:
    uint32_t ssrc
    const uint8_t *cname        # 16 characters
    bint sender                 # SR, else RR; an SR tells:
    uint64_t ntp                # 32.32 fixed point, since 1900
    uint32_t rtp_ts
    uint32_t packets
    uint32_t octets
    bint heard                  # there is a block, about:
    uint32_t heard_ssrc
    uint8_t fraction_lost
    int32_t lost
    uint32_t highest
    uint32_t jitter
    uint32_t last_report
    uint32_t delay
    bint bye


cdef bint rtcp_valid(const uint8_t *data, size_t size) noexcept nogil
cdef void rtcp_read(const uint8_t *data, size_t size, uint32_t heard_ssrc, Reports *reports) noexcept nogil
cdef size_t rtcp_write(const OwnReport *r, uint8_t *into) noexcept nogil          # OWN_REPORT_BYTES of room
cdef size_t rtcp_translate(const uint8_t *data, size_t size, const Translation *t, uint8_t *into) noexcept nogil
