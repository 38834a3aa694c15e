/* What libsrtp2 takes per packet: CPU ns to protect and to unprotect, medians of batches of 256 packets in order.
 *
 *   cc -O2 srtp_peer.c -lsrtp2 && ./a.out PROFILE PACKET_BYTES BATCHES      (DTLS-SRTP's profile numbers)
 */
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 256, SLOT_BYTES = 2048, MATERIAL_BYTES = 64 };

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static srtp_t session(srtp_profile_t profile, srtp_ssrc_type_t direction)
{
    static unsigned char material[MATERIAL_BYTES];
    srtp_policy_t policy = {0};
    srtp_t made;
    for (int i = 0; i < MATERIAL_BYTES; i++)
        material[i] = (unsigned char)i;
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile))
        exit(2);
    policy.ssrc.type = direction;
    policy.key = material;
    policy.window_size = 128;
    if (srtp_create(&made, &policy))
        exit(2);
    return made;
}

int main(int argc, char **argv)
{
    static uint64_t slots[BATCH][SLOT_BYTES / 8];
    if (argc != 4 || srtp_init())
        return 2;
    srtp_profile_t profile = (srtp_profile_t)atoi(argv[1]);
    int bytes = atoi(argv[2]), batches = atoi(argv[3]), sizes[BATCH], wrong = 0;
    double *protect = calloc(batches, sizeof(double)), *unprotect = calloc(batches, sizeof(double));
    srtp_t out = session(profile, ssrc_any_outbound), back = session(profile, ssrc_any_inbound);
    for (int n = 0; n < batches; n++) {
        for (int i = 0; i < BATCH; i++) {
            uint8_t *packet = (uint8_t *)slots[i];
            unsigned seq = n * BATCH + i;
            memset(packet, 0xd5, bytes);
            memcpy(packet, (uint8_t[12]){0x80, 0, seq >> 8, seq, 0, 0, 0, 0, 0, 0, 0, 7}, 12);
            sizes[i] = bytes;
        }
        double start = cpu_ns();
        for (int i = 0; i < BATCH; i++)
            wrong |= srtp_protect(out, slots[i], &sizes[i]);
        double between = cpu_ns();
        for (int i = 0; i < BATCH; i++)
            wrong |= srtp_unprotect(back, slots[i], &sizes[i]);
        unprotect[n] = (cpu_ns() - between) / BATCH;
        protect[n] = (between - start) / BATCH;
    }
    qsort(protect, batches, sizeof(double), ascending);
    qsort(unprotect, batches, sizeof(double), ascending);
    printf("%.1f %.1f\n", protect[batches / 2], unprotect[batches / 2]);
    return wrong != 0;
}
