// The checksum of an Ogg page (RFC 3533 6): polynomial 0x04c11db7, nothing reflected, start and end 0.
#ifndef BELLWIRE_OGG_CRC_H
#define BELLWIRE_OGG_CRC_H
#include <stddef.h>
#include <stdint.h>

static inline uint32_t bellwire_ogg_crc(const uint8_t *data, size_t size) {
    static uint32_t table[256];  // each thread that finds it unfinished writes the same into it
    if (!__atomic_load_n(&table[255], __ATOMIC_ACQUIRE)) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t crc = i << 24;
            for (int bit = 0; bit < 8; bit++) crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
            __atomic_store_n(&table[i], crc, __ATOMIC_RELEASE);
        }
    }
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++) crc = crc << 8 ^ table[(crc >> 24 ^ data[i]) & 0xff];
    return crc;
}

#endif
