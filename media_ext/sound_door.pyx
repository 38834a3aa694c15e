"""Sound that Python hands to the engine: clips that are all there, and feeds that are filled while they are heard."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t
from libc.stdlib cimport calloc, free

from media_ext.atomics cimport load_acquire, load_relaxed, reference_count, store_release
from media_ext.audio_status cimport AUDIO_OK, audio_status_name
from media_ext.clip cimport ClipData, clip_at_rate, clip_open, clip_release
from media_ext.feed cimport feed_open, feed_push, feed_release, feed_room
from media_ext.player cimport GAIN_MAX, Player, player_of_clips, player_of_feed

cdef enum:
    LONGEST_CLIP_S = 600        # what is longer is streamed


cdef class ClipRecord:
    """Samples at one rate, for as long as the clip or a player has them."""

    cdef ClipData *record

    def __dealloc__(self):
        clip_release(self.record)


cdef class Clip:
    """Sound in memory: 16-bit samples of one channel in the machine's byte order. It never changes.

    `round`: made to be played in a loop, so that its end and its beginning fit. Another rate is made when it is first
    needed, or by `prepare` beforehand, and kept.
    """

    def __init__(self, bytes pcm not None, int rate_hz, *, bint round=False):
        cdef Py_ssize_t samples = PyBytes_GET_SIZE(pcm) // 2
        cdef ClipRecord made = ClipRecord.__new__(ClipRecord)
        if not 8000 <= rate_hz <= 96000:
            raise ValueError(f"sound at {rate_hz} Hz: there are rates of 8000 to 96000 Hz")
        if samples == 0 or PyBytes_GET_SIZE(pcm) % 2:
            raise ValueError(f"{PyBytes_GET_SIZE(pcm)} bytes are not 16-bit samples")
        if samples > <Py_ssize_t> LONGEST_CLIP_S * rate_hz:
            raise ValueError(f"a clip is {LONGEST_CLIP_S} s long at most: stream what is longer")
        made.record = clip_open(<int16_t *> PyBytes_AS_STRING(pcm), <int32_t> samples, rate_hz)
        if made.record == NULL:
            raise MemoryError
        self.rates = {rate_hz: made}
        self.rate_hz = rate_hz
        self.round = round

    cdef ClipData *at(self, int32_t rate_hz) except NULL:
        cdef ClipRecord made = self.rates.get(rate_hz)
        cdef const ClipData *own
        cdef bint round = self.round
        cdef int32_t status
        if made is None:
            own = (<ClipRecord> self.rates[self.rate_hz]).record
            made = ClipRecord.__new__(ClipRecord)
            with nogil:
                made.record = clip_at_rate(own, rate_hz, round, &status)
            if made.record == NULL:
                raise ValueError(f"from {self.rate_hz} to {rate_hz} Hz: {audio_status_name(status).decode()}")
            made = self.rates.setdefault(rate_hz, made)     # the first of two threads: a player may have it already
        return made.record

    def prepare(self, int rate_hz):
        """Make another rate now; may be called in any thread."""
        self.at(rate_hz)

    def pcm(self, int rate_hz=0):
        """The samples as bytes, at the clip's own rate unless another is asked for."""
        cdef ClipData *record = self.at(rate_hz or self.rate_hz)
        return (<char *> record.data)[:2 * record.samples]

    @property
    def duration_ms(self):
        return <int64_t> (<ClipRecord> self.rates[self.rate_hz]).record.samples * 1000 // self.rate_hz

    @property
    def holders(self):
        """How many hold the samples: this object and every player, over all rates."""
        return sum([reference_count(&(<ClipRecord> each).record.references) for each in self.rates.values()])


cdef class Feed:
    """Sound that is pushed in pieces while it is played, to one leg: a ring of `room_ms` at `rate_hz`.

    What does not come in time is heard as silence, and counted as an underrun.
    """

    def __cinit__(self, int rate_hz, *, int room_ms=2000):
        if not 8000 <= rate_hz <= 96000 or rate_hz % 100:
            raise ValueError(f"a feed at {rate_hz} Hz: there are rates of 8000 to 96000 Hz, in hundreds")
        if not 20 <= room_ms <= 60000:
            raise ValueError(f"a feed with room for {room_ms} ms: it is 20 to 60000")
        self.record = feed_open(rate_hz, rate_hz // 100 * room_ms // 10)
        if self.record == NULL:
            raise MemoryError

    def __dealloc__(self):
        feed_release(self.record)

    def push(self, bytes pcm not None):
        """Take 16-bit samples; returns how many bytes found room. One thread at a time."""
        if self.record.finished:
            raise ValueError("the feed was finished")
        return 2 * feed_push(self.record, <int16_t *> PyBytes_AS_STRING(pcm), <uint32_t> (PyBytes_GET_SIZE(pcm) // 2))

    def finish(self):
        """Nothing more will come: when all is played, the player ends."""
        store_release(&self.record.finished, 1)

    def drop(self):
        """What waits is not to be heard any more."""
        store_release(&self.record.drop_at, self.record.written)

    @property
    def rate_hz(self):
        return self.record.rate_hz

    @property
    def room(self):
        """Bytes that `push` would take now."""
        return 2 * feed_room(self.record)

    @property
    def waiting_ms(self):
        """How much is there to be played."""
        return (self.record.written - load_acquire(&self.record.read)) * 1000 // self.record.rate_hz

    @property
    def played_ms(self):
        return load_relaxed(&self.record.played) * 1000 // self.record.rate_hz

    @property
    def underruns(self):
        """How often nothing was there in time."""
        return load_relaxed(&self.record.underruns)

    @property
    def missing_ms(self):
        """Silence that was heard because of it."""
        return load_relaxed(&self.record.missing) * 1000 // self.record.rate_hz


cdef int best_rate(tuple sounds) except 0:
    """The highest rate among them: what is lost there is lost for good."""
    if not sounds:
        raise ValueError("nothing to play")
    for each in sounds:
        if not isinstance(each, (Clip, Feed)):
            raise TypeError(f"{each!r} is neither a clip nor a feed")
        if isinstance(each, Feed) and len(sounds) > 1:
            raise ValueError("a feed is played alone")
    return max([each.rate_hz for each in sounds])


cdef Player *player_for(tuple sounds, int32_t rate_hz, bint loop, int32_t gain, int64_t start_ms,
                        bint over, uint32_t serial) except NULL:
    cdef Player *player
    cdef int32_t status = AUDIO_OK
    if not 0 <= gain <= GAIN_MAX:
        raise ValueError("a gain is +18 dB at most")
    if isinstance(sounds[0], Feed):
        if loop or start_ms:
            raise ValueError("a feed has no beginning to go back to or to begin after")
        player = player_of_feed((<Feed> sounds[0]).record, rate_hz, &status)
    else:
        player = clips_player(sounds, rate_hz, loop, start_ms, &status)
    if player == NULL:
        raise ValueError(f"this cannot be played: {audio_status_name(status).decode()}")
    player.gain = gain
    player.over = over
    player.serial = serial
    return player


cdef Player *clips_player(tuple sounds, int32_t rate_hz, bint loop, int64_t start_ms, int32_t *status) except? NULL:
    cdef Py_ssize_t i
    cdef ClipData **clips
    cdef Player *player
    if not 0 <= start_ms <= 24 * 3600 * 1000:
        raise ValueError(f"a beginning at {start_ms} ms")
    clips = <ClipData **> calloc(len(sounds), sizeof(ClipData *))
    if clips == NULL:
        raise MemoryError
    try:
        for i in range(len(sounds)):
            clips[i] = (<Clip> sounds[i]).at(rate_hz)
        player = player_of_clips(clips, <int32_t> len(sounds), rate_hz, loop,
                                 <uint32_t> min(start_ms * rate_hz // 1000, 0xffffffff), status)
    finally:
        free(clips)
    return player
