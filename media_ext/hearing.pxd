"""What it takes to understand a leg: jitter buffer, decoders, and the sound that waits. Knows no leg and no socket.

Memory is taken in Python's thread by `hearing_open`; the worker owns the record from the command that brings it. Each
payload is kept with one byte before it that says which codec it is of, so that a phone may change in mid-stream.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t

from media_ext.codec cimport Codec, CodecId
from media_ext.dtmf_detect cimport DtmfDetector
from media_ext.jitter cimport Jitter
from media_ext.resample cimport Resampler
from media_ext.wheel cimport Timer

cdef enum:
    LONGEST_PACKET_MS = 120
    SPEECH_GATE = 10737         # mean square, -50 dBov: what is fainter may be cut or stretched by the jitter buffer


cdef struct HearingSettings:
    int32_t rate_hz             # of what is heard
    bint codecs[5]              # by CodecId: may come
    int32_t l16_hz


cdef struct Decoder:
    Codec *codec                # NULL: this codec was not agreed on
    Resampler resampler         # of a codec that has not the rate that is wanted


cdef struct Listener:
    int32_t rate_hz             # of what `listener_tick` gives
    int32_t tick_samples        # 20 ms of them
    Jitter jitter
    Decoder decoders[5]         # by CodecId
    int32_t current             # the codec of what was decoded last
    int16_t *heard              # a decoded packet, when it has to be resampled
    int16_t *pcm                # sound that waits, at `rate_hz`
    int32_t room                # samples
    int32_t count               # so many wait
    int32_t taken               # … of which the first were given in the tick before
    int32_t sounding            # … and behind these nothing was said
    bint quiet                  # what was decoded last was below SPEECH_GATE
    # how loud
    int64_t power               # smoothed mean square
    int32_t turn_ticks
    bint talking
    bint tells                  # EVENT_TALKING and EVENT_STOPPED
    # digits in sound
    bint detects
    bint mutes                  # … and does not let them through
    DtmfDetector detector
    # who calls `listener_tick`
    bint ticked                 # a pair or a room does; otherwise the own timer, when it detects or tells
    int64_t due_ns
    Timer timer


# NULL: `status` (AudioStatus) says why.
cdef Listener *hearing_open(const HearingSettings *settings, int32_t *status) noexcept nogil
cdef void hearing_close(Listener *ear) noexcept nogil
# The decoders and the rate of `fresh` in the place of the ones before; what is left of `fresh` is freed.
cdef void hearing_change(Listener *ear, Listener *fresh) noexcept nogil
cdef void hearing_forget(Listener *ear) noexcept nogil            # nothing that came before is heard any more
# What the codec of a payload type makes of so many bytes, in units of its clock; 0: nothing that could be heard.
cdef int32_t hearing_span(const Listener *ear, CodecId id, const uint8_t *payload, int32_t size) noexcept nogil
# Into the sound that waits. `payload` begins with the codec's byte.
cdef void hearing_decode(Listener *ear, const uint8_t *payload, int32_t size, int32_t span) noexcept nogil
cdef void hearing_conceal(Listener *ear, const uint8_t *next, int32_t size, int32_t span) noexcept nogil
cdef void hearing_silence(Listener *ear, int32_t span) noexcept nogil
cdef void hearing_drop_taken(Listener *ear) noexcept nogil


cdef inline uint32_t hearing_clock_hz(const Listener *ear, CodecId id) noexcept nogil:
    return ear.decoders[<int> id].codec.rtp_clock_hz


cdef inline bint hearing_wanted(const Listener *ear) noexcept nogil:
    """Somebody uses what this leg says."""
    return ear != NULL and (ear.ticked or ear.detects or ear.tells)
