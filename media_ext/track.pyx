"""A direction of a tap on the wall clock; see track.pxd."""

from libc.stdlib cimport calloc, free, llabs
from libc.string cimport memcpy, memmove, memset

from media_ext.atomics cimport count
from media_ext.codec cimport CODEC_L16, CodecId, CodecSettings, codec_has_rate, codec_open
from media_ext.resample cimport RESAMPLE_QUALITY, resample, resample_close, resample_open, resample_reset
from media_ext.stretch cimport stretch
from media_ext.tap cimport TAP_CODEC_PCM


cdef bint track_open(Track *t, int32_t rate_hz, int32_t capacity) noexcept nogil:
    memset(t, 0, sizeof(Track))
    t.rate_hz = rate_hz
    t.capacity = capacity
    t.pcm = <int16_t *> calloc(capacity, sizeof(int16_t))
    return t.pcm != NULL


cdef void track_close(Track *t) noexcept nogil:
    close_codec(t)
    free(t.pcm)
    t.pcm = NULL


cdef void close_codec(Track *t) noexcept nogil:
    if t.codec != NULL:
        t.codec.close(t.codec)
        t.codec = NULL
    resample_close(&t.resampler)
    t.codec_id = 0


cdef int32_t track_step(const Track *t, const TapPacket *p) noexcept nogil:
    if not t.known or p.ssrc != t.ssrc:
        return 0
    return <int16_t> (p.seq - t.next_seq)


# -- where a packet lies -----------------------------------------------------------------------------------------------

cdef void track_put(Track *t, const TapPacket *p, int64_t arrived, TrackScratch *s) noexcept nogil:
    cdef int32_t step = track_step(t, p)
    cdef int64_t gap
    cdef int32_t samples
    if p.codec == 0:
        if step >= 0:
            t.next_seq = p.seq + 1
        return
    if p.codec != t.codec_id or p.clock_hz != t.clock_hz:
        if not open_codec(t, p):
            t.stats.undecodable += 1
            return
    if not t.known or p.ssrc != t.ssrc or step < -TRACK_RESTART_SEQ:
        anchor(t, p, arrived)
    elif step < 0:
        t.stats.late += 1
        return
    else:
        gap = <int64_t> <int32_t> (p.rtp_ts - t.next_ts) * t.rate_hz // t.clock_hz
        if (t.end + gap - arrived > TRACK_AHEAD_MS * <int64_t> t.rate_hz // 1000
                or arrived - t.end - gap > TRACK_BEHIND_MS * <int64_t> t.rate_hz // 1000):
            anchor(t, p, arrived)
        else:
            count(&t.stats.lost, step)
            if gap > 0:
                fill_gap(t, p, gap, step > 0, s)
    measure(t, arrived)
    t.filled = False
    t.next_seq = p.seq + 1
    samples = decode(t, p, s)
    if samples <= 0:
        t.stats.undecodable += 1
        return
    t.stats.packets += 1
    t.next_ts = p.rtp_ts + <uint32_t> (<int64_t> samples * t.clock_hz // t.decoded_hz)
    add_decoded(t, samples, s)


cdef void anchor(Track *t, const TapPacket *p, int64_t arrived) noexcept nogil:
    """A timeline begins: at its arrival, or at the end of what is there."""
    if t.known:
        if t.codec != NULL:
            t.codec.reset(t.codec)
        resample_reset(&t.resampler)
    add_silence(t, arrived - t.end)
    t.known = True
    t.ssrc = p.ssrc
    t.window_end = 0
    t.error = 0
    t.correcting = False
    t.stats.timelines += 1


cdef void fill_gap(Track *t, const TapPacket *p, int64_t gap, bint lost, TrackScratch *s) noexcept nogil:
    """`gap` samples before `p`: lost sound is made up for, then there is silence, which may be shorter or longer."""
    cdef const uint8_t *payload = <const uint8_t *> p + sizeof(TapPacket)
    cdef int32_t missing
    cdef int32_t longest
    cdef int64_t before = t.end
    if lost and t.codec != NULL and not t.filled:
        longest = t.decoded_hz * TRACK_CONCEAL_MS // 1000
        missing = <int32_t> min(gap * t.decoded_hz // t.rate_hz, t.decoded_hz)
        if missing > t.decoded_hz * TRACK_FEC_MS // 1000:
            payload = NULL                              # what it could tell lies too far on
            missing = longest
        missing -= missing % (t.decoded_hz // 400)
        if missing > 0 and t.codec.conceal(t.codec, payload, p.size, s.decoded, missing) == missing:
            add_decoded(t, missing, s)
    gap -= t.end - before
    if gap > 0 and t.error:
        before = max(t.error, -gap)
        correct(t, before)
        gap += before
    add_silence(t, gap)


cdef void measure(Track *t, int64_t arrived) noexcept nogil:
    """Once in a window: how far the sender's clock has moved against ours."""
    cdef int64_t later = arrived - t.end
    if t.window_end == 0 or later < t.lowest:
        t.lowest = later
    if t.window_end == 0:
        t.window_end = arrived + TRACK_WINDOW_MS * <int64_t> t.rate_hz // 1000
        t.window_packets = 0
    t.window_packets += 1
    if arrived < t.window_end or t.window_packets < TRACK_WINDOW_PACKETS:
        return
    t.error = t.lowest
    if llabs(t.error) * 100 > t.rate_hz:                  # from 10 ms on …
        t.correcting = True
    elif llabs(t.error) * 1000 < t.rate_hz:               # … to 1 ms
        t.correcting = False
    t.window_end = 0


cdef void correct(Track *t, int64_t samples) noexcept nogil:
    """So many are added before what comes next."""
    t.error -= samples
    t.lowest -= samples
    t.stats.stretched += <uint64_t> llabs(samples)


# -- sound -------------------------------------------------------------------------------------------------------------

cdef bint open_codec(Track *t, const TapPacket *p) noexcept nogil:
    """For a packet of another codec than the last; a timeline goes on if its clock does."""
    cdef CodecSettings settings
    cdef int32_t status
    close_codec(t)
    if p.clock_hz != t.clock_hz:
        t.known = False
    if not 8000 <= p.clock_hz <= 96000:
        return False
    t.decoded_hz = <int32_t> p.clock_hz
    if p.codec != TAP_CODEC_PCM:
        memset(&settings, 0, sizeof(settings))
        settings.id = <CodecId> (p.codec - 1)
        settings.decodes = True
        if settings.id == CODEC_L16:
            settings.rate_hz = <int32_t> p.clock_hz
        elif codec_has_rate(settings.id, t.rate_hz):
            settings.rate_hz = t.rate_hz
        t.codec = codec_open(&settings, &status)
        if t.codec == NULL:
            return False
        t.decoded_hz = t.codec.rate_hz
    if t.decoded_hz != t.rate_hz and resample_open(&t.resampler, t.decoded_hz, t.rate_hz, RESAMPLE_QUALITY, True):
        close_codec(t)
        return False
    t.codec_id = p.codec
    t.clock_hz = p.clock_hz
    return True


cdef int32_t decode(Track *t, const TapPacket *p, TrackScratch *s) noexcept nogil:
    cdef const uint8_t *payload = <const uint8_t *> p + sizeof(TapPacket)
    if t.codec != NULL:
        return t.codec.decode(t.codec, payload, p.size, s.decoded, TRACK_SAMPLES)
    memcpy(s.decoded, payload, min(<size_t> p.size, sizeof(s.decoded)))
    return min(p.size // 2, TRACK_SAMPLES)


cdef void add_decoded(Track *t, int32_t samples, TrackScratch *s) noexcept nogil:
    """At our rate, and a little longer or shorter while the clocks differ."""
    cdef int16_t *pcm = s.decoded
    cdef int64_t change
    if t.decoded_hz != t.rate_hz:
        samples = resample(&t.resampler, s.decoded, samples, s.resampled, TRACK_SAMPLES)
        pcm = s.resampled
    if t.correcting and samples >= 80:
        change = max(min(t.error, samples // 80), -(samples // 80))
        if change:
            stretch(pcm, samples, s.stretched, samples + <int32_t> change)
            correct(t, change)
            samples += <int32_t> change
            pcm = s.stretched
        else:
            t.correcting = False
    if samples > 0:
        add(t, pcm, samples)


cdef void add(Track *t, const int16_t *pcm, int64_t samples) noexcept nogil:
    """What has no room is left out: more came at once than time has passed."""
    cdef int64_t room = t.begin + t.capacity - t.end
    if samples > room:
        samples = room
    if pcm == NULL:
        memset(t.pcm + (t.end - t.begin), 0, samples * sizeof(int16_t))
    else:
        memcpy(t.pcm + (t.end - t.begin), pcm, samples * sizeof(int16_t))
    t.end += samples


cdef void add_silence(Track *t, int64_t samples) noexcept nogil:
    if samples > 0:
        add(t, NULL, samples)


cdef void track_fill(Track *t, int64_t until) noexcept nogil:
    cdef int64_t samples = until - t.end
    if samples <= 0:
        return
    add_silence(t, samples)
    t.filled = True
    if t.known:
        t.next_ts += <uint32_t> (samples * t.clock_hz // t.rate_hz)


cdef void track_take(Track *t, int16_t *pcm, int32_t samples) noexcept nogil:
    memcpy(pcm, t.pcm, samples * sizeof(int16_t))
    t.begin += samples
    memmove(t.pcm, t.pcm + samples, (t.end - t.begin) * sizeof(int16_t))
