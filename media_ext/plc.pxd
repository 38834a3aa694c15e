"""What is heard instead of lost packets of PCM: the last pitch periods go on and fade, after ITU-T G.711 Appendix I.

    each packet that came:   plc_hear      its first samples are faded over from what was made up; delays nothing
    each loss:               plc_conceal   of any length, again and again

The first 10 ms repeat one period, the next 10 ms two and then three, so that it does not buzz. Full level for 10 ms,
a fifth less each 10 ms after, silence from 60 ms on. Appendix I delays all sound by 3.75 ms so that it can smooth the
last samples before a loss; here the first made-up samples are bent to meet them instead.
"""
from libc.stdint cimport int16_t, int32_t

cdef enum:
    PLC_HISTORY_MS = 50
    PLC_SHORTEST_MS = 5         # pitch periods from 200 Hz (a higher voice is found at a multiple) …
    PLC_LONGEST_MS = 15         # … down to 66 Hz
    PLC_COMPARE_MS = 20
    PLC_STEP_MS = 10            # of fading, and of taking one period more
    PLC_SILENT_MS = 60
    PLC_JOIN_MS = 10            # the longest fade into what comes


cdef struct Plc:
    int32_t rate_hz             # from 8000 on
    int32_t lost                # samples made up since the last one heard
    int32_t period
    int32_t periods             # of them that go round
    int32_t at                  # in the round
    int32_t bend                # from where the round begins to the last sample heard
    int16_t *history            # oldest first; kept still during a loss
    int16_t *fine               # room to look for the period at the stream's rate


cdef bint plc_open(Plc *p, int32_t rate_hz) noexcept nogil                      # False: no memory, or below 8000 Hz
cdef void plc_close(Plc *p) noexcept nogil
cdef void plc_reset(Plc *p) noexcept nogil                                      # another stream begins
cdef void plc_hear(Plc *p, int16_t *pcm, int32_t samples) noexcept nogil        # may change the first 10 ms
cdef void plc_conceal(Plc *p, int16_t *pcm, int32_t samples) noexcept nogil
