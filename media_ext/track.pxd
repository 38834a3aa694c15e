"""One direction of a tap as sound on the wall clock: packets in their order go in, samples at one rate come out.

Positions are samples since the tap began. A packet lies where its timestamp says, from an anchor in the arrival times:

    new SSRC, clock or timeline     anchored where it arrived, or right after what is there
    gap with a gap in sequence      what was lost: concealed for 60 ms (Opus: from FEC if the next packet has it)
    gap without one                 the sender's silence (DTX)
    clocks that drift               the fastest packet of each 2 s is to lie where it arrived: gaps give or take what
                                    is missing, else packets are stretched by 1.25 % at most

Nothing heard is thrown away but what came after the packets that followed it.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.codec cimport Codec
from media_ext.resample cimport Resampler
from media_ext.tap cimport TapPacket

cdef enum:
    TRACK_SAMPLES = 9600        # what a packet becomes at most: 200 ms at 48 kHz, 1,500 bytes of G.711 at 48 kHz
    TRACK_CONCEAL_MS = 60
    TRACK_FEC_MS = 120
    TRACK_AHEAD_MS = 500        # a packet so far before its arrival, or …
    TRACK_BEHIND_MS = 2000      # … so far after it, is of another timeline
    TRACK_RESTART_SEQ = 100     # so far back, the sender began anew
    TRACK_WINDOW_MS = 2000
    TRACK_WINDOW_PACKETS = 20


cdef struct TrackStats:
    uint64_t packets
    uint64_t late               # came after the packets that followed them
    uint64_t lost               # never came
    uint64_t undecodable
    uint64_t timelines
    uint64_t stretched          # samples added or taken to follow the sender's clock


# For one packet; shared by the tracks of a thread.
cdef struct TrackScratch:
    int16_t decoded[9600]
    int16_t resampled[9600]
    int16_t stretched[9760]


cdef struct Track:
    int32_t rate_hz
    Codec *codec                # NULL: none yet, or PCM
    uint8_t codec_id            # as in TapPacket
    uint32_t clock_hz           # of the timestamps
    int32_t decoded_hz
    Resampler resampler         # open where the codec has another rate
    bint known                  # a timeline runs
    uint32_t ssrc
    uint16_t next_seq
    uint32_t next_ts            # what lies at `end`
    bint filled                 # … which is silence by now: what was lost before is not made up for
    int16_t *pcm
    int32_t capacity
    int64_t begin               # where pcm[0] lies
    int64_t end
    int64_t window_end          # of measuring the drift
    int32_t window_packets
    int64_t lowest              # how much later than its place the fastest packet of the window arrived
    int64_t error               # samples to be added (or taken, below 0)
    bint correcting
    TrackStats stats


cdef bint track_open(Track *t, int32_t rate_hz, int32_t capacity) noexcept nogil
cdef void track_close(Track *t) noexcept nogil
cdef int32_t track_step(const Track *t, const TapPacket *p) noexcept nogil      # n: so many were left out
cdef void track_put(Track *t, const TapPacket *p, int64_t arrived, TrackScratch *s) noexcept nogil
cdef void track_fill(Track *t, int64_t until) noexcept nogil                    # with silence, where there is nothing
cdef void track_take(Track *t, int16_t *pcm, int32_t samples) noexcept nogil    # that are there; the oldest
