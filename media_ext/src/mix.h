// The inner loops of a conference, over 16-bit samples: plain C, and what the processor has.
//
//     energy   sum of squares of one frame
//     gain     out = saturate(in * gain / 4096, rounded)
//     sum      sum = all rows added up, in 32 bits: 65,536 members do not overflow
//     minus    out = saturate(sum - own)
//     clip     out = saturate(sum)
//
// Any count is allowed, rows need no alignment, and all sets give the same bits. Only `gain` may work in place.
#ifndef BELLWIRE_MIX_H
#define BELLWIRE_MIX_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MIX_UNITY 4096
#define MIX_GAIN_MAX 32767                                      // +18 dB

typedef struct {
    const char *name;
    int64_t (*energy)(const int16_t *x, size_t count);
    void (*gain)(int16_t *out, const int16_t *x, int32_t gain, size_t count);
    void (*sum)(int32_t *sum, const int16_t *const *rows, size_t members, size_t count);
    void (*minus)(int16_t *out, const int32_t *sum, const int16_t *own, size_t count);
    void (*clip)(int16_t *out, const int32_t *sum, size_t count);
} mix_kernels;

// ---- plain C, which the compiler may not vectorise: it is the measure for the others, in result and in time

#if defined(__GNUC__) && !defined(__clang__)
#define MIX_PLAIN static __attribute__((optimize("no-tree-vectorize")))
#else
#define MIX_PLAIN static
#endif

static inline int16_t mix_saturate(int32_t v) {
    return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

static inline int64_t mix_energy_from(const int16_t *x, size_t from, size_t count) {
    int64_t total = 0;
    for (size_t i = from; i < count; i++) total += (int32_t)x[i] * x[i];
    return total;
}

static inline void mix_gain_from(int16_t *out, const int16_t *x, int32_t gain, size_t from, size_t count) {
    for (size_t i = from; i < count; i++) out[i] = mix_saturate((x[i] * gain + MIX_UNITY / 2) >> 12);
}

static inline void mix_sum_from(int32_t *sum, const int16_t *const *rows, size_t members, size_t from, size_t count) {
    if (from >= count) return;
    memset(sum + from, 0, (count - from) * sizeof *sum);
    for (size_t m = 0; m < members; m++)
        for (size_t i = from; i < count; i++) sum[i] += rows[m][i];
}

static inline void mix_minus_from(int16_t *out, const int32_t *sum, const int16_t *own, size_t from, size_t count) {
    for (size_t i = from; i < count; i++) out[i] = mix_saturate(sum[i] - own[i]);
}

static inline void mix_clip_from(int16_t *out, const int32_t *sum, size_t from, size_t count) {
    for (size_t i = from; i < count; i++) out[i] = mix_saturate(sum[i]);
}

MIX_PLAIN int64_t mix_energy_c(const int16_t *x, size_t count) {
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) total += (int32_t)x[i] * x[i];
    return total;
}
MIX_PLAIN void mix_gain_c(int16_t *out, const int16_t *x, int32_t gain, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = mix_saturate((x[i] * gain + MIX_UNITY / 2) >> 12);
}
MIX_PLAIN void mix_sum_c(int32_t *sum, const int16_t *const *rows, size_t members, size_t count) {
    memset(sum, 0, count * sizeof *sum);
    for (size_t m = 0; m < members; m++)
        for (size_t i = 0; i < count; i++) sum[i] += rows[m][i];
}
MIX_PLAIN void mix_minus_c(int16_t *out, const int32_t *sum, const int16_t *own, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = mix_saturate(sum[i] - own[i]);
}
MIX_PLAIN void mix_clip_c(int16_t *out, const int32_t *sum, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = mix_saturate(sum[i]);
}

static const mix_kernels mix_portable_kernels = {
    "portable", mix_energy_c, mix_gain_c, mix_sum_c, mix_minus_c, mix_clip_c};

#if defined(__x86_64__)
#include "mix_x86.h"
#elif defined(__aarch64__)
#include "mix_neon.h"
#endif

// The set of this name ("portable", "sse2", "avx2", "neon"; NULL: the best), or NULL where the processor lacks it.
static inline const mix_kernels *mix_kernels_named(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && (!name || !strcmp(name, "avx2"))) return &mix_avx2_kernels;
    if (!name || !strcmp(name, "sse2")) return &mix_sse2_kernels;   // part of every 64-bit x86
#elif defined(__aarch64__)
    if (!name || !strcmp(name, "neon")) return &mix_neon_kernels;   // part of every 64-bit ARM
#endif
    return !name || !strcmp(name, "portable") ? &mix_portable_kernels : NULL;
}

#endif
