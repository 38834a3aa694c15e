"""Recordings and listeners; see reading.pxd."""

from libc.errno cimport EDQUOT, EFBIG, ENOSPC
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from media_ext.atomics cimport count, load_acquire, load_relaxed, store_relaxed, store_release
from media_ext.clock cimport ms
from media_ext.sound_file cimport file_close, file_flush, file_open, file_put, file_sync
from media_ext.tap_reader cimport reader_close, reader_run, reader_step


cdef bint queue_open(PcmQueue *q, uint32_t bytes) noexcept nogil:
    q.size = 4096
    while q.size < bytes and q.size < 1 << 30:
        q.size *= 2
    q.data = <uint8_t *> calloc(q.size, 1)
    return q.data != NULL


cdef void reading_free(Reading *r) noexcept nogil:
    reader_close(&r.reader)
    free(r.queue.data)
    free(r.path)
    free(r)


cdef void reading_stop(Reading *r, EndReason reason, int64_t at_ns) noexcept nogil:
    if r.stop_ns == 0:
        r.stop_ns = at_ns
        r.reason = reason


# -- a step ------------------------------------------------------------------------------------------------------------

cdef int32_t reading_step(Reading *r, int64_t now_ns, ReaderScratch *s) noexcept nogil:
    cdef int64_t before = <int64_t> load_relaxed(&r.frames)
    cdef int32_t news = 0
    cdef int32_t frames
    if r.queue.data == NULL and not r.opened and not open_file(r, now_ns):
        return NEWS_ENDED
    look_for_an_end(r, now_ns)
    while True:
        frames = reader_step(&r.reader, r.stop_ns if r.stop_ns else now_ns, r.stop_ns != 0, s)
        if frames == 0 or not give(r, s.frames, frames):
            break
    if r.queue.data == NULL:
        news = look_after_file(r, now_ns)
    elif <int64_t> load_relaxed(&r.frames) != before:
        news = NEWS_AUDIO
    return news | NEWS_ENDED if r.reason != END_NONE else news


cdef void look_for_an_end(Reading *r, int64_t now_ns) noexcept nogil:
    cdef int64_t dropped_ns = <int64_t> load_relaxed(&r.reader.tap.dropped_ns)
    if r.queue.data == NULL and dropped_ns:
        reading_stop(r, END_SLOW, min(dropped_ns, now_ns))
    if load_acquire(&r.reader.tap.ended):
        reading_stop(r, END_CLOSED, r.reader.tap.ended_ns)


cdef bint give(Reading *r, const int16_t *frames, int32_t many) noexcept nogil:
    """Leave out what lies in a pause. False: nothing more is wanted."""
    cdef int32_t part
    cdef bint paused
    while many:
        part = reader_run(&r.reader, many, &paused)
        if not paused and not give_on(r, frames, part):
            return False
        frames += part * r.reader.channels
        many -= part
    return True


cdef bint give_on(Reading *r, const int16_t *frames, int32_t many) noexcept nogil:
    cdef int64_t left = r.max_frames - <int64_t> load_relaxed(&r.frames)
    if r.queue.data != NULL:
        queue_put(&r.queue, frames, many, r.reader.channels)
    else:
        if many > left:
            many = <int32_t> left
            r.reason = END_LENGTH
        if not file_put(&r.file, frames, many):
            return False
    count(&r.frames, many)
    return r.reason != END_LENGTH


cdef void queue_put(PcmQueue *q, const int16_t *frames, int32_t many, int32_t channels) noexcept nogil:
    """What finds no room is not kept: the newest, so that what is read is without holes as long as possible."""
    cdef uint32_t bytes = 2 * <uint32_t> (many * channels)
    cdef uint32_t at = q.written & (q.size - 1)
    cdef uint32_t first = min(bytes, q.size - at)
    if q.size - (q.written - load_acquire(&q.read)) < bytes:
        count(&q.dropped, many)
        return
    memcpy(q.data + at, frames, first)
    memcpy(q.data, <const uint8_t *> frames + first, bytes - first)
    store_release(&q.written, q.written + bytes)


# -- the file ----------------------------------------------------------------------------------------------------------

cdef bint open_file(Reading *r, int64_t now_ns) noexcept nogil:
    r.opened = True
    r.flushed_ns = r.synced_ns = now_ns
    if file_open(&r.file, r.path, r.format, r.reader.rate_hz, r.reader.channels, r.complexity):
        return True
    note_error(r)
    return False


cdef void note_error(Reading *r) noexcept nogil:
    """The first reason stays, but for that the file is not whole."""
    r.reason = END_FULL if r.file.error in (ENOSPC, EDQUOT, EFBIG) else END_FAILED


cdef int32_t look_after_file(Reading *r, int64_t now_ns) noexcept nogil:
    cdef int32_t news = 0
    if r.reason != END_NONE:
        file_close(&r.file)
    elif now_ns - r.synced_ns >= ms(READING_SYNC_MS):
        r.flushed_ns = r.synced_ns = now_ns
        file_sync(&r.file)
        news = NEWS_PROGRESS
    elif now_ns - r.flushed_ns >= ms(READING_FLUSH_MS):
        r.flushed_ns = now_ns
        file_flush(&r.file)
    store_relaxed(&r.bytes, <uint64_t> r.file.bytes)
    if r.file.error:
        if r.reason == END_NONE:
            file_close(&r.file)
        note_error(r)
    return news
