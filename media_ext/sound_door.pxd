"""Sound as Python holds it; see sound_door.pyx. `engine` makes players of these."""
from libc.stdint cimport int32_t, int64_t, uint32_t

from media_ext.clip cimport ClipData
from media_ext.feed cimport FeedData
from media_ext.player cimport Player


cdef class Clip:
    cdef dict rates             # rate → ClipRecord
    cdef readonly int rate_hz
    cdef readonly bint round
    cdef ClipData *at(self, int32_t rate_hz) except NULL


cdef class Feed:
    cdef FeedData *record


# For `sounds`: a tuple of clips, or of one feed.
cdef int best_rate(tuple sounds) except 0
cdef Player *player_for(tuple sounds, int32_t rate_hz, bint loop, int32_t gain, int64_t start_ms,
                        bint over, uint32_t serial) except NULL
