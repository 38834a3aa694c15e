"""The io_uring loop; see loop_uring.pxd.

Packets are relayed in the kernel's own receive buffers: a send names the buffer, the batch is submitted, and only then
the buffers go back. What comes from elsewhere (prompts, RTCP) is copied until the submission, and so are addresses.
"""

from libc.errno cimport EINTR, ENOPKG, ENOSYS, EPROTO, ETIME, errno
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset
from posix.unistd cimport close, read

from media_ext.address cimport Address, address_clear, sockaddr, socklen_t
from media_ext.atomics cimport count
from media_ext.clock cimport NS_PER_MS, ms, now_ns, sleep_until
from media_ext.relay cimport relay_receive
from media_ext.types cimport BUFFER_BYTES, RTP, Leg, Loop, Socket, Worker
from media_ext.udp cimport udp_connect, udp_disconnect

cdef enum:
    BUFFERS = 1024              # what can be received between two batches; the rest waits in the sockets
    SENDS = 1024                # a power of two, as the others
    COMPLETIONS = 4096
    COPIES = 64                 # packets of a batch that do not lie in receive buffers
    MANY = 256                  # completions that end a busy wait early …
    BUSY_NS = 1000000           # … which else lasts so long
    FIRST_PLACES = 64
    FLOOD = 64                  # packets of one socket in one batch: no phone sends so many …
    FLOOD_REST_MS = 20          # … so it has to wait, and the kernel drops what does not fit into the socket
    PARTING_ROUNDS = 1000       # looks at the ring until a cancelled request has ended


cdef enum:                      # what a completion is about: the lowest bits of its tag
    ABOUT_RECEIVE = 0
    ABOUT_SEND = 1
    ABOUT_WAKE = 2
    ABOUT_NOTHING = 3


cdef extern from "<sys/socket.h>" nogil:
    enum: AF_UNIX
    enum: SOCK_DGRAM
    enum: SOCK_CLOEXEC
    int socketpair(int family, int kind, int protocol, int *fds)
    ssize_t send(int fd, const void *buffer, size_t size, int flags)


cdef extern from "shim_uring.h" nogil:
    enum: URING_BUILT
    enum: URING_HEADER
    ctypedef struct Uring:
        pass
    ctypedef struct Completion:
        uint64_t tag
        int result
        int buffer
        bint more
    int uring_open(Uring *u, unsigned sends, unsigned completions, uint8_t *pool, unsigned buffer_count,
                   unsigned buffer_bytes)
    int uring_enable(Uring *u)
    void uring_shut(Uring *u)
    void uring_give(Uring *u, const uint16_t *ids, unsigned count)
    bint uring_receive(Uring *u, int fd, uint64_t tag)
    bint uring_send(Uring *u, int fd, const uint8_t *data, size_t size, const sockaddr *to, socklen_t to_bytes,
                    uint64_t tag)
    bint uring_watch(Uring *u, int fd, uint64_t tag)
    bint uring_cancel(Uring *u, uint64_t which, uint64_t tag)
    unsigned uring_waiting(const Uring *u)
    int uring_submit(Uring *u)
    int uring_poll(Uring *u)
    int uring_wait(Uring *u, unsigned want, int64_t timeout_ns)
    bint uring_next(Uring *u, Completion *c)
    const sockaddr *uring_source(const uint8_t *buffer, socklen_t *bytes)


# One socket of a leg, as completions name it: tag = generation << 32 | index << 2 | what it is about.
cdef struct Place:
    Leg *leg                    # NULL: free
    uint32_t generation
    uint32_t next_free          # 0: none
    uint16_t burst              # packets in this batch
    uint8_t component
    bint receiving              # a request is with the kernel
    bint leaving                # … and was cancelled for good
    bint flooded                # … or for a while
    int64_t rests_until_ns
    uint64_t batch


cdef struct State:
    Uring ring
    bint enabled                # by the worker's own thread
    bint busy                   # the last batch had packets
    bint watching               # the eventfd of commands
    uint64_t batch
    Place *places               # the first is never used, so that 0 means none
    uint32_t place_count
    uint32_t first_free
    uint32_t resting            # places without a request that should have one
    uint8_t *pool
    uint16_t held[BUFFERS]      # buffers that were received into, and belong to this batch
    uint32_t held_count
    uint32_t sends              # queued since all were submitted
    uint32_t copy_count
    Address to[SENDS]
    uint8_t copies[COPIES][BUFFER_BYTES]


# -- life --------------------------------------------------------------------------------------------------------------

cdef bint open_loop(Worker *w) noexcept nogil:
    cdef State *state = <State *> calloc(1, sizeof(State))
    if state == NULL:
        return False
    state.pool = <uint8_t *> calloc(BUFFERS, BUFFER_BYTES)
    if (state.pool == NULL or not more_places(state)
            or uring_open(&state.ring, SENDS, COMPLETIONS, state.pool, BUFFERS, BUFFER_BYTES) != 0):
        free(state.pool)
        free(state.places)
        free(state)
        return False
    w.loop_state = state
    return True


cdef void shut_loop(Worker *w) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    if state != NULL:
        uring_shut(&state.ring)
        free(state.pool)
        free(state.places)
        free(state)
        w.loop_state = NULL


# -- places ------------------------------------------------------------------------------------------------------------

cdef inline uint64_t tag_of(const State *state, uint32_t index, int about) noexcept nogil:
    return <uint64_t> state.places[index].generation << 32 | <uint64_t> index << 2 | <uint64_t> about


cdef inline Place *named(const State *state, uint64_t tag) noexcept nogil:
    """The place that a completion speaks of; NULL when its leg has left."""
    cdef Place *place = &state.places[<uint32_t> tag >> 2]
    return place if place.leg != NULL and place.generation == <uint32_t> (tag >> 32) else NULL


cdef bint more_places(State *state) noexcept nogil:
    cdef uint32_t old = state.place_count
    cdef uint32_t wanted = old * 2 if old else FIRST_PLACES
    cdef Place *places = <Place *> realloc(state.places, wanted * sizeof(Place))
    cdef uint32_t index
    if places == NULL:
        return False
    state.places = places
    state.place_count = wanted
    memset(&places[old], 0, (wanted - old) * sizeof(Place))
    for index in range(wanted - 1, 0 if old == 0 else old - 1, -1):
        places[index].next_free = state.first_free
        state.first_free = index
    return True


cdef uint32_t take_place(State *state, Leg *leg, int component) noexcept nogil:
    """0: no memory."""
    cdef Place *place
    cdef uint32_t index
    if state.first_free == 0 and not more_places(state):
        return 0
    index = state.first_free
    place = &state.places[index]
    state.first_free = place.next_free
    place.leg = leg
    place.component = <uint8_t> component
    place.receiving = place.leaving = place.flooded = False
    place.rests_until_ns = 0
    place.batch = 0
    return index


cdef void leave_place(State *state, uint32_t index) noexcept nogil:
    cdef Place *place = &state.places[index]
    place.leg = NULL
    place.generation += 1
    place.next_free = state.first_free
    state.first_free = index


cdef bint add_leg(Worker *w, Leg *leg) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    cdef int component
    for component in range(2):
        leg.sockets[component].watch = take_place(state, leg, component)
        if leg.sockets[component].watch == 0:
            remove_leg(w, leg)
            return False
        listen(state, leg.sockets[component].watch, 0)
    return True


cdef void listen(State *state, uint32_t index, int64_t at_ns) noexcept nogil:
    """Ask the kernel for the packets of a place, now or when it has rested."""
    cdef Place *place = &state.places[index]
    if at_ns == 0 and make_room(state) and uring_receive(
            &state.ring, place.leg.sockets[place.component].fd, tag_of(state, index, ABOUT_RECEIVE)):
        place.receiving = True
        place.flooded = False
        return
    place.rests_until_ns = at_ns if at_ns else 1
    state.resting += 1


cdef void listen_again(State *state, int64_t at_ns) noexcept nogil:
    """For all that have rested."""
    cdef Place *place
    cdef uint32_t index
    state.resting = 0
    for index in range(1, state.place_count):
        place = &state.places[index]
        if place.leg == NULL or place.rests_until_ns == 0:
            continue
        if place.rests_until_ns > at_ns:
            state.resting += 1
        else:
            place.rests_until_ns = 0
            listen(state, index, 0)


cdef void remove_leg(Worker *w, Leg *leg) noexcept nogil:
    """Return when no request holds the leg's sockets any more: closed then, their ports are free."""
    cdef State *state = <State *> w.loop_state
    cdef uint32_t index
    cdef int component
    cdef int _round
    for component in range(2):
        index = leg.sockets[component].watch
        if index and state.places[index].receiving:
            state.places[index].leaving = True
            if make_room(state):
                uring_cancel(&state.ring, tag_of(state, index, ABOUT_RECEIVE), ABOUT_NOTHING)
    flush(state)
    for _round in range(PARTING_ROUNDS):
        if not receiving(state, leg.sockets[0].watch) and not receiving(state, leg.sockets[1].watch):
            break
        uring_poll(&state.ring)
        take_all(w, state)
    for component in range(2):
        if leg.sockets[component].watch:
            leave_place(state, leg.sockets[component].watch)
            leg.sockets[component].watch = 0


cdef inline bint receiving(const State *state, uint32_t index) noexcept nogil:
    return index != 0 and state.places[index].receiving


cdef void connect_leg(Worker *w, Leg *leg) noexcept nogil:
    """What strangers left in the socket before still names its source."""
    cdef Socket *s = &leg.sockets[RTP]
    flush(<State *> w.loop_state)
    if not s.connected:
        s.connected = udp_connect(s.fd, &leg.latch.current)


cdef void disconnect_leg(Worker *w, Leg *leg) noexcept nogil:
    flush(<State *> w.loop_state)
    udp_disconnect(leg.sockets[RTP].fd)
    leg.sockets[RTP].connected = False


# -- sending -----------------------------------------------------------------------------------------------------------

cdef bint flush(State *state) noexcept nogil:
    """Let the kernel do what is queued; it has read all data then. False when it would not, for want of memory."""
    cdef int _try
    for _try in range(4):
        if uring_waiting(&state.ring) == 0:
            state.sends = state.copy_count = 0
            return True
        uring_submit(&state.ring)
    return False


cdef inline bint make_room(State *state) noexcept nogil:
    """For one more request."""
    return uring_waiting(&state.ring) < SENDS or flush(state)


cdef void send_packet(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                      const Address *to) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    cdef Socket *s = &leg.sockets[component]
    cdef const sockaddr *address = NULL
    if s.watch == 0 or not fits(state, data, size):
        count(&leg.counters.send_errors, 1)
        return
    if not state.pool <= data < state.pool + BUFFERS * BUFFER_BYTES:
        data = <const uint8_t *> memcpy(state.copies[state.copy_count], data, size)
        state.copy_count += 1
    if not s.connected:
        state.to[state.sends] = to[0]
        address = <const sockaddr *> &state.to[state.sends].bits
    state.sends += 1
    uring_send(&state.ring, s.fd, data, size, address, to.length, tag_of(state, s.watch, ABOUT_SEND))


cdef inline bint fits(State *state, const uint8_t *data, size_t size) noexcept nogil:
    if size > BUFFER_BYTES:
        return False
    if state.copy_count < COPIES and state.sends < SENDS and uring_waiting(&state.ring) < SENDS:
        return True
    return flush(state)


# -- receiving ---------------------------------------------------------------------------------------------------------

cdef void pause(Worker *w, int64_t until_ns) noexcept nogil:
    """Wait for one completion when idle, for many or 1 ms when busy; not beyond `until_ns` (-1: no limit)."""
    cdef State *state = <State *> w.loop_state
    cdef int64_t timeout_ns = -1
    cdef int status
    w.now_ns = now_ns()
    if not state.enabled:
        state.enabled = uring_enable(&state.ring) == 0
    if not state.watching and make_room(state):
        state.watching = uring_watch(&state.ring, w.wake_fd, ABOUT_WAKE)
    if state.resting:
        listen_again(state, w.now_ns)
    if until_ns >= 0:
        timeout_ns = until_ns - w.now_ns if until_ns > w.now_ns else 0
    if (state.busy or state.resting) and (timeout_ns < 0 or timeout_ns > BUSY_NS):
        timeout_ns = BUSY_NS
    status = uring_wait(&state.ring, MANY if state.busy else 1, timeout_ns)
    w.now_ns = now_ns()
    if uring_waiting(&state.ring) == 0:
        state.sends = state.copy_count = 0
    if status < 0 and status != -ETIME and status != -EINTR:
        sleep_until(w.now_ns + NS_PER_MS)               # out of memory, perhaps: not in circles
        w.now_ns = now_ns()


cdef void receive(Worker *w) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    state.busy = False
    state.batch += 1
    take_all(w, state)


cdef void take_all(Worker *w, State *state) noexcept nogil:
    """All completions that are there, but no more than a batch; then send what came of them."""
    cdef Completion c
    cdef int _i
    for _i in range(COMPLETIONS):
        if state.held_count == BUFFERS or not uring_next(&state.ring, &c):
            break
        take(w, state, &c)
    if flush(state):
        uring_give(&state.ring, state.held, state.held_count)
        state.held_count = 0


cdef void take(Worker *w, State *state, const Completion *c) noexcept nogil:
    cdef int about = <int> (c.tag & 3)
    cdef uint64_t wakes
    cdef Place *place
    if about == ABOUT_RECEIVE:
        take_packet(w, state, c)
    elif about == ABOUT_SEND:                           # only failures are told
        place = named(state, c.tag)
        if place != NULL:
            count(&place.leg.counters.send_errors, 1)
    elif about == ABOUT_WAKE:
        read(w.wake_fd, &wakes, sizeof(wakes))
        state.watching = c.more


cdef void take_packet(Worker *w, State *state, const Completion *c) noexcept nogil:
    cdef uint32_t index = <uint32_t> c.tag >> 2
    cdef Place *place = named(state, c.tag)
    cdef uint8_t *buffer
    cdef Address source
    state.busy = True
    if c.buffer >= 0:
        state.held[state.held_count] = <uint16_t> c.buffer
        state.held_count += 1
    if place == NULL:
        return
    if c.buffer >= 0 and c.result >= <int> URING_HEADER:
        buffer = state.pool + <size_t> c.buffer * BUFFER_BYTES
        address_clear(&source)
        memcpy(&source.bits, uring_source(buffer, &source.length), sizeof(source.bits))
        relay_receive(w, place.leg, place.component, buffer + URING_HEADER, <size_t> c.result - URING_HEADER, &source)
        hold_back(state, index)
    if not c.more:
        place.receiving = False
        if not place.leaving:
            listen(state, index, w.now_ns + ms(FLOOD_REST_MS) if place.flooded else 0)


cdef inline void hold_back(State *state, uint32_t index) noexcept nogil:
    """A socket that is flooded rests, lest it take all buffers and all time."""
    cdef Place *place = &state.places[index]
    if place.batch != state.batch:
        place.batch = state.batch
        place.burst = 0
    place.burst += 1
    if place.burst == FLOOD and not place.leaving and make_room(state):
        place.flooded = uring_cancel(&state.ring, tag_of(state, index, ABOUT_RECEIVE), ABOUT_NOTHING)


# -- may it be used? ---------------------------------------------------------------------------------------------------

cdef int uring_refusal() noexcept nogil:
    """Try what the loop does: the ring's modes, the ring of buffers, a receive that goes on."""
    cdef Uring ring
    cdef uint8_t pool[8 * 256]
    cdef int pair[2]
    cdef int status
    if not URING_BUILT:
        return ENOPKG
    status = uring_open(&ring, 8, 16, pool, 8, 256)
    if status != 0:
        return -status
    if socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0:
        status = -errno
    else:
        status = try_receive(&ring, pair)
        close(pair[0])
        close(pair[1])
    uring_shut(&ring)
    return -status


cdef int try_receive(Uring *ring, const int *pair) noexcept nogil:
    cdef Completion c
    cdef int status = uring_enable(ring)
    if status != 0:
        return status
    uring_receive(ring, pair[0], 7)
    if send(pair[1], b"probe", 5, 0) != 5:
        return -errno
    uring_wait(ring, 1, 200 * NS_PER_MS)
    if not uring_next(ring, &c):
        return -ENOSYS
    if c.result < 0:
        return c.result
    return 0 if c.tag == 7 and c.buffer >= 0 and c.more and c.result == <int> URING_HEADER + 5 else -EPROTO


cdef Loop URING
URING.open = open_loop
URING.shut = shut_loop
URING.add = add_leg
URING.remove = remove_leg
URING.connect = connect_leg
URING.disconnect = disconnect_leg
URING.send = send_packet
URING.wait = pause
URING.receive = receive


cdef Loop *loop_uring() noexcept nogil:
    return &URING
