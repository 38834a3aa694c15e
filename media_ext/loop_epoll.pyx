"""The epoll loop; see loop_epoll.pxd.

A socket of a phone that talks from its signalled address is connected to it: the kernel then finds the route once, and
drops strangers itself. One that is not connected tells each packet's source, and hears a phone that has moved.
"""

from libc.errno cimport EAGAIN, ECONNREFUSED, errno
from libc.stdint cimport int64_t, uint8_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free
from posix.unistd cimport close, read

from media_ext.address cimport Address, address_clear, sockaddr, socklen_t
from media_ext.atomics cimport count
from media_ext.clock cimport NS_PER_MS, now_ns, sleep_until
from media_ext.relay cimport relay_receive
from media_ext.types cimport BUFFER_BYTES, RTP, Leg, Loop, Socket, Worker
from media_ext.udp cimport udp_connect, udp_disconnect

cdef enum:
    BATCH = 1024
    HEADROOM = 64
    NAP_NS = 1000000
    DRAIN = 64                  # packets that may wait in a socket while it is being connected


cdef extern from "<sys/epoll.h>" nogil:
    enum: EPOLLIN
    enum: EPOLL_CLOEXEC
    enum: EPOLL_CTL_ADD
    enum: EPOLL_CTL_DEL
    ctypedef union epoll_data_t:
        uint64_t u64
    struct epoll_event:
        unsigned int events
        epoll_data_t data
    int epoll_create1(int flags)
    int epoll_ctl(int epfd, int op, int fd, epoll_event *event)
    int epoll_wait(int epfd, epoll_event *events, int maxevents, int timeout)


cdef extern from "<sys/socket.h>" nogil:
    enum: MSG_DONTWAIT
    enum: MSG_TRUNC
    ssize_t recv(int fd, void *buffer, size_t size, int flags)
    ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, sockaddr *address, socklen_t *length)
    ssize_t send(int fd, const void *buffer, size_t size, int flags)
    ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const sockaddr *address, socklen_t length)


cdef struct State:
    int epoll
    int count                   # of `ready`, from the last wait
    bint busy                   # the last batch had packets
    epoll_event ready[BATCH]
    uint8_t buffer[BUFFER_BYTES]


cdef bint epoll_open(Worker *w) noexcept nogil:
    cdef State *state = <State *> calloc(1, sizeof(State))
    cdef epoll_event event
    if state == NULL:
        return False
    state.epoll = epoll_create1(EPOLL_CLOEXEC)
    event.events = EPOLLIN
    event.data.u64 = 0
    if state.epoll < 0 or epoll_ctl(state.epoll, EPOLL_CTL_ADD, w.wake_fd, &event) != 0:
        if state.epoll >= 0:
            close(state.epoll)
        free(state)
        return False
    w.loop_state = state
    return True


cdef void epoll_shut(Worker *w) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    if state != NULL:
        close(state.epoll)
        free(state)
        w.loop_state = NULL


cdef bint epoll_add(Worker *w, Leg *leg) noexcept nogil:
    """Watch both sockets; the component rides in the lowest bit of the leg's address."""
    cdef State *state = <State *> w.loop_state
    cdef epoll_event event
    cdef int component
    event.events = EPOLLIN
    for component in range(2):
        event.data.u64 = <uint64_t> <uintptr_t> leg | <uint64_t> component
        if epoll_ctl(state.epoll, EPOLL_CTL_ADD, leg.sockets[component].fd, &event) != 0:
            epoll_remove(w, leg)
            return False
        leg.sockets[component].watch = 1
    return True


cdef void epoll_remove(Worker *w, Leg *leg) noexcept nogil:
    cdef State *state = <State *> w.loop_state
    cdef epoll_event event
    cdef int component
    for component in range(2):
        if leg.sockets[component].watch:
            epoll_ctl(state.epoll, EPOLL_CTL_DEL, leg.sockets[component].fd, &event)
            leg.sockets[component].watch = 0


cdef void epoll_connect(Worker *w, Leg *leg) noexcept nogil:
    """Connect the RTP socket to the latched address. What strangers left in it before is looked at with its source."""
    cdef State *state = <State *> w.loop_state
    cdef Socket *s = &leg.sockets[RTP]
    cdef int _i
    if s.connected or not udp_connect(s.fd, &leg.latch.current):
        return
    for _i in range(DRAIN):
        if not receive_one(w, state, leg, RTP) and errno == EAGAIN:
            s.connected = True
            return
    epoll_disconnect(w, leg)                            # flooded: try again later


cdef void epoll_disconnect(Worker *w, Leg *leg) noexcept nogil:
    udp_disconnect(leg.sockets[RTP].fd)
    leg.sockets[RTP].connected = False


cdef void epoll_send(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                     const Address *to) noexcept nogil:
    cdef Socket *s = &leg.sockets[component]
    cdef ssize_t sent = send_once(s, data, size, to)
    if sent < 0 and errno == ECONNREFUSED:              # an earlier packet's ICMP answer; this one was not sent
        sent = send_once(s, data, size, to)
    if sent < 0:
        count(&leg.counters.send_errors, 1)


cdef inline ssize_t send_once(const Socket *s, const uint8_t *data, size_t size, const Address *to) noexcept nogil:
    if s.connected:
        return send(s.fd, data, size, MSG_DONTWAIT)
    return sendto(s.fd, data, size, MSG_DONTWAIT, <const sockaddr *> &to.bits, to.length)


cdef bint receive_one(Worker *w, State *state, Leg *leg, int component) noexcept nogil:
    """False when the socket had nothing to give, or (errno is not EAGAIN) an earlier packet's ICMP answer."""
    cdef uint8_t *data = state.buffer + HEADROOM
    cdef Address source
    cdef ssize_t size
    if leg.sockets[component].connected:
        size = recv(leg.sockets[component].fd, data, BUFFER_BYTES - HEADROOM, MSG_DONTWAIT | MSG_TRUNC)
        if size >= 0:
            relay_receive(w, leg, component, data, <size_t> size, NULL)
        return size >= 0
    address_clear(&source)
    source.length = sizeof(source.bits)
    size = recvfrom(leg.sockets[component].fd, data, BUFFER_BYTES - HEADROOM, MSG_DONTWAIT | MSG_TRUNC,
                    <sockaddr *> &source.bits, &source.length)
    if size >= 0:
        relay_receive(w, leg, component, data, <size_t> size, &source)
    return size >= 0


cdef void epoll_pause(Worker *w, int64_t until_ns) noexcept nogil:
    """Wait for packets or commands, but not beyond `until_ns` (-1: no limit)."""
    cdef State *state = <State *> w.loop_state
    cdef int timeout_ms = -1
    cdef int64_t nap_ns
    w.now_ns = now_ns()
    if state.busy:
        nap_ns = w.now_ns + NAP_NS
        sleep_until(nap_ns if until_ns < 0 or nap_ns < until_ns else until_ns)
        timeout_ms = 0
        w.now_ns = now_ns()
    if until_ns >= 0 and timeout_ms < 0:
        timeout_ms = 0 if until_ns <= w.now_ns else <int> ((until_ns - w.now_ns + NS_PER_MS - 1) // NS_PER_MS)
    state.count = epoll_wait(state.epoll, state.ready, BATCH, timeout_ms)
    w.now_ns = now_ns()


cdef void epoll_receive(Worker *w) noexcept nogil:
    """One packet of every socket that is ready. No leg has left since the wait."""
    cdef State *state = <State *> w.loop_state
    cdef uint64_t tag
    cdef uint64_t wakes
    cdef int i
    state.busy = False
    for i in range(state.count):
        tag = state.ready[i].data.u64
        if tag == 0:
            read(w.wake_fd, &wakes, sizeof(wakes))
            continue
        state.busy = True
        receive_one(w, state, <Leg *> <uintptr_t> (tag & ~<uint64_t> 1), <int> (tag & 1))


cdef Loop EPOLL
EPOLL.open = epoll_open
EPOLL.shut = epoll_shut
EPOLL.add = epoll_add
EPOLL.remove = epoll_remove
EPOLL.connect = epoll_connect
EPOLL.disconnect = epoll_disconnect
EPOLL.send = epoll_send
EPOLL.wait = epoll_pause
EPOLL.receive = epoll_receive


cdef Loop *loop_epoll() noexcept nogil:
    return &EPOLL
