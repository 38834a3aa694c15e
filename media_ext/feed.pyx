"""Feeds; see feed.pxd."""

from libc.stdint cimport int16_t, int32_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.atomics cimport count, load_acquire, reference_add, store_release


cdef FeedData *feed_open(int32_t rate_hz, uint32_t samples) noexcept nogil:
    cdef FeedData *feed = <FeedData *> calloc(1, sizeof(FeedData))
    if feed == NULL:
        return NULL
    feed.size = 1024
    while feed.size < samples and feed.size < 1 << 30:
        feed.size *= 2
    feed.samples = <int16_t *> calloc(feed.size, sizeof(int16_t))
    if feed.samples == NULL:
        free(feed)
        return NULL
    feed.references = 1
    feed.rate_hz = rate_hz
    return feed


cdef FeedData *feed_hold(FeedData *feed) noexcept nogil:
    reference_add(&feed.references, 1)
    return feed


cdef void feed_release(FeedData *feed) noexcept nogil:
    if feed != NULL and reference_add(&feed.references, -1) == 0:
        free(feed.samples)
        free(feed)


cdef uint32_t feed_room(const FeedData *feed) noexcept nogil:
    return feed.size - (feed.written - load_acquire(&feed.read))


cdef uint32_t feed_push(FeedData *feed, const int16_t *pcm, uint32_t samples) noexcept nogil:
    cdef uint32_t taken = min(samples, feed_room(feed))
    cdef uint32_t at = feed.written & (feed.size - 1)
    cdef uint32_t part = min(taken, feed.size - at)
    memcpy(feed.samples + at, pcm, part * sizeof(int16_t))
    memcpy(feed.samples, pcm + part, (taken - part) * sizeof(int16_t))
    store_release(&feed.written, feed.written + taken)
    return taken


cdef bint feed_take(FeedData *feed, int16_t *into, uint32_t samples) noexcept nogil:
    cdef bint finished = load_acquire(&feed.finished) != 0      # read before `written`, which it was set after
    cdef uint32_t drop_at = load_acquire(&feed.drop_at)
    cdef uint32_t read = feed.read
    cdef uint32_t taken, at, part
    if <int32_t> (drop_at - read) > 0:
        read = drop_at
    taken = min(load_acquire(&feed.written) - read, samples)
    if taken == 0 and finished:
        return False
    at = read & (feed.size - 1)
    part = min(taken, feed.size - at)
    memcpy(into, feed.samples + at, part * sizeof(int16_t))
    memcpy(into + part, feed.samples, (taken - part) * sizeof(int16_t))
    memset(into + taken, 0, (samples - taken) * sizeof(int16_t))
    store_release(&feed.read, read + taken)
    count(&feed.played, taken)
    note_gap(feed, samples - taken, finished)
    feed.begun = feed.begun or taken > 0
    return True


cdef inline void note_gap(FeedData *feed, uint32_t missing, bint finished) noexcept nogil:
    if missing and feed.begun and not finished:
        count(&feed.missing, missing)
        if not feed.dry:
            count(&feed.underruns, 1)
    feed.dry = missing > 0
