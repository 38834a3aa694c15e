// What we take of libspeexdsp, or, where it was missing when this was built, functions that refuse.
#ifndef BELLWIRE_SHIM_SPEEXDSP_H
#define BELLWIRE_SHIM_SPEEXDSP_H
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_SPEEXDSP
#include <speex/speex_resampler.h>
#define SPEEXDSP_BUILT 1
#else
#define SPEEXDSP_BUILT 0
typedef struct SpeexResamplerState_ SpeexResamplerState;
static inline SpeexResamplerState *speex_resampler_init(uint32_t channels, uint32_t in_rate, uint32_t out_rate,
                                                        int quality, int *err) { return NULL; }
static inline void speex_resampler_destroy(SpeexResamplerState *st) {}
static inline int speex_resampler_process_int(SpeexResamplerState *st, uint32_t channel, const int16_t *in,
                                              uint32_t *in_len, int16_t *out, uint32_t *out_len) { return 1; }
static inline int speex_resampler_skip_zeros(SpeexResamplerState *st) { return 1; }
static inline int speex_resampler_reset_mem(SpeexResamplerState *st) { return 1; }
static inline int speex_resampler_get_output_latency(SpeexResamplerState *st) { return 0; }
#endif

#endif
