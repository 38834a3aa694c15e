"""A tap on a leg: copies of its packets, decrypted, in a byte ring from the worker to one reader in another thread.

The worker writes what the phone said (after all checks) and what it is sent (before encryption). It never waits and
never allocates: what finds no room is counted. The reader decodes; see tap_reader.pxd. A leg may have several taps, in
a list that its worker owns. A tap of PCM (a conference's mix) is written by `tap_pcm`, from one thread.

A record is a TapPacket and its payload, padded to 8 bytes, never split: TAP_SKIP fills the ring's end.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.rtp cimport RtpHeader

cdef enum:
    TAP_HEARD = 0               # what the phone said, and the mix of a conference
    TAP_SAID = 1                # what it was sent
    TAP_SKIP = 2
    TAP_CODEC_PCM = 0x7f        # in `codec`: samples as they are in memory, at `clock_hz`
    TAP_PCM_GAP_MS = 200        # no PCM for so long is silence


cdef struct TapPacket:
    uint32_t bytes              # of the whole record
    uint16_t size               # of the payload
    uint8_t side
    uint8_t codec               # CodecId + 1; 0: no audio, only its sequence number counts
    uint32_t clock_hz
    uint32_t ssrc
    uint32_t rtp_ts
    uint16_t seq
    uint16_t used               # the reader's mark: taken out of its turn
    int64_t at_ns               # monotonic


cdef struct Tap:
    int32_t references
    uint32_t size               # bytes, a power of two
    uint8_t *ring
    Tap *next                   # of the same leg; the worker's
    uint32_t pcm_ts             # of `tap_pcm`
    uint16_t pcm_seq
    int64_t pcm_ns
    uint64_t dropped            # packets without room …
    uint64_t dropped_ns         # … since when; 0: never
    uint64_t packets
    int64_t ended_ns            # when `ended` …
    uint32_t ended              # no more will come
    uint8_t apart1[64]          # the two indices live on cache lines of their own
    uint32_t written
    uint8_t apart2[60]
    uint32_t read


cdef Tap *tap_open(uint32_t ring_bytes) noexcept nogil      # rounded up to a power of two; NULL: no memory
cdef Tap *tap_hold(Tap *tap) noexcept nogil
cdef void tap_release(Tap *tap) noexcept nogil              # by whoever held it; the last one frees

# the worker's side
cdef void tap_add(Tap **taps, Tap *tap) noexcept nogil      # takes over the caller's reference
cdef void tap_remove(Tap **taps, Tap *tap, int64_t now_ns) noexcept nogil
cdef void tap_end_all(Tap **taps, int64_t now_ns) noexcept nogil
cdef void tap_heard(Tap *taps, const uint8_t *codecs, const uint8_t *data, const RtpHeader *h, uint32_t clock_hz,
                    int64_t now_ns) noexcept nogil
cdef void tap_said(Tap *taps, const uint8_t *codecs, const uint8_t *formats, const uint8_t *data, size_t size,
                   int64_t now_ns) noexcept nogil
cdef void tap_pcm(Tap *tap, const int16_t *pcm, int32_t samples, uint32_t rate_hz, int64_t now_ns) noexcept nogil
cdef void tap_end(Tap *tap, int64_t now_ns) noexcept nogil

# the reader's side: `cursor` begins at tap.read
cdef TapPacket *tap_next(const Tap *tap, uint32_t *cursor) noexcept nogil       # NULL: nothing more yet
cdef void tap_forget(Tap *tap, uint32_t cursor) noexcept nogil                  # give all before it back
