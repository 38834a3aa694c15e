// ITU-T G.711, µ-law and A-law over 16-bit samples: portable C, and the choice between it and what the processor has.
//
//     µ-law code, inverted:   s e e e m m m m     ±((m·8 + 132) << e) - 132
//     A-law code, xor 0x55:   s e e e m m m m     ±((m·16 + 8 + 256·[e>0]) << max(e-1, 0))
//
// Encoding follows the ITU's own reference software (G.191, module G711): a negative sample is measured by its one's
// complement, so that a value on a decision threshold goes outwards on the positive side and inwards on the other.
#ifndef BELLWIRE_G711_H
#define BELLWIRE_G711_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*g711_decoder)(int16_t *restrict pcm, const uint8_t *restrict codes, size_t count);
typedef void (*g711_encoder)(uint8_t *restrict codes, const int16_t *restrict pcm, size_t count);

typedef struct {
    const char *name;
    g711_decoder ulaw_decode, alaw_decode;
    g711_encoder ulaw_encode, alaw_encode;
} g711_kernels;

// ---- one sample

#define G711_ULAW_SIZE(u) (((((u) & 15) * 8 + 132) << ((u) >> 4 & 7)) - 132)
#define G711_ULAW(code) (int16_t)((~(code) & 128) ? -G711_ULAW_SIZE(~(code)) : G711_ULAW_SIZE(~(code)))
#define G711_ALAW_SIZE(a) ((((a) & 15) * 16 + 8 + ((a) & 0x70 ? 256 : 0)) << ((a) & 0x70 ? ((a) >> 4 & 7) - 1 : 0))
#define G711_ALAW(code) (int16_t)(((code) & 128) ? G711_ALAW_SIZE((code) ^ 0x55) : -G711_ALAW_SIZE((code) ^ 0x55))

// A float of the size holds what is asked for side by side: its exponent, and the four bits after the leading one.
static inline int g711_top_bits(int size) {
    float f = (float)size;                                      // exact, and the compiler converts four at a time
    int32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return (bits >> 19) - ((127 + 7) << 4);                     // e << 4 | m, with e counted from a size of 128
}

static inline uint8_t g711_ulaw_of(int16_t sample) {
    int sign = sample >> 15;                                    // 0 or -1
    int size = sample ^ sign;
    size = (size > 32635 ? 32635 : size) + 132;                 // 132 .. 32767
    return (uint8_t)~((sign & 128) | g711_top_bits(size));
}

static inline uint8_t g711_alaw_of(int16_t sample) {
    int sign = sample >> 15;
    int size = sample ^ sign;                                   // 0 .. 32767
    int first = size < 256;                                     // a segment without leading one: give it one, take it back
    return (uint8_t)(((~sign & 128) | (g711_top_bits(size + (first << 8)) - (first << 4))) ^ 0x55);
}

// ---- portable: a table of 512 bytes to decode, arithmetic to encode (a table of 16 KB is as fast alone, and pushes
// the packets out of a small cache)

#define G711_4(f, n) f(n), f((n) + 1), f((n) + 2), f((n) + 3)
#define G711_16(f, n) G711_4(f, n), G711_4(f, (n) + 4), G711_4(f, (n) + 8), G711_4(f, (n) + 12)
#define G711_64(f, n) G711_16(f, n), G711_16(f, (n) + 16), G711_16(f, (n) + 32), G711_16(f, (n) + 48)
#define G711_256(f) G711_64(f, 0), G711_64(f, 64), G711_64(f, 128), G711_64(f, 192)

static const int16_t g711_ulaw_table[256] = {G711_256(G711_ULAW)};
static const int16_t g711_alaw_table[256] = {G711_256(G711_ALAW)};

static void g711_ulaw_decode_c(int16_t *restrict pcm, const uint8_t *restrict codes, size_t count) {
    for (size_t i = 0; i < count; i++) pcm[i] = g711_ulaw_table[codes[i]];
}

static void g711_alaw_decode_c(int16_t *restrict pcm, const uint8_t *restrict codes, size_t count) {
    for (size_t i = 0; i < count; i++) pcm[i] = g711_alaw_table[codes[i]];
}

static void g711_ulaw_encode_c(uint8_t *restrict codes, const int16_t *restrict pcm, size_t count) {
    for (size_t i = 0; i < count; i++) codes[i] = g711_ulaw_of(pcm[i]);
}

static void g711_alaw_encode_c(uint8_t *restrict codes, const int16_t *restrict pcm, size_t count) {
    for (size_t i = 0; i < count; i++) codes[i] = g711_alaw_of(pcm[i]);
}

static const g711_kernels g711_portable_kernels = {
    "portable", g711_ulaw_decode_c, g711_alaw_decode_c, g711_ulaw_encode_c, g711_alaw_encode_c};

// ---- what the processor has. A kernel takes 16 or 32 samples at a time; what is left over at the end is done as one
// more full turn that overlaps the turn before, and fewer samples than one turn are left to portable C.

#if defined(__x86_64__)
#include "g711_avx2.h"
#elif defined(__aarch64__)
#include "g711_neon.h"
#endif

static inline const g711_kernels *g711_portable(void) { return &g711_portable_kernels; }

static inline const g711_kernels *g711_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) return &g711_avx2_kernels;
#elif defined(__aarch64__)
    return &g711_neon_kernels;                                  // part of every 64-bit ARM
#endif
    return &g711_portable_kernels;
}

#endif
