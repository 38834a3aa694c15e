// Loads and stores between threads. Every counter has one writer, so a relaxed load and store is enough to count.
#ifndef BELLWIRE_ATOMICS_H
#define BELLWIRE_ATOMICS_H
#include <stdint.h>

static inline uint32_t load_acquire(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void store_release(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline uint64_t load_relaxed(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void store_relaxed(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline void count(uint64_t *p, uint64_t n) { store_relaxed(p, load_relaxed(p) + n); }
static inline int32_t reference_count(const int32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline int32_t reference_add(int32_t *p, int32_t n) { return __atomic_add_fetch(p, n, __ATOMIC_ACQ_REL); }

#endif
