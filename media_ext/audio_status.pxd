"""What the audio functions answer: a count of samples or bytes, or one of these, which are all below zero."""

cdef enum AudioStatus:
    AUDIO_OK = 0
    AUDIO_UNAVAILABLE = -1      # the library this needs was not there when the engine was built
    AUDIO_UNSUPPORTED = -2      # a rate, frame length or setting that the codec does not have
    AUDIO_NO_MEMORY = -3
    AUDIO_ROOM = -4             # the result is longer than the room for it; nothing was written
    AUDIO_DAMAGED = -5          # no payload of this codec
    AUDIO_LENGTH = -6           # not a number of samples that can be encoded
    AUDIO_CLOSED = -7           # opened for the other direction only
    AUDIO_FAILED = -8           # the library refused for a reason of its own


cdef inline const char *audio_status_name(int status) noexcept nogil:
    if status == AUDIO_UNAVAILABLE:
        return "its library was missing when the engine was built"
    if status == AUDIO_UNSUPPORTED:
        return "this rate, frame length or setting is not supported"
    if status == AUDIO_NO_MEMORY:
        return "out of memory"
    if status == AUDIO_ROOM:
        return "not enough room for the result"
    if status == AUDIO_DAMAGED:
        return "damaged payload"
    if status == AUDIO_LENGTH:
        return "not a number of samples that can be encoded"
    if status == AUDIO_CLOSED:
        return "not opened for this direction"
    if status == AUDIO_FAILED:
        return "the codec library failed"
    return "ok"
