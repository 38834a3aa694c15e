// What we take of io_uring: a ring with one group of provided buffers, receives that go on until they are cancelled
// and name each packet's source, sends that tell only of failure. Where liburing was missing when this was built,
// functions that refuse.
#ifndef BELLWIRE_SHIM_URING_H
#define BELLWIRE_SHIM_URING_H
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct {
    uint64_t tag;
    int result;             // bytes, or an errno below zero
    int buffer;             // -1: none
    bool more;              // the request goes on
} Completion;

#ifdef HAVE_LIBURING
#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#define URING_BUILT 1
#define URING_GROUP 1
// What the kernel writes before a packet: four numbers and its source.
#define URING_HEADER (sizeof(struct io_uring_recvmsg_out) + sizeof(struct sockaddr_in6))

typedef struct {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    struct msghdr shape;    // the room for names in received packets; requests point to it
    uint8_t *pool;
    unsigned buffer_count, buffer_bytes;
} Uring;

static inline void uring_give(Uring *u, const uint16_t *ids, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        io_uring_buf_ring_add(u->buffers, u->pool + (size_t)ids[i] * u->buffer_bytes, u->buffer_bytes, ids[i],
                              (int)u->buffer_count - 1, (int)i);
    io_uring_buf_ring_advance(u->buffers, (int)count);
}

static inline size_t uring_buffer_ring_bytes(const Uring *u) { return u->buffer_count * sizeof(struct io_uring_buf); }

static inline void uring_shut(Uring *u) {
    if (u->ring.ring_fd > 0) io_uring_queue_exit(&u->ring);
    if (u->buffers != NULL) munmap(u->buffers, uring_buffer_ring_bytes(u));
    u->ring.ring_fd = 0;
    u->buffers = NULL;
}

static inline int uring_open_buffers(Uring *u) {
    void *memory = mmap(NULL, uring_buffer_ring_bytes(u), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) return -errno;
    madvise(memory, uring_buffer_ring_bytes(u), MADV_DONTFORK);     // it stays the one that the kernel knows
    u->buffers = memory;
    struct io_uring_buf_reg group = {
        .ring_addr = (uintptr_t)memory, .ring_entries = u->buffer_count, .bgid = URING_GROUP};
    int status = io_uring_register_buf_ring(&u->ring, &group, 0);
    if (status != 0) return status;
    io_uring_buf_ring_init(u->buffers);
    for (unsigned i = 0; i < u->buffer_count; i++) uring_give(u, &(uint16_t){(uint16_t)i}, 1);
    return 0;
}

// Made by any thread; `uring_enable` makes the calling thread the one that may use it. `pool` holds the buffers.
static inline int uring_open(Uring *u, unsigned sends, unsigned completions, uint8_t *pool, unsigned buffer_count,
                             unsigned buffer_bytes) {
    struct io_uring_params how = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED
                 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = completions};
    *u = (Uring){.pool = pool, .buffer_count = buffer_count, .buffer_bytes = buffer_bytes};
    u->shape.msg_namelen = sizeof(struct sockaddr_in6);
    int status = io_uring_queue_init_params(sends, &u->ring, &how);
    if (status != 0) {
        u->ring.ring_fd = 0;
        return status;
    }
    if (!(how.features & IORING_FEAT_EXT_ARG) || !(how.features & IORING_FEAT_NODROP)) status = -ENOSYS;
    if (status == 0) status = uring_open_buffers(u);
    if (status != 0) uring_shut(u);
    return status;
}

// liburing 2.3 declares io_uring_enable_rings and does not export it.
static inline int uring_enable(Uring *u) {
    return syscall(__NR_io_uring_register, u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0 ? -errno : 0;
}

static inline bool uring_receive(Uring *u, int fd, uint64_t tag) {
    struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);
    if (e == NULL) return false;
    io_uring_prep_recvmsg_multishot(e, fd, &u->shape, 0);
    e->ioprio |= IORING_RECVSEND_POLL_FIRST;
    e->flags |= IOSQE_BUFFER_SELECT;
    e->buf_group = URING_GROUP;
    e->user_data = tag;
    return true;
}

// `to` NULL: the socket is connected. Data and address are read in the next `uring_submit`.
static inline bool uring_send(Uring *u, int fd, const uint8_t *data, size_t size, const struct sockaddr *to,
                              socklen_t to_bytes, uint64_t tag) {
    struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);
    if (e == NULL) return false;
    io_uring_prep_send(e, fd, data, size, MSG_DONTWAIT);
    if (to != NULL) io_uring_prep_send_set_addr(e, to, (uint16_t)to_bytes);
    e->flags |= IOSQE_CQE_SKIP_SUCCESS;
    e->user_data = tag;
    return true;
}

static inline bool uring_watch(Uring *u, int fd, uint64_t tag) {
    struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);
    if (e == NULL) return false;
    io_uring_prep_poll_multishot(e, fd, POLLIN);
    e->user_data = tag;
    return true;
}

static inline bool uring_cancel(Uring *u, uint64_t which, uint64_t tag) {
    struct io_uring_sqe *e = io_uring_get_sqe(&u->ring);
    if (e == NULL) return false;
    io_uring_prep_cancel64(e, which, 0);
    e->flags |= IOSQE_CQE_SKIP_SUCCESS;
    e->user_data = tag;
    return true;
}

static inline unsigned uring_waiting(const Uring *u) { return io_uring_sq_ready(&u->ring); }
static inline int uring_submit(Uring *u) { return io_uring_submit(&u->ring); }
static inline int uring_poll(Uring *u) { return io_uring_submit_and_get_events(&u->ring); }

// Submit, then wait for `want` completions, but no longer than `timeout_ns` (-1: no limit).
static inline int uring_wait(Uring *u, unsigned want, int64_t timeout_ns) {
    struct __kernel_timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    struct io_uring_cqe *first;
    if (timeout_ns < 0) return io_uring_submit_and_wait(&u->ring, want);
    return io_uring_submit_and_wait_timeout(&u->ring, &first, want, &timeout, NULL);
}

static inline bool uring_next(Uring *u, Completion *c) {
    struct io_uring_cqe *e;
    unsigned head;
    io_uring_for_each_cqe(&u->ring, head, e) {
        c->tag = e->user_data;
        c->result = e->res;
        c->buffer = e->flags & IORING_CQE_F_BUFFER ? (int)(e->flags >> IORING_CQE_BUFFER_SHIFT) : -1;
        c->more = e->flags & IORING_CQE_F_MORE;
        io_uring_cq_advance(&u->ring, 1);
        return true;
    }
    return false;
}

static inline const struct sockaddr *uring_source(const uint8_t *buffer, socklen_t *bytes) {
    const struct io_uring_recvmsg_out *header = (const void *)buffer;
    *bytes = header->namelen;
    return (const struct sockaddr *)(header + 1);
}

#else
#define URING_BUILT 0
#define URING_HEADER 0
typedef struct { int nothing; } Uring;
static inline void uring_give(Uring *u, const uint16_t *ids, unsigned count) {}
static inline void uring_shut(Uring *u) {}
static inline int uring_open(Uring *u, unsigned sends, unsigned completions, uint8_t *pool, unsigned buffer_count,
                             unsigned buffer_bytes) { return -ENOSYS; }
static inline int uring_enable(Uring *u) { return -ENOSYS; }
static inline bool uring_receive(Uring *u, int fd, uint64_t tag) { return false; }
static inline bool uring_send(Uring *u, int fd, const uint8_t *data, size_t size, const struct sockaddr *to,
                              socklen_t to_bytes, uint64_t tag) { return false; }
static inline bool uring_watch(Uring *u, int fd, uint64_t tag) { return false; }
static inline bool uring_cancel(Uring *u, uint64_t which, uint64_t tag) { return false; }
static inline unsigned uring_waiting(const Uring *u) { return 0; }
static inline int uring_submit(Uring *u) { return -ENOSYS; }
static inline int uring_poll(Uring *u) { return -ENOSYS; }
static inline int uring_wait(Uring *u, unsigned want, int64_t timeout_ns) { return -ENOSYS; }
static inline bool uring_next(Uring *u, Completion *c) { return false; }
static inline const struct sockaddr *uring_source(const uint8_t *buffer, socklen_t *bytes) { return NULL; }
#endif
#endif
