"""What is played to a leg: a list of clips without a gap between them, or a feed. Read in frames of any length.

Made in Python's thread with all its memory; the worker owns it from the command that brings it.
"""
from libc.stdint cimport int16_t, int32_t, uint32_t

from media_ext.clip cimport ClipData
from media_ext.feed cimport FeedData
from media_ext.resample cimport Resampler

cdef enum:
    GAIN_UNITY = 4096           # as MIX_UNITY of the mixer
    GAIN_MAX = 8 * 4096


cdef struct Player:
    uint32_t serial             # told when it ends
    bint loop
    bint over                   # mixed with what is heard, not instead of it
    int32_t gain
    int32_t rate_hz             # of what is read: the speaker's
    FeedData *feed              # NULL: clips
    Resampler resampler         # of a feed at another rate
    int16_t *piece              # room for a frame of the feed
    int32_t piece_samples
    int32_t clip_count
    int32_t index               # the clip that is played
    int32_t at                  # … and its next sample
    ClipData **clips            # all at `rate_hz`


# Both give the player its own references; NULL: `status` says why. `at`: samples of `rate_hz` to begin at; behind the
# end, a loop goes round and another player has ended. A frame that is read is 60 ms at most.
cdef Player *player_of_clips(ClipData **clips, int32_t count, int32_t rate_hz, bint loop, uint32_t at,
                             int32_t *status) noexcept nogil
cdef Player *player_of_feed(FeedData *feed, int32_t rate_hz, int32_t *status) noexcept nogil
cdef void player_close(Player *p) noexcept nogil
# How many samples there were; the rest is silence. 0: it has ended. `into` has room for PLAYER_SLACK more.
cdef int32_t player_read(Player *p, int16_t *into, int32_t samples) noexcept nogil
cdef void player_skip(Player *p, uint32_t samples) noexcept nogil
cdef void player_follow(Player *p, const Player *before) noexcept nogil     # at the place where that one is

cdef enum:
    PLAYER_SLACK = 16
