// The G.711 kernels as a filter, to run them on a foreign processor: g711_program KERNELS OPERATION CHUNK < in > out
#include <stdio.h>
#include <stdlib.h>
#include "g711.h"

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const g711_kernels *k = strcmp(argv[1], "portable") ? g711_best() : g711_portable();
    if (strcmp(k->name, argv[1])) { fprintf(stderr, "best are %s\n", k->name); return 3; }
    int encode = !strcmp(argv[2] + 1, "law_encode"), mu = argv[2][0] == 'u';
    size_t chunk = (size_t)atol(argv[3]), in_size = encode ? 2 : 1, out_size = encode ? 1 : 2, count;
    void *in = malloc(chunk * 2), *out = malloc(chunk * 2);
    while ((count = fread(in, in_size, chunk, stdin)) > 0) {
        if (encode) (mu ? k->ulaw_encode : k->alaw_encode)(out, in, count);
        else (mu ? k->ulaw_decode : k->alaw_decode)(out, in, count);
        if (fwrite(out, out_size, count, stdout) != count) return 4;
    }
    return 0;
}
