"""A tap's two directions in step; see tap_reader.pxd."""

from libc.stdint cimport uint32_t
from libc.string cimport memmove, memset

from media_ext.clock cimport ms
from media_ext.tap cimport TapPacket, tap_forget, tap_hold, tap_next, tap_release
from media_ext.track cimport track_close, track_fill, track_open, track_put, track_step, track_take


cdef bint reader_open(TapReader *r, Tap *tap, int32_t rate_hz, int32_t channels, int32_t lag_ms,
                      int64_t start_ns) noexcept nogil:
    cdef int i
    memset(r, 0, sizeof(TapReader))
    r.rate_hz = rate_hz
    r.channels = channels
    r.start_ns = start_ns
    r.lag_ns = ms(lag_ms)
    for i in range(2):
        if not track_open(&r.tracks[i], rate_hz, rate_hz * READER_CAPACITY_MS // 1000):
            reader_close(r)
            return False
    r.tap = tap_hold(tap)
    return True


cdef void reader_close(TapReader *r) noexcept nogil:
    track_close(&r.tracks[0])
    track_close(&r.tracks[1])
    if r.tap != NULL:
        tap_release(r.tap)
    r.tap = NULL


cdef int64_t reader_position(const TapReader *r, int64_t at_ns) noexcept nogil:
    return (at_ns - r.start_ns) // 1000 * r.rate_hz // 1000000


cdef int32_t reader_step(TapReader *r, int64_t now_ns, bint last, ReaderScratch *s) noexcept nogil:
    cdef int64_t until = reader_position(r, now_ns if last else now_ns - r.lag_ns)
    cdef int64_t until_ns
    cdef int32_t frames
    if until <= r.given:
        return 0
    if until > r.given + r.rate_hz * READER_STEP_MS // 1000:
        until = r.given + r.rate_hz * READER_STEP_MS // 1000
    until_ns = r.start_ns + until * 1000000 // r.rate_hz * 1000
    read_packets(r, min(now_ns, until_ns + r.lag_ns // 2), s)
    frames = <int32_t> (until - r.given)
    r.given = until
    track_fill(&r.tracks[0], until)
    track_fill(&r.tracks[1], until)
    track_take(&r.tracks[0], s.sides[0], frames)
    track_take(&r.tracks[1], s.sides[1], frames)
    put_together(r, frames, s)
    return frames


cdef void put_together(TapReader *r, int32_t frames, ReaderScratch *s) noexcept nogil:
    cdef int32_t i
    cdef int32_t sum
    if r.channels == 2:
        for i in range(frames):
            s.frames[2 * i] = s.sides[0][i]
            s.frames[2 * i + 1] = s.sides[1][i]
        return
    for i in range(frames):
        sum = s.sides[0][i] + s.sides[1][i]
        s.frames[i] = <int16_t> max(-32768, min(32767, sum))


cdef void read_packets(TapReader *r, int64_t before_ns, ReaderScratch *s) noexcept nogil:
    """In the order of their arrival, but those that were overtaken first."""
    cdef uint32_t cursor = r.tap.read
    cdef TapPacket *p = tap_next(r.tap, &cursor)
    while p != NULL and (p.used or p.at_ns <= before_ns):
        if not p.used:
            read_overtaken(r, p, cursor, s)
            put(r, p, s)
        tap_forget(r.tap, cursor)
        p = tap_next(r.tap, &cursor)


cdef void read_overtaken(TapReader *r, const TapPacket *p, uint32_t cursor, ReaderScratch *s) noexcept nogil:
    """Put what belongs before `p` and came after it, while it came before anybody had to hear it."""
    cdef TapPacket *q
    cdef TapPacket *first
    cdef uint32_t at
    cdef int32_t step = track_step(&r.tracks[p.side], p)
    cdef int32_t found
    while 0 < step < 64:
        first = NULL
        at = cursor
        q = tap_next(r.tap, &at)
        while q != NULL and q.at_ns <= p.at_ns + r.lag_ns // 2:
            if not q.used and q.side == p.side and q.ssrc == p.ssrc:
                found = track_step(&r.tracks[p.side], q)
                if 0 <= found < step:
                    step = found
                    first = q
            q = tap_next(r.tap, &at)
        if first == NULL:
            return
        first.used = 1
        put(r, first, s)
        step = track_step(&r.tracks[p.side], p)


cdef void put(TapReader *r, TapPacket *p, ReaderScratch *s) noexcept nogil:
    if paused_at(r, p.at_ns):
        p.codec = 0                                     # wherever its timestamp says that it lies
    track_put(&r.tracks[p.side], p, reader_position(r, p.at_ns), &s.track)


# -- pauses ------------------------------------------------------------------------------------------------------------

cdef void reader_pause(TapReader *r, bint paused, int64_t at_ns) noexcept nogil:
    """When too many wait, the last one gives way: what is said last counts."""
    if r.toggles == READER_TOGGLES:
        r.toggles -= 1
    r.toggle_ns[r.toggles] = at_ns
    r.toggle_to[r.toggles] = paused
    r.toggles += 1


cdef bint paused_at(const TapReader *r, int64_t at_ns) noexcept nogil:
    cdef bint paused = r.paused
    cdef int32_t i
    for i in range(r.toggles):
        if r.toggle_ns[i] <= at_ns:
            paused = r.toggle_to[i]
    return paused


cdef int32_t reader_run(TapReader *r, int32_t left, bint *paused) noexcept nogil:
    cdef int64_t at = r.given - left
    while r.toggles and reader_position(r, r.toggle_ns[0]) <= at:
        r.paused = r.toggle_to[0]
        r.toggles -= 1
        memmove(r.toggle_ns, r.toggle_ns + 1, r.toggles * sizeof(int64_t))
        memmove(r.toggle_to, r.toggle_to + 1, r.toggles * sizeof(bint))
    paused[0] = r.paused
    if r.toggles and reader_position(r, r.toggle_ns[0]) < r.given:
        return <int32_t> (reader_position(r, r.toggle_ns[0]) - at)
    return left
