"""WAV as it is written: a RIFF header of 44 bytes and 16-bit samples."""
from libc.stdint cimport int16_t, int32_t

from media_ext.sound_file cimport SoundFile


cdef void wav_file_open(SoundFile *f) noexcept nogil
cdef void wav_file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil
cdef void wav_file_write(SoundFile *f) noexcept nogil       # what waits, and then the sizes in the header
