"""Taps at a time of the caller's choosing, for tests and benchmarks."""

import time

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from media_ext.codec cimport CODEC_G722, CODEC_L16, CODEC_OPUS, CODEC_PCMA, CODEC_PCMU
from media_ext.ogg cimport ogg_crc
from media_ext.rtp cimport RtpHeader
from media_ext.tap cimport Tap, tap_end, tap_heard, tap_open, tap_pcm, tap_release
from media_ext.tap_reader cimport ReaderScratch, TapReader, reader_close, reader_open, reader_step

cdef dict CODECS = {
    "PCMU": CODEC_PCMU + 1,
    "PCMA": CODEC_PCMA + 1,
    "G722": CODEC_G722 + 1,
    "OPUS": CODEC_OPUS + 1,
    "L16": CODEC_L16 + 1,
    "": 0,
}


def ogg_checksum(bytes page not None):
    """Of a page whose own checksum field is zero."""
    return ogg_crc(<const uint8_t *> PyBytes_AS_STRING(page), PyBytes_GET_SIZE(page))


cdef class TapProbe:
    """One tap and its reader, which began at 0 ns."""

    cdef Tap *tap
    cdef TapReader reader
    cdef ReaderScratch *scratch

    def __cinit__(self, *, int rate_hz=8000, int channels=2, int lag_ms=400, uint32_t ring_bytes=1 << 17):
        self.tap = tap_open(ring_bytes)
        self.scratch = <ReaderScratch *> calloc(1, sizeof(ReaderScratch))
        if self.tap == NULL or self.scratch == NULL or not reader_open(&self.reader, self.tap, rate_hz, channels,
                                                                       lag_ms, 0):
            raise MemoryError

    def __dealloc__(self):
        if self.reader.tap != NULL:
            reader_close(&self.reader)
        if self.tap != NULL:
            tap_release(self.tap)
        free(self.scratch)

    def heard(self, bytes payload not None, int64_t at_ns, *, str codec="PCMU", uint32_t clock_hz=8000, int seq,
              uint32_t rtp_ts, uint32_t ssrc=1):
        """A packet of the phone; `codec` empty is no audio."""
        cdef uint8_t codecs[128]
        cdef RtpHeader h
        h.payload_type = 96
        h.seq = seq & 0xffff
        h.rtp_ts = rtp_ts
        h.ssrc = ssrc
        h.payload_at = 0
        h.payload_bytes = <uint32_t> PyBytes_GET_SIZE(payload)
        codecs[96] = CODECS[codec]
        tap_heard(self.tap, codecs, <const uint8_t *> PyBytes_AS_STRING(payload), &h, clock_hz, at_ns)

    def pcm(self, bytes samples not None, int64_t at_ns, *, uint32_t rate_hz):
        tap_pcm(self.tap, <const int16_t *> PyBytes_AS_STRING(samples), <int32_t> (PyBytes_GET_SIZE(samples) // 2),
                rate_hz, at_ns)

    def end(self, int64_t at_ns):
        tap_end(self.tap, at_ns)

    def read(self, int64_t now_ns, bint last=False):
        """All frames that come out until then, channels side by side."""
        cdef list parts = []
        cdef int32_t frames = reader_step(&self.reader, now_ns, last, self.scratch)
        while frames:
            parts.append(PyBytes_FromStringAndSize(<char *> self.scratch.frames, 2 * frames * self.reader.channels))
            frames = reader_step(&self.reader, now_ns, last, self.scratch)
        return b"".join(parts)

    def time_put_ns(self, bytes payload not None, int repeat):
        """Nanoseconds to copy a packet, with the reader's giving back."""
        cdef int i
        cdef uint8_t codecs[128]
        cdef RtpHeader h
        h.payload_type = 96
        h.seq = 0
        h.rtp_ts = 0
        h.ssrc = 1
        h.payload_at = 0
        h.payload_bytes = <uint32_t> PyBytes_GET_SIZE(payload)
        codecs[96] = CODEC_PCMU + 1
        started = time.perf_counter_ns()
        for i in range(repeat):
            tap_heard(self.tap, codecs, <const uint8_t *> PyBytes_AS_STRING(payload), &h, 8000, i)
            self.tap.read = self.tap.written
        return (time.perf_counter_ns() - started) / repeat

    @property
    def dropped(self):
        return self.tap.dropped

    @property
    def stats(self):
        """Of the phone's side."""
        s = self.reader.tracks[0].stats
        return {"packets": s.packets, "late": s.late, "lost": s.lost, "undecodable": s.undecodable,
                "timelines": s.timelines, "stretched": s.stretched}
