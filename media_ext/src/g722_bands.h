// G.722's receiving filter: the lower and the upper band become one signal at 16 kHz (recommendation, 4.4).
//
// libspandsp 0.0.6 has this filter too, but does not limit what comes out of it: a loud voice turns over at full scale
// and crackles. So its decoder is kept in the mode that ends before the filter.
#ifndef BELLWIRE_G722_BANDS_H
#define BELLWIRE_G722_BANDS_H
#include <stdint.h>
#include <string.h>

enum { G722_TAPS = 12, G722_PAST = G722_TAPS - 1, G722_BLOCK = 160 };

typedef struct { int16_t sums[G722_PAST], differences[G722_PAST]; } g722_bands;

static inline int16_t g722_limited(int32_t v) { return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v); }

// `pcm`: pairs of a low and a high band's sample, each doubled; becomes as many samples of the whole.
static inline void g722_join_bands(g722_bands *past, int16_t *pcm, int32_t pairs) {
    static const int16_t even[G722_TAPS] = {-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3};
    static const int16_t odd[G722_TAPS] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
    int16_t sum[G722_PAST + G722_BLOCK], difference[G722_PAST + G722_BLOCK];
    while (pairs > 0) {
        int32_t n = pairs < G722_BLOCK ? pairs : G722_BLOCK;
        memcpy(sum, past->sums, sizeof past->sums);
        memcpy(difference, past->differences, sizeof past->differences);
        for (int32_t i = 0; i < n; i++) {
            sum[G722_PAST + i] = (int16_t)((pcm[2 * i] + pcm[2 * i + 1]) >> 1);
            difference[G722_PAST + i] = (int16_t)((pcm[2 * i] - pcm[2 * i + 1]) >> 1);
        }
        for (int32_t i = 0; i < n; i++) {
            int32_t a = 0, b = 0;
            for (int k = 0; k < G722_TAPS; k++) {
                a += difference[i + k] * even[k];
                b += sum[i + k] * odd[k];
            }
            pcm[2 * i] = g722_limited(a >> 11);
            pcm[2 * i + 1] = g722_limited(b >> 11);
        }
        memcpy(past->sums, sum + n, sizeof past->sums);
        memcpy(past->differences, difference + n, sizeof past->differences);
        pcm += 2 * n;
        pairs -= n;
    }
}

#endif
