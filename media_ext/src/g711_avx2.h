// G.711 with AVX2, 32 samples a turn; see g711.h. Exponents and powers of two come from 16-byte tables (vpshufb), the
// shifts by them are 16-bit multiplications.
#ifndef BELLWIRE_G711_AVX2_H
#define BELLWIRE_G711_AVX2_H
#include <immintrin.h>

#define G711_AVX2 static __attribute__((target("avx2")))
#define G711_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))
#define G711_TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

G711_AVX2_INLINE __m256i g711_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
G711_AVX2_INLINE void g711_store(void *p, __m256i v) { _mm256_storeu_si256((__m256i *)p, v); }

// Decoding is one multiplication of bytes with a sum of pairs (vpmaddubsw): the power of two is the unsigned factor,
// the mantissa with its leading one (2m + 33, 63 at most) the signed one. The tables are indexed by the code's upper
// half, so they know the sign too.

// value = 4·(2^e · ±(2m + 33) + 1 · ∓33), where m and e are those of the inverted code
G711_AVX2_INLINE void g711_ulaw_decode_32(int16_t *pcm, const uint8_t *codes) {
    const __m256i low = _mm256_set1_epi8(15), one = _mm256_set1_epi8(1);
    const __m256i powers = G711_TABLE((char)128, 64, 32, 16, 8, 4, 2, 1, (char)128, 64, 32, 16, 8, 4, 2, 1);
    const __m256i offsets = G711_TABLE(33, 33, 33, 33, 33, 33, 33, 33, -33, -33, -33, -33, -33, -33, -33, -33);
    // bytes 8-15 and 16-23 change places, so that unpacking within lanes gives 0-15 and 16-31
    __m256i u = _mm256_permute4x64_epi64(g711_load(codes), 0xd8);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(u, 4), low);
    __m256i power = _mm256_shuffle_epi8(powers, high), offset = _mm256_shuffle_epi8(offsets, high);
    __m256i size = _mm256_and_si256(u, low);
    size = _mm256_add_epi8(_mm256_add_epi8(size, size), _mm256_set1_epi8(-63));     // -(2m + 33)
    size = _mm256_sign_epi8(size, offset);
    __m256i a = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(power, one), _mm256_unpacklo_epi8(size, offset));
    __m256i b = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(power, one), _mm256_unpackhi_epi8(size, offset));
    g711_store(pcm, _mm256_slli_epi16(a, 2));
    g711_store(pcm + 16, _mm256_slli_epi16(b, 2));
}

// value = 8·(2^max(e-1, 0) · ±(2m + 1 + 32·[e>0])), where m and e are those of the code xor 0x55; xor 0xd5 makes
// the upper bit mean minus
G711_AVX2_INLINE void g711_alaw_decode_32(int16_t *pcm, const uint8_t *codes) {
    const __m256i low = _mm256_set1_epi8(15), even = _mm256_set1_epi16(0xff);
    const __m256i powers = G711_TABLE(1, 1, 2, 4, 8, 16, 32, 64, 1, 1, 2, 4, 8, 16, 32, 64);
    const __m256i leading = G711_TABLE(1, 33, 33, 33, 33, 33, 33, 33, 1, 33, 33, 33, 33, 33, 33, 33);
    __m256i a = _mm256_xor_si256(_mm256_permute4x64_epi64(g711_load(codes), 0xd8), _mm256_set1_epi8((char)0xd5));
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(a, 4), low);
    __m256i power = _mm256_shuffle_epi8(powers, high);
    __m256i size = _mm256_and_si256(a, low);
    size = _mm256_add_epi8(_mm256_add_epi8(size, size), _mm256_shuffle_epi8(leading, high));
    size = _mm256_sign_epi8(size, _mm256_or_si256(a, _mm256_set1_epi8(1)));    // never 0, which would give 0
    __m256i evens = _mm256_slli_epi16(_mm256_maddubs_epi16(power, _mm256_and_si256(size, even)), 3);
    __m256i odds = _mm256_slli_epi16(_mm256_maddubs_epi16(power, _mm256_andnot_si256(even, size)), 3);
    g711_store(pcm, _mm256_unpacklo_epi16(evens, odds));
    g711_store(pcm + 16, _mm256_unpackhi_epi16(evens, odds));
}

// 32 sizes (of 15 bits) to codes: `top` are their bits that say the exponent, `low_e` and `high_e` the exponent by the
// low and high four bits of those, `powers` 2^(7-e') for the shift that leaves the mantissa in bits 10-13.
G711_AVX2_INLINE __m256i g711_codes(__m256i a, __m256i b, __m256i top, __m256i low_e, __m256i high_e, __m256i powers) {
    const __m256i zero = _mm256_setzero_si256(), low = _mm256_set1_epi8(15);
    __m256i e = _mm256_max_epu8(_mm256_shuffle_epi8(low_e, _mm256_and_si256(top, low)),
                                _mm256_shuffle_epi8(high_e, _mm256_and_si256(_mm256_srli_epi16(top, 4), low)));
    __m256i power = _mm256_shuffle_epi8(powers, e);
    a = _mm256_srli_epi16(_mm256_mullo_epi16(a, _mm256_unpacklo_epi8(power, zero)), 10);
    b = _mm256_srli_epi16(_mm256_mullo_epi16(b, _mm256_unpackhi_epi8(power, zero)), 10);
    return _mm256_or_si256(_mm256_slli_epi16(e, 4), _mm256_and_si256(_mm256_packus_epi16(a, b), low));
}

G711_AVX2_INLINE void g711_ulaw_encode_32(uint8_t *codes, const int16_t *pcm) {
    const __m256i bias = _mm256_set1_epi16(132);
    __m256i a = g711_load(pcm), b = g711_load(pcm + 16);
    __m256i as = _mm256_srai_epi16(a, 15), bs = _mm256_srai_epi16(b, 15);
    __m256i sign = _mm256_and_si256(_mm256_packs_epi16(as, bs), _mm256_set1_epi8((char)128));
    a = _mm256_adds_epi16(_mm256_xor_si256(a, as), bias);       // saturates at 32767, which is the clip at 32635
    b = _mm256_adds_epi16(_mm256_xor_si256(b, bs), bias);
    __m256i top = _mm256_packus_epi16(_mm256_srli_epi16(a, 7), _mm256_srli_epi16(b, 7));
    __m256i code = g711_codes(a, b, top,
        G711_TABLE(0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3),
        G711_TABLE(0, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7),
        G711_TABLE((char)128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    code = _mm256_xor_si256(_mm256_or_si256(code, sign), _mm256_set1_epi8(-1));
    g711_store(codes, _mm256_permute4x64_epi64(code, 0xd8));
}

G711_AVX2_INLINE void g711_alaw_encode_32(uint8_t *codes, const int16_t *pcm) {
    __m256i a = g711_load(pcm), b = g711_load(pcm + 16);
    __m256i as = _mm256_srai_epi16(a, 15), bs = _mm256_srai_epi16(b, 15);
    __m256i sign = _mm256_and_si256(_mm256_packs_epi16(as, bs), _mm256_set1_epi8((char)128));
    a = _mm256_xor_si256(a, as);
    b = _mm256_xor_si256(b, bs);
    __m256i top = _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8));
    __m256i code = g711_codes(a, b, top,
        G711_TABLE(0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4),
        G711_TABLE(0, 5, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7),
        G711_TABLE(64, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    code = _mm256_xor_si256(_mm256_or_si256(code, sign), _mm256_set1_epi8((char)0xd5));
    g711_store(codes, _mm256_permute4x64_epi64(code, 0xd8));
}

#define G711_AVX2_LOOP(name, to, from)                                                                               \
    G711_AVX2 void g711_##name##_avx2(to *restrict out, const from *restrict in, size_t count) {                     \
        if (count < 32) { g711_##name##_c(out, in, count); return; }                                                 \
        size_t i = 0;                                                                                                \
        for (; i + 32 <= count; i += 32) g711_##name##_32(out + i, in + i);                                          \
        if (i < count) g711_##name##_32(out + count - 32, in + count - 32);                                          \
    }

G711_AVX2_LOOP(ulaw_decode, int16_t, uint8_t)
G711_AVX2_LOOP(alaw_decode, int16_t, uint8_t)
G711_AVX2_LOOP(ulaw_encode, uint8_t, int16_t)
G711_AVX2_LOOP(alaw_encode, uint8_t, int16_t)

static const g711_kernels g711_avx2_kernels = {
    "avx2", g711_ulaw_decode_avx2, g711_alaw_decode_avx2, g711_ulaw_encode_avx2, g711_alaw_encode_avx2};

#endif
