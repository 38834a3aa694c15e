"""The worker thread; see worker.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset
from posix.unistd cimport close, write

from media_ext.address cimport address_clear, same_address
from media_ext.atomics cimport store_relaxed
from media_ext.clock cimport NS_PER_MS, ms, now_ns
from media_ext.digits cimport DIGIT_NONE, Digit, digits_expire
from media_ext.hearing cimport hearing_close
from media_ext.latch cimport RANK_EXACT, LATCH_LIVE_MS, latch_arm
from media_ext.listener cimport listener_add, listener_drop, listener_install, listener_run, listener_watch
from media_ext.output cimport output_cut
from media_ext.pair cimport pair_digit, pair_join, pair_part, pair_run
from media_ext.player cimport player_close
from media_ext.room cimport room_carry_out, room_discard, room_leave
from media_ext.room_tick cimport room_hush, room_run
from media_ext.speaker cimport (
    speaker_add,
    speaker_digits,
    speaker_drop,
    speaker_install,
    speaker_run,
    speaker_start,
    speaker_stop,
)
from media_ext.quality cimport quality_sample
from media_ext.relay_record cimport RelayRecord, relay_ahead, relay_export, reserve_is_low
from media_ext.report cimport report_bye, report_due, report_start, report_stop
from media_ext.ring cimport ring_close, ring_open, ring_peek, ring_release
from media_ext.security cimport security_change, security_drop, security_limit
from media_ext.tap cimport tap_add, tap_end_all, tap_release, tap_remove
from media_ext.tell cimport tell
from media_ext.types cimport (
    COMMAND_RING,
    DATAGRAM_RING,
    DATAGRAMS_AT_ONCE,
    EVENT_CLOSED,
    EVENT_DETACHED,
    EVENT_DIGIT,
    EVENT_EXPORTED,
    EVENT_LATCHED,
    EVENT_RESERVED,
    EVENT_RING,
    EVENT_SILENT,
    HOUSEKEEPING_GRID_MS,
    HOUSEKEEPING_MS,
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
    ROOM_JOIN,
    RTP,
    TIMER_HOUSEKEEPING,
    TIMER_LISTENER,
    TIMER_PAIR,
    TIMER_ROOM,
    TIMER_SPEAKER,
    TIMER_REPORT,
    Command,
    Datagram,
    Event,
    EventKind,
    ExportCommand,
    Leg,
    LinkCommand,
    Pair,
    PathCommand,
    RemoteCommand,
    Room,
    SecureCommand,
)
from media_ext.voice cimport speaker_close
from media_ext.wheel cimport Timer, wheel_arm, wheel_disarm, wheel_next_ns, wheel_open, wheel_run

cdef enum:
    CONNECT_AFTER_MS = 500      # a latch is this old before the socket is connected to it
    DISCONNECT_AFTER_MS = 500   # silent for so long: listen to every source again


cdef enum:
    TELL_AGAIN_MS = 20          # after an event that must be told found no room


cdef extern from "<sys/eventfd.h>" nogil:
    enum: EFD_NONBLOCK
    enum: EFD_CLOEXEC
    int eventfd(unsigned int initial, int flags)


cdef extern from "<sys/prctl.h>" nogil:
    enum: PR_SET_TIMERSLACK
    int prctl(int option, unsigned long value)


cdef extern from "<pthread.h>" nogil:
    ctypedef unsigned long pthread_t
    pthread_t pthread_self()
    int pthread_getcpuclockid(pthread_t thread, int *clock)


cdef bint worker_open(Worker *w, Loop *loop, int index, int event_fd, int64_t silence_ns,
                      int64_t report_ns) noexcept nogil:
    """Everything a worker needs; False when there is no memory or file left. `w` is zeroed."""
    w.loop = loop
    w.event_fd = event_fd
    w.silence_ns = silence_ns
    w.report_ns = report_ns
    w.feeds = <uint64_t> index << 40
    w.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    w.now_ns = now_ns()
    wheel_open(&w.wheel, w.now_ns)
    if w.wake_fd < 0:
        return False
    if (not ring_open(&w.commands, sizeof(Command), COMMAND_RING)
            or not ring_open(&w.events, sizeof(Event), EVENT_RING)
            or not ring_open(&w.datagrams, sizeof(Datagram), DATAGRAM_RING) or not loop.open(w)):
        worker_shut(w)
        return False
    return True


cdef void worker_shut(Worker *w) noexcept nogil:
    cdef Command *command = <Command *> ring_peek(&w.commands) if w.commands.slots != NULL else NULL
    while command != NULL:
        if command.op == OP_PLAY:
            player_close(command.detail.player)
        elif command.op == OP_SPEAKER:
            speaker_close(command.detail.speaker)
        elif command.op == OP_LISTENER:
            hearing_close(command.detail.listener)
        elif command.op == OP_BRIDGE:
            free(command.detail.bridge.pair)
        elif command.op == OP_ROOM:
            room_discard(&command.detail.room)
        elif command.op == OP_SECURE:
            security_drop(&command.detail.secure)
        elif command.op == OP_TAP:
            tap_release(command.detail.tap)
        ring_release(&w.commands)
        command = <Command *> ring_peek(&w.commands)
    w.loop.shut(w)
    if w.wake_fd >= 0:
        close(w.wake_fd)
        w.wake_fd = -1
    ring_close(&w.commands)
    ring_close(&w.events)
    ring_close(&w.datagrams)


cdef void worker_run(Worker *w) noexcept nogil:
    cdef int clock
    cdef uint64_t one = 1
    prctl(PR_SET_TIMERSLACK, 1000)
    if pthread_getcpuclockid(pthread_self(), &clock) == 0:
        store_relaxed(&w.cpu_clock, <uint64_t> <unsigned int> clock)
    while not w.stopping:
        w.loop.wait(w, next_look_ns(w))
        w.batches += 1
        # A phone may answer at once to what signalling has just told us, so commands come before its packets; but a
        # leg that leaves has to wait until the batch, which may hold packets of it, is done.
        carry_out_commands(w, leaving=False)
        w.loop.receive(w)
        carry_out_commands(w, leaving=True)
        wheel_run(&w.wheel, w.now_ns, timer_due, w)
        tell_leaving(w)
        if w.told:
            w.told = False
            write(w.event_fd, &one, sizeof(one))
    while w.legs != NULL:
        close_leg(w, w.legs)
    tell_leaving(w)
    store_relaxed(&w.cpu_clock, 0)
    write(w.event_fd, &one, sizeof(one))


cdef inline int64_t next_look_ns(const Worker *w) noexcept nogil:
    """When there is something to do whatever comes; -1: never. Who has left may be all that there is, untold yet."""
    cdef int64_t timer_ns = wheel_next_ns(&w.wheel)
    cdef int64_t again_ns = w.now_ns + ms(TELL_AGAIN_MS)
    if w.leaving == NULL or 0 <= timer_ns < again_ns:
        return timer_ns
    return again_ns


# -- commands ----------------------------------------------------------------------------------------------------------

cdef void carry_out_commands(Worker *w, bint leaving) noexcept nogil:
    """All that wait; without `leaving`, only those before the first that takes a leg away."""
    cdef Command *c = <Command *> ring_peek(&w.commands)
    while c != NULL and (leaving or (c.op != OP_CLOSE and c.op != OP_DETACH)):
        carry_out(w, c)
        ring_release(&w.commands)
        c = <Command *> ring_peek(&w.commands)


cdef void carry_out(Worker *w, Command *c) noexcept nogil:
    if c.op == OP_ADD:
        add_leg(w, c.leg)
    elif c.op == OP_REMOTE:
        set_remote(w, c.leg, &c.detail.remote)
    elif c.op == OP_FORGET:
        forget_remote(w, c.leg)
    elif c.op == OP_LINK:
        link(w, c.leg, &c.detail.link)
    elif c.op == OP_UNLINK:
        unlink(w, c.leg)
    elif c.op == OP_ECHO:
        echo(w, c.leg)
    elif c.op == OP_PLAY:
        speaker_start(w, c.leg, c.detail.player)
    elif c.op == OP_STOP_PLAYING:
        speaker_stop(w, c.leg)
    elif c.op == OP_DIGITS:
        speaker_digits(w, c.leg, &c.detail.digits)
    elif c.op == OP_SPEAKER:
        speaker_install(w, c.leg, c.detail.speaker)
    elif c.op == OP_LISTENER:
        if c.leg.room != NULL:
            room_hush(c.leg.room)
        listener_install(w, c.leg, c.detail.listener)
    elif c.op == OP_WATCH:
        listener_watch(w, c.leg, c.detail.watch.detects, c.detail.watch.tells)
    elif c.op == OP_BRIDGE:
        bridge(w, c.leg, c.detail.bridge.other, c.detail.bridge.pair)
    elif c.op == OP_ROOM:
        if c.detail.room.order == ROOM_JOIN and c.leg.room != c.detail.room.room:
            unlink(w, c.leg)
        room_carry_out(w, c.leg, &c.detail.room)
    elif c.op == OP_SECURE:
        secure(w, c.leg, &c.detail.secure)
    elif c.op == OP_PATH:
        set_path(w, c.leg, &c.detail.path)
    elif c.op == OP_EXPORT:
        export_leg(w, c.leg, &c.detail.export_)
    elif c.op == OP_RESERVE:
        c.leg.reserve = c.detail.reserve
        security_limit(c.leg)
    elif c.op == OP_TAP:
        tap_add(&c.leg.tap, c.detail.tap)
    elif c.op == OP_UNTAP:
        tap_remove(&c.leg.tap, c.detail.tap, w.now_ns)
    elif c.op == OP_CLOSE:
        close_leg(w, c.leg)
    elif c.op == OP_DETACH:
        detach_leg(w, c.leg)
    elif c.op == OP_STOP:
        w.stopping = True


cdef void add_leg(Worker *w, Leg *leg) noexcept nogil:
    """A leg that is new, or comes from another worker with all its state."""
    leg.previous = NULL
    leg.next = w.legs
    if w.legs != NULL:
        w.legs.previous = leg
    w.legs = leg
    w.leg_count += 1
    leg.housekeeping.owner = leg
    leg.housekeeping.kind = TIMER_HOUSEKEEPING
    wheel_arm(&w.wheel, &leg.housekeeping, housekeeping_ns(w))
    speaker_add(w, leg)
    listener_add(w, leg)
    report_start(w, leg)
    w.loop.add(w, leg)
    if leg.latch.current.length:
        tell(w, leg, EVENT_LATCHED, 0, 0, &leg.latch.current)


cdef void drop_leg(Worker *w, Leg *leg, EventKind why) noexcept nogil:
    """Take a leg out of everything; Python is told as soon as there is room, and owns it from then on."""
    unlink(w, leg)
    quality_sample(w, leg)
    listener_drop(w, leg)
    w.loop.remove(w, leg)
    wheel_disarm(&w.wheel, &leg.housekeeping)
    speaker_drop(w, leg)
    report_stop(w, leg)
    if leg.previous != NULL:
        leg.previous.next = leg.next
    else:
        w.legs = leg.next
    if leg.next != NULL:
        leg.next.previous = leg.previous
    w.leg_count -= 1
    leg.previous = NULL
    leg.next = w.leaving
    leg.pending_event = why
    w.leaving = leg


cdef void close_leg(Worker *w, Leg *leg) noexcept nogil:
    cdef int i
    report_bye(w, leg)
    tap_end_all(&leg.tap, w.now_ns)
    drop_leg(w, leg, EVENT_CLOSED)
    speaker_close(leg.speaker)
    hearing_close(leg.listener)
    leg.speaker = NULL
    leg.listener = NULL
    for i in range(2):
        close(leg.sockets[i].fd)
        leg.sockets[i].fd = -1


cdef void detach_leg(Worker *w, Leg *leg) noexcept nogil:
    """The packets of a moving leg wait in its sockets."""
    drop_leg(w, leg, EVENT_DETACHED)


cdef void export_leg(Worker *w, Leg *leg, const ExportCommand *c) noexcept nogil:
    """Between packets, so that the block is of one moment."""
    quality_sample(w, leg)
    relay_export(leg, c.hand_over, <RelayRecord *> c.record)
    if c.hand_over:
        leg.has_remote = leg.may_send = leg.may_receive = False
    tell(w, leg, EVENT_EXPORTED)


cdef void ask_for_reserve(Worker *w, Leg *leg) noexcept nogil:
    """A copy of this moment and what may follow it; Python writes it down, and lets the leg go so far."""
    quality_sample(w, leg)
    relay_export(leg, False, <RelayRecord *> leg.reserve.record)
    relay_ahead(<RelayRecord *> leg.reserve.record, w.now_ns)
    leg.reserve.told = tell(w, leg, EVENT_RESERVED)


cdef void tell_leaving(Worker *w) noexcept nogil:
    cdef Leg *leg = w.leaving
    cdef Leg *next_leg
    while leg != NULL:
        next_leg = leg.next             # once told, the leg is no longer ours to read
        if not tell(w, leg, <EventKind> leg.pending_event):
            store_relaxed(&w.events_lost, w.events_lost - 1)       # only late, not lost
            break
        leg = next_leg
    w.leaving = leg


cdef void set_remote(Worker *w, Leg *leg, const RemoteCommand *remote) noexcept nogil:
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    if not leg.by_ice:
        latch_arm(&leg.latch, &remote.rtp, w.now_ns)
    leg.latched_ns = w.now_ns
    if not same_address(&leg.rtcp_signalled, &remote.rtcp):
        address_clear(&leg.rtcp_current)
    leg.rtcp_signalled = remote.rtcp
    leg.rtcp_mux = remote.rtcp_mux
    if leg.may_send != remote.may_send:
        output_cut(&leg.out)
    if leg.may_receive != remote.may_receive and leg.sink != NULL:
        output_cut(&leg.sink.out)
    leg.may_send = remote.may_send
    leg.may_receive = remote.may_receive
    leg.any_format = remote.any_format
    memcpy(leg.formats, remote.formats, PAYLOAD_TYPES)
    memcpy(leg.codecs, remote.codecs, PAYLOAD_TYPES)
    leg.has_remote = True
    leg.listening_since_ns = w.now_ns


cdef void forget_remote(Worker *w, Leg *leg) noexcept nogil:
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    if not leg.by_ice:
        memset(&leg.latch, 0, sizeof(leg.latch))
    address_clear(&leg.rtcp_signalled)
    address_clear(&leg.rtcp_current)
    output_cut(&leg.out)
    leg.has_remote = leg.may_send = leg.may_receive = False


cdef void set_path(Worker *w, Leg *leg, const PathCommand *c) noexcept nogil:
    """ICE has found where the phone is, or lost it; whoever sent what before, nothing else counts."""
    if leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)
    memset(&leg.latch, 0, sizeof(leg.latch))
    leg.by_ice = c.by_ice
    if c.to.length == 0:
        return
    leg.latch.current = c.to
    leg.latch.rank = RANK_EXACT
    leg.latch.live_ns = leg.latched_ns = w.now_ns
    tell(w, leg, EVENT_LATCHED, 0, 0, &c.to)


cdef void secure(Worker *w, Leg *leg, SecureCommand *c) noexcept nogil:
    """Keys; and a leg whose STUN or DTLS is wanted listens to every source, since either may come from anywhere."""
    security_change(leg, c)
    if leg.wants_datagrams and leg.sockets[RTP].connected:
        w.loop.disconnect(w, leg)


cdef void unlink(Worker *w, Leg *leg) noexcept nogil:
    """The leg alone: neither passed on nor decoded for another."""
    cdef Leg *other = leg.sink
    pair_part(w, leg)
    room_leave(w, leg)
    if other == NULL:
        return
    leg.sink = NULL
    output_cut(&other.out)
    if other != leg and other.sink == leg:
        other.sink = NULL
        output_cut(&leg.out)


cdef void link(Worker *w, Leg *leg, const LinkCommand *c) noexcept nogil:
    """Joining again what is joined only changes the maps: the streams go on."""
    cdef Leg *other = c.other
    if leg.sink != other or other.sink != leg:
        unlink(w, leg)
        unlink(w, other)
        leg.sink = other
        other.sink = leg
    memcpy(leg.payload_map, c.map_out, PAYLOAD_TYPES)
    memcpy(other.payload_map, c.map_back, PAYLOAD_TYPES)


cdef void bridge(Worker *w, Leg *leg, Leg *other, Pair *fresh) noexcept nogil:
    if leg.pair == NULL or leg.pair != other.pair:
        unlink(w, leg)
        unlink(w, other)
    pair_join(w, leg, other, fresh)


cdef void echo(Worker *w, Leg *leg) noexcept nogil:
    cdef int i
    if leg.sink != leg:
        unlink(w, leg)
    leg.sink = leg
    for i in range(PAYLOAD_TYPES):
        leg.payload_map[i] = <uint8_t> i


# -- timers ------------------------------------------------------------------------------------------------------------

cdef void timer_due(void *context, Timer *timer) noexcept nogil:
    cdef Worker *w = <Worker *> context
    cdef Leg *leg
    if timer.kind == TIMER_PAIR:
        pair_run(w, <Pair *> timer.owner)
        return
    if timer.kind == TIMER_ROOM:
        room_run(w, <Room *> timer.owner)
        return
    leg = <Leg *> timer.owner
    if timer.kind == TIMER_SPEAKER:
        speaker_run(w, leg)
    elif timer.kind == TIMER_LISTENER:
        listener_run(w, leg)
    elif timer.kind == TIMER_REPORT:
        report_due(w, leg)
    else:
        keep_house(w, leg)


cdef int64_t housekeeping_ns(const Worker *w) noexcept nogil:
    """On a grid, so that the thread wakes for many legs at once."""
    cdef int64_t grid_ns = ms(HOUSEKEEPING_GRID_MS)
    return (w.now_ns + ms(HOUSEKEEPING_MS)) // grid_ns * grid_ns


cdef void keep_house(Worker *w, Leg *leg) noexcept nogil:
    """What need not be looked at with every packet: lost ends of digits, silence, connecting the socket."""
    cdef Digit digit = digits_expire(&leg.digits, w.now_ns)
    cdef int64_t next_ns = housekeeping_ns(w)
    cdef int64_t silent_at_ns
    if digit.event != DIGIT_NONE:
        tell(w, leg, EVENT_DIGIT, digit.event, digit.duration_ms)
        pair_digit(leg, digit.event, digit.duration_ms)
    if leg.heard and not leg.silent and leg.may_receive and w.silence_ns > 0:
        silent_at_ns = last_sign_ns(leg) + w.silence_ns
        if w.now_ns >= silent_at_ns:
            leg.silent = tell(w, leg, EVENT_SILENT, <uint32_t> ((w.now_ns - last_sign_ns(leg)) // NS_PER_MS))
        elif silent_at_ns < next_ns:
            next_ns = silent_at_ns
    leg.datagrams_left[0] = leg.datagrams_left[1] = DATAGRAMS_AT_ONCE
    connect_or_not(w, leg)
    if reserve_is_low(leg):
        ask_for_reserve(w, leg)
    quality_sample(w, leg)
    wheel_arm(&w.wheel, &leg.housekeeping, next_ns)


cdef int64_t last_sign_ns(const Leg *leg) noexcept nogil:
    """Since when the phone has been silent: its last packet, or the moment it was told to talk."""
    cdef int64_t heard_ns = <int64_t> leg.counters.last_rtp_ns
    return heard_ns if heard_ns > leg.listening_since_ns else leg.listening_since_ns


cdef void connect_or_not(Worker *w, Leg *leg) noexcept nogil:
    cdef int64_t silent_ns = w.now_ns - leg.latch.live_ns
    if leg.sockets[RTP].connected:
        if silent_ns >= ms(DISCONNECT_AFTER_MS):
            w.loop.disconnect(w, leg)
    elif (not leg.wants_datagrams and leg.latch.rank == RANK_EXACT and silent_ns < ms(LATCH_LIVE_MS)
            and w.now_ns - leg.latched_ns >= ms(CONNECT_AFTER_MS)):
        w.loop.connect(w, leg)
