"""What is heard in place of a lost packet of a codec that has no concealment of its own, after G.711 Appendix I.

The last pitch period goes on, for 10 ms at full level and then fading until nothing is left after 60 ms; when packets
come again, the end of it is faded into them. Nothing is delayed for that.
"""
from libc.stdint cimport int16_t, int32_t

cdef enum:
    CONCEAL_FULL_MS = 10
    CONCEAL_SILENT_MS = 60
    CONCEAL_SHORTEST_MS = 5     # of the periods that are looked for: 200 Hz …
    CONCEAL_LONGEST_MS = 15     # … to 66 Hz; a shorter one is found as its multiple
    CONCEAL_COMPARE_MS = 20     # so much sound is compared to find it
    CONCEAL_JOIN_MS = 10        # the longest fade into what comes


cdef struct Concealer:
    int32_t rate_hz
    int32_t capacity            # samples of the past that are kept
    int32_t at                  # in `past`: where the next one goes
    int32_t lost                # samples made since the last one that was heard
    int32_t period              # … by repeating so many of `line`'s newest
    int32_t join                # the first so many are bent to meet the last one heard …
    int32_t bend                # … which lay so much off
    int16_t *past               # ring
    int16_t *line               # the past when the loss began, oldest first


cdef int32_t conceal_open(Concealer *c, int32_t rate_hz) noexcept nogil     # AUDIO_OK or AUDIO_NO_MEMORY
cdef void conceal_close(Concealer *c) noexcept nogil
cdef void conceal_reset(Concealer *c) noexcept nogil
cdef void conceal_hear(Concealer *c, int16_t *pcm, int32_t samples) noexcept nogil      # may change the first 10 ms
cdef void conceal_fill(Concealer *c, int16_t *pcm, int32_t samples) noexcept nogil
