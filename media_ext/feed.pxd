"""Sound that arrives in pieces: a ring of samples, written by one thread and read by the worker that plays it.

What is not there in time is heard as silence and counted. Both indices only grow and wrap at 2^32.
"""
from libc.stdint cimport int16_t, int32_t, uint8_t, uint32_t, uint64_t


cdef struct FeedData:
    int32_t references
    int32_t rate_hz
    uint32_t size               # samples, a power of two
    int16_t *samples
    uint8_t apart1[40]          # writer's and reader's fields live on cache lines of their own
    uint32_t written
    uint32_t drop_at            # what was written before is not to be played any more
    uint32_t finished           # nothing more will be written
    uint8_t apart2[52]
    uint32_t read
    bint begun                  # a sample was played: from now on a gap is an underrun
    uint64_t played             # samples
    uint64_t underruns          # gaps
    uint64_t missing            # samples of silence in them
    bint dry                    # in a gap now


cdef FeedData *feed_open(int32_t rate_hz, uint32_t samples) noexcept nogil          # NULL: no memory
cdef FeedData *feed_hold(FeedData *feed) noexcept nogil
cdef void feed_release(FeedData *feed) noexcept nogil
# Writer.
cdef uint32_t feed_room(const FeedData *feed) noexcept nogil
cdef uint32_t feed_push(FeedData *feed, const int16_t *pcm, uint32_t samples) noexcept nogil    # how many it took
# Reader. Always fills `samples`; False when all was played and nothing more will come.
cdef bint feed_take(FeedData *feed, int16_t *into, uint32_t samples) noexcept nogil
