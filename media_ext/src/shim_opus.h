// What we take of libopus, its controls as plain functions; or, where it was missing when this was built, functions
// that refuse.
#ifndef BELLWIRE_SHIM_OPUS_H
#define BELLWIRE_SHIM_OPUS_H
#include <stddef.h>
#include <stdint.h>

// Of no public header, and the same since 1.0: keeps one of SILK, hybrid and CELT.
#define OPUS_MODE_REQUEST 11002

#ifdef HAVE_OPUS
#include <opus.h>
#define OPUS_BUILT 1

static inline int encoder_set(OpusEncoder *e, int request, int value) {
    return opus_encoder_ctl(e, request, (opus_int32)value);
}
static inline int encoder_get(OpusEncoder *e, int request) {
    opus_int32 value = 0;
    return opus_encoder_ctl(e, request, &value) == OPUS_OK ? (int)value : -1;
}
static inline void encoder_reset(OpusEncoder *e) { opus_encoder_ctl(e, OPUS_RESET_STATE); }
static inline void decoder_reset(OpusDecoder *d) { opus_decoder_ctl(d, OPUS_RESET_STATE); }

#else
#define OPUS_BUILT 0
enum {
    OPUS_OK = 0, OPUS_BUFFER_TOO_SMALL = -2, OPUS_INVALID_PACKET = -4, OPUS_ALLOC_FAIL = -7, OPUS_AUTO = -1000,
    OPUS_APPLICATION_VOIP = 2048, OPUS_SET_BITRATE_REQUEST = 4002, OPUS_SET_BANDWIDTH_REQUEST = 4008,
    OPUS_SET_COMPLEXITY_REQUEST = 4010, OPUS_SET_INBAND_FEC_REQUEST = 4012, OPUS_SET_PACKET_LOSS_PERC_REQUEST = 4014,
    OPUS_SET_DTX_REQUEST = 4016, OPUS_GET_LOOKAHEAD_REQUEST = 4027
};
typedef int32_t opus_int32;
typedef struct OpusEncoder OpusEncoder;
typedef struct OpusDecoder OpusDecoder;
typedef struct OpusRepacketizer OpusRepacketizer;
static inline OpusEncoder *opus_encoder_create(int32_t fs, int channels, int app, int *err) { *err = -5; return NULL; }
static inline void opus_encoder_destroy(OpusEncoder *e) {}
static inline int32_t opus_encode(OpusEncoder *e, const int16_t *pcm, int n, unsigned char *d, int32_t m) { return -5; }
static inline OpusDecoder *opus_decoder_create(int32_t fs, int channels, int *err) { *err = -5; return NULL; }
static inline void opus_decoder_destroy(OpusDecoder *d) {}
static inline int opus_decode(OpusDecoder *d, const unsigned char *p, int32_t n, int16_t *pcm, int m, int fec) {
    return -5;
}
static inline int opus_packet_get_bandwidth(const unsigned char *p) { return -5; }
static inline int opus_packet_get_nb_samples(const unsigned char *p, int32_t n, int32_t fs) { return -5; }
static inline OpusRepacketizer *opus_repacketizer_create(void) { return NULL; }
static inline void opus_repacketizer_destroy(OpusRepacketizer *r) {}
static inline OpusRepacketizer *opus_repacketizer_init(OpusRepacketizer *r) { return r; }
static inline int opus_repacketizer_cat(OpusRepacketizer *r, const unsigned char *p, int32_t n) { return -5; }
static inline int32_t opus_repacketizer_out(OpusRepacketizer *r, unsigned char *p, int32_t n) { return -5; }
static inline int encoder_set(OpusEncoder *e, int request, int value) { return -5; }
static inline int encoder_get(OpusEncoder *e, int request) { return -1; }
static inline void encoder_reset(OpusEncoder *e) {}
static inline void decoder_reset(OpusDecoder *d) {}
#endif

// The mode an Opus packet's first byte tells (RFC 6716 3.1), as OPUS_MODE_REQUEST takes it.
static inline int opus_packet_mode(const unsigned char *p) { return p[0] < 0x60 ? 1000 : p[0] < 0x80 ? 1001 : 1002; }

#endif
