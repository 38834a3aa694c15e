"""The 20 ms in which pairs and rooms work. What shares a worker shares five beats, 4 ms apart: one wake-up serves many.

Each wake-up, and each send by itself, costs more than decoding µ-law does. Finer than this, 25 pairs wake a thread
a thousand times a second; all at once, packets that come meanwhile would wait for everybody's encoders.
"""
from libc.stdint cimport int32_t, int64_t

from media_ext.clock cimport ms
from media_ext.types cimport Worker

cdef enum:
    BEAT_MS = 20
    BEAT_LATE_MS = 100          # further behind than this, beats are left out rather than made up for
    BEAT_MOST = 1000000         # of five hours; what comes after such a sleep is new to everybody
    BEAT_STEP_MS = 8            # from one newcomer's place to the next: 0, 8, 16, 4, 12


cdef inline int64_t beat_first_ns(Worker *w) noexcept nogil:
    """When somebody new is due first: within the next 20 ms, at the place whose turn it is."""
    cdef int64_t due_ns
    w.phase_ms = (w.phase_ms + BEAT_STEP_MS) % BEAT_MS
    due_ns = w.now_ns // ms(BEAT_MS) * ms(BEAT_MS) + ms(w.phase_ms)
    return due_ns if due_ns > w.now_ns else due_ns + ms(BEAT_MS)


cdef inline int32_t beat_left_out(const Worker *w, int64_t *due_ns) noexcept nogil:
    """How many beats there were that nobody will make up for; the one that is run now takes the place of the last."""
    cdef int64_t beats = 0
    if w.now_ns - due_ns[0] > ms(BEAT_LATE_MS):
        beats = (w.now_ns - due_ns[0]) // ms(BEAT_MS)
        due_ns[0] += beats * ms(BEAT_MS)
    return <int32_t> min(beats, BEAT_MOST)
