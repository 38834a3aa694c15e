"""A conference: each member hears the sum of all others (N-1), saturated once. `mix_once` knows no clock and no socket.

All members' frames of one tick are at the mixer's rate, the best that any member has: who has another resamples.

    each tick:   says = frame or NULL, for each member      NULL costs nothing: nothing was said
                 mix_once
                 hears, for each member that listens        often the same pointer for all who are silent

A member may whisper: then only one other hears it, besides all that one hears, and it is not in the sum.

A member whose frames stay below the gate is neither added up nor subtracted. What it hears is then the sum itself, so
that a conference of one talker mixes nothing at all. Frames are not copied: `hears` is good until a frame that was
given as `says` changes, or the next tick.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t

cdef extern from "mix.h" nogil:
    enum:
        MIX_UNITY               # gain is in 1/4096
        MIX_GAIN_MAX            # 8 times, +18 dB

    ctypedef struct mix_kernels:
        const char *name
        int64_t (*energy)(const int16_t *x, size_t count) noexcept nogil
        void (*gain)(int16_t *out, const int16_t *x, int32_t gain, size_t count) noexcept nogil
        void (*sum)(int32_t *sum, const int16_t **rows, size_t members, size_t count) noexcept nogil
        void (*minus)(int16_t *out, const int32_t *sum, const int16_t *own, size_t count) noexcept nogil
        void (*clip)(int16_t *out, const int32_t *sum, size_t count) noexcept nogil

    const mix_kernels *mix_kernels_named(const char *name)      # NULL: the best; returns NULL when there is no such set

cdef enum:
    MIX_TICK_MS = 20
    # Mean squares of samples; 0 dBov is 2^30, a square wave of full size (RFC 6465 counts so).
    MIX_GATE = 1074             # -60 dBov: below, nothing is said
    MIX_GATE_TICKS = 10         # so long after the last frame above it the gate stays open: word ends are soft
    MIX_TALK_ON = 33954         # -45 dBov
    MIX_TALK_OFF = 10737        # -50 dBov
    MIX_TALK_ON_TICKS = 3       # a click is no talker
    MIX_TALK_OFF_TICKS = 25     # a pause for breath is not the end
    MIX_SILENT_DBOV = -127

cdef enum:
    MIX_EVERYBODY = -1          # who hears a member, where it is no other member's index
    MIX_NOBODY = -2

cdef enum MixStatus:
    MIX_OK = 0
    MIX_NO_MEMORY = -1
    MIX_FULL = -2
    MIX_RATES = -3              # linked mixers at different rates: resample, and set `says` yourself


cdef struct MixMember:
    bint joined
    bint muted                  # the others do not hear it
    bint listens                # False for a player: `hears` is not made
    bint talking
    bint heard                  # its frame of this tick is in the sum
    bint whispers               # … is for `only` alone
    int32_t only                # the member that hears it, MIX_EVERYBODY or MIX_NOBODY
    int32_t rate_hz
    int32_t gain                # 0 to MIX_GAIN_MAX
    int32_t open_ticks          # the gate stays open for so long
    int32_t turn_ticks          # how long the level has called for the other state of `talking`
    int64_t power               # smoothed mean square, after gain
    const int16_t *says         # given before each tick; NULL after it
    const int16_t *hears        # given after it; NULL for one who does not listen
    int16_t *scaled             # its frame after gain, or what a link brought
    int16_t *spare              # the link's frame before, which somebody may still hear
    int16_t *mixed


cdef struct Mixer:
    int32_t capacity
    int32_t used                # members lie below this index
    int32_t rate_hz
    int32_t max_rate_hz
    int64_t gate                # mean square; 0: everything given is mixed
    MixMember *members
    const mix_kernels *kernels
    const int16_t *everyone     # what one who says nothing hears: the tap
    bint silent                 # … and that is silence
    int32_t changes             # members whose `talking` changed in this tick, in `changed`
    int32_t *changed
    const int16_t **rows
    int32_t *sum
    int16_t *all
    int16_t *silence
    uint8_t *memory


cdef MixStatus mixer_open(Mixer *m, int32_t capacity, int32_t max_rate_hz) noexcept nogil
cdef void mixer_close(Mixer *m) noexcept nogil
# The member's index, or MIX_FULL. Joining and leaving may change the mixer's rate for the next tick.
cdef int32_t mixer_join(Mixer *m, int32_t rate_hz, bint listens) noexcept nogil
cdef void mixer_leave(Mixer *m, int32_t index) noexcept nogil
cdef int32_t mix_once(Mixer *m) noexcept nogil              # returns `changes`
cdef int32_t mix_level_dbov(int64_t power) noexcept nogil       # of a mean square: -127 to 0
# After both have mixed: what `a`'s member `at_a` heard is what `b`'s member `at_b` says next, and the other way round.
# Neither hears itself, for a member never does; it arrives one tick later. Link mixers as a tree: a ring goes round.
cdef MixStatus mixer_link(Mixer *a, int32_t at_a, Mixer *b, int32_t at_b) noexcept nogil
