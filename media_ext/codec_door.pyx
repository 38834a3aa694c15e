"""The door for tests and benchmarks to codecs, resampling and transcoding. Nothing of the running node imports it.

Samples are bytes of native 16-bit integers. What fails raises ValueError with the reason.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset
from posix.time cimport clock_gettime, timespec

from media_ext.audio_status cimport AUDIO_LENGTH, AUDIO_UNSUPPORTED, audio_status_name
from media_ext.codec cimport (
    CODEC_OPUS,
    Codec,
    CodecId,
    CodecSettings,
    codec_common_rate,
    codec_open,
)
from media_ext.g711 cimport (
    alaw_decode,
    alaw_encode,
    g711_best,
    g711_chosen,
    g711_decoder,
    g711_encoder,
    g711_kernels,
    g711_portable,
    ulaw_decode,
    ulaw_encode,
)
from media_ext.opus cimport (
    opus_decode,
    opus_delay,
    opus_encode,
    opus_set_bitrate,
    opus_set_complexity,
    opus_set_loss,
)
from media_ext.resample cimport (
    SPEEXDSP_BUILT,
    Resampler,
    resample,
    resample_close,
    resample_delay,
    resample_open,
    resample_reset,
    resample_room,
)
from media_ext.transcode cimport (
    Transcoder,
    transcode_close,
    transcode_lost,
    transcode_open,
    transcode_put,
    transcode_reset,
    transcode_take,
)

from media_ext.codec import codec_id

cdef extern from "<time.h>" nogil:
    enum:
        CLOCK_THREAD_CPUTIME_ID

cdef enum:
    ROOM_BYTES = 4096
    MAX_SAMPLES = 48 * 120


cdef int64_t now_ns() noexcept nogil:
    """CPU time of this thread: what the neighbours take does not count."""
    cdef timespec t
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return <int64_t> t.tv_sec * 1000000000 + t.tv_nsec


cdef uint8_t *bytes_of(bytes data) noexcept:
    return <uint8_t *> PyBytes_AS_STRING(data)


cdef int32_t checked(int32_t answer) except -1:
    if answer < 0:
        raise ValueError(audio_status_name(answer).decode())
    return answer


cdef bytes samples_room(int32_t count):
    return PyBytes_FromStringAndSize(NULL, 2 * count)


# --------------------------------------------------------------------------------------------------------- G.711

cdef const g711_kernels *kernels_of(str name) except NULL:
    if name == "":
        return g711_chosen()
    if name == g711_portable().name.decode():
        return g711_portable()
    if name == g711_best().name.decode():
        return g711_best()
    raise ValueError(f"no G.711 kernels {name!r} on this processor")


def g711_names():
    """The kernels that this processor can run; the last is what the node uses."""
    return list(dict.fromkeys([g711_portable().name.decode(), g711_chosen().name.decode()]))


def g711_decode(str law not None, bytes codes not None, str kernels not None=""):
    """Samples of µ-law ("ulaw") or A-law ("alaw") codes."""
    cdef const g711_kernels *k = kernels_of(kernels)
    cdef size_t count = PyBytes_GET_SIZE(codes)
    cdef bytes pcm = samples_room(count)
    (k.ulaw_decode if law == "ulaw" else k.alaw_decode)(<int16_t *> bytes_of(pcm), bytes_of(codes), count)
    return pcm


def g711_encode(str law not None, bytes pcm not None, str kernels not None=""):
    cdef const g711_kernels *k = kernels_of(kernels)
    cdef size_t count = PyBytes_GET_SIZE(pcm) // 2
    cdef bytes codes = PyBytes_FromStringAndSize(NULL, count)
    (k.ulaw_encode if law == "ulaw" else k.alaw_encode)(bytes_of(codes), <const int16_t *> bytes_of(pcm), count)
    return codes


def time_g711_decode_ns(str law not None, bytes codes not None, int repeat, str kernels not None=""):
    """Mean time of one call; of the way the node calls it when no kernels are named."""
    cdef const g711_kernels *k = kernels_of(kernels)
    cdef g711_decoder work = k.ulaw_decode if law == "ulaw" else k.alaw_decode
    cdef size_t count = PyBytes_GET_SIZE(codes)
    cdef bytes pcm = samples_room(count)
    cdef int16_t *out = <int16_t *> bytes_of(pcm)
    cdef const uint8_t *into = bytes_of(codes)
    cdef int64_t start
    cdef int _i
    if kernels == "":
        work = ulaw_decode if law == "ulaw" else alaw_decode
    start = now_ns()
    with nogil:
        for _i in range(repeat):
            work(out, into, count)
    return (now_ns() - start) / <double> repeat


def time_g711_encode_ns(str law not None, bytes pcm not None, int repeat, str kernels not None=""):
    cdef const g711_kernels *k = kernels_of(kernels)
    cdef g711_encoder work = k.ulaw_encode if law == "ulaw" else k.alaw_encode
    cdef size_t count = PyBytes_GET_SIZE(pcm) // 2
    cdef bytes codes = PyBytes_FromStringAndSize(NULL, count)
    cdef uint8_t *out = bytes_of(codes)
    cdef const int16_t *into = <const int16_t *> bytes_of(pcm)
    cdef int64_t start
    cdef int _i
    if kernels == "":
        work = ulaw_encode if law == "ulaw" else alaw_encode
    start = now_ns()
    with nogil:
        for _i in range(repeat):
            work(out, into, count)
    return (now_ns() - start) / <double> repeat


# -------------------------------------------------------------------------------------------------------- codecs

def common_rate(str a not None, str b not None, int a_hz=0, int b_hz=0):
    return codec_common_rate(<CodecId> <int> codec_id(a), a_hz, <CodecId> <int> codec_id(b), b_hz)


cdef class Packets:
    """Payloads as C sees them, so that timing them times nothing of Python's."""

    cdef list kept
    cdef int count
    cdef const uint8_t **data
    cdef int32_t *sizes

    def __cinit__(self, list payloads not None):
        cdef int i
        self.kept = payloads
        self.count = len(payloads)
        self.data = <const uint8_t **> malloc(max(self.count, 1) * sizeof(uint8_t *))
        self.sizes = <int32_t *> malloc(max(self.count, 1) * sizeof(int32_t))
        if self.data == NULL or self.sizes == NULL:
            raise MemoryError
        for i in range(self.count):
            self.data[i] = bytes_of(payloads[i])
            self.sizes[i] = <int32_t> len(payloads[i])

    def __dealloc__(self):
        free(self.data)
        free(self.sizes)


cdef class CodecProbe:
    """One codec, open for both directions unless told otherwise."""

    cdef Codec *codec

    def __cinit__(self, str name not None, int rate_hz=0, *, int ptime_ms=0, bint encodes=True, bint decodes=True,
                  int bitrate_bps=0, int complexity=5, bint fec=False, int loss_pct=0, bint dtx=False):
        cdef CodecSettings s
        cdef int32_t status
        memset(&s, 0, sizeof(s))
        s.id = <CodecId> <int> codec_id(name)
        s.rate_hz = rate_hz
        s.ptime_ms = ptime_ms
        s.encodes = encodes
        s.decodes = decodes
        s.bitrate_bps = bitrate_bps
        s.complexity = complexity
        s.fec = fec
        s.loss_pct = loss_pct
        s.dtx = dtx
        self.codec = codec_open(&s, &status)
        if self.codec == NULL:
            checked(status)

    def __dealloc__(self):
        if self.codec != NULL:
            self.codec.close(self.codec)

    def encode(self, bytes pcm not None, int room=ROOM_BYTES):
        """The payload; b"" when nothing is to be sent."""
        cdef bytes payload = PyBytes_FromStringAndSize(NULL, room)
        size = checked(self.codec.encode(self.codec, <const int16_t *> bytes_of(pcm),
                                         <int32_t> (PyBytes_GET_SIZE(pcm) // 2), bytes_of(payload), room))
        return payload[:size]

    def decode(self, bytes payload not None, int room=MAX_SAMPLES):
        cdef bytes pcm = samples_room(room)
        count = checked(self.codec.decode(self.codec, bytes_of(payload), <int32_t> PyBytes_GET_SIZE(payload),
                                          <int16_t *> bytes_of(pcm), room))
        return pcm[:2 * count]

    def conceal(self, int samples, bytes next=None):
        """What is heard instead of so many lost samples; `next` is the packet after them, where it is there."""
        cdef bytes pcm = samples_room(max(samples, 0))
        cdef const uint8_t *packet = NULL if next is None else bytes_of(next)
        cdef int32_t size = 0 if next is None else <int32_t> PyBytes_GET_SIZE(next)
        count = checked(self.codec.conceal(self.codec, packet, size, <int16_t *> bytes_of(pcm), samples))
        return pcm[:2 * count]

    def reset(self):
        self.codec.reset(self.codec)

    def opus_set(self, *, bitrate_bps=None, complexity=None, loss_pct=None, bint fec=True):
        if self.codec.id != CODEC_OPUS:
            checked(AUDIO_UNSUPPORTED)
        if bitrate_bps is not None:
            checked(opus_set_bitrate(&self.codec.state.opus, bitrate_bps))
        if complexity is not None:
            checked(opus_set_complexity(&self.codec.state.opus, complexity))
        if loss_pct is not None:
            checked(opus_set_loss(&self.codec.state.opus, fec, loss_pct))

    @property
    def delay_samples(self):
        """Of the encoder, for Opus."""
        return opus_delay(&self.codec.state.opus) if self.codec.id == CODEC_OPUS else 0

    @property
    def rate_hz(self):
        return self.codec.rate_hz

    @property
    def rtp_clock_hz(self):
        return self.codec.rtp_clock_hz

    @property
    def frame_samples(self):
        return self.codec.frame_samples

    @property
    def frame_units(self):
        return self.codec.frame_units

    @property
    def frame_bytes(self):
        return self.codec.frame_bytes

    def time_encode_ns(self, bytes pcm not None, *, bint bare=False):
        """Mean time of a frame, over this sound; `bare`: Opus by libopus and nothing of ours."""
        cdef Codec *c = self.codec
        cdef const int16_t *samples = <const int16_t *> bytes_of(pcm)
        cdef int frames = PyBytes_GET_SIZE(pcm) // 2 // c.frame_samples
        cdef uint8_t[ROOM_BYTES] out
        cdef int32_t step = c.frame_samples
        cdef int32_t answer = 0
        cdef int64_t start = now_ns()
        cdef int i
        if frames == 0 or not c.encodes:
            checked(AUDIO_LENGTH)
        with nogil:
            for i in range(frames):
                if not bare:
                    answer = c.encode(c, samples + i * step, step, out, ROOM_BYTES)
                elif c.id == CODEC_OPUS:
                    answer = opus_encode(c.state.opus.encoder, samples + i * step, step, out, ROOM_BYTES)
        checked(answer)
        return (now_ns() - start) / <double> frames

    def time_decode_ns(self, list payloads not None, *, bint bare=False):
        cdef Codec *c = self.codec
        cdef Packets packets = Packets(payloads)
        cdef int16_t[MAX_SAMPLES] out
        cdef int32_t answer = 0
        cdef int64_t start
        cdef int i
        if not packets.count or not c.decodes:
            checked(AUDIO_LENGTH)
        start = now_ns()
        with nogil:
            for i in range(packets.count):
                if not bare:
                    answer = c.decode(c, packets.data[i], packets.sizes[i], out, MAX_SAMPLES)
                elif c.id == CODEC_OPUS:
                    answer = opus_decode(c.state.opus.decoder, packets.data[i], packets.sizes[i], out, MAX_SAMPLES, 0)
        spent = (now_ns() - start) / <double> packets.count
        checked(answer)
        return spent


cdef class TranscoderProbe:
    """Packets of one codec to packets of another."""

    cdef Transcoder transcoder
    cdef CodecProbe source
    cdef CodecProbe sink

    def __cinit__(self, CodecProbe source not None, CodecProbe sink not None, int quality=3):
        self.source = source
        self.sink = sink
        checked(transcode_open(&self.transcoder, source.codec, sink.codec, quality))

    def __dealloc__(self):
        transcode_close(&self.transcoder)

    cdef list taken(self, int32_t ready):
        cdef list payloads = []
        cdef bytes payload
        for _ in range(checked(ready)):
            payload = PyBytes_FromStringAndSize(NULL, ROOM_BYTES)
            payloads.append(payload[:checked(transcode_take(&self.transcoder, bytes_of(payload), ROOM_BYTES))])
        return payloads

    def put(self, bytes payload not None):
        """The packets that this one completes."""
        return self.taken(transcode_put(&self.transcoder, bytes_of(payload), <int32_t> PyBytes_GET_SIZE(payload)))

    def lost(self, int ms, bytes next=None):
        return self.taken(transcode_lost(&self.transcoder, ms, NULL if next is None else bytes_of(next),
                                         0 if next is None else <int32_t> PyBytes_GET_SIZE(next)))

    def reset(self):
        transcode_reset(&self.transcoder)

    def time_ns(self, list payloads not None):
        """Mean time to take a packet and make the other's, over these."""
        cdef Packets packets = Packets(payloads)
        cdef uint8_t[ROOM_BYTES] out
        cdef int64_t start = now_ns()
        cdef int i
        with nogil:
            for i in range(packets.count):
                if transcode_put(&self.transcoder, packets.data[i], packets.sizes[i]) > 0:
                    while transcode_take(&self.transcoder, out, ROOM_BYTES) >= 0:
                        pass
        return (now_ns() - start) / <double> packets.count


# ---------------------------------------------------------------------------------------------------- resampling

def resampling_available():
    return bool(SPEEXDSP_BUILT)


cdef class ResamplerProbe:
    cdef Resampler state

    def __cinit__(self, int from_hz, int to_hz, int quality=3, bint skip_zeros=False):
        checked(resample_open(&self.state, from_hz, to_hz, quality, skip_zeros))

    def __dealloc__(self):
        resample_close(&self.state)

    def process(self, bytes pcm not None, room=None):
        cdef int32_t count = <int32_t> (PyBytes_GET_SIZE(pcm) // 2)
        cdef int32_t space = resample_room(&self.state, count) if room is None else room
        cdef bytes out = samples_room(space)
        return out[:2 * checked(resample(&self.state, <const int16_t *> bytes_of(pcm), count,
                                         <int16_t *> bytes_of(out), space))]

    def reset(self):
        resample_reset(&self.state)

    @property
    def delay_samples(self):
        return resample_delay(&self.state)

    def time_ns(self, bytes pcm not None, int frame_samples):
        """Mean time of a frame over this sound."""
        cdef int32_t room = resample_room(&self.state, frame_samples)
        cdef int16_t *out = <int16_t *> malloc(room * sizeof(int16_t))
        cdef const int16_t *samples = <const int16_t *> bytes_of(pcm)
        cdef int frames = PyBytes_GET_SIZE(pcm) // 2 // frame_samples
        cdef int64_t start = now_ns()
        cdef int i
        with nogil:
            for i in range(frames):
                resample(&self.state, samples + i * frame_samples, frame_samples, out, room)
        free(out)
        return (now_ns() - start) / <double> frames
