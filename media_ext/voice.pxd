"""What a leg says when the node speaks on it: the encoder and what waits to be a packet. Knows no leg and no socket.

Memory is taken in Python's thread by `speaker_open`; the worker owns the record from the command that brings it.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from media_ext.codec cimport Codec, CodecSettings
from media_ext.wheel cimport Timer

cdef enum:
    TICK_MS = 20                # of whoever feeds a speaker
    NO_TYPE = 255               # no payload type for digits was agreed on


cdef struct VoiceSettings:
    CodecSettings codec         # `encodes` is set
    uint8_t payload_type
    uint8_t digits_type         # of telephone-event; NO_TYPE: digits are sent as sound
    uint32_t digits_clock_hz


cdef struct Speaker:
    Codec *encoder
    int32_t rate_hz             # of the samples it is given; may change with a new voice format
    int32_t tick_samples        # 20 ms of them
    bint fed                    # a pair or a room calls `speaker_tick`; else its own timer, while there is something
    bint owns                   # what is relayed to this leg is not heard now
    uint8_t payload_type
    uint8_t digits_type
    uint32_t digits_clock_hz
    uint64_t feed               # of output.pxd
    uint32_t gap                # units of the RTP clock that passed without a packet since the last frame
    int16_t *waiting            # samples that are no whole packet yet
    int32_t count
    int16_t *sound              # one tick, or one packet if that is longer
    int64_t due_ns              # own timer: of the next packet; steps by ptime, so it never drifts
    Timer timer


# NULL: `status` (AudioStatus) says why.
cdef Speaker *speaker_open(const VoiceSettings *settings, int32_t *status) noexcept nogil
cdef void speaker_close(Speaker *s) noexcept nogil
# The encoder, format and buffers of `fresh` in the place of the ones before; what is left of `fresh` is freed.
cdef void speaker_revoice(Speaker *s, Speaker *fresh) noexcept nogil
