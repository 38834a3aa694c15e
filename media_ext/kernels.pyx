"""The door for tests and benchmarks to what the threads run on packets. Nothing of the running node imports it.

Times are in ms where tests speak them, in ns where precision matters; addresses are (packed host, port).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from media_ext.address cimport Address, address_set, same_address
from media_ext.clock cimport ms
from media_ext.clock cimport now_ns as clock_now
from media_ext.digits cimport DIGIT_NONE, Digit, Digits, digits_expire, digits_receive, digits_reset
from media_ext.latch cimport Latch, latch_admit, latch_arm
from media_ext.output cimport output_cut, output_map, output_sent
from media_ext.rtcp cimport CNAME_BYTES, DESCRIPTION_BYTES, Reports, Translation, rtcp_read, rtcp_translate, rtcp_valid
from media_ext.rtp cimport (
    RtpHeader,
    Sender,
    is_rtcp,
    looks_like_rtp,
    rtp_parse,
    sender_expected,
    sender_jitter,
    sender_receive,
    sender_received,
)
from media_ext.types cimport Output
from media_ext.wheel cimport Timer, Wheel, wheel_arm, wheel_disarm, wheel_next_ns, wheel_open, wheel_run


cdef uint8_t *bytes_of(bytes data) noexcept:
    return <uint8_t *> PyBytes_AS_STRING(data)


def parse_rtp(bytes data not None):
    """(payload_type, marker, seq, rtp_ts, ssrc, payload), or None when it is not RTP."""
    cdef RtpHeader h
    if not rtp_parse(bytes_of(data), PyBytes_GET_SIZE(data), &h):
        return None
    payload = data[h.payload_at:h.payload_at + h.payload_bytes]
    return h.payload_type, bool(h.marker), h.seq, h.rtp_ts, h.ssrc, payload


def classify(bytes data not None):
    """ "rtp", "rtcp" or "other", by the first two bytes and the length."""
    if not looks_like_rtp(bytes_of(data), PyBytes_GET_SIZE(data)):
        return "other"
    return "rtcp" if is_rtcp(bytes_of(data)) else "rtp"


def time_parse_ns(bytes data not None, int repeat):
    """Mean time to parse this packet."""
    cdef RtpHeader h
    cdef uint8_t *p = bytes_of(data)
    cdef size_t size = PyBytes_GET_SIZE(data)
    cdef int64_t start = clock_now()
    cdef uint32_t total = 0
    cdef int _i
    with nogil:
        for _i in range(repeat):
            rtp_parse(p, size, &h)
            total += h.seq
    return (clock_now() - start) / <double> repeat


cdef class SenderProbe:
    """One sender's state (RFC 3550 A.1, A.3, A.8)."""

    cdef Sender state

    def __cinit__(self):
        memset(&self.state, 0, sizeof(self.state))

    def receive(self, uint32_t ssrc, uint16_t seq):
        """Whether it is 0 new, 1 late, 2 a duplicate, 3 a restart, 4 suspect."""
        return <int> sender_receive(&self.state, ssrc, seq)

    def arrive(self, uint32_t rtp_ts, uint32_t clock_hz, int64_t at_ns):
        sender_jitter(&self.state, rtp_ts, clock_hz, at_ns)
        return self.state.jitter_q4

    @property
    def expected(self):
        return sender_expected(&self.state)

    @property
    def received(self):
        return sender_received(&self.state)

    @property
    def losses(self):
        return self.state.losses


cdef class LatchProbe:
    """A latch, and the sender behind it; `hear` is what the relay does with each packet's source."""

    cdef Latch latch
    cdef Sender sender

    def __cinit__(self):
        memset(&self.latch, 0, sizeof(self.latch))
        memset(&self.sender, 0, sizeof(self.sender))

    def arm(self, bytes host not None, int port, int64_t now_ms):
        cdef Address address
        address_set(&address, bytes_of(host), <int> PyBytes_GET_SIZE(host), port)
        latch_arm(&self.latch, &address, ms(now_ms))

    def hear(self, bytes host not None, int port, uint32_t ssrc, uint16_t seq, int64_t now_ms):
        """True: the packet is the phone's."""
        cdef Address address
        address_set(&address, bytes_of(host), <int> PyBytes_GET_SIZE(host), port)
        if same_address(&address, &self.latch.current):
            self.latch.live_ns = ms(now_ms)
        elif not latch_admit(&self.latch, &address, ssrc, seq, &self.sender, ms(now_ms)):
            return False
        sender_receive(&self.sender, ssrc, seq)
        return True


cdef class DigitsProbe:
    """RFC 4733 digits of one sender."""

    cdef Digits state

    def __cinit__(self):
        memset(&self.state, 0, sizeof(self.state))
        digits_reset(&self.state)

    def receive(self, bytes payload not None, uint32_t rtp_ts, uint32_t clock_hz, int64_t at_ms):
        """(event, duration_ms) of a digit that ended, else None."""
        return told(digits_receive(&self.state, bytes_of(payload), PyBytes_GET_SIZE(payload), rtp_ts, clock_hz,
                                   ms(at_ms)))

    def expire(self, int64_t now_ms):
        return told(digits_expire(&self.state, ms(now_ms)))


cdef object told(Digit digit):
    return None if digit.event == DIGIT_NONE else (digit.event, digit.duration_ms)


def is_valid_rtcp(bytes data not None):
    return bool(rtcp_valid(bytes_of(data), PyBytes_GET_SIZE(data)))


def read_rtcp(bytes data not None, uint32_t heard_ssrc):
    """(ntp or None, (last_report, delay, fraction_lost, jitter) or None) of a valid packet."""
    cdef Reports r
    if not is_valid_rtcp(data):
        raise ValueError("not RTCP")
    rtcp_read(bytes_of(data), PyBytes_GET_SIZE(data), heard_ssrc, &r)
    about_us = (r.last_report, r.delay, r.fraction_lost, r.jitter) if r.about_us else None
    return (r.ntp if r.sender_report else None), about_us


def translate_rtcp(bytes data not None, dict translation not None):
    """What the other phone is told; keys are the fields of `rtcp.Translation`."""
    cdef Translation t
    cdef bytes into = PyBytes_FromStringAndSize(NULL, PyBytes_GET_SIZE(data) + DESCRIPTION_BYTES)
    cdef bytes cname = translation["cname"]
    cdef size_t size
    if not is_valid_rtcp(data):
        raise ValueError("not RTCP")
    assert len(cname) == CNAME_BYTES
    t.sender_ssrc = translation["sender_ssrc"]
    t.cname = bytes_of(cname)
    t.in_step = translation["in_step"]
    t.ts_offset = translation["ts_offset"]
    t.packets = translation["packets"]
    t.payload_bytes = translation["payload_bytes"]
    t.heard_ssrc = translation["heard_ssrc"]
    t.heard_in_step = translation["heard_in_step"]
    t.origin_ssrc = translation["origin_ssrc"]
    t.seq_offset = translation["seq_offset"]
    t.origin_max = translation["origin_max"]
    size = rtcp_translate(bytes_of(data), PyBytes_GET_SIZE(data), &t, bytes_of(into))
    return into[:size]


cdef class OutputProbe:
    """The numbering of one outgoing stream over changing feeds."""

    cdef Output out

    def __cinit__(self, uint16_t seq, uint32_t rtp_ts):
        memset(&self.out, 0, sizeof(self.out))
        self.out.next_seq = seq
        self.out.last_ts = rtp_ts

    def relay(self, uint64_t feed, uint16_t seq, uint32_t rtp_ts, uint32_t clock_hz, int64_t now_ms):
        """(seq, rtp_ts, first) as sent, or None when the packet may not be sent."""
        cdef bint first
        cdef uint16_t out_seq
        cdef uint32_t out_ts
        if not output_map(&self.out, feed, seq, rtp_ts, clock_hz, ms(now_ms), &first):
            return None
        out_seq = seq + self.out.seq_offset
        out_ts = rtp_ts + self.out.ts_offset
        output_sent(&self.out, out_seq, out_ts, clock_hz, ms(now_ms))
        return out_seq, out_ts, bool(first)

    def cut(self):
        output_cut(&self.out)


cdef void note_due(void *context, Timer *timer) noexcept nogil:
    with gil:
        (<WheelProbe> context).due.append(timer.kind)


cdef class WheelProbe:
    """A wheel with numbered timers."""

    cdef Wheel wheel
    cdef Timer *timers
    cdef int count
    cdef readonly list due

    def __cinit__(self, int count, int64_t now_ns):
        cdef int i
        self.timers = <Timer *> calloc(count, sizeof(Timer))
        if self.timers == NULL:
            raise MemoryError
        self.count = count
        self.due = []
        for i in range(count):
            self.timers[i].kind = i
        wheel_open(&self.wheel, now_ns)

    def __dealloc__(self):
        free(self.timers)

    def arm(self, int index, int64_t due_ns):
        if not 0 <= index < self.count:
            raise IndexError(index)
        wheel_arm(&self.wheel, &self.timers[index], due_ns)

    def disarm(self, int index):
        if not 0 <= index < self.count:
            raise IndexError(index)
        wheel_disarm(&self.wheel, &self.timers[index])

    def run(self, int64_t now_ns):
        """The timers that are due, in the order they were called."""
        self.due = []
        wheel_run(&self.wheel, now_ns, note_due, <void *> self)
        return self.due

    def next_ns(self):
        return wheel_next_ns(&self.wheel)
