"""The conference; see mixer.pxd for its rules and src/mix.h for its loops."""

from libc.math cimport log10, lround
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

cdef const mix_kernels *best = mix_kernels_named(NULL)


cdef inline size_t line(size_t size) noexcept nogil:
    """Rounded up to whole cache lines."""
    return (size + 63) & ~<size_t> 63


cdef MixStatus mixer_open(Mixer *m, int32_t capacity, int32_t max_rate_hz) noexcept nogil:
    cdef size_t frame = line(max_rate_hz // 1000 * MIX_TICK_MS * sizeof(int16_t))
    cdef uint8_t *at
    cdef int32_t i
    memset(m, 0, sizeof(Mixer))
    if capacity <= 0 or max_rate_hz < 8000:
        return MIX_FULL
    m.memory = <uint8_t *> calloc(1, 64 + line(capacity * sizeof(MixMember)) + line(capacity * sizeof(int32_t))
                                  + line(capacity * sizeof(int16_t *)) + (3 * <size_t> capacity + 4) * frame)
    if m.memory == NULL:
        return MIX_NO_MEMORY
    at = <uint8_t *> line(<size_t> m.memory)
    m.members = <MixMember *> at
    at += line(capacity * sizeof(MixMember))
    m.changed = <int32_t *> at
    at += line(capacity * sizeof(int32_t))
    m.rows = <const int16_t **> at
    at += line(capacity * sizeof(int16_t *))
    m.sum = <int32_t *> at
    at += 2 * frame
    m.all = <int16_t *> at
    m.silence = <int16_t *> (at + frame)
    at += 2 * frame
    for i in range(capacity):
        m.members[i].scaled = <int16_t *> (at + 3 * i * frame)
        m.members[i].spare = <int16_t *> (at + (3 * i + 1) * frame)
        m.members[i].mixed = <int16_t *> (at + (3 * i + 2) * frame)
    m.capacity = capacity
    m.max_rate_hz = max_rate_hz
    m.rate_hz = 8000
    m.gate = MIX_GATE
    m.kernels = best
    m.everyone = m.silence
    m.silent = True
    return MIX_OK


cdef void mixer_close(Mixer *m) noexcept nogil:
    free(m.memory)
    memset(m, 0, sizeof(Mixer))


cdef void settle(Mixer *m) noexcept nogil:
    """The best rate among the members, and how far the table is in use."""
    cdef int32_t i
    m.used = 0
    m.rate_hz = 8000
    for i in range(m.capacity):
        if m.members[i].joined:
            m.used = i + 1
            m.rate_hz = max(m.rate_hz, m.members[i].rate_hz)


cdef int32_t mixer_join(Mixer *m, int32_t rate_hz, bint listens) noexcept nogil:
    cdef MixMember *one
    cdef int32_t i
    for i in range(m.capacity):
        one = &m.members[i]
        if one.joined:
            continue
        one.joined = True
        one.muted = one.talking = one.heard = one.whispers = False
        one.only = MIX_EVERYBODY
        one.listens = listens
        one.rate_hz = min(rate_hz, m.max_rate_hz)
        one.gain = MIX_UNITY
        one.open_ticks = one.turn_ticks = 0
        one.power = 0
        one.says = NULL
        one.hears = m.silence if listens else NULL
        settle(m)
        return i
    return MIX_FULL


cdef void mixer_leave(Mixer *m, int32_t index) noexcept nogil:
    cdef int32_t i
    for i in range(m.used):
        if m.members[i].only == index:
            m.members[i].only = MIX_NOBODY
    m.members[index].joined = False
    m.members[index].says = NULL
    m.members[index].hears = NULL
    settle(m)


cdef bint turned(MixMember *one, int64_t power) noexcept nogil:
    """Follow the level: fast up, slowly down. True when this tick makes or unmakes a talker."""
    cdef bint other
    if power == 0 and one.power == 0 and not one.talking:
        return False
    one.power += (power - one.power) >> (1 if power > one.power else 3)
    other = one.power < MIX_TALK_OFF if one.talking else power > MIX_TALK_ON
    one.turn_ticks = one.turn_ticks + 1 if other else 0
    if one.turn_ticks < (MIX_TALK_OFF_TICKS if one.talking else MIX_TALK_ON_TICKS):
        return False
    one.talking = not one.talking
    one.turn_ticks = 0
    return True


cdef int64_t admit(Mixer *m, MixMember *one, size_t samples) noexcept nogil:
    """Decide whether this frame is part of the sum; returns its mean square after gain."""
    cdef int64_t power
    one.heard = False
    if one.says == NULL or one.muted or one.gain == 0:
        one.open_ticks = 0
        return 0
    power = m.kernels.energy(one.says, samples) // <int64_t> samples
    if one.gain != MIX_UNITY:
        power = power * one.gain * one.gain >> 24
    if power >= m.gate:
        one.open_ticks = MIX_GATE_TICKS
    elif one.open_ticks > 0:
        one.open_ticks -= 1
    one.heard = one.open_ticks > 0 or m.gate == 0
    if one.heard and one.gain != MIX_UNITY:
        m.kernels.gain(one.scaled, one.says, one.gain, samples)
        one.says = one.scaled
    return power


cdef void whisper(Mixer *m, size_t samples) noexcept nogil:
    """On top of what each of those hears to whom somebody whispers; the sum is not needed any more."""
    cdef MixMember *one
    cdef MixMember *to
    cdef int32_t i
    for i in range(m.used):
        one = &m.members[i]
        if not one.whispers:
            continue
        if one.only >= 0 and m.members[one.only].joined and m.members[one.only].listens:
            to = &m.members[one.only]
            m.rows[0], m.rows[1] = to.hears, one.says
            m.kernels.sum(m.sum, m.rows, 2, samples)
            m.kernels.clip(to.mixed, m.sum, samples)
            to.hears = to.mixed
        one.says = NULL
        one.whispers = False


cdef int32_t mix_once(Mixer *m) noexcept nogil:
    cdef size_t samples = m.rate_hz // 1000 * MIX_TICK_MS
    cdef size_t heard = 0
    cdef bint whispers = False
    cdef MixMember *one
    cdef int32_t i
    m.changes = 0
    for i in range(m.used):
        one = &m.members[i]
        if not one.joined:
            continue
        if turned(one, admit(m, one, samples)):
            m.changed[m.changes] = i
            m.changes += 1
        one.whispers = one.heard and one.only != MIX_EVERYBODY
        if one.whispers:
            one.heard = False
            whispers = True
        if one.heard:
            m.rows[heard] = one.says
            heard += 1
    m.silent = heard == 0
    if heard == 0:
        m.everyone = m.silence
    elif heard == 1:
        m.everyone = m.rows[0]
    else:
        m.kernels.sum(m.sum, m.rows, heard, samples)
        m.kernels.clip(m.all, m.sum, samples)
        m.everyone = m.all
    for i in range(m.used):
        one = &m.members[i]
        if one.joined and one.listens:
            if not one.heard:
                one.hears = m.everyone
            elif heard == 1:
                one.hears = m.silence
            else:
                m.kernels.minus(one.mixed, m.sum, one.says, samples)
                one.hears = one.mixed
        if not one.whispers:
            one.says = NULL
    if whispers:
        whisper(m, samples)
    return m.changes


cdef int32_t mix_level_dbov(int64_t power) noexcept nogil:
    if power <= 0:
        return MIX_SILENT_DBOV
    return <int32_t> max(lround(10 * log10(power / 1073741824.0)), MIX_SILENT_DBOV)


cdef void hand_over(Mixer *a, int32_t at_a, Mixer *b, int32_t at_b) noexcept nogil:
    """Into `scaled`, where it may be scaled in place; the frame before stays whole, for others may hear it yet."""
    cdef MixMember *to = &b.members[at_b]
    cdef const int16_t *heard = a.members[at_a].hears
    if heard == NULL or heard == a.silence:
        to.says = NULL
        return
    to.scaled, to.spare = to.spare, to.scaled
    memcpy(to.scaled, heard, a.rate_hz // 1000 * MIX_TICK_MS * sizeof(int16_t))
    to.says = to.scaled


cdef MixStatus mixer_link(Mixer *a, int32_t at_a, Mixer *b, int32_t at_b) noexcept nogil:
    if a.rate_hz != b.rate_hz:
        return MIX_RATES
    hand_over(a, at_a, b, at_b)
    hand_over(b, at_b, a, at_a)
    return MIX_OK
