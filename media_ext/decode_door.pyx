"""What sound files are read with: decoders and conversions of bytes. For threads that may take their time.

All sound is 16-bit samples in the machine's byte order.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, uint8_t

from media_ext.audio_status cimport audio_status_name
from media_ext.codec cimport CODEC_OPUS, Codec, CodecSettings, codec_open
from media_ext.g711 cimport alaw_decode, ulaw_decode
from media_ext.ogg cimport ogg_crc
from media_ext.resample cimport Resampler, resample, resample_close, resample_open, resample_room

cdef enum:
    LONGEST_MS = 120            # of an Opus packet (RFC 6716 3.4)
    FILE_QUALITY = 6            # of 0-10


cdef bytes samples_room(Py_ssize_t samples):
    return PyBytes_FromStringAndSize(NULL, 2 * samples)


cdef inline int16_t *samples_of(bytes pcm):
    return <int16_t *> PyBytes_AS_STRING(pcm)


cdef class OpusDecoder:
    """One stream of Opus packets; two channels become one."""

    cdef Codec *codec

    def __cinit__(self, int rate_hz):
        cdef CodecSettings settings
        cdef int32_t status
        settings.id = CODEC_OPUS
        settings.rate_hz = rate_hz
        settings.ptime_ms = 20
        settings.encodes = False
        settings.decodes = True
        self.codec = codec_open(&settings, &status)
        if self.codec == NULL:
            raise ValueError(f"Opus at {rate_hz} Hz: {audio_status_name(status).decode()}")

    def __dealloc__(self):
        if self.codec != NULL:
            self.codec.close(self.codec)

    def decode(self, bytes packet not None):
        """Raises ValueError for what is no Opus packet."""
        cdef int32_t room = self.codec.rate_hz // 1000 * LONGEST_MS
        cdef bytes pcm = samples_room(room)
        cdef int32_t made = self.codec.decode(self.codec, <uint8_t *> PyBytes_AS_STRING(packet),
                                              <int32_t> PyBytes_GET_SIZE(packet), samples_of(pcm), room)
        if made < 0:
            raise ValueError(audio_status_name(made).decode())
        return pcm[:2 * made]


cdef class Converter:
    """One stream from one rate to another."""

    cdef Resampler resampler

    def __cinit__(self, int from_hz, int to_hz):
        cdef int32_t status = resample_open(&self.resampler, from_hz, to_hz, FILE_QUALITY, True)
        if status < 0:
            raise ValueError(f"from {from_hz} to {to_hz} Hz: {audio_status_name(status).decode()}")

    def __dealloc__(self):
        resample_close(&self.resampler)

    def convert(self, bytes pcm not None):
        cdef int32_t samples = <int32_t> (PyBytes_GET_SIZE(pcm) // 2)
        cdef int32_t room = resample_room(&self.resampler, samples)
        cdef bytes made = samples_room(room)
        cdef int32_t count = resample(&self.resampler, samples_of(pcm), samples, samples_of(made), room)
        if count < 0:
            raise ValueError(audio_status_name(count).decode())
        return made[:2 * count]


def g711_samples(str encoding not None, bytes codes not None):
    """Of "PCMU" or "PCMA"."""
    cdef bytes pcm = samples_room(PyBytes_GET_SIZE(codes))
    if encoding == "PCMU":
        ulaw_decode(samples_of(pcm), <uint8_t *> PyBytes_AS_STRING(codes), PyBytes_GET_SIZE(codes))
    elif encoding == "PCMA":
        alaw_decode(samples_of(pcm), <uint8_t *> PyBytes_AS_STRING(codes), PyBytes_GET_SIZE(codes))
    else:
        raise ValueError(f"{encoding} is not G.711")
    return pcm


def mono(bytes pcm not None, int channels):
    """The mean of the channels, which alternate."""
    cdef Py_ssize_t count
    cdef Py_ssize_t i
    cdef int c
    cdef int32_t total
    cdef int16_t *sound = samples_of(pcm)
    cdef bytes made
    cdef int16_t *out
    if channels < 1:
        raise ValueError(f"{channels} channels")
    if channels == 1:
        return pcm
    count = PyBytes_GET_SIZE(pcm) // 2 // channels
    made = samples_room(count)
    out = samples_of(made)
    for i in range(count):
        total = 0
        for c in range(channels):
            total += sound[i * channels + c]
        out[i] = <int16_t> (total // channels)
    return made


def mixed(bytes a not None, bytes b not None):
    """The mean of two sounds, as long as the shorter one."""
    cdef Py_ssize_t count = min(PyBytes_GET_SIZE(a), PyBytes_GET_SIZE(b)) // 2
    cdef bytes made = samples_room(count)
    cdef int16_t *out = samples_of(made)
    cdef Py_ssize_t i
    for i in range(count):
        out[i] = <int16_t> ((<int32_t> samples_of(a)[i] + samples_of(b)[i]) // 2)
    return made


def louder(bytes pcm not None, double gain):
    """Times `gain`; saturates."""
    cdef Py_ssize_t count = PyBytes_GET_SIZE(pcm) // 2
    cdef bytes made = samples_room(count)
    cdef int16_t *out = samples_of(made)
    cdef Py_ssize_t i
    for i in range(count):
        out[i] = <int16_t> min(max(samples_of(pcm)[i] * gain, -32768.0), 32767.0)
    return made


def page_checksum(bytes page not None):
    """Of an Ogg page whose own checksum is 0 (RFC 3533 6)."""
    return ogg_crc(<uint8_t *> PyBytes_AS_STRING(page), PyBytes_GET_SIZE(page))
