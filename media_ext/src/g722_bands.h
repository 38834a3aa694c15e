// G.722's filters: a signal at 16 kHz becomes a lower and an upper band at 8 kHz each, and they one signal again
// (recommendation, 3.1 and 4.4).
#ifndef BELLWIRE_G722_BANDS_H
#define BELLWIRE_G722_BANDS_H
#include <stdint.h>
#include <string.h>
#include "g722_lanes.h"

enum { G722_TAPS = 12, G722_PAST = G722_TAPS - 1, G722_BLOCK = 160 };

// Of an encoder: samples at even and at odd places; of a decoder: differences and sums of the bands.
typedef struct { int16_t even[G722_PAST], odd[G722_PAST]; } g722_past;

static const int16_t g722_even_taps[G722_TAPS] = {-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3};
static const int16_t g722_odd_taps[G722_TAPS] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

static inline void g722_filter(int32_t *out, const int16_t *in, const int16_t *taps, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        int32_t sum = 0;
        for (int k = 0; k < G722_TAPS; k++) sum += in[i + k] * taps[k];
        out[i] = sum;
    }
}

// As many samples of each band as `pairs`, at most G722_BLOCK.
static inline void g722_split(g722_past *past, int16_t *low, int16_t *high, const int16_t *pcm, int32_t pairs) {
    int16_t even[G722_PAST + G722_BLOCK], odd[G722_PAST + G722_BLOCK];
    int32_t a[G722_BLOCK], b[G722_BLOCK];
    memcpy(even, past->even, sizeof past->even);
    memcpy(odd, past->odd, sizeof past->odd);
    for (int32_t i = 0; i < pairs; i++) {
        even[G722_PAST + i] = pcm[2 * i];
        odd[G722_PAST + i] = pcm[2 * i + 1];
    }
    g722_filter(a, even, g722_odd_taps, pairs);
    g722_filter(b, odd, g722_even_taps, pairs);
    for (int32_t i = 0; i < pairs; i++) {
        low[i] = (int16_t)((b[i] + a[i]) >> 14);
        high[i] = (int16_t)((b[i] - a[i]) >> 14);
    }
    memcpy(past->even, even + pairs, sizeof past->even);
    memcpy(past->odd, odd + pairs, sizeof past->odd);
}

// Limited: libspandsp 0.0.6 does not, so a loud voice turns over at full scale there and crackles.
static inline void g722_join(g722_past *past, int16_t *pcm, const int16_t *low, const int16_t *high, int32_t pairs) {
    int16_t difference[G722_PAST + G722_BLOCK], sum[G722_PAST + G722_BLOCK];
    int32_t a[G722_BLOCK], b[G722_BLOCK];
    memcpy(difference, past->even, sizeof past->even);
    memcpy(sum, past->odd, sizeof past->odd);
    for (int32_t i = 0; i < pairs; i++) {
        difference[G722_PAST + i] = (int16_t)(low[i] - high[i]);
        sum[G722_PAST + i] = (int16_t)(low[i] + high[i]);
    }
    g722_filter(a, difference, g722_even_taps, pairs);
    g722_filter(b, sum, g722_odd_taps, pairs);
    for (int32_t i = 0; i < pairs; i++) {
        pcm[2 * i] = g722_limited(a[i] >> 11);
        pcm[2 * i + 1] = g722_limited(b[i] >> 11);
    }
    memcpy(past->even, difference + pairs, sizeof past->even);
    memcpy(past->odd, sum + pairs, sizeof past->odd);
}

#endif
