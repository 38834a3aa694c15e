"""The engine's face to Python: commands in, events out, counters by reading.

Python objects live only here. A command is written into a slot of the worker's ring under the GIL and the worker is
woken by its eventfd; events wait in rings until `drain`. A leg's memory belongs to its worker from `open` until
"closed" was told.
"""

import base64
import os
import threading
import time
from collections import deque

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.errno cimport ENOPKG
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
from posix.time cimport clock_gettime, timespec
from posix.unistd cimport close, write

from media_ext.address cimport AF_INET, Address, address_set, ntohs, sockaddr, socklen_t
from media_ext.atomics cimport load_relaxed, reference_add
from media_ext.clock cimport NS_PER_S, ms, now_ns
from media_ext.codec cimport CODEC_G722, CODEC_L16, CODEC_OPUS, CODEC_PCMA, CODEC_PCMU
from media_ext.formats cimport format_of
from media_ext.loop_epoll cimport loop_epoll
from media_ext.loop_uring cimport loop_uring, uring_refusal
from media_ext.player cimport prompt_hold, prompt_release
from media_ext.relay_record cimport RelayRecord, relay_fits, relay_import
from media_ext.ring cimport ring_peek, ring_publish, ring_release, ring_reserve
from media_ext.rtcp cimport CNAME_BYTES
from media_ext.security cimport security_close, security_drop
from media_ext.srtp cimport Srtp, srtp_open
from media_ext.srtp_keys cimport SrtpShape, srtp_shape
from media_ext.tap cimport tap_hold
from media_ext.tap_handle cimport TapHandle
from media_ext.types cimport (
    DROP,
    EVENT_CLOSED,
    EVENT_DETACHED,
    EVENT_DIGIT,
    EVENT_EXPORTED,
    EVENT_FIRST,
    EVENT_LATCHED,
    EVENT_PROMPT_ENDED,
    EVENT_RESUMED,
    EVENT_SILENT,
    MAX_PACKET_BYTES,
    OP_ADD,
    OP_CLOSE,
    OP_DETACH,
    OP_ECHO,
    OP_EXPORT,
    OP_FORGET,
    OP_LINK,
    OP_PLAY,
    OP_REMOTE,
    OP_SECURE,
    OP_STOP,
    OP_STOP_PLAYING,
    OP_TAP,
    OP_UNLINK,
    OP_UNTAP,
    PAYLOAD_TYPES,
    RTCP,
    RTP,
    TELEPHONE_EVENT,
    Command,
    Counters,
    Datagram,
    Event,
    Loop,
    Operation,
    PromptData,
    Worker,
)
from media_ext.types cimport Leg as LegRecord
from media_ext.worker cimport worker_open, worker_run, worker_shut

cdef extern from "<sys/socket.h>" nogil:
    enum: MSG_DONTWAIT
    ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const sockaddr *address, socklen_t length)


cdef dict KIND_NAMES = {
    EVENT_FIRST: "first",
    EVENT_DIGIT: "digit",
    EVENT_EXPORTED: "exported",
    EVENT_SILENT: "silent",
    EVENT_RESUMED: "resumed",
    EVENT_LATCHED: "latched",
    EVENT_PROMPT_ENDED: "prompt_ended",
    EVENT_CLOSED: "closed",
}

# Of `Leg.codecs`; 0 is what the engine cannot decode.
cdef dict CODEC_CODES = {
    "PCMU": CODEC_PCMU + 1,
    "PCMA": CODEC_PCMA + 1,
    "G722": CODEC_G722 + 1,
    "OPUS": CODEC_OPUS + 1,
    "L16": CODEC_L16 + 1,
}

FULL_RING_PATIENCE_S = 2.0


def io_uring_refusal():
    """Why the io_uring loop cannot be used here; empty when it can."""
    cdef int refusal = uring_refusal()
    if refusal == ENOPKG:
        return "the engine was built without liburing"
    return f"the kernel refuses it: {os.strerror(refusal)}" if refusal else ""


cdef class Prompt:
    """Encoded audio in frames of equal length, kept once however many phones hear it.

    `data` holds whole frames of `frame_bytes`; a frame lasts `frame_ms`, in timestamp units of `clock_hz`.
    """

    cdef PromptData *record
    cdef readonly str encoding

    def __init__(self, bytes data not None, *, str encoding, int frame_bytes, int clock_hz=8000, int frame_ms=20):
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        if self.record != NULL:
            raise RuntimeError("a prompt is made once")
        if not 0 < frame_bytes <= MAX_PACKET_BYTES - 12 or size == 0 or size % frame_bytes:
            raise ValueError(f"a prompt of {size} bytes is not made of frames of {frame_bytes}")
        if not 0 < frame_ms <= 200 or clock_hz <= 0:
            raise ValueError(f"frames of {frame_ms} ms at {clock_hz} Hz")
        self.record = <PromptData *> calloc(1, sizeof(PromptData))
        if self.record == NULL:
            raise MemoryError
        self.record.data = <uint8_t *> malloc(size)
        if self.record.data == NULL:
            free(self.record)
            self.record = NULL
            raise MemoryError
        memcpy(self.record.data, PyBytes_AS_STRING(data), size)
        self.record.references = 1
        self.record.frame_bytes = frame_bytes
        self.record.frames = <uint32_t> (size // frame_bytes)
        self.record.frame_ms = frame_ms
        self.record.clock_hz = clock_hz
        self.record.frame_units = <uint32_t> (<int64_t> clock_hz * frame_ms // 1000)
        self.encoding = encoding

    def __dealloc__(self):
        if self.record != NULL:
            prompt_release(self.record)

    @property
    def duration_ms(self):
        return self.record.frames * self.record.frame_ms

    @property
    def holders(self):
        """How many hold the audio: this object and every player."""
        return reference_add(&self.record.references, 0)


cdef class Leg:
    """A phone's audio: handed to the engine's methods, and read for its counters."""

    cdef LegRecord *record
    cdef RelayRecord *exported
    cdef int worker

    def __dealloc__(self):
        # Only a leg that no worker knows comes here with a record: `Engine.free` and `Engine.release` see to that.
        free_record(self.record)
        free(self.exported)

    @property
    def id(self):
        return self.record.id if self.record != NULL else 0

    @property
    def payload_type(self):
        """Of the phone's newest audio packet; None before the first."""
        if self.record == NULL or load_relaxed(&self.record.counters.jitter_clock_hz) == 0:
            return None
        return load_relaxed(&self.record.counters.heard_type)

    @property
    def state(self):
        """What `Engine.export` copied last, as bytes; None before the first "exported"."""
        if self.exported == NULL or not relay_fits(self.exported):
            return None
        return PyBytes_FromStringAndSize(<char *> self.exported, sizeof(RelayRecord))

    def counters(self):
        """The counters as keyword arguments of `pbx.model.stream.StreamStats`."""
        if self.record == NULL:
            return {}
        cdef Counters *c = &self.record.counters
        cdef int64_t now = now_ns()
        cdef uint64_t expected = load_relaxed(&c.expected)
        cdef uint64_t clock_hz = load_relaxed(&c.jitter_clock_hz)
        cdef uint64_t rtt_us = load_relaxed(&c.rtt_us)
        return {
            "packets_in": load_relaxed(&c.packets_in),
            "bytes_in": load_relaxed(&c.bytes_in),
            "packets_out": load_relaxed(&c.packets_out),
            "bytes_out": load_relaxed(&c.bytes_out),
            "expected": expected,
            "lost": <int64_t> expected - <int64_t> load_relaxed(&c.received),
            "jitter_ms": load_relaxed(&c.jitter_q4) * 1000.0 / 16 / clock_hz if clock_hz else 0.0,
            **figures_over_time(c),
            "rtt_ms": rtt_us / 1000.0 if rtt_us else None,
            "packet_age_s": age_s(load_relaxed(&c.last_rtp_ns), now),
            **remote_figures(c),
            "rtcp_in": load_relaxed(&c.rtcp_in),
            "rtcp_out": load_relaxed(&c.rtcp_out),
            "rtcp_age_s": age_s(load_relaxed(&c.last_rtcp_ns), now),
            "out_of_order": load_relaxed(&c.out_of_order),
            "duplicates": load_relaxed(&c.duplicates),
            "dropped_alien": load_relaxed(&c.dropped_alien),
            "dropped_malformed": load_relaxed(&c.dropped_malformed),
            "dropped_oversize": load_relaxed(&c.dropped_oversize),
            "dropped_payload_type": load_relaxed(&c.dropped_payload_type),
            "dropped_direction": load_relaxed(&c.dropped_direction),
            "dropped_auth": load_relaxed(&c.dropped_auth),
            "dropped_replayed": load_relaxed(&c.dropped_replayed),
            "dropped_unkeyed": load_relaxed(&c.dropped_unkeyed),
            "dropped_datagrams": load_relaxed(&c.dropped_datagrams),
            "send_errors": load_relaxed(&c.send_errors),
        }


cdef void free_record(LegRecord *record):
    """A leg that no worker knows any more, and what belongs to it."""
    if record != NULL:
        security_close(record)
        free(record)


cdef dict figures_over_time(Counters *c):
    cdef uint64_t samples = load_relaxed(&c.jitter_samples)
    return {
        "jitter_mean_ms": load_relaxed(&c.jitter_sum_us) / 1000.0 / samples if samples else 0.0,
        "jitter_max_ms": load_relaxed(&c.jitter_max_us) / 1000.0,
        "decided": load_relaxed(&c.decided),
        "decided_lost": load_relaxed(&c.decided_lost),
        "loss_runs": load_relaxed(&c.loss_runs),
        "bursts": load_relaxed(&c.bursts),
        "burst_packets": load_relaxed(&c.burst_packets),
        "burst_lost": load_relaxed(&c.burst_lost),
        "late": load_relaxed(&c.late),
        "discarded": load_relaxed(&c.discarded),
    }


cdef dict remote_figures(Counters *c):
    """What the phone's reports say about what it hears; nothing before the first."""
    cdef uint64_t clock_hz = load_relaxed(&c.remote_clock_hz)
    if load_relaxed(&c.remote_reports) == 0:
        return {}
    return {
        "remote_reports": load_relaxed(&c.remote_reports),
        "remote_lost": load_relaxed(&c.remote_lost),
        "remote_expected": load_relaxed(&c.remote_expected),
        "remote_fraction_lost": load_relaxed(&c.remote_fraction) / 256.0,
        "remote_jitter_ms": load_relaxed(&c.remote_jitter) * 1000.0 / clock_hz if clock_hz else 0.0,
    }


cdef object age_s(uint64_t at_ns, int64_t now):
    if at_ns == 0:
        return None
    return max(now - <int64_t> at_ns, 0) / <double> NS_PER_S


cdef class Engine:
    """`threads` workers; `silence_ms` 0 tells no silence; `loop` is "epoll" or "io_uring".

    `report_ms` is the least interval of RTCP reports (RFC 3550 6.2), 0 for none of our own.

    All methods but `stop` are called from one Python thread.
    """

    cdef Worker *workers
    cdef int count
    cdef int event_fd
    cdef uint32_t last_id
    cdef dict legs
    cdef object waiting             # calls that wait until a leg has moved to another worker
    cdef Leg moving
    cdef int moving_to
    cdef list threads
    cdef bint running
    cdef readonly str loop_name

    def __cinit__(self, *, int threads, int silence_ms, str loop not None, int report_ms=5000):
        cdef Loop *chosen
        cdef int i
        if not 0 < threads <= 64:
            raise ValueError(f"{threads} media threads")
        if loop not in ("epoll", "io_uring"):
            raise ValueError(f"no loop is called {loop}")
        chosen = loop_uring() if loop == "io_uring" else loop_epoll()
        self.loop_name = loop
        self.legs = {}
        self.waiting = deque()
        self.threads = []
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.workers = <Worker *> calloc(threads, sizeof(Worker))
        if self.workers == NULL:
            raise MemoryError
        for i in range(threads):
            if not worker_open(&self.workers[i], chosen, i, self.event_fd, ms(silence_ms), ms(report_ms)):
                raise OSError("no memory or file for a media thread")
            self.count = i + 1

    def __dealloc__(self):
        # The threads hold a reference to this object, so none of them runs any more.
        cdef int i
        if self.workers != NULL:
            for i in range(self.count):
                worker_shut(&self.workers[i])
            free(self.workers)
        if self.event_fd > 0:
            close(self.event_fd)

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self):
        """Start the threads."""
        if self.running:
            raise RuntimeError("the engine runs already")
        self.running = True
        for i in range(self.count):
            thread = threading.Thread(target=self._run, args=(i,), name=f"media-{i}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, int index):
        with nogil:
            worker_run(&self.workers[index])

    def stop(self):
        """End the threads and wait for them; blocks, so the loop calls it in another thread. Legs are closed."""
        cdef int i
        if not self.running:
            return
        self.running = False
        for i in range(self.count):
            self.push(i, NULL, OP_STOP, NULL)
        for thread in self.threads:
            thread.join()
        self.threads.clear()

    def release(self):
        """After `stop`: forget every leg, told closed or not."""
        self.waiting.clear()
        for leg in list(self.legs.values()):
            self.free(leg)

    def fileno(self):
        """Readable when `drain` has something."""
        return self.event_fd

    @property
    def events_lost(self):
        return sum([load_relaxed(&self.workers[i].events_lost) for i in range(self.count)])

    @property
    def leg_count(self):
        """Legs whose memory is not freed yet."""
        return len(self.legs)

    def cpu_seconds(self):
        """CPU time of each thread so far."""
        return [thread_cpu_s(load_relaxed(&self.workers[i].cpu_clock)) for i in range(self.count)]

    # -- legs ------------------------------------------------------------------------------------------------------

    def open(self, int rtp_fd, int rtcp_fd, *, int thread, uint32_t ssrc, uint32_t seq, uint32_t rtp_ts,
             bytes state=None):
        """Take over two bound, non-blocking UDP sockets; `ssrc`, `seq`, `rtp_ts` start the outgoing stream.

        With `state`, from `export`, the leg goes on where that one was instead. Raises `ValueError` for a state that
        is not one of this build.
        """
        cdef Leg leg = Leg.__new__(Leg)
        cdef RelayRecord past
        if state is not None:
            if len(state) != sizeof(past):
                raise ValueError("not a leg's state, or of another build")
            memcpy(&past, PyBytes_AS_STRING(state), sizeof(past))
            if not relay_fits(&past):
                raise ValueError("a leg's state of another build")
        if not self.running:
            raise RuntimeError("the engine does not run")
        leg.record = <LegRecord *> calloc(1, sizeof(LegRecord))
        if leg.record == NULL:
            raise MemoryError
        self.last_id += 1
        leg.record.id = self.last_id
        leg.record.sockets[RTP].fd = rtp_fd
        leg.record.sockets[RTCP].fd = rtcp_fd
        leg.record.out.ssrc = ssrc
        leg.record.out.next_seq = seq & 0xffff
        leg.record.out.last_ts = rtp_ts
        memcpy(leg.record.report.cname, PyBytes_AS_STRING(new_cname()), CNAME_BYTES)
        if state is not None:
            relay_import(leg.record, &past)
        leg.worker = thread % self.count
        self.legs[leg.record.id] = leg
        self.push(leg.worker, leg.record, OP_ADD, NULL)
        return leg

    def export(self, Leg leg not None, bint hand_over):
        """Copy the leg's relay state between two packets; `Leg.state` has it when "exported" was told.

        With `hand_over` that was the leg's last moment: it takes and sends nothing any more.
        """
        cdef Command c
        if leg.exported == NULL:
            leg.exported = <RelayRecord *> calloc(1, sizeof(RelayRecord))
        if leg.exported == NULL:
            raise MemoryError
        memset(&c, 0, sizeof(c))
        c.detail.export_.record = leg.exported
        c.detail.export_.hand_over = hand_over
        self.submit(leg, OP_EXPORT, &c)

    def close(self, Leg leg not None):
        """Give the leg up: "closed" is told when its sockets are closed, and `free` may be called then."""
        self.submit(leg, OP_CLOSE, NULL)

    def free(self, Leg leg not None):
        """After "closed": give the memory back."""
        if leg.record != NULL:
            self.legs.pop(leg.record.id, None)
            free_record(leg.record)
            leg.record = NULL

    def set_remote(self, Leg leg not None, bytes rtp_host not None, int rtp_port, bytes rtcp_host not None,
                   int rtcp_port, bint rtcp_mux, bint may_send, bint may_receive, formats not None):
        """Where the phone is, and its (payload type, encoding, clock in Hz); packed hosts, empty for unknown."""
        cdef Command c
        cdef int number
        memset(&c, 0, sizeof(c))
        fill_address(&c.detail.remote.rtp, rtp_host, rtp_port)
        fill_address(&c.detail.remote.rtcp, rtcp_host, rtcp_port)
        c.detail.remote.rtcp_mux = rtcp_mux
        c.detail.remote.may_send = may_send
        c.detail.remote.may_receive = may_receive
        c.detail.remote.any_format = not formats
        for payload_type, encoding, clock_hz in formats:
            number = check_type(payload_type)
            c.detail.remote.formats[number] = format_of(clock_hz)
            c.detail.remote.codecs[number] = CODEC_CODES.get(encoding, 0)
            if encoding == "TELEPHONE-EVENT":
                c.detail.remote.formats[number] |= TELEPHONE_EVENT
        self.submit(leg, OP_REMOTE, &c)

    def forget_remote(self, Leg leg not None):
        self.submit(leg, OP_FORGET, NULL)

    def link(self, Leg a not None, Leg b not None, dict a_to_b not None, dict b_to_a not None):
        """Relay between two legs; moves `b` to the thread of `a` first where they differ."""
        if a is b:
            raise ValueError("a leg cannot be linked to itself: that is an echo")
        self.in_turn(lambda: self._link(a, b, a_to_b, b_to_a))

    def _link(self, Leg a, Leg b, dict a_to_b, dict b_to_a):
        cdef Command c
        if a.record == NULL or b.record == NULL:
            return
        if a.worker != b.worker:
            self.moving = b
            self.moving_to = a.worker
            self.push(b.worker, b.record, OP_DETACH, NULL)
            self.waiting.appendleft(lambda: self._link(a, b, a_to_b, b_to_a))
            return
        memset(&c, 0, sizeof(c))
        c.detail.link.other = b.record
        fill_map(c.detail.link.map_out, a_to_b)
        fill_map(c.detail.link.map_back, b_to_a)
        self.push(a.worker, a.record, OP_LINK, &c)

    def unlink(self, Leg leg not None):
        self.submit(leg, OP_UNLINK, NULL)

    def echo(self, Leg leg not None):
        self.submit(leg, OP_ECHO, NULL)

    def play(self, Leg leg not None, Prompt prompt not None, int payload_type, bint loop):
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.play.payload_type = check_type(payload_type)
        c.detail.play.loop = loop
        c.detail.play.prompt = prompt_hold(prompt.record)
        self.submit(leg, OP_PLAY, &c)

    def stop_playing(self, Leg leg not None):
        self.submit(leg, OP_STOP_PLAYING, NULL)

    def secure(self, Leg leg not None, receive, send, bint must_encrypt, bint wants_datagrams):
        """(SRTP profile, key, salt) of each direction; None leaves what is there. See `pbx.media.stream`."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.secure.must_encrypt = must_encrypt
        c.detail.secure.wants_datagrams = wants_datagrams
        try:
            c.detail.secure.receive = context_of(receive, False)
            c.detail.secure.send = context_of(send, True)
            self.submit(leg, OP_SECURE, &c)
        except BaseException:
            security_drop(&c.detail.secure)
            raise

    def send_datagram(self, Leg leg not None, bytes data not None, bytes host not None, int port):
        """Send STUN or DTLS from the RTP port, at once and past all rules for audio; False when it did not go."""
        cdef Address to
        cdef int _i
        if leg.record == NULL or not self.running:
            raise RuntimeError("the leg was closed")
        fill_address(&to, host, port)
        for _i in range(2):                             # the first may only fetch an earlier packet's ICMP answer
            if sendto(leg.record.sockets[RTP].fd, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), MSG_DONTWAIT,
                      <const sockaddr *> &to.bits, to.length) >= 0:
                return True
        return False

    def tap(self, Leg leg not None, TapHandle tap not None):
        """Copy what this phone says and hears into the tap, which belongs to one leg at most."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.tap = tap_hold(tap.record)
        self.submit(leg, OP_TAP, &c)

    def untap(self, Leg leg not None, TapHandle tap not None):
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.tap = tap.record
        self.submit(leg, OP_UNTAP, &c)

    # -- events ----------------------------------------------------------------------------------------------------

    def drain(self):
        """Every event that waits: (leg id, kind, number, duration_ms, packed host, port)."""
        cdef list events = []
        cdef Event *event
        cdef Worker *w
        cdef int i
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            pass
        for i in range(self.count):
            w = &self.workers[i]
            event = <Event *> ring_peek(&w.events)
            while event != NULL:
                if event.kind == EVENT_DETACHED:
                    self.attach()
                else:
                    events.append((event.leg, KIND_NAMES[event.kind], event.number, event.duration_ms,
                                   packed_host(&event.address), packed_port(&event.address)))
                ring_release(&w.events)
                event = <Event *> ring_peek(&w.events)
        return events

    def drain_datagrams(self):
        """Every STUN and DTLS packet that waits: (leg id, component, packed host, port, bytes)."""
        cdef list datagrams = []
        cdef Datagram *d
        cdef Worker *w
        cdef int i
        for i in range(self.count):
            w = &self.workers[i]
            d = <Datagram *> ring_peek(&w.datagrams)
            while d != NULL:
                datagrams.append((d.leg, d.component, packed_host(&d.source), packed_port(&d.source),
                                  PyBytes_FromStringAndSize(<char *> d.data, d.size)))
                ring_release(&w.datagrams)
                d = <Datagram *> ring_peek(&w.datagrams)
        return datagrams

    cdef void attach(self):
        """The moving leg is free: give it to its new worker, then do what had to wait."""
        cdef Leg leg = self.moving
        self.moving = None
        leg.worker = self.moving_to
        if self.running:
            self.push(leg.worker, leg.record, OP_ADD, NULL)
            while self.waiting and self.moving is None:
                self.waiting.popleft()()

    # -- the way to the workers --------------------------------------------------------------------------------------

    cdef in_turn(self, call):
        """Calls keep their order while a leg moves."""
        if self.moving is None:
            call()
        else:
            self.waiting.append(call)

    cdef submit(self, Leg leg, Operation op, Command *c):
        cdef bytes detail
        if leg.record == NULL:
            raise RuntimeError("the leg was closed")
        if self.moving is None:
            self.push(leg.worker, leg.record, op, c)
            return
        detail = b"" if c == NULL else PyBytes_FromStringAndSize(<char *> c, sizeof(Command))
        self.waiting.append(lambda: self._submit_kept(leg, op, detail))

    def _submit_kept(self, Leg leg, int op, bytes detail):
        self.push(leg.worker, leg.record, <Operation> op,
                  <Command *> PyBytes_AS_STRING(detail) if detail else NULL)

    cdef push(self, int worker, LegRecord *record, Operation op, Command *c):
        """Write a command into the ring and wake the worker. Waits a little when the ring is full."""
        cdef Worker *w = &self.workers[worker]
        cdef Command *slot = <Command *> ring_reserve(&w.commands)
        cdef uint64_t one = 1
        if slot == NULL:
            slot = self.wait_for_slot(w)
        if c != NULL:
            memcpy(slot, c, sizeof(Command))
        slot.op = op
        slot.leg = record
        ring_publish(&w.commands)
        write(w.wake_fd, &one, sizeof(one))

    cdef Command *wait_for_slot(self, Worker *w) except NULL:
        cdef Command *slot = NULL
        deadline = time.monotonic() + FULL_RING_PATIENCE_S
        while slot == NULL:
            if time.monotonic() > deadline:
                raise RuntimeError("a media thread does not take commands")
            time.sleep(0.0002)
            slot = <Command *> ring_reserve(&w.commands)
        return slot


cdef bytes new_cname():
    """RFC 7022 4.2 and 5: 96 random bits in base64 name a session's sender and tell nothing about it."""
    return base64.b64encode(os.urandom(CNAME_BYTES // 4 * 3))


cdef double thread_cpu_s(uint64_t clock):
    cdef timespec t
    if clock == 0 or clock_gettime(<int> <unsigned int> clock, &t) != 0:
        return 0.0
    return t.tv_sec + t.tv_nsec / <double> NS_PER_S


cdef Srtp *context_of(object material, bint sending) except? NULL:
    """A new context for (profile, key, salt); NULL for None. Raises `ValueError` for what does not fit together."""
    cdef SrtpShape shape
    cdef Srtp *context
    if material is None:
        return NULL
    profile, key, salt = material
    if not srtp_shape(profile, &shape) or len(key) != shape.key_bytes or len(salt) != shape.salt_bytes:
        raise ValueError(f"SRTP profile {profile} with a key of {len(key)} and a salt of {len(salt)} bytes")
    context = srtp_open(profile, <uint8_t *> PyBytes_AS_STRING(key), <uint8_t *> PyBytes_AS_STRING(salt), sending)
    if context == NULL:
        raise MemoryError
    return context


cdef int check_type(object payload_type) except -1:
    if not 0 <= payload_type < PAYLOAD_TYPES:
        raise ValueError(f"payload type {payload_type}")
    return payload_type


cdef int fill_map(uint8_t *into, dict types) except -1:
    memset(into, DROP, PAYLOAD_TYPES)
    for ours, theirs in types.items():
        into[check_type(ours)] = check_type(theirs)
    return 0


cdef void fill_address(Address *into, bytes host, int port):
    if not 0 < port < 65536:
        port = 0
    address_set(into, <uint8_t *> PyBytes_AS_STRING(host), <int> PyBytes_GET_SIZE(host), port)


cdef bytes packed_host(const Address *a):
    if a.length == 0:
        return b""
    if a.bits.v4.sin_family == AF_INET:
        return PyBytes_FromStringAndSize(<char *> &a.bits.v4.sin_addr, 4)
    return PyBytes_FromStringAndSize(<char *> &a.bits.v6.sin6_addr, 16)


cdef int packed_port(const Address *a) noexcept:
    return ntohs(a.bits.v4.sin_port) if a.length else 0
