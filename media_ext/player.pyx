"""Players; see player.pxd."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from media_ext.audio_status cimport AUDIO_LENGTH, AUDIO_NO_MEMORY, AUDIO_OK
from media_ext.clip cimport clip_hold, clip_release
from media_ext.feed cimport feed_hold, feed_release, feed_take
from media_ext.resample cimport RESAMPLE_QUALITY, resample, resample_close, resample_open

cdef enum:
    LONGEST_MS = 60             # of a frame


cdef Player *fresh(int32_t rate_hz, int32_t *status) noexcept nogil:
    cdef Player *p = <Player *> calloc(1, sizeof(Player))
    status[0] = AUDIO_OK if p != NULL else AUDIO_NO_MEMORY
    if p != NULL:
        p.rate_hz = rate_hz
        p.gain = GAIN_UNITY
    return p


cdef int64_t length(const Player *p) noexcept nogil:
    cdef int64_t total = 0
    cdef int32_t i
    for i in range(p.clip_count):
        total += p.clips[i].samples
    return total


cdef Player *player_of_clips(ClipData **clips, int32_t count, int32_t rate_hz, bint loop, uint32_t at,
                             int32_t *status) noexcept nogil:
    cdef Player *p = fresh(rate_hz, status)
    cdef int32_t i
    if p == NULL:
        return NULL
    p.loop = loop
    p.clips = <ClipData **> malloc(max(count, 1) * sizeof(ClipData *))
    if p.clips == NULL:
        player_close(p)
        status[0] = AUDIO_NO_MEMORY
        return NULL
    for i in range(count):
        p.clips[i] = clip_hold(clips[i])
    p.clip_count = count
    if length(p) == 0:
        player_close(p)
        status[0] = AUDIO_LENGTH
        return NULL
    player_skip(p, at)
    return p


cdef Player *player_of_feed(FeedData *feed, int32_t rate_hz, int32_t *status) noexcept nogil:
    cdef Player *p = fresh(rate_hz, status)
    if p == NULL:
        return NULL
    p.feed = feed_hold(feed)
    p.piece_samples = feed.rate_hz * LONGEST_MS // 1000
    if feed.rate_hz != rate_hz:
        status[0] = resample_open(&p.resampler, feed.rate_hz, rate_hz, RESAMPLE_QUALITY, False)
        p.piece = <int16_t *> malloc(p.piece_samples * sizeof(int16_t))
        if status[0] == AUDIO_OK and p.piece == NULL:
            status[0] = AUDIO_NO_MEMORY
    if status[0] != AUDIO_OK:
        player_close(p)
        return NULL
    return p


cdef void player_close(Player *p) noexcept nogil:
    cdef int32_t i
    if p == NULL:
        return
    for i in range(p.clip_count):
        clip_release(p.clips[i])
    free(p.clips)
    feed_release(p.feed)
    resample_close(&p.resampler)
    free(p.piece)
    free(p)


cdef int32_t read_clips(Player *p, int16_t *into, int32_t samples) noexcept nogil:
    """The end of one clip and the beginning of the next lie in the same frame."""
    cdef int32_t done = 0
    cdef int32_t part
    cdef ClipData *clip
    while done < samples:
        if p.index == p.clip_count:
            if not p.loop:
                break
            p.index = 0
        clip = p.clips[p.index]
        part = min(samples - done, clip.samples - p.at)
        memcpy(into + done, clip.data + p.at, part * sizeof(int16_t))
        done += part
        p.at += part
        if p.at == clip.samples:
            p.at = 0
            p.index += 1
    return done


cdef int32_t read_feed(Player *p, int16_t *into, int32_t samples) noexcept nogil:
    cdef int32_t needed
    if p.piece == NULL:
        return samples if feed_take(p.feed, into, samples) else 0
    needed = <int32_t> (<int64_t> samples * p.feed.rate_hz // p.rate_hz)
    if needed > p.piece_samples or not feed_take(p.feed, p.piece, needed):
        return 0
    return min(max(resample(&p.resampler, p.piece, needed, into, samples + PLAYER_SLACK), 0), samples)


cdef inline void amplify(int16_t *pcm, int32_t samples, int32_t gain) noexcept nogil:
    cdef int32_t i
    for i in range(samples):
        pcm[i] = <int16_t> min(max((<int32_t> pcm[i] * gain) >> 12, -32768), 32767)


cdef int32_t player_read(Player *p, int16_t *into, int32_t samples) noexcept nogil:
    cdef int32_t done = read_clips(p, into, samples) if p.feed == NULL else read_feed(p, into, samples)
    if p.gain != GAIN_UNITY:
        amplify(into, done, p.gain)
    memset(into + done, 0, (samples - done) * sizeof(int16_t))
    return done


cdef void player_skip(Player *p, uint32_t samples) noexcept nogil:
    """A feed is not skipped: what waits in it is late already, and who fills it decides."""
    cdef int64_t left = samples
    cdef int64_t total
    cdef int64_t rest
    if p.feed != NULL:
        return
    total = length(p)
    left = left % total if p.loop else min(left, total)
    while left > 0:
        if p.index == p.clip_count:
            if not p.loop:
                return
            p.index = 0
        rest = p.clips[p.index].samples - p.at
        if left < rest:
            p.at += <int32_t> left
            return
        left -= rest
        p.at = 0
        p.index += 1


cdef void player_follow(Player *p, const Player *before) noexcept nogil:
    p.index = before.index
    p.at = 0
    if p.feed == NULL and p.index < p.clip_count:
        p.at = <int32_t> (<int64_t> before.at * p.rate_hz // before.rate_hz)
        if p.at >= p.clips[p.index].samples:
            p.at = 0
            p.index += 1
