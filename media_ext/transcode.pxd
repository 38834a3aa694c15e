"""From one codec to another: decode, resample where the rates differ, and cut into the other's frames.

Packets may be longer or shorter than those that are sent. Best opened with both codecs at `codec_common_rate`, which
needs no resampler. The codecs are borrowed; memory is taken once.
"""
from libc.stdint cimport int16_t, int32_t, uint8_t

from media_ext.codec cimport Codec
from media_ext.resample cimport Resampler


cdef struct Transcoder:
    Codec *source
    Codec *sink
    Resampler resampler         # closed when the rates are the same
    int16_t *heard              # room for a decoded packet at the source's rate; NULL without resampler
    int16_t *waiting            # samples at the sink's rate that wait to be a frame
    int32_t count               # so many
    int32_t room                # of so many


# AUDIO_OK or why not; `quality` is the resampler's.
cdef int32_t transcode_open(Transcoder *t, Codec *source, Codec *sink, int quality) noexcept nogil
cdef void transcode_close(Transcoder *t) noexcept nogil
cdef void transcode_reset(Transcoder *t) noexcept nogil         # another stream begins
# Take a packet, or the time of a lost one (`next`: the packet after it or NULL). Returns the frames that are ready, and
# must be taken before the next packet; AUDIO_ROOM when too many wait.
cdef int32_t transcode_put(Transcoder *t, const uint8_t *payload, int32_t size) noexcept nogil
cdef int32_t transcode_lost(Transcoder *t, int32_t ms, const uint8_t *next, int32_t size) noexcept nogil
# The next frame's bytes; 0: nothing is to be sent for its time (DTX). AUDIO_LENGTH: no frame is ready.
cdef int32_t transcode_take(Transcoder *t, uint8_t *payload, int32_t room) noexcept nogil
cdef int32_t transcode_ready(const Transcoder *t) noexcept nogil
