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
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset
from posix.time cimport clock_gettime, timespec
from posix.unistd cimport close, write

from media_ext.address cimport AF_INET, Address, address_set, ntohs, sockaddr, socklen_t
from media_ext.atomics cimport load_relaxed
from media_ext.audio_status cimport audio_status_name
from media_ext.clock cimport NS_PER_S, ms, now_ns
from media_ext.codec cimport (
    CODEC_G722,
    CODEC_L16,
    CODEC_OPUS,
    CODEC_PCMA,
    CODEC_PCMU,
    CodecId,
    codec_available,
    codec_common_rate,
    codec_has_rate,
)
from media_ext.formats cimport format_of
from media_ext.hearing cimport HearingSettings, hearing_open
from media_ext.loop_epoll cimport loop_epoll
from media_ext.loop_uring cimport loop_uring, uring_refusal
from media_ext.pair cimport pair_open
from media_ext.player cimport GAIN_UNITY
from media_ext.mixer cimport mix_level_dbov
from media_ext.resample cimport RESAMPLE_QUALITY, resample_open
from media_ext.room cimport room_free, room_open
from media_ext.sound_door cimport best_rate, player_for
from media_ext.relay_record cimport RelayRecord, relay_ahead, relay_export, relay_fits, relay_import, relay_reserve
from media_ext.ring cimport ring_peek, ring_publish, ring_release, ring_reserve
from media_ext.rtcp cimport CNAME_BYTES
from media_ext.security cimport security_close, security_drop
from media_ext.sparse cimport sparse_bound, sparse_pack
from media_ext.srtp cimport Srtp, srtp_import, srtp_open
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
    EVENT_RESERVED,
    EVENT_RESUMED,
    EVENT_ROOM_PLAYED,
    EVENT_SILENT,
    EVENT_STOPPED,
    EVENT_TALKING,
    OP_ADD,
    OP_BRIDGE,
    OP_CLOSE,
    OP_DETACH,
    OP_DIGITS,
    OP_ECHO,
    OP_EXPORT,
    OP_FORGET,
    OP_LINK,
    OP_LISTENER,
    OP_PATH,
    OP_PLAY,
    OP_REMOTE,
    OP_RESERVE,
    OP_ROOM,
    OP_SPEAKER,
    OP_SECURE,
    OP_STOP,
    OP_STOP_PLAYING,
    OP_TAP,
    OP_UNLINK,
    OP_WATCH,
    OP_UNTAP,
    PAYLOAD_TYPES,
    ROOM_CLOSE,
    ROOM_DOWN,
    ROOM_JOIN,
    ROOM_LEAVE,
    ROOM_LINK,
    ROOM_LINKS,
    ROOM_PLAY,
    ROOM_PLAYERS,
    ROOM_RATE,
    ROOM_SEAT,
    ROOM_WHISPER,
    ROOM_TAP,
    ROOM_UNLINK,
    ROOM_UNTAP,
    RTCP,
    RTP,
    TELEPHONE_EVENT,
    Command,
    Counters,
    Datagram,
    Event,
    Loop,
    Operation,
    RoomOrder,
    Worker,
)
from media_ext.types cimport Leg as LegRecord
from media_ext.types cimport Room as RoomRecord
from media_ext.voice cimport (
    NO_TYPE,
    Speaker,
    VoiceSettings,
    speaker_close,
    speaker_open,
    speaker_play,
)
from media_ext.worker cimport worker_open, worker_run, worker_shut

cdef extern from "<sys/socket.h>" nogil:
    enum: MSG_DONTWAIT
    ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const sockaddr *address, socklen_t length)


cdef dict KIND_NAMES = {
    EVENT_FIRST: "first",
    EVENT_DIGIT: "digit",
    EVENT_EXPORTED: "exported",
    EVENT_RESERVED: "reserved",
    EVENT_SILENT: "silent",
    EVENT_RESUMED: "resumed",
    EVENT_LATCHED: "latched",
    EVENT_TALKING: "talking",
    EVENT_STOPPED: "stopped",
    EVENT_ROOM_PLAYED: "room_played",
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

# Rates at which digits in sound can be found.
cdef tuple DETECTABLE_HZ = (8000, 16000, 48000)

FULL_RING_PATIENCE_S = 2.0


def io_uring_refusal():
    """Why the io_uring loop cannot be used here; empty when it can."""
    cdef int refusal = uring_refusal()
    if refusal == ENOPKG:
        return "the engine was built without liburing"
    return f"the kernel refuses it: {os.strerror(refusal)}" if refusal else ""


def packed_state(bytes state not None):
    """A leg's state without its zeros; `pbx.media.kept` unpacks it."""
    cdef size_t size = PyBytes_GET_SIZE(state)
    cdef bytes packed = PyBytes_FromStringAndSize(NULL, sparse_bound(size))
    size = sparse_pack(<const uint8_t *> PyBytes_AS_STRING(state), size, <uint8_t *> PyBytes_AS_STRING(packed))
    return packed[:size]


cdef class Leg:
    """A phone's audio: handed to the engine's methods, and read for its counters."""

    cdef LegRecord *record
    cdef RelayRecord *exported
    cdef RelayRecord *ahead         # what a later process goes on with; NULL: nobody keeps it
    cdef bytes receives_from        # a state, until the keys come that its counters belong to …
    cdef bytes sends_from           # … in the other direction
    cdef int worker
    cdef VoiceSettings voice
    cdef bint has_voice             # `voice` is known: the node may speak on this leg
    cdef int speaker_hz             # the rate of its speaker; 0: none was made
    cdef bint fed                   # by a pair or a room, at `speaker_hz`
    cdef HearingSettings hearing    # what may come and can be decoded
    cdef int listener_hz            # the rate of its listener; 0: none was made
    cdef Leg partner                # decoded for it and encoded for it
    cdef Room room                  # the conference it is in
    cdef tuple down                 # rates between which its room resamples for it
    cdef bint closing               # no command may follow
    cdef bint arriving              # it moves: commands of a later time may wait for that
    cdef bint detects               # digits in sound
    cdef bint tells                 # when its phone begins and stops talking
    cdef Leg linked                 # what that leg says is passed on to it as it is; itself: an echo
    cdef dict playing               # serial → Playing; what has begun and was not told ended

    def __dealloc__(self):
        # Only a leg that no worker knows comes here with a record: `Engine.free` and `Engine.release` see to that.
        free_record(self.record)
        free(self.exported)
        free(self.ahead)

    @property
    def id(self):
        return self.record.id if self.record != NULL else 0

    @property
    def thread(self):
        """The number of the worker that it belongs to."""
        return self.worker

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

    @property
    def reserved(self):
        """What is to be written down before `Engine.reserve`: from the start, and after each "reserved". Packed as
        `packed_state` does it."""
        if self.ahead == NULL:
            return None
        cdef RelayRecord room[2]            # more than sparse_bound
        cdef size_t size = sparse_pack(<const uint8_t *> self.ahead, sizeof(RelayRecord), <uint8_t *> room)
        return PyBytes_FromStringAndSize(<char *> room, size)

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


cdef class Playing:
    """What a player was made of, to make it again when the phone changes over to another codec."""

    cdef tuple sounds
    cdef bint loop
    cdef bint over
    cdef int gain


cdef class Room:
    """A conference on one thread, for `Engine`."""

    cdef RoomRecord *record
    cdef readonly int capacity
    cdef readonly int max_rate_hz
    cdef readonly int rate_hz
    cdef int worker
    cdef dict members               # Leg → None, in the order in which they came
    cdef dict coming                # Leg → None: those who wait until a leg has moved to another thread
    cdef list links
    cdef list playing               # by ROOM_PLAYERS: (sounds, loop, gain, serial), None for nothing

    @property
    def id(self):
        return self.record.id if self.record != NULL else 0

    @property
    def legs(self):
        """Its members, in the order in which they came."""
        return [*self.members, *self.coming]

    def level_dbov(self, Leg leg not None):
        """How loud the member is now, after gain: -127 (silence) to 0."""
        return mix_level_dbov(<int64_t> (self.level_of(leg) >> 1))

    def talking(self, Leg leg not None):
        """Whether the others hear it talk."""
        return bool(self.level_of(leg) & 1)

    cdef uint64_t level_of(self, Leg leg):
        if leg.room is not self or leg.record == NULL:
            return 0
        return load_relaxed(&leg.record.counters.mix_level)
cdef inline const RelayRecord *state_of(bytes state):
    return <const RelayRecord *> PyBytes_AS_STRING(state)


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
    cdef uint32_t last_serial       # of players
    cdef dict legs
    cdef dict rooms
    cdef object waiting             # calls that wait until a leg has moved to another worker
    cdef Leg moving
    cdef int moving_to
    cdef list threads
    cdef bint running
    cdef readonly str loop_name
    cdef object later           # calls back soon, once the loop has done what it is at
    cdef uint64_t asleep        # a bit for each worker that has commands and was not woken

    def __cinit__(self, *, int threads, int silence_ms, str loop not None, int report_ms=5000):
        cdef Loop *chosen
        cdef int i
        if not 0 < threads <= 64:
            raise ValueError(f"{threads} media threads")
        if loop not in ("epoll", "io_uring"):
            raise ValueError(f"no loop is called {loop}")
        chosen = loop_uring() if loop == "io_uring" else loop_epoll()
        self.loop_name = loop
        self.later = None
        self.asleep = 0
        self.legs = {}
        self.rooms = {}
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

    def wake_once(self, later):
        """Let what is commanded in one turn of the loop wake a thread once: `later` is its `call_soon`, None to end."""
        self.later = later
        self.wake()

    def wake(self):
        """Wake the workers that have commands."""
        cdef int i
        cdef uint64_t asleep = self.asleep
        cdef uint64_t one = 1
        self.asleep = 0
        for i in range(self.count):
            if asleep >> i & 1:
                write(self.workers[i].wake_fd, &one, sizeof(one))

    def stop(self):
        """End the threads and wait for them; blocks, so the loop calls it in another thread. Legs are closed."""
        cdef int i
        self.wake_once(None)
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
        for room in list(self.rooms.values()):
            self.free_room(room)
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
             bytes state=None, bint keep=False):
        """Take over two bound, non-blocking UDP sockets; `ssrc`, `seq`, `rtp_ts` start the outgoing stream.

        With `state`, from `export`, the leg goes on where that one was instead. Raises `ValueError` for a state that
        is not one of this build, and for a copy of an encrypted leg that was not handed over. With `keep`, the leg goes
        only so far as `Leg.reserved` says, which its owner writes down.
        """
        cdef Leg leg = Leg.__new__(Leg)
        cdef RelayRecord past
        if state is not None:
            if len(state) != sizeof(past):
                raise ValueError("not a leg's state, or of another build")
            memcpy(&past, PyBytes_AS_STRING(state), sizeof(past))
            if not relay_fits(&past):
                raise ValueError("a leg's state of another build")
            if past.must_encrypt and not past.handed_over and not past.reserved:
                raise ValueError("an encrypted leg goes on elsewhere only when it was handed over")
        if not self.running:
            raise RuntimeError("the engine does not run")
        leg.record = <LegRecord *> calloc(1, sizeof(LegRecord))
        if leg.record == NULL:
            raise MemoryError
        self.last_id += 1
        leg.record.id = self.last_id
        leg.playing = {}
        leg.record.sockets[RTP].fd = rtp_fd
        leg.record.sockets[RTCP].fd = rtcp_fd
        leg.record.out.ssrc = ssrc
        leg.record.out.next_seq = seq & 0xffff
        leg.record.out.last_ts = rtp_ts
        memcpy(leg.record.report.cname, PyBytes_AS_STRING(new_cname()), CNAME_BYTES)
        if state is not None:
            relay_import(leg.record, &past)
            leg.receives_from = leg.sends_from = state if past.must_encrypt or past.reserved else None
        if keep:
            leg.ahead = <RelayRecord *> calloc(1, sizeof(RelayRecord))
            if leg.ahead == NULL:
                raise MemoryError
            relay_export(leg.record, False, leg.ahead)
            if state is not None:       # its SRTP counters wait for the keys
                leg.ahead.srtp_in = past.srtp_in
                leg.ahead.srtp_out = past.srtp_out
            relay_ahead(leg.ahead, now_ns())
            leg.record.reserve = relay_reserve(leg.ahead)
            leg.record.reserve.record = leg.ahead
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

    def reserve(self, Leg leg not None):
        """What `Leg.reserved` says is written down: the leg may go so far."""
        cdef Command c
        if leg.ahead == NULL:
            raise ValueError("nobody keeps a record of this leg")
        memset(&c, 0, sizeof(c))
        c.detail.reserve = relay_reserve(leg.ahead)
        c.detail.reserve.record = leg.ahead
        self.submit(leg, OP_RESERVE, &c)

    def close(self, Leg leg not None):
        """Give the leg up: "closed" is told when its sockets are closed, and `free` may be called then."""
        part(leg)
        leg.closing = True
        self.submit(leg, OP_CLOSE, NULL)

    def free(self, Leg leg not None):
        """After "closed": give the memory back."""
        if leg.record != NULL:
            part(leg)
            self.legs.pop(leg.record.id, None)
            free_record(leg.record)
            leg.record = NULL

    def set_remote(self, Leg leg not None, bytes rtp_host not None, int rtp_port, bytes rtcp_host not None,
                   int rtcp_port, bint rtcp_mux, bint may_send, bint may_receive, formats not None,
                   voice=None, digits=None, int ptime_ms=20):
        """Where the phone is, and its (payload type, encoding, clock in Hz); packed hosts, empty for unknown.

        `voice` (payload type, encoding, clock, Opus settings) and `digits` (payload type, clock) are what the node
        sends when it speaks itself, in packets of `ptime_ms`.
        """
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
        self.set_voice(leg, voice, digits, ptime_ms)
        self.set_hearing(leg, formats)
        self.submit(leg, OP_REMOTE, &c)
        self.retune(leg)

    cdef set_voice(self, Leg leg, voice, digits, int ptime_ms):
        """A speaker that is there changes over to the new format in mid-sentence."""
        cdef VoiceSettings v
        memset(&v, 0, sizeof(v))
        v.digits_type = NO_TYPE
        leg.has_voice = False
        if voice is None or voice[1] not in CODEC_CODES:
            return
        number, encoding, clock_hz, opus = voice
        v.payload_type = check_type(number)
        v.codec.id = <CodecId> (<int> CODEC_CODES[encoding] - 1)
        if not codec_available(v.codec.id) or (v.codec.id == CODEC_L16 and not codec_has_rate(CODEC_L16, clock_hz)):
            return
        leg.has_voice = True
        v.codec.encodes = True
        v.codec.rate_hz = clock_hz if v.codec.id == CODEC_L16 else 0
        v.codec.ptime_ms = whole_ptime(v.codec.id, clock_hz, ptime_ms)
        v.codec.complexity = opus.get("complexity", 5)
        v.codec.bitrate_bps = opus.get("bitrate_bps", 0)
        v.codec.fec = opus.get("fec", False)
        v.codec.loss_pct = opus.get("loss_pct", 0)
        v.codec.dtx = opus.get("dtx", False)
        if digits is not None:
            v.digits_type = check_type(digits[0])
            v.digits_clock_hz = digits[1]
        if memcmp(&v, &leg.voice, sizeof(v)):
            leg.voice = v
            if leg.speaker_hz:
                self.speak(leg, leg.speaker_hz)

    cdef int speak(self, Leg leg, int rate_hz) except 0:
        """Give the leg a speaker for sound at `rate_hz`, or the next rate above it that its codec has.

        Returns the speaker's rate. What is played goes on.
        """
        cdef Command c
        cdef VoiceSettings v = leg.voice
        cdef int32_t status = 0
        if not leg.has_voice:
            raise ValueError("no voice format was agreed on with this phone that can be encoded here")
        if v.codec.id != CODEC_L16:
            v.codec.rate_hz = rate_for(v.codec.id, rate_hz)
        memset(&c, 0, sizeof(c))
        c.detail.speaker = speaker_open(&v, &status)
        if c.detail.speaker == NULL:
            raise ValueError(f"the voice format cannot be sent: {audio_status_name(status).decode()}")
        if leg.speaker_hz and leg.speaker_hz != c.detail.speaker.rate_hz:
            try:
                self.take_along(leg, c.detail.speaker)
            except BaseException:
                speaker_close(c.detail.speaker)
                raise
        leg.speaker_hz = c.detail.speaker.rate_hz
        self.submit(leg, OP_SPEAKER, &c)
        return leg.speaker_hz

    cdef take_along(self, Leg leg, Speaker *fresh):
        """Players for the new rate; the worker sets them where the old ones are."""
        cdef Playing each
        for serial, each in leg.playing.items():
            speaker_play(fresh, player_for(each.sounds, fresh.rate_hz, each.loop, each.gain, 0, each.over, serial))

    # -- what legs say -----------------------------------------------------------------------------------------------

    cdef set_hearing(self, Leg leg, formats):
        """What may come now; a listener that is there changes over."""
        cdef HearingSettings h
        cdef int code
        memset(&h, 0, sizeof(h))
        for _number, encoding, clock_hz in formats:
            code = CODEC_CODES.get(encoding, 0)
            if not code or (code - 1 == CODEC_L16 and (clock_hz % 4000 or not codec_has_rate(CODEC_L16, clock_hz))):
                continue
            h.codecs[code - 1] = codec_available(<CodecId> (code - 1))
            if code - 1 == CODEC_L16:
                h.l16_hz = clock_hz
        if memcmp(&h, &leg.hearing, sizeof(h)):
            leg.hearing = h
            if leg.listener_hz and any_codec(&h):
                rate_hz, leg.listener_hz = leg.listener_hz, 0
                self.hear(leg, rate_hz)

    cdef int hear(self, Leg leg, int rate_hz) except 0:
        """Give the leg a listener for sound at `rate_hz`, whatever its codecs; nothing when it has one."""
        cdef Command c
        cdef HearingSettings h = leg.hearing
        cdef int32_t status = 0
        if leg.listener_hz == rate_hz and not leg.arriving:
            return rate_hz
        h.rate_hz = rate_hz
        memset(&c, 0, sizeof(c))
        c.detail.listener = hearing_open(&h, &status)
        if c.detail.listener == NULL:
            raise ValueError(f"what the phone sends cannot be decoded: {audio_status_name(status).decode()}")
        leg.listener_hz = rate_hz
        self.submit(leg, OP_LISTENER, &c)
        return rate_hz

    cdef join_at(self, Leg leg, int rate_hz):
        """A speaker for sound at `rate_hz`, or as near to it as its codec comes, unless there is one."""
        if leg.speaker_hz != voice_rate(leg, rate_hz) or leg.arriving:
            self.speak(leg, rate_hz)

    cdef tune(self, Leg a, Leg b):
        """Each hears the other at the rate at which it is spoken to, if possible without a resampler."""
        cdef int rate_hz = codec_common_rate(a.voice.codec.id, a.voice.codec.rate_hz,
                                             b.voice.codec.id, b.voice.codec.rate_hz)
        if rate_hz not in DETECTABLE_HZ:
            rate_hz = 16000
        self.join_at(a, rate_hz)
        self.join_at(b, rate_hz)
        self.hear(a, b.speaker_hz)
        self.hear(b, a.speaker_hz)

    cdef retune(self, Leg leg):
        """After a change of what a phone speaks and hears: whoever it is joined to is heard at the new rate."""
        if leg.partner is not None and can_join(leg) and can_join(leg.partner):
            self.tune(leg, leg.partner)
        if leg.room is not None and can_join(leg):
            self.tune_room(leg.room)

    # -- conferences ---------------------------------------------------------------------------------------------------

    def room(self, int capacity, *, int thread=0, int max_rate_hz=48000):
        """A conference for so many members."""
        cdef Room room = Room.__new__(Room)
        if not 0 < capacity <= 1000:
            raise ValueError(f"a conference of {capacity}: there are some of 1 to 1000")
        if max_rate_hz not in DETECTABLE_HZ:
            raise ValueError(f"a conference at {max_rate_hz} Hz: 8000, 16000 or 48000")
        self.last_id += 1
        room.record = room_open(self.last_id, capacity, max_rate_hz)
        if room.record == NULL:
            raise MemoryError
        room.capacity, room.max_rate_hz, room.rate_hz = capacity, max_rate_hz, 8000
        room.worker = thread % self.count
        room.members = {}
        room.coming = {}
        room.links = []
        room.playing = [None] * ROOM_PLAYERS
        self.rooms[room.record.id] = room
        return room

    cdef order(self, Room room, Command *c):
        cdef bytes kept
        if room.record == NULL:
            raise RuntimeError("the conference was closed")
        c.detail.room.room = room.record
        if self.moving is None:
            self.push(room.worker, NULL, OP_ROOM, c)
            return
        kept = PyBytes_FromStringAndSize(<char *> c, sizeof(Command))
        self.waiting.append(lambda: self._order_kept(room.worker, kept))

    def _order_kept(self, int worker, bytes kept):
        self.push(worker, NULL, OP_ROOM, <Command *> PyBytes_AS_STRING(kept))

    def join(self, Room room not None, Leg leg not None, *, bint muted=False, int gain=GAIN_UNITY):
        """Into the conference, out of everything else; who is in it gets the new gain. Raises ValueError."""
        check_join(leg)
        if leg.room is not room and leg not in room.coming:
            if len(room.members) + len(room.coming) >= room.capacity:
                raise ValueError(f"the conference is full: {room.capacity}")
            room.coming[leg] = None
        self.in_turn(lambda: self._join(room, leg, muted, gain))

    def _join(self, Room room, Leg leg, bint muted, int gain):
        cdef Command c
        if leg.record == NULL or room.record == NULL or leg.closing or not can_join(leg):
            room.coming.pop(leg, None)
            return
        if self.moved_to(leg, room.worker, lambda: self._join(room, leg, muted, gain)):
            return
        room.coming.pop(leg, None)
        memset(&c, 0, sizeof(c))
        c.detail.room.room = room.record
        c.detail.room.muted = muted
        c.detail.room.gain = gain
        c.detail.room.order = ROOM_SEAT
        if leg.room is not room:
            part(leg)
            room.members[leg] = None
            leg.room = room
            leg.fed = True
            c.detail.room.order = ROOM_JOIN
            c.detail.room.rate_hz = room_rate(room)
            self.hear(leg, c.detail.room.rate_hz)
            self.join_at(leg, c.detail.room.rate_hz)
        leg.arriving = False
        self.push(room.worker, leg.record, OP_ROOM, &c)
        self.tune_room(room)

    def whisper(self, Room room not None, Leg leg not None, Leg to):
        """Let only `to` hear a member; None: all of them again. Nothing for one who is not in the conference."""
        self.in_turn(lambda: self._whisper(room, leg, to))

    def _whisper(self, Room room, Leg leg, Leg to):
        cdef Command c
        if leg.room is not room or leg.record == NULL or leg.closing:
            return
        memset(&c, 0, sizeof(c))
        if to is not None:
            if to.room is not room or to.record == NULL or to.closing:
                return
            c.detail.room.to = to.record
        c.detail.room.order = ROOM_WHISPER
        c.detail.room.room = room.record
        self.push(room.worker, leg.record, OP_ROOM, &c)

    def leave(self, Room room not None, Leg leg not None):
        """Out of the conference; nothing for one who is not in it."""
        cdef Command c
        if leg in room.coming:
            self.in_turn(lambda: self.leave(room, leg))
            return
        if leg.room is not room or leg.record == NULL:
            return
        part(leg)
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_LEAVE
        c.detail.room.room = room.record
        self.submit(leg, OP_ROOM, &c)
        self.in_turn(lambda: self.tune_room(room))

    cdef tune_room(self, Room room):
        """All that are linked work at the best rate that one of their members has."""
        cdef Room each
        cdef Leg leg
        cdef Command c
        cdef int rate_hz
        if room.record == NULL:
            return
        rate_hz = room_rate(room)
        for each in linked_rooms(room):
            for leg in each.members:
                if can_join(leg):
                    self.hear(leg, rate_hz)
                    self.join_at(leg, rate_hz)
                    self.give_down(each, leg, rate_hz)
            if each.rate_hz != rate_hz:
                each.rate_hz = rate_hz
                memset(&c, 0, sizeof(c))
                c.detail.room.order = ROOM_RATE
                c.detail.room.rate_hz = rate_hz
                self.order(each, &c)
                for place in range(ROOM_PLAYERS):
                    if each.playing[place] is not None:
                        self.start_in_room(each, place)

    cdef give_down(self, Room room, Leg leg, int rate_hz):
        """A resampler for a member whose codec has not the room's rate."""
        cdef Command c
        cdef int32_t status
        if leg.speaker_hz == rate_hz or leg.down == (rate_hz, leg.speaker_hz):
            return
        memset(&c, 0, sizeof(c))
        status = resample_open(&c.detail.room.down, rate_hz, leg.speaker_hz, RESAMPLE_QUALITY, False)
        if status:
            raise ValueError(f"from {rate_hz} to {leg.speaker_hz} Hz: {audio_status_name(status).decode()}")
        leg.down = (rate_hz, leg.speaker_hz)
        c.detail.room.order = ROOM_DOWN
        c.detail.room.room = room.record
        self.submit(leg, OP_ROOM, &c)

    def play_in_room(self, Room room not None, tuple sounds not None, *, bint loop=False, int gain=GAIN_UNITY,
                     int place=0):
        """To all members, beside what they say. Returns the serial that "room_played" tells.

        Ends what is played in the same place, of which there are two: announcements, and tones.
        """
        self.last_serial = (self.last_serial % 0x7fffffff) + 1
        before, room.playing[place] = room.playing[place], (sounds, loop, gain, self.last_serial)
        try:
            self.start_in_room(room, place)
        except BaseException:
            room.playing[place] = before
            raise
        return self.last_serial

    cdef start_in_room(self, Room room, int place):
        cdef Command c
        sounds, loop, gain, serial = room.playing[place]
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_PLAY
        c.detail.room.place = place
        c.detail.room.player = player_for(sounds, room.rate_hz, loop, gain, 0, False, serial)
        self.order(room, &c)

    def stop_in_room(self, Room room not None):
        """The announcement; a tone is over soon."""
        cdef Command c
        room.playing[0] = None
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_PLAY
        self.order(room, &c)

    def tap_room(self, Room room not None, TapHandle tap not None):
        """Copy what all say together into the tap, which belongs to one room at most."""
        cdef Command c
        if room.record == NULL:
            raise RuntimeError("the conference was closed")
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_TAP
        c.detail.room.tap = tap_hold(tap.record)
        self.order(room, &c)

    def untap_room(self, Room room not None, TapHandle tap not None):
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_UNTAP
        c.detail.room.tap = tap.record
        self.order(room, &c)

    def link_rooms(self, Room a not None, Room b not None):
        """The members of each hear those of the other. Raises ValueError for another thread, or what would go round."""
        if b in linked_rooms(a):
            raise ValueError("these conferences hear each other already")
        if a.worker != b.worker:
            raise ValueError("only conferences of one thread can be linked")
        if len(a.links) >= ROOM_LINKS or len(b.links) >= ROOM_LINKS:
            raise ValueError(f"a conference has {ROOM_LINKS} links at most")
        self.order_other(a, b, ROOM_LINK)
        a.links.append(b)
        b.links.append(a)
        self.in_turn(lambda: self.tune_room(a))

    def unlink_rooms(self, Room a not None, Room b not None):
        if b not in a.links:
            return
        self.order_other(a, b, ROOM_UNLINK)
        a.links.remove(b)
        b.links.remove(a)
        self.in_turn(lambda: self.tune_room(a))
        self.in_turn(lambda: self.tune_room(b))

    cdef order_other(self, Room a, Room b, RoomOrder what):
        cdef Command c
        if a.record == NULL or b.record == NULL:
            raise RuntimeError("the conference was closed")
        memset(&c, 0, sizeof(c))
        c.detail.room.order = what
        c.detail.room.other = b.record
        self.order(a, &c)

    def close_room(self, Room room not None):
        """Everybody leaves. Nothing can be done with it afterwards."""
        cdef Command c
        if room.record == NULL:
            return
        for leg in list(room.members):
            part(leg)
        for other in list(room.links):
            self.unlink_rooms(room, other)
        memset(&c, 0, sizeof(c))
        c.detail.room.order = ROOM_CLOSE
        del self.rooms[room.record.id]
        self.order(room, &c)
        room.record = NULL

    cdef free_room(self, Room room):
        """The threads have ended."""
        self.rooms.pop(room.record.id, None)
        room_free(room.record)
        room.record = NULL

    def bridge(self, Leg a not None, Leg b not None):
        """Decode and encode between two legs; moves `b` to the thread of `a` first where they differ.

        Ends what either was joined to. Raises ValueError when one of them cannot be decoded or spoken to here.
        """
        if a is b:
            raise ValueError("a leg cannot be joined to itself: that is an echo")
        check_join(a)
        check_join(b)
        self.in_turn(lambda: self._bridge(a, b))

    def _bridge(self, Leg a, Leg b):
        cdef Command c
        if a.record == NULL or b.record == NULL or a.closing or b.closing or not can_join(a) or not can_join(b):
            return
        if self.moved_to(b, a.worker, lambda: self._bridge(a, b)):
            return
        if a.partner is not b:
            part(a)
            part(b)
        a.partner, b.partner = b, a
        self.tune(a, b)
        a.fed = b.fed = True
        b.arriving = False
        memset(&c, 0, sizeof(c))
        c.detail.bridge.other = b.record
        c.detail.bridge.pair = pair_open()
        if c.detail.bridge.pair == NULL:
            raise MemoryError
        self.push(a.worker, a.record, OP_BRIDGE, &c)

    cdef bint moved_to(self, Leg leg, int worker, call):
        """Whether the leg has to move first; `call` is made when it has."""
        if leg.worker == worker:
            return False
        self.moving = leg
        self.moving_to = worker
        leg.arriving = True
        self.push(leg.worker, leg.record, OP_DETACH, NULL)
        self.waiting.appendleft(call)
        return True

    def watch(self, Leg leg not None, *, detects=None, tells=None):
        """Look for digits in sound, tell talkers; None leaves it as it is."""
        if (detects or tells) and not any_codec(&leg.hearing):
            raise ValueError("what the phone sends cannot be decoded")
        self.in_turn(lambda: self._watch(leg, detects, tells))

    def _watch(self, Leg leg, detects, tells):
        cdef Command c
        if leg.record == NULL or leg.closing:
            return
        if (detects or tells) and not leg.listener_hz:
            self.hear(leg, 8000)
        if detects is not None:
            leg.detects = detects
        if tells is not None:
            leg.tells = tells
        memset(&c, 0, sizeof(c))
        c.detail.watch.detects = leg.detects
        c.detail.watch.tells = leg.tells
        self.submit(leg, OP_WATCH, &c)

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
        part(a)
        part(b)
        a.linked, b.linked = b, a
        fill_map(c.detail.link.map_out, a_to_b)
        fill_map(c.detail.link.map_back, b_to_a)
        self.push(a.worker, a.record, OP_LINK, &c)

    def unlink(self, Leg leg not None):
        part(leg)
        self.submit(leg, OP_UNLINK, NULL)

    def echo(self, Leg leg not None):
        part(leg)
        leg.linked = leg
        self.submit(leg, OP_ECHO, NULL)

    def play(self, Leg leg not None, tuple sounds not None, *, bint loop=False, int gain=GAIN_UNITY,
             int64_t start_ms=0, bint over=False):
        """Play clips or a feed in place of what the leg hears, or `over` it. Raises ValueError when it cannot be done.

        `gain` is in 1/4096. "prompt_ended" is told at the end of what does not loop, unless it was stopped or replaced.
        """
        cdef Command c
        cdef Playing playing = Playing.__new__(Playing)
        cdef int rate_hz = best_rate(sounds)
        if over and leg.linked is not None:
            raise ValueError("what is relayed cannot be mixed with: bridge the legs first")
        if not leg.speaker_hz or (leg.speaker_hz < rate_hz and not leg.fed and self.could_do_better(leg, rate_hz)):
            self.speak(leg, rate_hz)
        elif not leg.has_voice:
            raise ValueError("no voice format was agreed on with this phone that can be encoded here")
        playing.sounds, playing.loop, playing.gain, playing.over = sounds, loop, gain, over
        memset(&c, 0, sizeof(c))
        self.last_serial = (self.last_serial % 0x7fffffff) + 1
        c.detail.player = player_for(sounds, leg.speaker_hz, loop, gain, start_ms, over, self.last_serial)
        leg.playing = {serial: each for serial, each in leg.playing.items() if (<Playing> each).over != over}
        leg.playing[self.last_serial] = playing
        self.submit(leg, OP_PLAY, &c)

    cdef bint could_do_better(self, Leg leg, int rate_hz):
        return leg.voice.codec.id != CODEC_L16 and rate_for(leg.voice.codec.id, rate_hz) > leg.speaker_hz

    def send_digits(self, Leg leg not None, bytes events not None, int duration_ms, int pause_ms):
        """Digits as RFC 4733 events, or as sound to a phone without telephone-event."""
        cdef Command c
        cdef int i
        if not 0 < len(events) <= 64 or max(events) > 15:
            raise ValueError("1 to 64 digits of 0-9 * # A-D")
        if not 40 <= duration_ms <= 6000 or not 20 <= pause_ms <= 6000:
            raise ValueError("a digit lasts 40 to 6000 ms, the pause after it 20 to 6000 ms")
        if not leg.speaker_hz:
            self.speak(leg, 8000)
        memset(&c, 0, sizeof(c))
        c.detail.digits.count = <int> len(events)
        c.detail.digits.duration_ms = duration_ms
        c.detail.digits.pause_ms = pause_ms
        for i in range(c.detail.digits.count):
            c.detail.digits.events[i] = events[i]
        self.submit(leg, OP_DIGITS, &c)

    def stop_playing(self, Leg leg not None):
        leg.playing = {}
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
            if c.detail.secure.receive != NULL and leg.receives_from is not None:
                srtp_import(c.detail.secure.receive, &state_of(leg.receives_from).srtp_in)
                leg.receives_from = None
            if c.detail.secure.send != NULL and leg.sends_from is not None:
                srtp_import(c.detail.secure.send, &state_of(leg.sends_from).srtp_out)
                leg.sends_from = None
            self.submit(leg, OP_SECURE, &c)
        except BaseException:
            security_drop(&c.detail.secure)
            raise

    def set_path(self, Leg leg not None, bint by_ice, bytes host=b"", int port=0):
        """Where ICE has found the phone; packed, empty for nowhere. Not `by_ice`: `set_remote` and packets say it."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.path.by_ice = by_ice
        fill_address(&c.detail.path.to, host, port)
        self.submit(leg, OP_PATH, &c)

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
                    if event.kind == EVENT_ROOM_PLAYED:
                        self.room_played(event.leg, event.number)
                    elif event.kind == EVENT_PROMPT_ENDED:
                        self.played(event.leg, event.number)
                    events.append((event.leg, KIND_NAMES[event.kind], event.number, event.duration_ms,
                                   packed_host(&event.address), packed_port(&event.address)))
                ring_release(&w.events)
                event = <Event *> ring_peek(&w.events)
        return events

    cdef played(self, uint32_t leg_id, uint32_t serial):
        cdef Leg leg = self.legs.get(leg_id)
        if leg is not None:
            leg.playing.pop(serial, None)

    cdef room_played(self, uint32_t room_id, uint32_t serial):
        cdef Room room = self.rooms.get(room_id)
        if room is not None:
            room.playing = [None if each is not None and each[3] == serial else each for each in room.playing]

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
        cdef bint wakes = self.asleep == 0
        if slot == NULL:
            self.wake()
            slot = self.wait_for_slot(w)
        if c != NULL:
            memcpy(slot, c, sizeof(Command))
        slot.op = op
        slot.leg = record
        ring_publish(&w.commands)
        self.asleep |= <uint64_t> 1 << worker
        if self.later is None:
            self.wake()
        elif wakes:
            self.later(self.wake)

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


cdef bint any_codec(const HearingSettings *h) noexcept:
    cdef int i
    for i in range(5):
        if h.codecs[i]:
            return True
    return False


cdef int voice_rate(Leg leg, int rate_hz):
    """The rate at which a leg can be spoken to that suits sound at `rate_hz`."""
    if leg.voice.codec.id == CODEC_L16:
        return leg.voice.codec.rate_hz
    return rate_for(leg.voice.codec.id, rate_hz) or {CODEC_G722: 16000, CODEC_OPUS: 48000}.get(leg.voice.codec.id, 8000)


cdef list linked_rooms(Room room):
    """It, and all that hear it."""
    found = [room]
    for each in found:
        found += [other for other in (<Room> each).links if other not in found]
    return found


cdef int room_rate(Room room):
    """The best rate among the members of it and of all that are linked, as far as the rooms go."""
    cdef Room each
    cdef Leg leg
    rates = [8000]
    highest = 48000
    for each in linked_rooms(room):
        highest = min(highest, each.max_rate_hz)
        for leg in each.members:
            best = voice_rate(leg, 48000) if leg.has_voice else 8000
            rates.append(48000 if best > 16000 else 16000 if best > 8000 else 8000)
    return min(max(rates), highest)


cdef bint can_join(Leg leg) noexcept:
    return leg.has_voice and any_codec(&leg.hearing)


cdef check_join(Leg leg):
    if not leg.has_voice:
        raise ValueError("no voice format was agreed on with this phone that can be encoded here")
    if not any_codec(&leg.hearing):
        raise ValueError("no format was agreed on with this phone that can be decoded here")


cdef part(Leg leg):
    """Neither it nor the one it is joined to hears anybody now."""
    if leg.partner is not None:
        leg.partner.fed = leg.fed = False
        leg.partner.partner = None
        leg.partner = None
    if leg.room is not None:
        leg.room.members.pop(leg, None)
        leg.room = None
        leg.down = None
        leg.fed = False
    if leg.linked is not None:
        leg.linked.linked = None
        leg.linked = None


cdef int rate_for(CodecId id, int rate_hz):
    """The lowest rate of the codec that loses nothing of sound at `rate_hz`; 0, its best, when none does."""
    cdef int each
    for each in (8000, 12000, 16000, 24000, 48000):
        if each >= rate_hz and codec_has_rate(id, each):
            return each
    return 0


cdef int whole_ptime(CodecId id, int clock_hz, int ptime_ms):
    """A packet length that encoders have, and that fits a packet."""
    ptime_ms = min(max(ptime_ms // 10 * 10, 10), 60)
    if id == CODEC_L16:
        while ptime_ms > 10 and clock_hz * ptime_ms // 500 > 1400:
            ptime_ms -= 10
    return ptime_ms


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
