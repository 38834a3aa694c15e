// phones: as many phones as asked for, each sending and hearing 50 packets a second on 127.0.0.1.
//
//   phones CORE WARM_UP_S SECONDS      CORE -1: wherever the system puts it
//
// First it prints the ports of its sockets, then reads:
//   series SEALED COUNT     COUNT lines of hex follow: RTP packets, sent in turn. Sealed ones go out as they are, and
//                           the last is not followed by the first; of others the header is written anew for each phone
//   phone PORT SOCKET SERIES    sends to PORT of the node from this socket; SERIES -1: sends nothing
//   go
// After the warm-up it prints "begin", after the seconds "end", then one line of JSON about the time between them. What
// comes from PORT belongs to that phone. Phones are spread over the 20 ms. A packet's lateness is how much later it came
// than the phone's luckiest packet would have it: arrival less 20 ms a packet, less the least of those.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 64, SLOTS = 20, BATCH = 256, ROOM = 1500, HISTOGRAM = 200000 /* of 1 µs */, FRAME_US = 20000, MAX_SERIES = 8 };
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

typedef struct { int sealed, count; int *size; uint8_t (*data)[ROOM]; } Series;

typedef struct {
    struct sockaddr_in to;
    int socket, series;
    uint32_t at, ssrc, units;           // the next packet of the series, the phone's SSRC, timestamp units a frame
    uint16_t seq; uint32_t rtp_ts;
    uint32_t heard, first_seq, max_seq; int64_t least_us; uint8_t known;
    int32_t *late; uint32_t late_count;
} Phone;

static int sockets[SOCKETS];
static Series series[MAX_SERIES];
static int series_count;
static Phone *phones; static int phone_count;
static int of_port[65536];              // 1 + index
static uint32_t ticks_late[HISTOGRAM + 1], lateness[HISTOGRAM + 1];
static uint64_t sent, refused, received, strangers, tick_count;
static int measuring, frames_expected;

static int64_t now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
static double cpu_s(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void die(const char *what) { perror(what); exit(1); }
static void *room(size_t count, size_t size) { void *p = calloc(count ? count : 1, size); if (!p) die("memory"); return p; }

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

static uint64_t dropped_here(void) {    // by the kernel, because this process was slow to read
    uint64_t sum = 0;
    for (int s = 0; s < SOCKETS; s++) {
        uint32_t info[16] = {0}; socklen_t length = sizeof info;
        if (!getsockopt(sockets[s], SOL_SOCKET, SO_MEMINFO, info, &length) && length > 8 * sizeof *info) sum += info[8];
    }
    return sum;
}

static void read_series(int sealed, int count) {
    static char line[2 * ROOM + 8];
    if (series_count == MAX_SERIES || count < 1) { fprintf(stderr, "too many series, or an empty one\n"); exit(2); }
    Series *s = &series[series_count++];
    *s = (Series) {sealed, count, room(count, sizeof *s->size), room(count, ROOM)};
    for (int i = 0; i < count; i++) {
        if (!fgets(line, sizeof line, stdin)) exit(2);
        for (unsigned byte; s->size[i] < ROOM && sscanf(line + 2 * s->size[i], "%2x", &byte) == 1; ) s->data[i][s->size[i]++] = byte;
        if (s->size[i] < 12) { fprintf(stderr, "bad packet\n"); exit(2); }
    }
}

static uint32_t rtp_ts_of(const uint8_t *p) { uint32_t ts; memcpy(&ts, p + 4, 4); return ntohl(ts); }

static void add_phone(int port, int at_socket, int of_series) {
    if (port < 1 || port > 65535 || at_socket < 0 || at_socket >= SOCKETS || of_series >= series_count) { fprintf(stderr, "bad phone\n"); exit(2); }
    if ((phone_count & (phone_count - 1)) == 0 && !(phones = realloc(phones, (phone_count ? 2 * phone_count : 1) * sizeof *phones))) die("memory");
    Phone *p = &phones[phone_count++];
    *p = (Phone) {.to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                  .socket = at_socket, .series = of_series, .ssrc = 0x51000000u + phone_count, .seq = 1, .rtp_ts = 160};
    if (of_series >= 0 && series[of_series].count > 1) p->units = rtp_ts_of(series[of_series].data[1]) - rtp_ts_of(series[of_series].data[0]);
    of_port[port] = phone_count;
}

static size_t next_packet(Phone *p, uint8_t *into) {
    Series *s = &series[p->series];
    uint32_t i = p->at++;
    if (i >= (uint32_t) s->count) { if (s->sealed) return 0; i = p->at = 0; p->at++; }
    memcpy(into, s->data[i], s->size[i]);
    if (!s->sealed) {
        uint16_t seq = htons(p->seq++); uint32_t ts = htonl(p->rtp_ts), ssrc = htonl(p->ssrc);
        p->rtp_ts += p->units;
        memcpy(into + 2, &seq, 2); memcpy(into + 4, &ts, 4); memcpy(into + 8, &ssrc, 4);
    }
    return s->size[i];
}

static void flush(int at_socket, struct mmsghdr *messages, int count) {
    for (int at = 0; at < count; ) {
        int done = sendmmsg(sockets[at_socket], messages + at, count - at, 0);
        if (done <= 0) { refused += measuring; done = 1; } else sent += measuring ? done : 0;
        at += done;
    }
}

// Phones lie in memory by slot and socket, so what goes out of one socket at a time is one run.
static int *slot_start;
static void send_slot(int slot) {
    static uint8_t packets[BATCH][ROOM]; static struct mmsghdr messages[BATCH]; static struct iovec parts[BATCH];
    int n = 0, at_socket = -1;
    for (int i = slot_start[slot]; i < slot_start[slot + 1]; i++) {
        Phone *p = &phones[i];
        size_t size = p->series < 0 ? 0 : next_packet(p, packets[n]);
        if (n && (p->socket != at_socket || n == BATCH - 1)) {
            if (size) memmove(packets[0], packets[n], size);      // its room is about to be used again
            flush(at_socket, messages, n);
            n = 0;
        }
        if (!size) continue;
        at_socket = p->socket;
        parts[n] = (struct iovec) {packets[n], size};
        messages[n].msg_hdr = (struct msghdr) {.msg_name = &p->to, .msg_namelen = sizeof p->to, .msg_iov = &parts[n], .msg_iovlen = 1};
        n++;
    }
    if (n) flush(at_socket, messages, n);
}

static void hear(Phone *p, const uint8_t *data, unsigned size, int64_t now) {
    uint16_t seq;
    if (size < 12 || ((data[1] & 0x7f) >= 72 && (data[1] & 0x7f) <= 76)) return;    // RTCP
    memcpy(&seq, data + 2, 2); seq = ntohs(seq);
    if (!p->known) { p->known = 1; p->max_seq = p->first_seq = 65536 + seq; p->least_us = INT64_MAX; }
    int32_t step = (int16_t) (seq - (uint16_t) p->max_seq);
    uint32_t extended = p->max_seq + step;
    if (step > 0) p->max_seq = extended;
    if (!measuring) { p->first_seq = p->max_seq + 1; return; }
    if (extended < p->first_seq) return;
    p->heard++; received++;
    int64_t us = now / 1000 - (int64_t) (extended - p->first_seq) * FRAME_US;
    if (p->least_us == INT64_MAX) p->least_us = us;
    if (p->late_count < (uint32_t) frames_expected) p->late[p->late_count++] = (int32_t) (us - p->least_us);
}

static void receive_all(void) {
    static uint8_t packets[64][2048]; static struct mmsghdr messages[64]; static struct iovec parts[64]; static struct sockaddr_in from[64];
    for (int k = 0; k < 64; k++) {
        parts[k] = (struct iovec) {packets[k], sizeof packets[k]};
        messages[k].msg_hdr = (struct msghdr) {.msg_iov = &parts[k], .msg_iovlen = 1, .msg_name = &from[k], .msg_namelen = sizeof from[k]};
    }
    for (int s = 0; s < SOCKETS; s++) for (;;) {
        int n = recvmmsg(sockets[s], messages, 64, MSG_DONTWAIT, NULL);
        int64_t now = now_ns();
        for (int k = 0; k < n; k++) {
            int who = of_port[ntohs(from[k].sin_port)];
            messages[k].msg_hdr.msg_namelen = sizeof from[k];
            if (who) hear(&phones[who - 1], packets[k], messages[k].msg_len, now); else strangers++;
        }
        if (n < 64) break;
    }
}

static int by_socket(const void *a, const void *b) { return ((const Phone *) a)->socket - ((const Phone *) b)->socket; }

static void lay_out(void) {
    Phone *sorted = room(phone_count, sizeof *sorted);
    int at = 0;
    slot_start = room(SLOTS + 1, sizeof *slot_start);
    for (int slot = 0; slot < SLOTS; slot++) {
        slot_start[slot] = at;
        for (int i = slot; i < phone_count; i += SLOTS) sorted[at++] = phones[i];
        qsort(sorted + slot_start[slot], at - slot_start[slot], sizeof *sorted, by_socket);
    }
    slot_start[SLOTS] = at;
    free(phones); phones = sorted;
    for (int i = 0; i < phone_count; i++) { of_port[ntohs(phones[i].to.sin_port)] = i + 1; phones[i].late = room(frames_expected, sizeof(int32_t)); }
}

static void run(double seconds, int64_t *start) {
    for (int64_t tick = 0, ticks = (int64_t) (seconds * 1000); tick < ticks; tick++, *start += 1000000) {
        struct timespec until = {*start / 1000000000, *start % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        int64_t late_us = (now_ns() - *start) / 1000;
        if (measuring) ticks_late[late_us < 0 ? 0 : late_us > HISTOGRAM ? HISTOGRAM : late_us]++, tick_count++;
        send_slot((*start / 1000000) % SLOTS);
        receive_all();
    }
}

static int percentile(const uint32_t *histogram, uint64_t count, double share) {
    uint64_t below = 0;
    for (int us = 0; us <= HISTOGRAM; us++) { below += histogram[us]; if (below > share * count) return us; }
    return 0;
}

int main(int argc, char **argv) {
    char line[128]; int a, b, c; uint64_t lost = 0, silent = 0, late_count = 0, drops;
    if (argc != 4) { fprintf(stderr, "phones CORE WARM_UP_S SECONDS\n"); return 2; }
    int core = atoi(argv[1]); double warm_up = atof(argv[2]), seconds = atof(argv[3]), cpu;
    frames_expected = (int) (seconds * 50) + 100;
    if (core >= 0) { cpu_set_t set; CPU_ZERO(&set); CPU_SET(core, &set); if (sched_setaffinity(0, sizeof set, &set)) perror("sched_setaffinity"); }
    prctl(PR_SET_TIMERSLACK, 1000UL);
    for (int s = 0; s < SOCKETS; s++) printf("%d ", port_of(sockets[s] = open_socket()));
    printf("\n"); fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "go", 2)) {
        if (sscanf(line, "series %d %d", &a, &b) == 2) read_series(a, b);
        else if (sscanf(line, "phone %d %d %d", &a, &b, &c) == 3) add_phone(a, b, c);
        else { fprintf(stderr, "what is %s", line); return 2; }
    }
    lay_out();
    int64_t start = now_ns();
    run(warm_up, &start);
    receive_all();
    measuring = 1; cpu = cpu_s(); drops = dropped_here();
    printf("begin\n"); fflush(stdout);
    run(seconds, &start);
    cpu = cpu_s() - cpu;
    printf("end\n"); fflush(stdout);
    for (int k = 0; k < 60; k++) { usleep(1000); receive_all(); }
    for (int i = 0; i < phone_count; i++) {
        Phone *p = &phones[i];
        int64_t span = p->heard ? (int64_t) p->max_seq - p->first_seq + 1 : 0;
        if (p->heard < 0.95 * seconds * 50) silent++;
        if (span > p->heard) lost += span - p->heard;
        int32_t least = 0;
        for (uint32_t k = 0; k < p->late_count; k++) if (p->late[k] < least) least = p->late[k];
        for (uint32_t k = 0; k < p->late_count; k++, late_count++) { int32_t us = p->late[k] - least; lateness[us > HISTOGRAM ? HISTOGRAM : us]++; }
    }
    printf("{\"sent\": %llu, \"received\": %llu, \"lost\": %llu, \"silent\": %llu, \"refused\": %llu, \"strangers\": %llu, \"own_drops\": %llu, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"own_cpu\": %.3f, \"own_p99_ms\": %.3f}\n",
           (unsigned long long) sent, (unsigned long long) received, (unsigned long long) lost, (unsigned long long) silent,
           (unsigned long long) refused, (unsigned long long) strangers, (unsigned long long) (dropped_here() - drops),
           percentile(lateness, late_count, .5) / 1e3, percentile(lateness, late_count, .99) / 1e3, percentile(lateness, late_count, .999) / 1e3,
           cpu / seconds, percentile(ticks_late, tick_count, .99) / 1e3);
    return 0;
}
