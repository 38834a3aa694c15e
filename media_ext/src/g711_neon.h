// G.711 with NEON, 16 samples a turn; see g711.h. NEON shifts each lane by its own count, and counts leading zeros.
#ifndef BELLWIRE_G711_NEON_H
#define BELLWIRE_G711_NEON_H
#include <arm_neon.h>

// ((size << shift) - bias), negated where `sign` is -1
static inline int16x8_t g711_expand(uint8x8_t size, int16x8_t offset, uint8x8_t shift, int8x8_t sign, int16x8_t bias) {
    int16x8_t t = vaddq_s16(vreinterpretq_s16_u16(vmovl_u8(size)), offset);
    int16x8_t s = vmovl_s8(sign);
    t = vsubq_s16(vshlq_s16(t, vreinterpretq_s16_u16(vmovl_u8(shift))), bias);
    return vsubq_s16(veorq_s16(t, s), s);
}

static inline void g711_ulaw_decode_16(int16_t *pcm, const uint8_t *codes) {
    const int16x8_t bias = vdupq_n_s16(132);
    uint8x16_t u = vmvnq_u8(vld1q_u8(codes));
    uint8x16_t e = vandq_u8(vshrq_n_u8(u, 4), vdupq_n_u8(7));
    uint8x16_t size = vshlq_n_u8(vandq_u8(u, vdupq_n_u8(15)), 3);
    int8x16_t sign = vshrq_n_s8(vreinterpretq_s8_u8(u), 7);
    vst1q_s16(pcm, g711_expand(vget_low_u8(size), bias, vget_low_u8(e), vget_low_s8(sign), bias));
    vst1q_s16(pcm + 8, g711_expand(vget_high_u8(size), bias, vget_high_u8(e), vget_high_s8(sign), bias));
}

static inline void g711_alaw_decode_16(int16_t *pcm, const uint8_t *codes) {
    const int16x8_t none = vdupq_n_s16(0);
    uint8x16_t a = veorq_u8(vld1q_u8(codes), vdupq_n_u8(0x55));
    uint8x16_t e = vandq_u8(vshrq_n_u8(a, 4), vdupq_n_u8(7));
    uint8x16_t size = vorrq_u8(vshlq_n_u8(vandq_u8(a, vdupq_n_u8(15)), 4), vdupq_n_u8(8));
    uint8x16_t leading = vminq_u8(e, vdupq_n_u8(1));            // the leading one of a segment above the first
    uint8x16_t shift = vqsubq_u8(e, vdupq_n_u8(1));
    int8x16_t sign = vreinterpretq_s8_u8(vcgeq_s8(vreinterpretq_s8_u8(a), vdupq_n_s8(0)));  // clear bit 7 is minus
    int16x8_t low = vreinterpretq_s16_u16(vshll_n_u8(vget_low_u8(leading), 8));
    int16x8_t high = vreinterpretq_s16_u16(vshll_n_u8(vget_high_u8(leading), 8));
    vst1q_s16(pcm, g711_expand(vget_low_u8(size), low, vget_low_u8(shift), vget_low_s8(sign), none));
    vst1q_s16(pcm + 8, g711_expand(vget_high_u8(size), high, vget_high_u8(shift), vget_high_s8(sign), none));
}

// Eight codes without their sign: the exponent is where the highest set bit of `size` is above bit 7.
static inline uint8x8_t g711_code(int16x8_t size, int16x8_t lowest_shift) {
    int16x8_t e = vsubq_s16(vdupq_n_s16(8), vclzq_s16(vorrq_s16(size, vdupq_n_s16(128))));
    int16x8_t shift = vmaxq_s16(vaddq_s16(e, vdupq_n_s16(3)), lowest_shift);
    int16x8_t m = vandq_s16(vshlq_s16(size, vnegq_s16(shift)), vdupq_n_s16(15));
    return vmovn_u16(vreinterpretq_u16_s16(vorrq_s16(vshlq_n_s16(e, 4), m)));
}

static inline void g711_ulaw_encode_16(uint8_t *codes, const int16_t *pcm) {
    const int16x8_t bias = vdupq_n_s16(132), lowest = vdupq_n_s16(3);
    int16x8_t a = vld1q_s16(pcm), b = vld1q_s16(pcm + 8);
    int16x8_t as = vshrq_n_s16(a, 15), bs = vshrq_n_s16(b, 15);
    uint8x16_t sign = vreinterpretq_u8_s8(vcombine_s8(vmovn_s16(as), vmovn_s16(bs)));
    a = vqaddq_s16(veorq_s16(a, as), bias);                     // saturates at 32767, which is the clip at 32635
    b = vqaddq_s16(veorq_s16(b, bs), bias);
    uint8x16_t code = vcombine_u8(g711_code(a, lowest), g711_code(b, lowest));
    vst1q_u8(codes, vmvnq_u8(vorrq_u8(code, vandq_u8(sign, vdupq_n_u8(128)))));
}

static inline void g711_alaw_encode_16(uint8_t *codes, const int16_t *pcm) {
    const int16x8_t lowest = vdupq_n_s16(4);
    int16x8_t a = vld1q_s16(pcm), b = vld1q_s16(pcm + 8);
    int16x8_t as = vshrq_n_s16(a, 15), bs = vshrq_n_s16(b, 15);
    uint8x16_t sign = vreinterpretq_u8_s8(vcombine_s8(vmovn_s16(as), vmovn_s16(bs)));
    uint8x16_t code = vcombine_u8(g711_code(veorq_s16(a, as), lowest), g711_code(veorq_s16(b, bs), lowest));
    vst1q_u8(codes, veorq_u8(vorrq_u8(code, vandq_u8(sign, vdupq_n_u8(128))), vdupq_n_u8(0xd5)));
}

#define G711_NEON_LOOP(name, to, from)                                                                               \
    static void g711_##name##_neon(to *restrict out, const from *restrict in, size_t count) {                        \
        if (count < 16) { g711_##name##_c(out, in, count); return; }                                                 \
        size_t i = 0;                                                                                                \
        for (; i + 16 <= count; i += 16) g711_##name##_16(out + i, in + i);                                          \
        if (i < count) g711_##name##_16(out + count - 16, in + count - 16);                                          \
    }

G711_NEON_LOOP(ulaw_decode, int16_t, uint8_t)
G711_NEON_LOOP(alaw_decode, int16_t, uint8_t)
G711_NEON_LOOP(ulaw_encode, uint8_t, int16_t)
G711_NEON_LOOP(alaw_encode, uint8_t, int16_t)

static const g711_kernels g711_neon_kernels = {
    "neon", g711_ulaw_decode_neon, g711_alaw_decode_neon, g711_ulaw_encode_neon, g711_alaw_encode_neon};

#endif
