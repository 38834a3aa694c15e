// RFC 3551 4.5.11: 16-bit samples in network byte order, at any address. The compiler makes vectors of these loops.
#ifndef BELLWIRE_L16_H
#define BELLWIRE_L16_H
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void l16_decode(int16_t *restrict pcm, const uint8_t *restrict payload, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t v;
        memcpy(&v, payload + 2 * i, 2);
        pcm[i] = (int16_t)be16toh(v);
    }
}

static inline void l16_encode(uint8_t *restrict payload, const int16_t *restrict pcm, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t v = htobe16((uint16_t)pcm[i]);
        memcpy(payload + 2 * i, &v, 2);
    }
}

#endif
