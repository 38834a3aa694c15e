"""Both directions of a tap as one run of frames: left what the phone said, right what it was sent, or both mixed.

The reader is behind by `lag_ms`. It takes packets from the ring when half of that has passed, so that those which
overtook each other are put in order (without copying: the ring keeps them), and gives sound out when all has passed.
Time is an argument: a reader that was held up catches up in steps, and nothing depends on when it is called.
"""
from libc.stdint cimport int16_t, int32_t, int64_t

from media_ext.tap cimport Tap
from media_ext.track cimport Track, TrackScratch

cdef enum:
    READER_STEP_MS = 100        # more comes out of no step
    READER_CAPACITY_MS = 1500   # a track holds more than the longest lag and a packet
    READER_MAX_LAG_MS = 800
    READER_FRAMES = 4800        # of one step, at 48 kHz
    READER_TOGGLES = 16


cdef struct ReaderScratch:
    TrackScratch track
    int16_t sides[2][4800]
    int16_t frames[9600]        # what came out, channels side by side


cdef struct TapReader:
    Tap *tap                    # a reference
    Track tracks[2]             # by TAP_HEARD, TAP_SAID
    int32_t rate_hz
    int32_t channels            # 2, or 1: mixed
    int64_t start_ns
    int64_t lag_ns
    int64_t given               # frames so far
    bint paused                 # at `given`; what arrives in a pause is not decoded
    int32_t toggles             # that lie ahead
    int64_t toggle_ns[16]
    bint toggle_to[16]


# Takes a reference to the tap. False: out of memory, nothing to close.
cdef bint reader_open(TapReader *r, Tap *tap, int32_t rate_hz, int32_t channels, int32_t lag_ms,
                      int64_t start_ns) noexcept nogil
cdef void reader_close(TapReader *r) noexcept nogil
# Frames in `s.frames`; 0: no more until later. `now_ns` with `last`: everything up to then, without waiting.
cdef int32_t reader_step(TapReader *r, int64_t now_ns, bint last, ReaderScratch *s) noexcept nogil
cdef void reader_pause(TapReader *r, bint paused, int64_t at_ns) noexcept nogil
# How many of the frames from `given` - `left` on share a fate, and which: whether they lie in a pause.
cdef int32_t reader_run(TapReader *r, int32_t left, bint *paused) noexcept nogil
cdef int64_t reader_position(const TapReader *r, int64_t at_ns) noexcept nogil      # in frames
