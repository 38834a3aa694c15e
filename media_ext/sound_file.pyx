"""Files of sound; see sound_file.pxd."""

from libc.errno cimport ENOMEM, ENOSYS
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from media_ext.disk cimport disk_close, disk_create, disk_fail, disk_sync
from media_ext.opus_file cimport opus_file_close, opus_file_open, opus_file_put
from media_ext.wav_file cimport wav_file_open, wav_file_put, wav_file_write


cdef bint file_open(SoundFile *f, const char *path, FileFormat format, int32_t rate_hz, int32_t channels,
                    int32_t complexity) noexcept nogil:
    memset(f, 0, sizeof(SoundFile))
    f.format = format
    f.rate_hz = rate_hz
    f.channels = channels
    f.room = 2 * channels * (rate_hz if format == FILE_WAV else rate_hz * OPUS_FILE_MS // 1000)
    if not disk_create(f, path):
        return False
    f.buffer = <uint8_t *> calloc(f.room, 1)
    if f.buffer == NULL:
        disk_fail(f, ENOMEM)
    elif format == FILE_WAV:
        wav_file_open(f)
    elif not opus_file_open(f, complexity):
        disk_fail(f, ENOSYS)
    if f.error:
        release(f)
    return f.error == 0


cdef void release(SoundFile *f) noexcept nogil:
    cdef int i
    for i in range(2):
        if f.encoders[i] != NULL:
            f.encoders[i].close(f.encoders[i])
            f.encoders[i] = NULL
    free(f.buffer)
    free(f.page)
    f.buffer = NULL
    f.page = NULL
    disk_close(f)


cdef bint file_put(SoundFile *f, const int16_t *frames, int32_t count) noexcept nogil:
    if f.error:
        return False
    if f.format == FILE_WAV:
        wav_file_put(f, frames, count)
    else:
        opus_file_put(f, frames, count)
    return f.error == 0


cdef bint file_flush(SoundFile *f) noexcept nogil:
    """Opus pages are written when they are full, a second after they were begun."""
    if f.format == FILE_WAV and f.error == 0:
        wav_file_write(f)
    return f.error == 0


cdef bint file_sync(SoundFile *f) noexcept nogil:
    return file_flush(f) and disk_sync(f)


cdef bint file_close(SoundFile *f) noexcept nogil:
    if f.format == FILE_WAV:
        wav_file_write(f)
    else:
        opus_file_close(f)
    if f.error == 0:
        disk_sync(f)
    release(f)
    return f.error == 0
