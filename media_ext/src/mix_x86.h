// The inner loops of a conference with SSE2 (16 samples a turn) and AVX2 (32 a turn); see mix.h.
//
// `sum` keeps one turn's sums in registers while it walks all members, so that they are stored once and not per member.
#ifndef BELLWIRE_MIX_X86_H
#define BELLWIRE_MIX_X86_H
#include <immintrin.h>

#define MIX_AVX2 static __attribute__((target("avx2")))
#define MIX_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

// ---- SSE2

static inline __m128i mix_load8(const int16_t *p) { return _mm_loadu_si128((const __m128i *)p); }
static inline __m128i mix_sums4(const int32_t *p) { return _mm_loadu_si128((const __m128i *)p); }
static inline __m128i mix_low4(__m128i x) { return _mm_srai_epi32(_mm_unpacklo_epi16(x, x), 16); }
static inline __m128i mix_high4(__m128i x) { return _mm_srai_epi32(_mm_unpackhi_epi16(x, x), 16); }

static int64_t mix_energy_sse2(const int16_t *x, size_t count) {
    const __m128i zero = _mm_setzero_si128();
    __m128i total = zero;
    int64_t lanes[2];
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m128i v = mix_load8(x + i), p = _mm_madd_epi16(v, v);     // pairs: up to 2^31, so without a sign from here
        total = _mm_add_epi64(total, _mm_add_epi64(_mm_unpacklo_epi32(p, zero), _mm_unpackhi_epi32(p, zero)));
    }
    _mm_storeu_si128((__m128i *)lanes, total);
    return lanes[0] + lanes[1] + mix_energy_from(x, i, count);
}

static void mix_gain_sse2(int16_t *out, const int16_t *x, int32_t gain, size_t count) {
    const __m128i factor = _mm_set1_epi16((int16_t)gain), round = _mm_set1_epi32(MIX_UNITY / 2);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m128i v = mix_load8(x + i), lo = _mm_mullo_epi16(v, factor), hi = _mm_mulhi_epi16(v, factor);
        __m128i a = _mm_srai_epi32(_mm_add_epi32(_mm_unpacklo_epi16(lo, hi), round), 12);
        __m128i b = _mm_srai_epi32(_mm_add_epi32(_mm_unpackhi_epi16(lo, hi), round), 12);
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi32(a, b));
    }
    mix_gain_from(out, x, gain, i, count);
}

static void mix_sum_sse2(int32_t *sum, const int16_t *const *rows, size_t members, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i a = _mm_setzero_si128(), b = a, c = a, d = a;
        for (size_t m = 0; m < members; m++) {
            __m128i x = mix_load8(rows[m] + i), y = mix_load8(rows[m] + i + 8);
            a = _mm_add_epi32(a, mix_low4(x));
            b = _mm_add_epi32(b, mix_high4(x));
            c = _mm_add_epi32(c, mix_low4(y));
            d = _mm_add_epi32(d, mix_high4(y));
        }
        _mm_storeu_si128((__m128i *)(sum + i), a);
        _mm_storeu_si128((__m128i *)(sum + i + 4), b);
        _mm_storeu_si128((__m128i *)(sum + i + 8), c);
        _mm_storeu_si128((__m128i *)(sum + i + 12), d);
    }
    mix_sum_from(sum, rows, members, i, count);
}

static void mix_minus_sse2(int16_t *out, const int32_t *sum, const int16_t *own, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m128i x = mix_load8(own + i);
        __m128i a = _mm_sub_epi32(mix_sums4(sum + i), mix_low4(x)), b = _mm_sub_epi32(mix_sums4(sum + i + 4), mix_high4(x));
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi32(a, b));
    }
    mix_minus_from(out, sum, own, i, count);
}

static void mix_clip_sse2(int16_t *out, const int32_t *sum, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi32(mix_sums4(sum + i), mix_sums4(sum + i + 4)));
    mix_clip_from(out, sum, i, count);
}

static const mix_kernels mix_sse2_kernels = {
    "sse2", mix_energy_sse2, mix_gain_sse2, mix_sum_sse2, mix_minus_sse2, mix_clip_sse2};

// ---- AVX2

MIX_AVX2_INLINE __m256i mix_load16(const int16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
MIX_AVX2_INLINE __m256i mix_sums8(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
MIX_AVX2_INLINE __m256i mix_wide8(const int16_t *p) { return _mm256_cvtepi16_epi32(mix_load8(p)); }
MIX_AVX2_INLINE void mix_pack16(int16_t *out, __m256i a, __m256i b) {   // saturates, and puts the lanes in order
    _mm256_storeu_si256((__m256i *)out, _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8));
}

MIX_AVX2 int64_t mix_energy_avx2(const int16_t *x, size_t count) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i total = zero;
    int64_t lanes[4];
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i v = mix_load16(x + i), p = _mm256_madd_epi16(v, v);
        total = _mm256_add_epi64(total, _mm256_add_epi64(_mm256_unpacklo_epi32(p, zero), _mm256_unpackhi_epi32(p, zero)));
    }
    _mm256_storeu_si256((__m256i *)lanes, total);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] + mix_energy_from(x, i, count);
}

MIX_AVX2 void mix_gain_avx2(int16_t *out, const int16_t *x, int32_t gain, size_t count) {
    const __m256i factor = _mm256_set1_epi32(gain), round = _mm256_set1_epi32(MIX_UNITY / 2);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i a = _mm256_add_epi32(_mm256_mullo_epi32(mix_wide8(x + i), factor), round);
        __m256i b = _mm256_add_epi32(_mm256_mullo_epi32(mix_wide8(x + i + 8), factor), round);
        mix_pack16(out + i, _mm256_srai_epi32(a, 12), _mm256_srai_epi32(b, 12));
    }
    mix_gain_from(out, x, gain, i, count);
}

MIX_AVX2 void mix_sum_avx2(int32_t *sum, const int16_t *const *rows, size_t members, size_t count) {
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
        for (size_t m = 0; m < members; m++) {
            const int16_t *x = rows[m] + i;
            a = _mm256_add_epi32(a, mix_wide8(x));
            b = _mm256_add_epi32(b, mix_wide8(x + 8));
            c = _mm256_add_epi32(c, mix_wide8(x + 16));
            d = _mm256_add_epi32(d, mix_wide8(x + 24));
        }
        _mm256_storeu_si256((__m256i *)(sum + i), a);
        _mm256_storeu_si256((__m256i *)(sum + i + 8), b);
        _mm256_storeu_si256((__m256i *)(sum + i + 16), c);
        _mm256_storeu_si256((__m256i *)(sum + i + 24), d);
    }
    mix_sum_from(sum, rows, members, i, count);
}

MIX_AVX2 void mix_minus_avx2(int16_t *out, const int32_t *sum, const int16_t *own, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        mix_pack16(out + i, _mm256_sub_epi32(mix_sums8(sum + i), mix_wide8(own + i)),
                   _mm256_sub_epi32(mix_sums8(sum + i + 8), mix_wide8(own + i + 8)));
    mix_minus_from(out, sum, own, i, count);
}

MIX_AVX2 void mix_clip_avx2(int16_t *out, const int32_t *sum, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) mix_pack16(out + i, mix_sums8(sum + i), mix_sums8(sum + i + 8));
    mix_clip_from(out, sum, i, count);
}

static const mix_kernels mix_avx2_kernels = {
    "avx2", mix_energy_avx2, mix_gain_avx2, mix_sum_avx2, mix_minus_avx2, mix_clip_avx2};

#endif
