// g722_program encode|decode wide|narrow: reads samples or codes from standard input to its end, writes the others.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "g722.h"

enum { CHUNK = 173 };       // more than a block, and no multiple of anything

int main(int argc, char **argv) {
    static uint8_t in[1 << 20], out[1 << 22];
    if (argc != 3) return 2;
    int encodes = !strcmp(argv[1], "encode"), wide = !strcmp(argv[2], "wide");
    size_t unit = wide ? 4 : 2, size = fread(in, 1, sizeof in, stdin);
    size_t count = encodes ? size / unit : size;
    g722_state g;
    g722_begin(&g);
    for (size_t at = 0; at < count; at += CHUNK) {
        int32_t n = (int32_t)(count - at < CHUNK ? count - at : CHUNK);
        if (encodes)
            (wide ? g722_encode_wide : g722_encode_narrow)(&g, out + at, (const int16_t *)(in + at * unit), n);
        else
            (wide ? g722_decode_wide : g722_decode_narrow)(&g, (int16_t *)(out + at * unit), in + at, n);
    }
    fwrite(out, 1, encodes ? count : count * unit, stdout);
    return 0;
}
