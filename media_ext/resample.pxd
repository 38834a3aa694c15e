"""Sampling rate conversion of one channel, by libspeexdsp: a windowed sinc in float arithmetic.

The delay of the filter is there from the first sample on: `skip_zeros` drops it from the start, so that the first
output sample is the first input sample (for files and prompts); without it, each frame of a whole number of
milliseconds gives a frame of the same length in output samples (for live streams).
"""
from libc.stdint cimport int16_t, int32_t, uint32_t

cdef extern from "shim_speexdsp.h" nogil:
    enum:
        SPEEXDSP_BUILT
    ctypedef struct SpeexResamplerState:
        pass
    SpeexResamplerState *speex_resampler_init(uint32_t channels, uint32_t in_rate, uint32_t out_rate, int quality,
                                              int *err) noexcept
    void speex_resampler_destroy(SpeexResamplerState *st) noexcept
    int speex_resampler_process_int(SpeexResamplerState *st, uint32_t channel, const int16_t *pcm, uint32_t *count,
                                    int16_t *out, uint32_t *out_count) noexcept
    int speex_resampler_skip_zeros(SpeexResamplerState *st) noexcept
    int speex_resampler_reset_mem(SpeexResamplerState *st) noexcept
    int speex_resampler_get_output_latency(SpeexResamplerState *st) noexcept

cdef enum:
    RESAMPLE_QUALITY = 3        # of 0-10, what the library recommends for voice


cdef struct Resampler:
    SpeexResamplerState *state
    int32_t from_hz
    int32_t to_hz
    bint skip_zeros


# AUDIO_OK, or why not. Rates of 8000-96000; processing allocates nothing.
cdef int32_t resample_open(Resampler *r, int32_t from_hz, int32_t to_hz, int quality, bint skip_zeros) noexcept nogil
cdef void resample_close(Resampler *r) noexcept nogil
cdef void resample_reset(Resampler *r) noexcept nogil                   # forget the past: what comes is another stream
cdef int32_t resample_room(const Resampler *r, int32_t samples) noexcept nogil      # that so many can become at most
cdef int32_t resample_delay(const Resampler *r) noexcept nogil          # of the filter, in output samples
# Takes all samples; returns how many it made, or AUDIO_ROOM (nothing taken) when `room` is below `resample_room`.
cdef int32_t resample(Resampler *r, const int16_t *pcm, int32_t samples, int16_t *out, int32_t room) noexcept nogil
