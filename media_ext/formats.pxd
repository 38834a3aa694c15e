"""One byte per RTP payload type: the clock it ticks with, and whether it carries digits. 0 is "not negotiated"."""
from libc.stdint cimport uint8_t, uint32_t


cdef extern from *:
    """
    static const uint32_t bellwire_clocks[] = {
        0, 8000, 16000, 48000, 24000, 32000, 44100, 11025, 22050, 12000, 90000, 96000};
    enum { BELLWIRE_CLOCKS = sizeof bellwire_clocks / sizeof *bellwire_clocks };
    """
    const uint32_t CLOCKS "bellwire_clocks" []
    int CLOCK_COUNT "BELLWIRE_CLOCKS"


cdef inline uint32_t clock_hz_of(uint8_t format) noexcept nogil:
    """0 when the clock is unknown: no jitter can be told then."""
    cdef uint8_t index = format & 0x7f
    return CLOCKS[index] if index < CLOCK_COUNT else 0


cdef inline uint8_t format_of(uint32_t clock_hz) noexcept nogil:
    """The code of a clock; one that no audio codec uses counts as known, with no clock (0x7f)."""
    cdef int i
    for i in range(1, CLOCK_COUNT):
        if CLOCKS[i] == clock_hz:
            return i
    return 0x7f
