// rtp_blast: many calls' worth of RTP through a relay, and what came out of it.
//
//   rtp_blast SECONDS < calls
//
// Reads one line per call: the port of the relay that side A sends to, and the one for side B (all on 127.0.0.1). Both
// sides send 50 packets of 20 ms µ-law a second, spread over the 20 ms, from SOCKETS sockets for the As and as many for
// the Bs: call i uses socket i % SOCKETS of each. First it prints the ports of these sockets and waits for the word "go"
// after the calls, so that the relay can be told about them. At the end it prints one JSON line: packets sent and
// received, and the percentiles of the time through the relay. (The payload carries the time of sending.)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 16, SLOTS = 20, BATCH = 256, PACKET = 172, HISTOGRAM = 100000 /* of 1 µs */ };

typedef struct { struct sockaddr_in to; int side, socket; uint16_t seq; uint32_t rtp_ts, ssrc; } Leg;

static int sockets[2][SOCKETS];
static uint32_t histogram[HISTOGRAM + 1];
static uint64_t sent, received, refused;

static int64_t now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
static void die(const char *what) { perror(what); exit(1); }

static int open_socket(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 8 << 20;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (void *) &local, sizeof local)) die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

static int port_of(int fd) {
    struct sockaddr_in a; socklen_t length = sizeof a;
    if (getsockname(fd, (void *) &a, &length)) die("getsockname");
    return ntohs(a.sin_port);
}

static void write_packet(uint8_t *p, Leg *leg, int64_t at) {
    uint16_t seq = htons(leg->seq++); uint32_t ts = htonl(leg->rtp_ts), ssrc = htonl(leg->ssrc);
    leg->rtp_ts += 160;
    p[0] = 0x80; p[1] = 0;
    memcpy(p + 2, &seq, 2); memcpy(p + 4, &ts, 4); memcpy(p + 8, &ssrc, 4); memcpy(p + 12, &at, 8);
}

// One packet for each leg of a slot. Legs of one socket go out in one system call.
static void send_slot(Leg *legs, int count, int slot) {
    static uint8_t packets[BATCH][PACKET];
    static struct mmsghdr messages[BATCH]; static struct iovec parts[BATCH];
    for (int side = 0; side < 2; side++) for (int s = 0; s < SOCKETS; s++) {
        int n = 0;
        for (int i = slot; i < count; i += SLOTS) {
            Leg *leg = &legs[i];
            if (leg->side != side || leg->socket != s) continue;
            write_packet(packets[n], leg, now_ns());
            parts[n] = (struct iovec) {packets[n], PACKET};
            messages[n].msg_hdr = (struct msghdr) {.msg_name = &leg->to, .msg_namelen = sizeof leg->to, .msg_iov = &parts[n], .msg_iovlen = 1};
            if (++n < BATCH) continue;
            int done = sendmmsg(sockets[side][s], messages, n, 0); if (done > 0) sent += done; refused += n - (done > 0 ? done : 0); n = 0;
        }
        for (int at = 0; at < n; ) {
            int done = sendmmsg(sockets[side][s], messages + at, n - at, 0);
            if (done <= 0) { refused++; done = 1; } else sent += done;
            at += done;
        }
    }
}

static void receive_all(void) {
    static uint8_t packets[64][2048]; static struct mmsghdr messages[64]; static struct iovec parts[64];
    for (int k = 0; k < 64; k++) { parts[k] = (struct iovec) {packets[k], sizeof packets[k]}; messages[k].msg_hdr = (struct msghdr) {.msg_iov = &parts[k], .msg_iovlen = 1}; }
    for (int side = 0; side < 2; side++) for (int s = 0; s < SOCKETS; s++) for (;;) {
        int n = recvmmsg(sockets[side][s], messages, 64, MSG_DONTWAIT, NULL);
        int64_t now = now_ns();
        for (int k = 0; k < n; k++) {
            int64_t at, us;
            if (messages[k].msg_len != PACKET) continue;
            memcpy(&at, packets[k] + 12, 8);
            us = (now - at) / 1000;
            histogram[us < 0 ? 0 : us > HISTOGRAM ? HISTOGRAM : us]++;
            received++;
        }
        if (n < 64) break;
    }
}

static int percentile(double share) {
    uint64_t below = 0;
    for (int us = 0; us <= HISTOGRAM; us++) { below += histogram[us]; if (below > share * received) return us; }
    return 0;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 0;
    char line[128]; Leg *legs = NULL; int count = 0;
    if (seconds <= 0) { fprintf(stderr, "rtp_blast SECONDS < calls\n"); return 2; }
    for (int side = 0; side < 2; side++) for (int s = 0; s < SOCKETS; s++) printf("%d ", port_of(sockets[side][s] = open_socket()));
    printf("\n"); fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "go", 2)) {
        int ports[2];
        if (sscanf(line, "%d %d", &ports[0], &ports[1]) != 2) { fprintf(stderr, "bad call: %s", line); return 2; }
        legs = realloc(legs, (count + 2) * sizeof *legs);
        for (int side = 0; side < 2; side++, count++)
            legs[count] = (Leg) {.to = {.sin_family = AF_INET, .sin_port = htons(ports[side]), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                                 .side = side, .socket = count / 2 % SOCKETS, .seq = 1, .rtp_ts = 160, .ssrc = 0x51000000u + count};
    }
    int64_t start = now_ns(), ticks = (int64_t) (seconds * 1000);
    for (int64_t tick = 0; tick < ticks; tick++) {
        struct timespec until = {(start + tick * 1000000) / 1000000000, (start + tick * 1000000) % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        send_slot(legs, count, tick % SLOTS);
        receive_all();
    }
    for (int k = 0; k < 100; k++) { usleep(1000); receive_all(); }
    printf("{\"sent\": %llu, \"received\": %llu, \"refused\": %llu, \"p50_us\": %d, \"p99_us\": %d, \"p999_us\": %d}\n",
           (unsigned long long) sent, (unsigned long long) received, (unsigned long long) refused, percentile(.5), percentile(.99), percentile(.999));
    return 0;
}
