// G.722 at 64 kbit/s, after the recommendation (09/2012); each block carries its name there. One byte is one sample of
// each half of the band; of a narrow codec (8 kHz) only the lower half is there. Bit-exact; no allocation, no failure.
#ifndef BELLWIRE_G722_H
#define BELLWIRE_G722_H
#include <stdint.h>
#include <string.h>
#include "g722_bands.h"
#include "g722_lanes.h"

enum { G722_LOW = 0, G722_HIGH = 1, G722_NO_HIGH_BAND = 0xC0 };

// One half of the band: what both ends adapt alike.
typedef struct {
    g722_zeros zeros;
    int32_t poles[2];
    int32_t guess;              // s: what the next sample will be …
    int32_t guess_of_zeros;     // … and what of it the zeros say
    int32_t rebuilt;            // the newest sample as the other end has it, doubled
    int32_t negative[2];        // signs of the last two partly rebuilt samples
    int32_t log_scale, scale;
} g722_half;

typedef struct { g722_half half[2]; g722_past past; } g722_state;

static inline void g722_begin(g722_state *g) {
    memset(g, 0, sizeof *g);
    g->half[G722_LOW].scale = 32;
    g->half[G722_HIGH].scale = 8;
}

static inline int32_t g722_within(int32_t v, int32_t limit) { return v > limit ? limit : v < -limit ? -limit : v; }

// LOGSCL and SCALEL, or LOGSCH and SCALEH.
static inline void g722_rescale(g722_half *h, int32_t step, int32_t most, int32_t shift) {
    static const uint16_t powers[32] = {     // 2048 * 2 ** (i / 32), doubled
        4096, 4186, 4278, 4372, 4466, 4564, 4664, 4766, 4870, 4978, 5086, 5198, 5312, 5428, 5548, 5668,
        5792, 5920, 6050, 6182, 6316, 6456, 6596, 6742, 6888, 7040, 7194, 7352, 7512, 7676, 7844, 8016};
    int32_t log = ((h->log_scale * 127) >> 7) + step;
    log = log < 0 ? 0 : log > most ? most : log;
    h->log_scale = log;
    h->scale = (powers[(log >> 6) & 31] >> (shift + 1 - (log >> 11))) << 2;
}

// Block 4: RECONS to PREDIC.
static inline void g722_adapt(g722_half *h, int32_t difference) {
    int32_t negative = h->guess_of_zeros + difference < 0;
    int32_t as_last = negative == h->negative[0], as_before = negative == h->negative[1];
    int32_t steep = g722_limited(h->poles[0] * 4);
    int32_t second = g722_limited(as_last ? -steep : steep) >> 7;                                 // UPPOL2
    second += (as_before ? 128 : -128) + ((h->poles[1] * 32512) >> 15);
    second = g722_within(second, 12288);
    int32_t first = (as_last ? 192 : -192) + ((h->poles[0] * 32640) >> 15);                       // UPPOL1
    first = g722_within(first, 15360 - second);
    int32_t rebuilt = g722_limited(2 * g722_limited(h->guess + difference));
    int32_t by_poles = g722_limited(((first * rebuilt) >> 15) + ((second * h->rebuilt) >> 15));   // FILTEP
    h->negative[1] = h->negative[0];
    h->negative[0] = negative;
    h->poles[0] = first;
    h->poles[1] = second;
    h->rebuilt = rebuilt;
    h->guess_of_zeros = g722_zeros_next(&h->zeros, difference);
    h->guess = g722_limited(by_poles + h->guess_of_zeros);
}

static inline int32_t g722_times(int32_t scale, int32_t factor) { return (scale * factor) >> 15; }

// By the upper 4 bits of a code of the lower band: INVQAL's levels, and the steps of LOGSCL.
static const int16_t g722_low_levels[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                                            20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
static const int16_t g722_low_steps[16] = {-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
// By the 2 bits of the upper band.
static const int16_t g722_high_levels[4] = {-7408, -1616, 7408, 1616};
static const int16_t g722_high_steps[4] = {798, -214, 798, -214};

static inline void g722_follow_low(g722_half *h, int32_t code) {
    int32_t difference = g722_times(h->scale, g722_low_levels[code >> 2]);
    g722_rescale(h, g722_low_steps[code >> 2], 18432, 8);
    g722_adapt(h, difference);
}

static inline void g722_follow_high(g722_half *h, int32_t code) {
    int32_t difference = g722_times(h->scale, g722_high_levels[code]);
    g722_rescale(h, g722_high_steps[code], 22528, 10);
    g722_adapt(h, difference);
}

// ---- encoding

static inline int32_t g722_code_low(g722_half *h, int32_t sample) {
    int32_t error = g722_limited(sample - h->guess), negative = error < 0;
    int32_t step = g722_step_of(negative ? -(error + 1) : error, h->scale);       // QUANTL; 29 is the last
    int32_t code = negative ? (step < 2 ? 63 - step : 33 - step) : 61 - step;
    g722_follow_low(h, code);
    return code;
}

static inline int32_t g722_code_high(g722_half *h, int32_t sample) {
    int32_t error = g722_limited(sample - h->guess), negative = error < 0;
    int32_t far = (negative ? -(error + 1) : error) >= (564 * h->scale) >> 12;    // QUANTH
    int32_t code = negative ? 1 - far : 3 - far;
    g722_follow_high(h, code);
    return code;
}

static inline void g722_encode_wide(g722_state *g, uint8_t *payload, const int16_t *pcm, int32_t bytes) {
    int16_t low[G722_BLOCK], high[G722_BLOCK];
    while (bytes > 0) {
        int32_t n = bytes < G722_BLOCK ? bytes : G722_BLOCK;
        g722_split(&g->past, low, high, pcm, n);
        for (int32_t i = 0; i < n; i++)
            payload[i] = (uint8_t)(g722_code_high(&g->half[G722_HIGH], high[i]) << 6 |
                                   g722_code_low(&g->half[G722_LOW], low[i]));
        payload += n;
        pcm += 2 * n;
        bytes -= n;
    }
}

static inline void g722_encode_narrow(g722_state *g, uint8_t *payload, const int16_t *pcm, int32_t bytes) {
    for (int32_t i = 0; i < bytes; i++)
        payload[i] = (uint8_t)(G722_NO_HIGH_BAND | g722_code_low(&g->half[G722_LOW], pcm[i] >> 1));
}

// ---- decoding

static inline int32_t g722_half_limited(int32_t v) { return v > 16383 ? 16383 : v < -16384 ? -16384 : v; }

static inline int32_t g722_sound_low(g722_half *h, int32_t code) {
    static const int16_t levels[64] = {         // INVQBL
        -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576,
        -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
        -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
        4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136};
    int32_t sound = g722_half_limited(h->guess + g722_times(h->scale, levels[code]));
    g722_follow_low(h, code);
    return sound;
}

static inline int32_t g722_sound_high(g722_half *h, int32_t code) {
    int32_t sound = g722_half_limited(h->guess + g722_times(h->scale, g722_high_levels[code]));
    g722_follow_high(h, code);
    return sound;
}

static inline void g722_decode_wide(g722_state *g, int16_t *pcm, const uint8_t *payload, int32_t bytes) {
    int16_t low[G722_BLOCK], high[G722_BLOCK];
    while (bytes > 0) {
        int32_t n = bytes < G722_BLOCK ? bytes : G722_BLOCK;
        for (int32_t i = 0; i < n; i++) {
            low[i] = (int16_t)g722_sound_low(&g->half[G722_LOW], payload[i] & 63);
            high[i] = (int16_t)g722_sound_high(&g->half[G722_HIGH], payload[i] >> 6);
        }
        g722_join(&g->past, pcm, low, high, n);
        payload += n;
        pcm += 2 * n;
        bytes -= n;
    }
}

static inline void g722_decode_narrow(g722_state *g, int16_t *pcm, const uint8_t *payload, int32_t bytes) {
    for (int32_t i = 0; i < bytes; i++)
        pcm[i] = (int16_t)(2 * g722_sound_low(&g->half[G722_LOW], payload[i] & 63));
}

#endif
