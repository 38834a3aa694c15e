// The inner loops of a conference with NEON, 8 or 16 samples a turn; see mix.h.
#ifndef BELLWIRE_MIX_NEON_H
#define BELLWIRE_MIX_NEON_H
#include <arm_neon.h>

static int64_t mix_energy_neon(const int16_t *x, size_t count) {
    int64x2_t total = vdupq_n_s64(0);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        int16x8_t v = vld1q_s16(x + i);
        total = vpadalq_s32(total, vmull_s16(vget_low_s16(v), vget_low_s16(v)));
        total = vpadalq_s32(total, vmull_high_s16(v, v));
    }
    return vaddvq_s64(total) + mix_energy_from(x, i, count);
}

static void mix_gain_neon(int16_t *out, const int16_t *x, int32_t gain, size_t count) {
    const int16_t factor = (int16_t)gain;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        int16x8_t v = vld1q_s16(x + i);                             // rounds, shifts and saturates in one
        int16x4_t low = vqrshrn_n_s32(vmull_n_s16(vget_low_s16(v), factor), 12);
        vst1q_s16(out + i, vqrshrn_high_n_s32(low, vmull_high_n_s16(v, factor), 12));
    }
    mix_gain_from(out, x, gain, i, count);
}

static void mix_sum_neon(int32_t *sum, const int16_t *const *rows, size_t members, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        int32x4_t a = vdupq_n_s32(0), b = a, c = a, d = a;
        for (size_t m = 0; m < members; m++) {
            int16x8_t x = vld1q_s16(rows[m] + i), y = vld1q_s16(rows[m] + i + 8);
            a = vaddw_s16(a, vget_low_s16(x));
            b = vaddw_high_s16(b, x);
            c = vaddw_s16(c, vget_low_s16(y));
            d = vaddw_high_s16(d, y);
        }
        vst1q_s32(sum + i, a);
        vst1q_s32(sum + i + 4, b);
        vst1q_s32(sum + i + 8, c);
        vst1q_s32(sum + i + 12, d);
    }
    mix_sum_from(sum, rows, members, i, count);
}

static void mix_minus_neon(int16_t *out, const int32_t *sum, const int16_t *own, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        int16x8_t x = vld1q_s16(own + i);
        int16x4_t low = vqmovn_s32(vsubw_s16(vld1q_s32(sum + i), vget_low_s16(x)));
        vst1q_s16(out + i, vqmovn_high_s32(low, vsubw_high_s16(vld1q_s32(sum + i + 4), x)));
    }
    mix_minus_from(out, sum, own, i, count);
}

static void mix_clip_neon(int16_t *out, const int32_t *sum, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        vst1q_s16(out + i, vqmovn_high_s32(vqmovn_s32(vld1q_s32(sum + i)), vld1q_s32(sum + i + 4)));
    mix_clip_from(out, sum, i, count);
}

static const mix_kernels mix_neon_kernels = {
    "neon", mix_energy_neon, mix_gain_neon, mix_sum_neon, mix_minus_neon, mix_clip_neon};

#endif
