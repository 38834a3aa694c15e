"""Adaptive jitter buffer of one terminated stream: packets in as they come, audio out every 20 ms.

    each packet:  jitter_put                      copies the payload
    each tick:    jitter_tick
                  while jitter_get is not JITTER_ENOUGH:   decode, conceal or be silent for `span` timestamp units

`span` is what the answer stands for, so packets of 10 to 60 ms need nothing special: after each tick the caller's PCM
queue holds 20 ms or more. Answers of a tick stand for at least 20 ms together.

    relative delay   how much later a packet came than the fastest of the last seconds, after its timestamp
    target           so much that 99 % of the packets come in time, of about the last 250
    lag              how long the fastest packet now waits; follows the target by frames left out or put in, in silence
                     (`quiet`) when it can wait for one, and freely at the start of each talk spurt

A gap in timestamps without one in sequence numbers is the sender's silence (DTX); a gap in sequence numbers is loss. A
stretch without any packet is bridged for 60 ms, by adding time first if the target allows, and then it is silence.
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    JITTER_TICK_MS = 20
    JITTER_MIN_MS = 20          # defaults of the target's bounds
    JITTER_MAX_MS = 200
    JITTER_START_MS = 40        # target until so many packets have come:
    JITTER_START_PACKETS = 10
    JITTER_CONCEAL_MS = 60      # longer holes are silence
    JITTER_JUMP_MS = 1000       # a delay so far off is another timeline …
    JITTER_MISORDER = 100       # … and so is a packet that belongs so many before the newest; fewer, and it is late
    JITTER_BINS = 100           # of relative delay …
    JITTER_BIN_MS = 5           # … each so wide; the last one takes the rest
    JITTER_BASES = 8            # the fastest packet is that of so many …
    JITTER_BASE_MS = 500        # … periods
    JITTER_FORCE_MS = 40        # so far off the target, sound is cut or stretched without silence …
    JITTER_FORCE_EVERY_MS = 500     # … but not often
    JITTER_QUIET_EVERY_MS = 60


cdef enum JitterPut:
    JITTER_STORED = 0
    JITTER_DUPLICATE = 1
    JITTER_LATE = 2             # its time has passed
    JITTER_TOO_LONG = 3         # more bytes than a slot has, or no audio of 1 to 120 ms
    JITTER_RESTARTED = 4        # stored; what was there before was of another timeline and is gone


cdef enum JitterGet:
    JITTER_ENOUGH = 0           # nothing more in this tick
    JITTER_FRAME = 1            # `payload` is to be decoded
    JITTER_CONCEAL = 2          # `span` is missing; `payload`, if any, is the packet right after it, for Opus FEC
    JITTER_EMPTY = 3            # nothing is being said


cdef struct JitterFrame:
    const uint8_t *payload      # good until the next put
    int32_t size
    int32_t span                # timestamp units
    uint32_t rtp_ts
    uint16_t seq


cdef struct JitterStats:
    uint64_t received
    uint64_t played
    uint64_t duplicates
    uint64_t late               # came after their time
    uint64_t missed             # were not there at their time, whether they came later or never
    uint64_t left_out           # whole packets, to shorten the lag
    uint64_t overflowed         # left out because there was no room
    uint64_t refused            # too long
    uint64_t restarts
    uint64_t concealed_units    # timestamp units, `added` ones included
    uint64_t added_units        # to lengthen the lag
    uint64_t empty_units
    uint64_t spurts


cdef struct JitterSlot:
    int64_t seq                 # extended
    int64_t ts
    int32_t span                # 0: no audio, but not lost either
    int32_t size                # below 0: it came too late
    bint used


cdef struct Jitter:
    uint32_t clock_hz
    int64_t min_ns
    int64_t max_ns
    int32_t slots               # a power of two
    int32_t slot_bytes
    JitterSlot *slot
    uint8_t *payloads
    bint known                  # a packet has come since the restart
    bint fresh                  # … and none was given
    bint playing                # in a talk spurt: `due_ts` goes on with time
    uint32_t ssrc
    int64_t newest_seq
    int64_t newest_ts
    int64_t origin_ts           # ts is turned to ns from here
    int64_t next_seq
    uint64_t given              # bit n: next_seq - 1 - n came before it was passed
    int64_t due_ts
    int32_t last_span
    int32_t owed                # units that this tick still wants
    int32_t dry                 # units concealed in a row
    int64_t now_ns
    int64_t adapted_ns
    int64_t target_ns
    int64_t lag_ns
    int64_t base_ns             # transit of the fastest packet
    int64_t base_period
    int64_t bases[8]
    double weight               # of the next packet among the delays
    double total
    double delays[100]
    JitterStats stats


# False: out of memory. Bounds are in ms; slots are enough for packets of 10 ms.
cdef bint jitter_open(Jitter *j, uint32_t clock_hz, int32_t slot_bytes, int32_t min_ms, int32_t max_ms) noexcept nogil
cdef void jitter_close(Jitter *j) noexcept nogil
cdef void jitter_restart(Jitter *j, uint32_t clock_hz) noexcept nogil       # another timeline; delays are remembered
# `span` is the packet's length in timestamp units; 0 tells of one that is not audio (a digit, comfort noise), so that
# it is not taken for lost.
cdef JitterPut jitter_put(Jitter *j, uint32_t ssrc, uint16_t seq, uint32_t rtp_ts, int32_t span,
                          const uint8_t *payload, int32_t size, int64_t at_ns) noexcept nogil
cdef void jitter_tick(Jitter *j, int64_t now_ns) noexcept nogil
# quiet: what was decoded last was silence.
cdef JitterGet jitter_get(Jitter *j, bint quiet, JitterFrame *frame) noexcept nogil
