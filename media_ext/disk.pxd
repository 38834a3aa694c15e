"""Writing to a file that may be full or broken, and saying so."""
from libc.stdint cimport uint8_t

from media_ext.sound_file cimport SoundFile


cdef bint disk_fail(SoundFile *f, int error) noexcept nogil         # keeps the first error; always False
# The path is created and must not exist, unless it is a named pipe. False: `error` says why.
cdef bint disk_create(SoundFile *f, const char *path) noexcept nogil
# All of it; after an error `bytes` tells how much there is.
cdef bint disk_write(SoundFile *f, const uint8_t *data, size_t size) noexcept nogil
cdef bint disk_rewrite(SoundFile *f, const uint8_t *data, size_t size) noexcept nogil       # the file's beginning
cdef bint disk_sync(SoundFile *f) noexcept nogil
cdef bint disk_close(SoundFile *f) noexcept nogil
