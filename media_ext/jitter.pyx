"""The jitter buffer; see jitter.pxd."""

from libc.stdint cimport INT64_MAX, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.clock cimport NS_PER_S, ms

cdef double QUANTILE = 0.99
cdef double GROWTH = 1 + 1 / 250.0          # each packet weighs so much more than the one before
cdef double HEAVY = 1e12

cdef enum:
    LATE = -1                               # the size of a packet that is here but of no more use


cdef bint jitter_open(Jitter *j, uint32_t clock_hz, int32_t slot_bytes, int32_t min_ms, int32_t max_ms) noexcept nogil:
    cdef int32_t slots = 16
    memset(j, 0, sizeof(Jitter))
    while slots * 10 < max_ms + 100:
        slots *= 2
    j.slot = <JitterSlot *> calloc(slots, sizeof(JitterSlot) + slot_bytes)
    if j.slot == NULL:
        return False
    j.payloads = <uint8_t *> (j.slot + slots)
    j.slots = slots
    j.slot_bytes = slot_bytes
    j.min_ns = ms(min_ms)
    j.max_ns = ms(max_ms)
    j.weight = 1
    j.target_ns = min(max(ms(JITTER_START_MS), j.min_ns), j.max_ns)
    jitter_restart(j, clock_hz)
    return True


cdef void jitter_close(Jitter *j) noexcept nogil:
    free(j.slot)
    memset(j, 0, sizeof(Jitter))


cdef void jitter_restart(Jitter *j, uint32_t clock_hz) noexcept nogil:
    cdef int32_t i
    for i in range(j.slots):
        j.slot[i].used = False
    for i in range(JITTER_BASES):
        j.bases[i] = INT64_MAX
    j.base_ns = INT64_MAX
    j.base_period = 0
    j.clock_hz = clock_hz
    j.known = j.playing = False
    j.fresh = True
    j.given = 0
    j.dry = 0
    j.lag_ns = 0
    j.last_span = j.clock_hz // 1000 * JITTER_TICK_MS


# ---- time


cdef inline int64_t units_ns(const Jitter *j, int64_t units) noexcept nogil:
    return units // j.clock_hz * NS_PER_S + units % j.clock_hz * NS_PER_S // j.clock_hz


cdef inline int64_t sent_ns(const Jitter *j, int64_t ts) noexcept nogil:
    """When the sender took this sample, on its own clock."""
    return units_ns(j, ts - j.origin_ts) if ts >= j.origin_ts else -units_ns(j, j.origin_ts - ts)


cdef void follow_base(Jitter *j, int64_t transit, int64_t at_ns) noexcept nogil:
    """The fastest packet of the last periods."""
    cdef int64_t period = at_ns // ms(JITTER_BASE_MS)
    cdef int32_t i, passed
    if period > j.base_period:
        passed = <int32_t> min(period - j.base_period, JITTER_BASES)
        for i in range(passed):
            j.bases[(period - i) % JITTER_BASES] = INT64_MAX
        j.base_period = period
    i = <int32_t> (j.base_period % JITTER_BASES)
    if transit < j.bases[i]:
        j.bases[i] = transit
    j.base_ns = INT64_MAX
    for i in range(JITTER_BASES):
        j.base_ns = min(j.base_ns, j.bases[i])


cdef void follow_delay(Jitter *j, int64_t delay_ns) noexcept nogil:
    """Count one relative delay and set the target. Newer packets weigh more; older ones are never touched for it."""
    cdef double wanted, seen
    cdef int32_t bin = <int32_t> min(delay_ns // ms(JITTER_BIN_MS), JITTER_BINS - 1)
    cdef int32_t i
    j.delays[bin] += j.weight
    j.total += j.weight
    j.weight *= GROWTH
    if j.weight > HEAVY:
        for i in range(JITTER_BINS):
            j.delays[i] /= j.weight
        j.total /= j.weight
        j.weight = 1
    if j.stats.received < JITTER_START_PACKETS:
        return
    seen = 0
    wanted = QUANTILE * j.total
    for i in range(JITTER_BINS):
        seen += j.delays[i]
        if seen >= wanted:
            break
    j.target_ns = min(max(ms((i + 1) * JITTER_BIN_MS), j.min_ns), j.max_ns)


# ---- packets in


cdef inline JitterSlot *slot_of(Jitter *j, int64_t seq) noexcept nogil:
    return &j.slot[seq & (j.slots - 1)]


cdef void pass_one(Jitter *j) noexcept nogil:
    """Go on to the next sequence number."""
    cdef JitterSlot *slot = slot_of(j, j.next_seq)
    cdef bint came = slot.used and slot.seq == j.next_seq
    j.given = j.given << 1 | came
    j.stats.missed += not came
    slot.used = False
    j.next_seq += 1


cdef void make_room(Jitter *j, int64_t seq) noexcept nogil:
    """The oldest give way to this one."""
    cdef JitterSlot *slot
    if seq - j.next_seq < j.slots:
        return
    if seq - j.next_seq > 2 * j.slots:              # nothing that is here can stay
        j.stats.missed += seq - j.next_seq - 2 * j.slots
        while j.next_seq <= j.newest_seq:
            slot = slot_of(j, j.next_seq)
            j.stats.overflowed += slot.used and slot.span > 0
            pass_one(j)
        j.given = 0
        j.next_seq = max(j.next_seq, seq - 2 * j.slots)
    while seq - j.next_seq >= j.slots:
        slot = slot_of(j, j.next_seq)
        j.stats.overflowed += slot.used and slot.span > 0
        pass_one(j)
    j.playing = False


cdef inline bint is_elsewhere(const Jitter *j, uint16_t seq, int64_t ts, int64_t at_ns) noexcept nogil:
    """Whether a sender counts or keeps time anew; not so for one packet that others overtook, however late it comes."""
    cdef int32_t behind = <int16_t> (<uint16_t> j.newest_seq - seq)
    cdef int64_t off_ns = at_ns - sent_ns(j, ts) - j.base_ns
    if 0 < behind < JITTER_MISORDER and ts < j.newest_ts:
        return False
    return behind >= JITTER_MISORDER or not -ms(JITTER_JUMP_MS) < off_ns < ms(JITTER_JUMP_MS)


cdef JitterPut jitter_put(Jitter *j, uint32_t ssrc, uint16_t seq, uint32_t rtp_ts, int32_t span,
                          const uint8_t *payload, int32_t size, int64_t at_ns) noexcept nogil:
    cdef JitterPut status = JITTER_STORED
    cdef JitterSlot *slot
    cdef int64_t extended, ts, behind
    j.stats.received += 1
    if size < 0 or size > j.slot_bytes or span < 0 or span > <int32_t> (j.clock_hz // 1000 * 120):
        j.stats.refused += 1
        return JITTER_TOO_LONG
    ts = j.newest_ts + <int32_t> (rtp_ts - <uint32_t> j.newest_ts)
    if j.known and (ssrc != j.ssrc or (span and is_elsewhere(j, seq, ts, at_ns))):
        jitter_restart(j, j.clock_hz)
        j.stats.restarts += 1
        status = JITTER_RESTARTED
    if not j.known:
        if span == 0:
            return status                           # nothing to measure by yet
        j.known = True
        j.ssrc = ssrc
        j.newest_seq = j.next_seq = <int64_t> seq + 0x10000
        j.newest_ts = ts = j.origin_ts = rtp_ts + (<int64_t> 1 << 32)
    extended = j.newest_seq + <int16_t> (seq - <uint16_t> j.newest_seq)
    if extended < j.next_seq:
        if j.fresh and j.newest_seq - extended < j.slots:
            j.next_seq = extended                   # the first one was not the first that was sent
        else:
            behind = j.next_seq - 1 - extended
            if behind < 64 and j.given >> behind & 1:
                j.stats.duplicates += 1
                return JITTER_DUPLICATE
            if behind < 64:
                j.given |= <uint64_t> 1 << behind
            if span:
                follow(j, ts, at_ns)
            j.stats.late += 1
            return JITTER_LATE
    slot = slot_of(j, extended)
    if slot.used and slot.seq == extended:
        j.stats.duplicates += 1
        return JITTER_DUPLICATE
    make_room(j, extended)
    if span:
        follow(j, ts, at_ns)
    if extended > j.newest_seq:
        j.newest_seq = extended
        j.newest_ts = ts
    slot.used = True
    slot.seq = extended
    slot.ts = ts
    slot.span = span
    slot.size = size
    if span and j.playing and ts + span <= j.due_ts:    # something else was heard in its place
        slot.span = 0
        slot.size = LATE
        j.stats.late += 1
        j.stats.missed += 1
        return JITTER_LATE
    if size > 0:                                    # of what is no audio there is none, not even an address
        memcpy(j.payloads + (extended & (j.slots - 1)) * j.slot_bytes, payload, size)
    return status


cdef void follow(Jitter *j, int64_t ts, int64_t at_ns) noexcept nogil:
    cdef int64_t transit = at_ns - sent_ns(j, ts)
    follow_base(j, transit, at_ns)
    follow_delay(j, max(transit - j.base_ns, 0))


# ---- audio out


cdef void jitter_tick(Jitter *j, int64_t now_ns) noexcept nogil:
    j.now_ns = now_ns
    j.owed += j.clock_hz // 1000 * JITTER_TICK_MS


cdef JitterSlot *head_of(Jitter *j, int32_t *missing) noexcept nogil:
    """The oldest audio that waits, and how many sequence numbers before it have not come; NULL: none waits."""
    cdef JitterSlot *slot
    cdef int64_t seq = j.next_seq
    missing[0] = 0
    while j.known and seq <= j.newest_seq:
        slot = slot_of(j, seq)
        if slot.used and slot.seq == seq:
            if slot.span > 0:
                return slot
            if seq == j.next_seq:
                if slot.size >= 0:
                    j.playing = False               # the sender does something else than speak
                pass_one(j)
        else:
            missing[0] += 1
        seq += 1
    return NULL


cdef JitterGet empty(Jitter *j, JitterFrame *frame) noexcept nogil:
    frame.span = j.owed
    j.stats.empty_units += j.owed
    j.playing = False
    j.owed = 0
    return JITTER_EMPTY


cdef JitterGet conceal(Jitter *j, int32_t span, bint time_goes_on, JitterFrame *frame) noexcept nogil:
    frame.span = span
    j.owed -= span
    j.stats.concealed_units += span
    if time_goes_on:
        j.due_ts += span
    else:
        j.stats.added_units += span
    return JITTER_CONCEAL


cdef void pass_to(Jitter *j, const JitterSlot *slot) noexcept nogil:
    """This slot's audio is over; it and everything before it go."""
    cdef int64_t after = slot.seq + 1
    j.due_ts = slot.ts + slot.span
    j.last_span = slot.span
    while j.next_seq < after:
        pass_one(j)


cdef bint may_adapt(const Jitter *j, bint quiet, int64_t off_ns) noexcept nogil:
    """Whether it is time to come nearer to the target, being so far off beyond what is normal."""
    cdef int64_t since = j.now_ns - j.adapted_ns
    if quiet:
        return since >= ms(JITTER_QUIET_EVERY_MS)
    return off_ns > ms(JITTER_FORCE_MS) and since >= ms(JITTER_FORCE_EVERY_MS)


cdef JitterGet jitter_get(Jitter *j, bint quiet, JitterFrame *frame) noexcept nogil:
    cdef JitterSlot *head
    cdef int64_t gap, span_ns, over
    cdef int32_t missing
    frame.payload = NULL
    frame.size = 0
    if j.owed <= 0:
        return JITTER_ENOUGH
    head = head_of(j, &missing)
    if j.playing and head != NULL and missing == 0 and head.ts > j.due_ts:
        j.playing = False                           # the sender was silent: time is free to change
    if not j.playing:
        if head == NULL or j.now_ns < sent_ns(j, head.ts) + j.base_ns + j.target_ns:
            return empty(j, frame)
        j.playing = True
        j.fresh = False
        j.due_ts = head.ts
        j.dry = 0
        j.stats.spurts += 1
        while j.next_seq < head.seq:
            pass_one(j)
    j.lag_ns = j.now_ns - sent_ns(j, j.due_ts) - j.base_ns
    span_ns = units_ns(j, j.last_span)
    if head == NULL or head.ts > j.due_ts:
        if units_ns(j, j.dry) >= ms(JITTER_CONCEAL_MS):
            return empty(j, frame)
        gap = min(j.last_span, j.owed)
        if head != NULL:
            gap = min(gap, head.ts - j.due_ts)
            if head.seq == j.next_seq + 1 and head.ts - j.due_ts <= j.last_span:
                gap = head.ts - j.due_ts            # what it knows of the packet before, it knows of all of that
                frame.payload = j.payloads + (head.seq & (j.slots - 1)) * j.slot_bytes
                frame.size = head.size
        j.dry += <int32_t> gap
        return conceal(j, <int32_t> gap, head != NULL or j.lag_ns + span_ns > j.target_ns, frame)
    over = j.lag_ns - j.target_ns - span_ns - ms(10)
    while over > 0 and j.newest_seq > head.seq and (j.lag_ns > j.max_ns + span_ns + ms(20)
                                                    or may_adapt(j, quiet, over)):
        j.stats.left_out += 1
        j.adapted_ns = j.now_ns
        pass_to(j, head)
        j.lag_ns = j.now_ns - sent_ns(j, j.due_ts) - j.base_ns
        over = j.lag_ns - j.target_ns - span_ns - ms(10)
        head = head_of(j, &missing)
        if head == NULL or head.ts > j.due_ts:
            return jitter_get(j, quiet, frame)
    over = j.target_ns - j.lag_ns               # sooner than the other way: what comes late is lost anyway
    if over > 0 and may_adapt(j, quiet, over + ms(JITTER_FORCE_MS - 10)):
        j.adapted_ns = j.now_ns
        return conceal(j, min(j.last_span, j.owed), False, frame)
    frame.payload = j.payloads + (head.seq & (j.slots - 1)) * j.slot_bytes
    frame.size = head.size
    frame.span = head.span
    frame.rtp_ts = <uint32_t> head.ts
    frame.seq = <uint16_t> head.seq
    pass_to(j, head)
    j.dry = 0
    j.owed -= frame.span
    j.stats.played += 1
    return JITTER_FRAME
