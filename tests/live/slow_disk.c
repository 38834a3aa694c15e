/* A disk that takes its time: whoever syncs a file, or writes at a place of it as SQLite does, waits as many seconds as
   the file SLOW_DISK_FILE says (a double), by small steps so that it can be told otherwise. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static volatile const double *delay;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SLOW_DISK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED)
        delay = page;
}

static void wait_for_it(void) {
    const struct timespec step = {0, 20000000};
    double waited = 0;
    while (delay && waited < *delay) {
        nanosleep(&step, NULL);
        waited += 0.02;
    }
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_it();
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_it();
    return real(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real)
        real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    wait_for_it();
    return real(fd, data, size, at);
}
