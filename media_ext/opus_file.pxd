"""Ogg Opus as it is written (RFC 7845): two header pages, then a page a second."""
from libc.stdint cimport int16_t, int32_t

from media_ext.sound_file cimport SoundFile


cdef bint opus_file_open(SoundFile *f, int32_t complexity) noexcept nogil       # False: no such codec, or no memory
cdef void opus_file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil
cdef void opus_file_close(SoundFile *f) noexcept nogil                          # the last page, and its length
