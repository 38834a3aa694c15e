"""The engine's face to Python: commands in, events out, counters by reading.

A method here checks what it is given, keeps the book-keeping of its leg (leg_handle.pxd), and writes a command for the
leg's worker. How commands and events travel, and who may touch what when, is said in workers.pxd. A leg's memory
belongs to its worker from `open` until "closed" was told.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc
from libc.string cimport memset

from media_ext.address cimport Address, sockaddr, socklen_t
from media_ext.drain cimport drain_datagrams, drain_events
from media_ext.formats cimport format_of
from media_ext.leg_handle cimport Leg, Playing, open_leg, reserve_of
from media_ext.packed_address cimport fill_address
from media_ext.pair cimport pair_open
from media_ext.player cimport GAIN_UNITY
from media_ext.relay_record cimport RelayRecord
from media_ext.room_handle cimport Room, open_room
from media_ext.security cimport security_drop
from media_ext.sound_door cimport best_rate, player_for
from media_ext.srtp cimport Srtp, srtp_open
from media_ext.srtp_keys cimport SrtpShape, srtp_shape
from media_ext.tap cimport tap_hold
from media_ext.tap_handle cimport TapHandle
from media_ext.tuning cimport (
    can_hear,
    can_join,
    check_join,
    check_type,
    codec_code,
    hear,
    set_hearing,
    set_voice,
    speak,
    speak_at_least,
    tune,
)
from media_ext.types cimport (
    DROP,
    OP_ADD,
    OP_BRIDGE,
    OP_CLOSE,
    OP_DIGITS,
    OP_ECHO,
    OP_EXPORT,
    OP_FORGET,
    OP_LINK,
    OP_PATH,
    OP_PLAY,
    OP_REMOTE,
    OP_RESERVE,
    OP_SECURE,
    OP_STOP_PLAYING,
    OP_TAP,
    OP_UNLINK,
    OP_UNTAP,
    OP_WATCH,
    PAYLOAD_TYPES,
    RTP,
    TELEPHONE_EVENT,
    Command,
)
from media_ext.workers cimport Workers

cdef extern from "<sys/socket.h>" nogil:
    enum: MSG_DONTWAIT
    ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const sockaddr *address, socklen_t length)


cdef class Engine(Workers):
    """Workers, and the legs and conferences that they carry."""

    # -- life of a leg -----------------------------------------------------------------------------------------------

    def open(self, int rtp_fd, int rtcp_fd, *, int thread, uint32_t ssrc, uint32_t seq, uint32_t rtp_ts,
             bytes state=None, bint keep=False):
        """Take over two bound, non-blocking UDP sockets; `ssrc`, `seq`, `rtp_ts` start the outgoing stream.

        With `state`, from `export`, the leg goes on where that one was instead. Raises `ValueError` for a state that
        is not one of this build, and for a copy of an encrypted leg that was not handed over. With `keep`, the leg goes
        only so far as `Leg.reserved` says, which its owner writes down.
        """
        cdef Leg leg
        if not self.running:
            raise RuntimeError("the engine does not run")
        leg = open_leg(self.new_id(), thread % self.count, rtp_fd, rtcp_fd)
        leg.record.out.ssrc = ssrc
        leg.record.out.next_seq = seq & 0xffff
        leg.record.out.last_ts = rtp_ts
        if state is not None:
            leg.go_on_from(state)
        if keep:
            leg.keep_ahead(state)
        self.legs[leg.record.id] = leg
        self.put(leg.worker, leg.record, OP_ADD, NULL)  # what makes it hear or say something wakes the worker
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
        c.detail.reserve = reserve_of(leg)
        self.submit(leg, OP_RESERVE, &c)

    def close(self, Leg leg not None):
        """Give the leg up: "closed" is told when its sockets are closed, and `free` may be called then."""
        leg.part()
        leg.closing = True
        self.submit(leg, OP_CLOSE, NULL)

    def free(self, Leg leg not None):
        """After "closed": give the memory back."""
        if leg.record != NULL:
            leg.part()
            self.legs.pop(leg.record.id, None)
            leg.give_back()

    def release(self):
        """After `stop`: forget every leg, told closed or not."""
        cdef Room room
        self.waiting.clear()
        for room in list(self.rooms.values()):
            room.give_back()
        self.rooms.clear()
        for leg in list(self.legs.values()):
            self.free(leg)

    @property
    def leg_count(self):
        """Legs whose memory is not freed yet."""
        return len(self.legs)

    # -- the phone ---------------------------------------------------------------------------------------------------

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
            c.detail.remote.codecs[number] = codec_code(encoding)
            if encoding == "TELEPHONE-EVENT":
                c.detail.remote.formats[number] |= TELEPHONE_EVENT
        set_voice(self, leg, voice, digits, ptime_ms)
        set_hearing(self, leg, formats)
        self.submit(leg, OP_REMOTE, &c)
        self.retune(leg)

    cdef retune(self, Leg leg):
        """After a change of what a phone speaks and hears: whoever it is joined to is heard at the new rate."""
        if leg.partner is not None and can_join(leg) and can_join(leg.partner):
            tune(self, leg, leg.partner)
        if leg.room is not None and can_join(leg):
            (<Room> leg.room).tune()

    def forget_remote(self, Leg leg not None):
        self.submit(leg, OP_FORGET, NULL)

    def secure(self, Leg leg not None, receive, send, bint must_encrypt, bint wants_datagrams):
        """(SRTP profile, key, salt) of each direction; None leaves what is there. See `pbx.media.stream`."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.detail.secure.must_encrypt = must_encrypt
        c.detail.secure.wants_datagrams = wants_datagrams
        try:
            c.detail.secure.receive = context_of(receive, False)
            c.detail.secure.send = context_of(send, True)
            leg.count_on(&c.detail.secure)
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

    # -- whom it hears -----------------------------------------------------------------------------------------------

    def link(self, Leg a not None, Leg b not None, dict a_to_b not None, dict b_to_a not None):
        """Relay between two legs; moves `b` to the thread of `a` first where they differ."""
        if a is b:
            raise ValueError("a leg cannot be linked to itself: that is an echo")
        self.in_turn(lambda: self._link(a, b, a_to_b, b_to_a))

    def _link(self, Leg a, Leg b, dict a_to_b, dict b_to_a):
        cdef Command c
        if a.record == NULL or b.record == NULL:
            return
        if a.linked is b and a.passes == a_to_b and b.passes == b_to_a:
            return
        if self.moved_to(b, a.worker, lambda: self._link(a, b, a_to_b, b_to_a)):
            return
        b.arriving = False
        memset(&c, 0, sizeof(c))
        c.detail.link.other = b.record
        a.part()
        b.part()
        a.linked, b.linked = b, a
        a.passes, b.passes = a_to_b, b_to_a
        fill_map(c.detail.link.map_out, a_to_b)
        fill_map(c.detail.link.map_back, b_to_a)
        self.push(a.worker, a.record, OP_LINK, &c)

    def unlink(self, Leg leg not None):
        leg.part()
        self.submit(leg, OP_UNLINK, NULL)

    def echo(self, Leg leg not None):
        leg.part()
        leg.linked = leg
        self.submit(leg, OP_ECHO, NULL)

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
            a.part()
            b.part()
        a.partner, b.partner = b, a
        tune(self, a, b)
        a.fed = b.fed = True
        b.arriving = False
        memset(&c, 0, sizeof(c))
        c.detail.bridge.other = b.record
        c.detail.bridge.pair = pair_open()
        if c.detail.bridge.pair == NULL:
            raise MemoryError
        self.push(a.worker, a.record, OP_BRIDGE, &c)

    def room(self, int capacity, *, int thread=0, int max_rate_hz=48000):
        """A conference for so many members."""
        return open_room(self, capacity, thread % self.count, max_rate_hz)

    # -- sound -------------------------------------------------------------------------------------------------------

    def watch(self, Leg leg not None, *, detects=None, tells=None):
        """Look for digits in sound, tell talkers; None leaves it as it is."""
        if (detects or tells) and not can_hear(leg):
            raise ValueError("what the phone sends cannot be decoded")
        self.in_turn(lambda: self._watch(leg, detects, tells))

    def _watch(self, Leg leg, detects, tells):
        cdef Command c
        if leg.record == NULL or leg.closing:
            return
        if (detects or tells) and not leg.listener_hz:
            hear(self, leg, 8000)
        if detects is not None:
            leg.detects = detects
        if tells is not None:
            leg.tells = tells
        memset(&c, 0, sizeof(c))
        c.detail.watch.detects = leg.detects
        c.detail.watch.tells = leg.tells
        self.submit(leg, OP_WATCH, &c)

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
        speak_at_least(self, leg, rate_hz)
        playing.sounds, playing.loop, playing.gain, playing.over = sounds, loop, gain, over
        memset(&c, 0, sizeof(c))
        serial = self.new_serial()
        c.detail.player = player_for(sounds, leg.speaker_hz, loop, gain, start_ms, over, serial)
        leg.playing = {serial: each for serial, each in leg.playing.items() if (<Playing> each).over != over}
        leg.playing[serial] = playing
        self.submit(leg, OP_PLAY, &c)

    def send_digits(self, Leg leg not None, bytes events not None, int duration_ms, int pause_ms):
        """Digits as RFC 4733 events, or as sound to a phone without telephone-event."""
        cdef Command c
        cdef int i
        if not 0 < len(events) <= 64 or max(events) > 15:
            raise ValueError("1 to 64 digits of 0-9 * # A-D")
        if not 40 <= duration_ms <= 6000 or not 20 <= pause_ms <= 6000:
            raise ValueError("a digit lasts 40 to 6000 ms, the pause after it 20 to 6000 ms")
        if not leg.speaker_hz:
            speak(self, leg, 8000)
        memset(&c, 0, sizeof(c))
        c.detail.digits.count = <int> len(events)
        c.detail.digits.duration_ms = duration_ms
        c.detail.digits.pause_ms = pause_ms
        for i in range(c.detail.digits.count):
            c.detail.digits.events[i] = events[i]
        self.submit(leg, OP_DIGITS, &c)

    def stop_playing(self, Leg leg not None):
        if leg.playing:
            leg.playing = {}
            self.submit(leg, OP_STOP_PLAYING, NULL)

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
        return drain_events(self)

    def drain_datagrams(self):
        """Every STUN and DTLS packet that waits: (leg id, component, packed host, port, bytes)."""
        return drain_datagrams(self)


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


cdef int fill_map(uint8_t *into, dict types) except -1:
    memset(into, DROP, PAYLOAD_TYPES)
    for ours, theirs in types.items():
        into[check_type(ours)] = check_type(theirs)
    return 0
