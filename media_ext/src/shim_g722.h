// What we take of libspandsp, or, where it was missing when this was built, functions that refuse.
#ifndef BELLWIRE_SHIM_G722_H
#define BELLWIRE_SHIM_G722_H
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_SPANDSP
#include <spandsp/telephony.h>
#include <spandsp/g722.h>
#include <spandsp/private/g722.h>
#define G722_BUILT 1
static inline void g722_decode_bands(g722_decode_state_t *s) { s->itu_test_mode = 1; }  // no filter: low, high, low, …
#else
#define G722_BUILT 0
enum { G722_SAMPLE_RATE_8000 = 1 };
typedef struct g722_encode_state_s g722_encode_state_t;
typedef struct g722_decode_state_s g722_decode_state_t;
static inline g722_encode_state_t *g722_encode_init(g722_encode_state_t *s, int rate, int options) { return NULL; }
static inline int g722_encode_free(g722_encode_state_t *s) { return 0; }
static inline int g722_encode(g722_encode_state_t *s, uint8_t *data, const int16_t *amp, int len) { return 0; }
static inline g722_decode_state_t *g722_decode_init(g722_decode_state_t *s, int rate, int options) { return NULL; }
static inline int g722_decode_free(g722_decode_state_t *s) { return 0; }
static inline int g722_decode(g722_decode_state_t *s, int16_t *amp, const uint8_t *data, int len) { return 0; }
static inline void g722_decode_bands(g722_decode_state_t *s) {}
#endif

#include "g722_bands.h"

#endif
