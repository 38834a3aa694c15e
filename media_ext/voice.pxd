"""What a leg says when the node speaks on it: the encoder and what waits to be a packet. Knows no leg and no socket.

Memory is taken in Python's thread by `speaker_open`; the worker owns the record from the command that brings it.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from media_ext.codec cimport Codec, CodecSettings
from media_ext.dtmf_send cimport DigitSender
from media_ext.dtmf_tone cimport DtmfTone
from media_ext.player cimport Player
from media_ext.wheel cimport Timer

cdef enum:
    TICK_MS = 20                # of whoever feeds a speaker
    NO_TYPE = 255               # no payload type for digits was agreed on
    LONGEST_FRAME_BYTES = 1400  # with RTP, SRTP, UDP and IPv6 around it, it fits an Ethernet frame


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
    # what is heard besides what the speaker is given
    Player *player              # instead of it; NULL: nothing
    Player *whisper             # mixed with it
    uint32_t ended[2]           # serials of players that came to their end in this tick
    DigitSender digits          # its queue serves digits that are sent as sound, too
    DtmfTone tone
    bint tone_on                # a digit is sent as sound
    uint32_t digit_clock        # goes on with each packet's time, in `digits_clock_hz`
    uint32_t digit_from         # what it was when the digit began …
    uint32_t digit_ts           # … and the timestamp that the phone was told
    int16_t *sound              # one tick, or one packet if that is longer
    int16_t *under              # the same, for what is mixed
    int64_t due_ns              # own timer: of the next packet; steps by ptime, so it never drifts
    Timer timer

# NULL: `status` (AudioStatus) says why.
cdef Speaker *speaker_open(const VoiceSettings *settings, int32_t *status) noexcept nogil
cdef void speaker_close(Speaker *s) noexcept nogil
# The encoder, format and buffers of `fresh` in the place of the ones before; what is left of `fresh` is freed. Its
# players go on where those with the same serial were.
cdef void speaker_revoice(Speaker *s, Speaker *fresh) noexcept nogil
cdef void speaker_play(Speaker *s, Player *player) noexcept nogil       # takes it over; ends the one before
cdef void speaker_hush(Speaker *s) noexcept nogil                       # ends both
# What is to be heard for the time of `samples`, when `pcm` is given (NULL: nothing): `pcm` itself or a buffer of the
# speaker; NULL: nothing at all. Sets `ended`.
cdef const int16_t *speaker_sound(Speaker *s, const int16_t *pcm, int32_t samples) noexcept nogil


cdef inline bint speaker_sounds(const Speaker *s) noexcept nogil:
    """Whether it has something of its own to be heard."""
    return (s.player != NULL or s.whisper != NULL or s.tone_on
            or (s.digits_type == NO_TYPE and s.digits.waiting > 0))
