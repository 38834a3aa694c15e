// Runs the kernels of G.711 and of the mixer on rows that end where readable memory ends, at every length and at every
// place of a row in memory, and compares with the portable ones: kernel_edges G711_KERNELS MIX_KERNELS
// One sample read or written too far is a SIGSEGV, on this processor or on the one that is emulated.
#define _GNU_SOURCE
#include "g711.h"
#include "mix.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 100, MEMBERS = 3 };

typedef struct { unsigned char *end; } Row;     // what lies behind `end` must not be touched

static Row row(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = 2;
    unsigned char *at = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + pages * page, page, PROT_NONE)) { perror("guard page"); exit(3); }
    return (Row){at + pages * page};
}

static unsigned seed = 1;
static unsigned char byte(void) { seed = seed * 1103515245u + 12345u; return seed >> 16; }
static void fill(void *at, size_t size) { for (size_t i = 0; i < size; i++) ((unsigned char *)at)[i] = byte(); }

static void same(const void *a, const void *b, size_t size, const char *what, size_t count) {
    if (memcmp(a, b, size)) { fprintf(stderr, "%s differs at %zu samples\n", what, count); exit(4); }
}

static void g711(const g711_kernels *k, Row in, Row out, size_t count, size_t gap) {
    const g711_kernels *plain = g711_portable();
    static unsigned char expected[2 * MOST];
    uint8_t *codes = in.end - gap - count, *coded = out.end - gap - count;
    int16_t *pcm = (int16_t *)(in.end - 2 * (gap + count)), *decoded = (int16_t *)(out.end - 2 * (gap + count));
    for (int mu = 0; mu < 2; mu++) {
        fill(codes, count);
        (mu ? plain->ulaw_decode : plain->alaw_decode)((int16_t *)expected, codes, count);
        (mu ? k->ulaw_decode : k->alaw_decode)(decoded, codes, count);
        same(decoded, expected, 2 * count, "decode", count);
        fill(pcm, 2 * count);
        (mu ? plain->ulaw_encode : plain->alaw_encode)(expected, pcm, count);
        (mu ? k->ulaw_encode : k->alaw_encode)(coded, pcm, count);
        same(coded, expected, count, "encode", count);
    }
}

static void mix(const mix_kernels *k, const Row *rows, Row sums, Row out, size_t count, size_t gap) {
    const mix_kernels *plain = mix_kernels_named("portable");
    static int32_t expected_sum[MOST]; static int16_t expected[MOST];
    const int16_t *in[MEMBERS];
    int32_t *sum = (int32_t *)(sums.end - 4 * (gap + count));
    int16_t *said = (int16_t *)(out.end - 2 * (gap + count));
    for (int m = 0; m < MEMBERS; m++) {
        in[m] = (int16_t *)(rows[m].end - 2 * (gap + count));
        fill((void *)in[m], 2 * count);
    }
    if (k->energy(in[0], count) != plain->energy(in[0], count)) { fprintf(stderr, "energy differs\n"); exit(4); }
    plain->gain(expected, in[0], 5000, count); k->gain(said, in[0], 5000, count);
    same(said, expected, 2 * count, "gain", count);
    plain->sum(expected_sum, in, MEMBERS, count); k->sum(sum, in, MEMBERS, count);
    same(sum, expected_sum, 4 * count, "sum", count);
    plain->minus(expected, sum, in[1], count); k->minus(said, sum, in[1], count);
    same(said, expected, 2 * count, "minus", count);
    plain->clip(expected, sum, count); k->clip(said, sum, count);
    same(said, expected, 2 * count, "clip", count);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const g711_kernels *g = strcmp(argv[1], "portable") ? g711_best() : g711_portable();
    const mix_kernels *m = mix_kernels_named(argv[2]);
    if (strcmp(g->name, argv[1]) || !m) { fprintf(stderr, "not here\n"); return 2; }
    Row rows[MEMBERS], other = row(), sums = row();
    for (int i = 0; i < MEMBERS; i++) rows[i] = row();
    for (size_t count = 0; count <= MOST; count++) for (size_t gap = 0; gap < 17; gap++) {
        g711(g, rows[0], other, count, gap);
        mix(m, rows, sums, other, count, gap);
    }
    return 0;
}
