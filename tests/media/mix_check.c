// Runs one set of the mixer's loops (media_ext/src/mix.h) on what comes in, on whatever processor this is compiled for.
//
//     in, again and again:   int32 gain, members, samples; members rows of int16
//     out, for each:         int64 energies; gained rows; int32 sums; each sum less its row; the clipped sum
#include "mix.h"
#include <stdio.h>
#include <stdlib.h>

static void *room(size_t size) {
    void *p = malloc(size ? size : 1);
    if (!p) exit(3);
    return p;
}

int main(int argc, char **argv) {
    const mix_kernels *k = argc == 2 ? mix_kernels_named(argv[1]) : NULL;
    int32_t asked[3];
    if (!k) return 2;
    while (fread(asked, sizeof asked, 1, stdin) == 1) {
        size_t members = (size_t)asked[1], count = (size_t)asked[2];
        const int16_t **rows = room(members * sizeof *rows);
        int16_t *out = room(count * sizeof *out);
        int32_t *sum = room(count * sizeof *sum);
        for (size_t m = 0; m < members; m++) {
            int16_t *row = room(count * sizeof *row);
            if (fread(row, sizeof *row, count, stdin) != count) return 4;
            rows[m] = row;
        }
        for (size_t m = 0; m < members; m++) {
            int64_t energy = k->energy(rows[m], count);
            fwrite(&energy, sizeof energy, 1, stdout);
        }
        for (size_t m = 0; m < members; m++) {
            k->gain(out, rows[m], asked[0], count);
            fwrite(out, sizeof *out, count, stdout);
        }
        k->sum(sum, rows, members, count);
        fwrite(sum, sizeof *sum, count, stdout);
        for (size_t m = 0; m < members; m++) {
            k->minus(out, sum, rows[m], count);
            fwrite(out, sizeof *out, count, stdout);
        }
        k->clip(out, sum, count);
        fwrite(out, sizeof *out, count, stdout);
        for (size_t m = 0; m < members; m++) free((void *)rows[m]);
        free(rows);
        free(out);
        free(sum);
    }
    return 0;
}
