"""What a phone hears, as one unbroken RTP stream whatever feeds it (RFC 3550 5.1).

One SSRC for the leg's life; sequence and timestamp go on when the feed changes. Times are monotonic ns.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.address cimport Address
from media_ext.rtp cimport RtpHeader
from media_ext.types cimport Leg, Output, Worker

cdef enum:
    OUTPUT_HEADROOM = 64        # bytes before a frame that `output_frame` may use for its header
    OUTPUT_TAILROOM = 20        # bytes after a packet that encryption may write


cdef inline void output_cut(Output *out) noexcept nogil:
    """What comes next is a new feed, even if it is the old one: it was interrupted."""
    out.feed = 0


cdef inline void output_reported(Output *out, uint32_t ntp, int64_t now_ns) noexcept nogil:
    """A sender report goes to the phone, whoever wrote it."""
    out.report_ntp[1] = out.report_ntp[0]
    out.report_ns[1] = out.report_ns[0]
    out.report_ntp[0] = ntp
    out.report_ns[0] = now_ns


cdef bint output_map(Output *out, uint64_t feed, uint16_t seq, uint32_t rtp_ts, uint32_t clock_hz,
                     int64_t now_ns, bint *first) noexcept nogil
cdef void output_sent(Output *out, uint16_t seq, uint32_t rtp_ts, uint32_t clock_hz, int64_t now_ns) noexcept nogil
cdef const Address *output_address(const Leg *leg) noexcept nogil       # NULL: nowhere to send to, or no key yet
cdef const Address *rtcp_address(const Leg *leg) noexcept nogil         # NULL, too
cdef void output_send(Worker *w, Leg *leg, int component, uint8_t *data, size_t size, const Address *to) noexcept nogil
cdef bint output_relay(Worker *w, Leg *leg, uint64_t feed, uint8_t *data, size_t size, const RtpHeader *h,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil
cdef bint output_frame(Worker *w, Leg *leg, uint64_t feed, uint8_t *frame, size_t size, uint32_t units,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil
# A packet of an RFC 4733 event: it has the timestamp of the digit's beginning, which `output_next_ts` told.
cdef uint32_t output_next_ts(const Output *out, uint64_t feed, uint32_t units, uint32_t clock_hz,
                             int64_t now_ns) noexcept nogil
cdef bint output_event(Worker *w, Leg *leg, uint64_t feed, uint8_t *event, size_t size, uint32_t rtp_ts, bint marker,
                       uint8_t payload_type, uint32_t clock_hz) noexcept nogil
