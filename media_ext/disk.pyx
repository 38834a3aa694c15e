"""Files that may fail; see disk.pxd."""

from libc.stdint cimport int64_t
from posix.fcntl cimport O_CLOEXEC, O_CREAT, O_EXCL, O_WRONLY, open
from posix.stat cimport S_ISFIFO, stat, struct_stat
from posix.unistd cimport close, write


cdef extern from "<errno.h>" nogil:
    int last_error "errno"
    enum: EEXIST, EINTR, EINVAL, EIO, EROFS, ESPIPE


cdef extern from "<unistd.h>" nogil:
    int fdatasync(int fd)
    ssize_t pwrite(int fd, const void *data, size_t size, int64_t at)


cdef bint disk_fail(SoundFile *f, int error) noexcept nogil:
    if f.error == 0:
        f.error = error if error else EIO
    return False


cdef bint disk_create(SoundFile *f, const char *path) noexcept nogil:
    cdef struct_stat found
    f.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    if f.fd < 0 and last_error == EEXIST:
        if stat(path, &found) or not S_ISFIFO(found.st_mode):
            return disk_fail(f, EEXIST)
        f.fd = open(path, O_WRONLY | O_CLOEXEC)
    return f.fd >= 0 or disk_fail(f, last_error)


cdef bint disk_write(SoundFile *f, const uint8_t *data, size_t size) noexcept nogil:
    cdef ssize_t done
    while size and f.error == 0:
        done = write(f.fd, data, size)
        if done >= 0:
            data += done
            size -= done
            f.bytes += done
        elif last_error != EINTR:
            disk_fail(f, last_error)
    return f.error == 0


cdef bint disk_rewrite(SoundFile *f, const uint8_t *data, size_t size) noexcept nogil:
    """Done after an error too: it makes the file say how much of it is good. A pipe keeps what it was given."""
    while pwrite(f.fd, data, size, 0) < 0:
        if last_error == ESPIPE:
            return True
        if last_error != EINTR:
            return disk_fail(f, last_error)
    return True


cdef bint disk_sync(SoundFile *f) noexcept nogil:
    """What is no disk cannot be synchronised, and need not be."""
    if fdatasync(f.fd) and last_error not in (EINVAL, EROFS, ESPIPE):
        return disk_fail(f, last_error)
    return True


cdef bint disk_close(SoundFile *f) noexcept nogil:
    cdef int fd = f.fd
    f.fd = -1
    if fd >= 0 and close(fd) and last_error != EINTR:
        return disk_fail(f, last_error)
    return True
