// What of G.722 is done for all lanes of a register at once: the search among 29 thresholds, and the filter of six
// zeros. SSE2 on x86, NEON on ARM, plain C elsewhere or where G722_PORTABLE is defined. Each is exact.
#ifndef BELLWIRE_G722_LANES_H
#define BELLWIRE_G722_LANES_H
#include <stdint.h>

#if defined(__SSE2__) && !defined(G722_PORTABLE)
#include <emmintrin.h>
#define G722_SSE2 1
#elif defined(__aarch64__) && !defined(G722_PORTABLE)
#include <arm_neon.h>
#define G722_NEON 1
#endif

enum { G722_STEPS = 29 };

static inline int16_t g722_limited(int32_t v) { return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v); }

// Table 5 of the recommendation, Q6: where the steps of the lower band's quantizer end, times 16; the rest never counts.
static const uint16_t g722_steps[32] __attribute__((aligned(16))) = {
    560, 1152, 1760, 2400, 3040, 3728, 4416, 5168, 5920, 6752, 7568, 8480, 9392, 10400, 11424, 12576,
    13728, 15040, 16368, 17936, 19504, 21424, 23328, 25792, 28240, 31680, 35120, 40912, 46704, 65535, 65535, 65535};

// How many of the thresholds, each steps[i] * scale / 4096, lie at or below `size`.
static inline int32_t g722_step_of(int32_t size, int32_t scale) {
#if defined(G722_SSE2)
    const __m128i *steps = (const __m128i *)g722_steps;
    __m128i by = _mm_set1_epi16((int16_t)scale), wanted = _mm_set1_epi16((int16_t)size);
    __m128i over0 = _mm_cmpgt_epi16(_mm_mulhi_epu16(steps[0], by), wanted);
    __m128i over1 = _mm_cmpgt_epi16(_mm_mulhi_epu16(steps[1], by), wanted);
    __m128i over2 = _mm_cmpgt_epi16(_mm_mulhi_epu16(steps[2], by), wanted);
    __m128i over3 = _mm_cmpgt_epi16(_mm_mulhi_epu16(steps[3], by), wanted);
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(over0, over1));
    uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(over2, over3));
    return __builtin_ctz(low | high << 16 | 1u << G722_STEPS);
#elif defined(G722_NEON)
    uint16x8_t wanted = vdupq_n_u16((uint16_t)size), count = vdupq_n_u16(0);
    for (int i = 0; i < 32; i += 8) {
        uint16x8_t steps = vld1q_u16(g722_steps + i);
        uint16x4_t low = vshrn_n_u32(vmull_n_u16(vget_low_u16(steps), (uint16_t)scale), 16);
        uint16x4_t high = vshrn_n_u32(vmull_n_u16(vget_high_u16(steps), (uint16_t)scale), 16);
        count = vsubq_u16(count, vcleq_u16(vcombine_u16(low, high), wanted));
    }
    int32_t found = vaddvq_u16(count);
    return found < G722_STEPS ? found : G722_STEPS;
#else
    int32_t found = 0;
    while (found < G722_STEPS && ((uint32_t)g722_steps[found] * (uint32_t)scale) >> 16 <= (uint32_t)size) found++;
    return found;
#endif
}

// The filter of six zeros: its coefficients and the last six differences, each doubled. Lanes 6 and 7 stay zero.
typedef struct { int16_t factors[8], past[8]; } __attribute__((aligned(16))) g722_zeros;

// UPZERO, DELAYA and FILTEZ: the coefficients follow the new difference, which is then filtered with the five before.
static inline int32_t g722_zeros_next(g722_zeros *z, int32_t difference) {
#if defined(G722_SSE2)
    __m128i factors = _mm_load_si128((const __m128i *)z->factors), past = _mm_load_si128((const __m128i *)z->past);
    __m128i doubled = _mm_cvtsi32_si128(g722_limited(2 * difference) & 0xFFFF);
    __m128i sign = _mm_srai_epi16(_mm_xor_si128(past, _mm_set1_epi16((int16_t)difference)), 15);
    __m128i step = _mm_and_si128(_mm_setr_epi16(128, 128, 128, 128, 128, 128, 0, 0),
                                 _mm_set1_epi16((int16_t)-(difference != 0)));
    __m128i ragged = _mm_cmpgt_epi16(_mm_and_si128(factors, _mm_set1_epi16(255)), _mm_setzero_si128());
    factors = _mm_add_epi16(_mm_sub_epi16(factors, _mm_srai_epi16(factors, 8)), ragged);
    factors = _mm_add_epi16(factors, _mm_sub_epi16(_mm_xor_si128(step, sign), sign));
    factors = _mm_and_si128(factors, _mm_setr_epi16(-1, -1, -1, -1, -1, -1, 0, 0));
    past = _mm_or_si128(_mm_slli_si128(past, 2), doubled);
    _mm_store_si128((__m128i *)z->factors, factors);
    _mm_store_si128((__m128i *)z->past, past);
    __m128i low = _mm_mullo_epi16(factors, past), high = _mm_mulhi_epi16(factors, past);
    __m128i sum = _mm_add_epi32(_mm_srai_epi32(_mm_unpacklo_epi16(low, high), 15),
                                _mm_srai_epi32(_mm_unpackhi_epi16(low, high), 15));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
    return g722_limited(_mm_cvtsi128_si32(sum));
#elif defined(G722_NEON)
    static const int16_t inside[8] = {128, 128, 128, 128, 128, 128, 0, 0};
    int16x8_t factors = vld1q_s16(z->factors), past = vld1q_s16(z->past);
    int16x8_t sign = vshrq_n_s16(veorq_s16(past, vdupq_n_s16((int16_t)difference)), 15);
    int16x8_t step = vandq_s16(vld1q_s16(inside), vdupq_n_s16((int16_t)-(difference != 0)));
    int16x8_t ragged = vreinterpretq_s16_u16(vtstq_s16(factors, vdupq_n_s16(255)));
    factors = vaddq_s16(vsubq_s16(factors, vshrq_n_s16(factors, 8)), ragged);
    factors = vaddq_s16(factors, vsubq_s16(veorq_s16(step, sign), sign));
    past = vextq_s16(vdupq_n_s16(g722_limited(2 * difference)), past, 7);
    factors = vandq_s16(factors, vreinterpretq_s16_u16(vtstq_s16(vld1q_s16(inside), vdupq_n_s16(128))));
    vst1q_s16(z->factors, factors);
    vst1q_s16(z->past, past);
    int32x4_t sum = vaddq_s32(vshrq_n_s32(vmull_s16(vget_low_s16(factors), vget_low_s16(past)), 15),
                              vshrq_n_s32(vmull_s16(vget_high_s16(factors), vget_high_s16(past)), 15));
    return g722_limited(vaddvq_s32(sum));
#else
    int32_t sum = 0;
    for (int i = 5; i >= 0; i--) {
        int32_t step = difference == 0 ? 0 : (z->past[i] ^ difference) < 0 ? -128 : 128;
        z->factors[i] = (int16_t)(((z->factors[i] * 255) >> 8) + step);
        z->past[i] = i ? z->past[i - 1] : g722_limited(2 * difference);
        sum += (z->factors[i] * z->past[i]) >> 15;
    }
    return g722_limited(sum);
#endif
}

#endif
