"""The door for tests and benchmarks to what is done with sound: jitter buffer, concealment, mixer, digits.

PCM is `bytes` of 16-bit samples in the machine's order. Nothing of the running node imports it.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from posix.time cimport CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

from media_ext.clock cimport NS_PER_S, ms
from media_ext.dtmf_detect cimport (
    DTMF_BEGAN,
    DTMF_NOTHING,
    DtmfDetector,
    DtmfHeard,
    dtmf_detect,
    dtmf_detect_open,
    dtmf_tone_power,
)
from media_ext.dtmf_send cimport (
    DigitPacket,
    DigitSender,
    dtmf_send_add,
    dtmf_send_idle,
    dtmf_send_open,
    dtmf_send_tick,
)
from media_ext.dtmf_tone cimport DtmfTone, dtmf_tone_make, dtmf_tone_start
from media_ext.jitter cimport (
    JITTER_CONCEAL,
    JITTER_EMPTY,
    JITTER_ENOUGH,
    JITTER_FRAME,
    Jitter,
    JitterFrame,
    JitterGet,
    jitter_close,
    jitter_get,
    jitter_open,
    jitter_put,
    jitter_restart,
    jitter_tick,
)
from media_ext.mixer cimport (
    MIX_OK,
    MIX_TICK_MS,
    Mixer,
    mix_kernels,
    mix_kernels_named,
    mix_level_dbov,
    mix_once,
    mixer_close,
    mixer_join,
    mixer_leave,
    mixer_link,
    mixer_open,
)
from media_ext.plc cimport Plc, plc_close, plc_conceal, plc_hear, plc_open


cdef int64_t cpu_ns() noexcept nogil:
    """Of this thread: another program's turn does not count."""
    cdef timespec t
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return <int64_t> t.tv_sec * NS_PER_S + t.tv_nsec


GETS = {JITTER_FRAME: "frame", JITTER_CONCEAL: "conceal", JITTER_EMPTY: "empty"}
PUTS = ("stored", "duplicate", "late", "too long", "restarted")


cdef int16_t *pcm_of(bytes data) noexcept:
    return <int16_t *> PyBytes_AS_STRING(data)


cdef int32_t samples_in(bytes data) noexcept:
    return <int32_t> (PyBytes_GET_SIZE(data) // 2)


cdef bytes room_for(int32_t samples):
    return PyBytes_FromStringAndSize(NULL, 2 * samples)


# ---- jitter buffer


cdef class JitterProbe:
    """One stream's buffer; times in ms, as floats."""

    cdef Jitter state

    def __cinit__(self, uint32_t clock_hz=8000, int32_t slot_bytes=480, int32_t min_ms=20, int32_t max_ms=200):
        if not jitter_open(&self.state, clock_hz, slot_bytes, min_ms, max_ms):
            raise MemoryError

    def __dealloc__(self):
        jitter_close(&self.state)

    def put(self, uint16_t seq, uint32_t rtp_ts, int32_t span, bytes payload not None, double at_ms, uint32_t ssrc=1):
        return PUTS[jitter_put(&self.state, ssrc, seq, rtp_ts, span, <uint8_t *> PyBytes_AS_STRING(payload),
                               <int32_t> PyBytes_GET_SIZE(payload), <int64_t> (at_ms * 1e6))]

    def tick(self, double now_ms, bint quiet=False):
        """All answers of one tick: (what, span, payload or None, seq or None)."""
        cdef JitterFrame frame
        cdef JitterGet got
        answers = []
        jitter_tick(&self.state, <int64_t> (now_ms * 1e6))
        while True:
            got = jitter_get(&self.state, quiet, &frame)
            if got == JITTER_ENOUGH:
                return answers
            payload = None if frame.payload == NULL else (<char *> frame.payload)[:frame.size]
            answers.append((GETS[got], frame.span, payload, frame.seq if got == JITTER_FRAME else None))

    def restart(self, uint32_t clock_hz):
        jitter_restart(&self.state, clock_hz)

    @property
    def target_ms(self):
        return self.state.target_ns / 1e6

    @property
    def lag_ms(self):
        return self.state.lag_ns / 1e6

    @property
    def stats(self):
        return self.state.stats


def time_jitter_ns(int repeat, int32_t payload_bytes):
    """Mean time of one put, one tick and its gets, in order and without loss."""
    cdef Jitter j
    cdef JitterFrame frame
    cdef uint8_t[1500] payload
    cdef int64_t start
    cdef int64_t at = ms(1000)
    cdef uint64_t wanted = max(repeat - 10, 0)
    cdef int _i
    if not jitter_open(&j, 8000, 1500, 20, 200):
        raise MemoryError
    memset(payload, 0, sizeof(payload))
    with nogil:
        start = cpu_ns()
        for _i in range(repeat):
            jitter_put(&j, 1, <uint16_t> (_i & 0xffff), <uint32_t> _i * 160, 160, payload, payload_bytes,
                       at + _i % 7 * 1000000)
            jitter_tick(&j, at)
            while jitter_get(&j, False, &frame) != JITTER_ENOUGH:
                pass
            at += ms(20)
        start = cpu_ns() - start
    short = j.stats.played < wanted
    jitter_close(&j)
    if short:
        raise RuntimeError("not what was meant to be measured")
    return start / <double> repeat


# ---- concealment


cdef class PlcProbe:
    """One stream's concealment."""

    cdef Plc state

    def __cinit__(self, int32_t rate_hz):
        if not plc_open(&self.state, rate_hz):
            raise ValueError("8000 Hz or more")

    def __dealloc__(self):
        plc_close(&self.state)

    def hear(self, bytes pcm not None):
        """The frame as it is to be heard."""
        cdef int32_t samples = samples_in(pcm)
        cdef bytes heard = room_for(samples)
        memcpy(pcm_of(heard), pcm_of(pcm), 2 * samples)
        plc_hear(&self.state, pcm_of(heard), samples)
        return heard

    def conceal(self, int32_t samples):
        cdef bytes made = room_for(max(samples, 0))
        plc_conceal(&self.state, pcm_of(made), samples)
        return made

    @property
    def period(self):
        return self.state.period


def time_plc_ns(bytes speech not None, int32_t rate_hz, int repeat, int one_in):
    """Mean time of a frame of 20 ms, of which one in so many is lost."""
    cdef Plc p
    cdef int16_t[960] frame
    cdef int32_t size = rate_hz // 50
    cdef int32_t frames = samples_in(speech) // size
    cdef int16_t *pcm = pcm_of(speech)
    cdef int64_t start
    cdef int _i
    if frames == 0 or rate_hz > 48000 or not plc_open(&p, rate_hz):
        raise ValueError("8000 to 48000 Hz, and 20 ms of it")
    with nogil:
        start = cpu_ns()
        for _i in range(repeat):
            if one_in and _i % one_in == one_in - 1:
                plc_conceal(&p, frame, size)
            else:
                memcpy(frame, pcm + _i % frames * size, 2 * size)
                plc_hear(&p, frame, size)
        start = cpu_ns() - start
    plc_close(&p)
    return start / <double> repeat


# ---- mixer


cdef class MixerProbe:
    """A conference whose members' frames are given and taken as bytes."""

    cdef Mixer state
    cdef list kept

    def __cinit__(self, int32_t capacity=16, int32_t max_rate_hz=48000, str kernels=None):
        self.kept = [None] * capacity
        if mixer_open(&self.state, capacity, max_rate_hz) != MIX_OK:
            raise MemoryError
        if kernels is not None:
            self.state.kernels = kernels_named(kernels)

    def __dealloc__(self):
        mixer_close(&self.state)

    def join(self, int32_t rate_hz=8000, bint listens=True):
        """The member's number; below 0: it is full."""
        return mixer_join(&self.state, rate_hz, listens)

    def leave(self, int32_t index):
        mixer_leave(&self.state, self.checked(index))

    cdef int32_t checked(self, int32_t index) except -1:
        if not 0 <= index < self.state.capacity or not self.state.members[index].joined:
            raise IndexError(index)
        return index

    def say(self, int32_t index, bytes pcm):
        """For the next tick; None: nothing."""
        if pcm is not None and samples_in(pcm) != self.frame_samples:
            raise ValueError(f"{samples_in(pcm)} samples, {self.frame_samples} are needed")
        self.kept[self.checked(index)] = pcm
        self.state.members[index].says = NULL if pcm is None else pcm_of(pcm)

    def mix(self):
        """The members that began or ceased to talk."""
        mix_once(&self.state)
        return [self.state.changed[i] for i in range(self.state.changes)]

    def hears(self, int32_t index):
        """What this member hears; None for one who does not listen."""
        return self.frame(self.state.members[self.checked(index)].hears)

    def tap(self):
        return self.frame(self.state.everyone)

    cdef object frame(self, const int16_t *pcm):
        return None if pcm == NULL else (<char *> pcm)[:2 * self.frame_samples]

    def shares(self, int32_t index):
        """Whether it hears the frame that all silent ones hear, without a copy."""
        return bool(self.state.members[self.checked(index)].hears == self.state.everyone)

    def link(self, int32_t index, MixerProbe other not None, int32_t other_index):
        return mixer_link(&self.state, self.checked(index), &other.state, other.checked(other_index)) == MIX_OK

    def set_gain(self, int32_t index, int32_t gain):
        if not 0 <= gain <= 32767:
            raise ValueError(gain)
        self.state.members[self.checked(index)].gain = gain

    def mute(self, int32_t index, bint muted):
        self.state.members[self.checked(index)].muted = muted

    def whisper(self, int32_t index, int32_t to):
        """Only the member `to` hears it; -1: everybody."""
        self.state.members[self.checked(index)].only = to if to < 0 else self.checked(to)

    def open_gate(self):
        """Everything that is said is mixed, however faint."""
        self.state.gate = 0

    def level_dbov(self, int32_t index):
        return mix_level_dbov(self.state.members[self.checked(index)].power)

    def talking(self, int32_t index):
        return bool(self.state.members[self.checked(index)].talking)

    @property
    def rate_hz(self):
        return self.state.rate_hz

    @property
    def frame_samples(self):
        return self.state.rate_hz // 1000 * MIX_TICK_MS


cdef const mix_kernels *kernels_named(str name) except NULL:
    cdef bytes encoded = name.encode()
    cdef const mix_kernels *found = mix_kernels_named(encoded)
    if found == NULL:
        raise LookupError(name)
    return found


def mix_kernel_names():
    """The sets that this processor can run; the first one is used."""
    return [name for name in ("avx2", "neon", "sse2", "portable") if mix_kernels_named(name.encode()) != NULL]


def run_mix_kernels(str name not None, list rows not None, int32_t gain):
    """(energies, gained rows, sums, each sum less its row, the clipped sum) by this set."""
    cdef const mix_kernels *kernels = kernels_named(name)
    cdef size_t members = len(rows)
    cdef int32_t samples = samples_in(rows[0])
    cdef const int16_t **pointers = <const int16_t **> calloc(members, sizeof(int16_t *))
    cdef bytes sums = PyBytes_FromStringAndSize(NULL, 4 * samples)
    cdef bytes all_of = room_for(samples)
    cdef bytes row, out
    if pointers == NULL:
        raise MemoryError
    for place, row in enumerate(rows):
        pointers[<size_t> place] = pcm_of(row)
    kernels.sum(<int32_t *> PyBytes_AS_STRING(sums), pointers, members, samples)
    free(pointers)
    kernels.clip(pcm_of(all_of), <int32_t *> PyBytes_AS_STRING(sums), samples)
    energies, gained, less = [], [], []
    for row in rows:
        energies.append(kernels.energy(pcm_of(row), samples))
        out = room_for(samples)
        kernels.gain(pcm_of(out), pcm_of(row), gain, samples)
        gained.append(out)
        out = room_for(samples)
        kernels.minus(pcm_of(out), <int32_t *> PyBytes_AS_STRING(sums), pcm_of(row), samples)
        less.append(out)
    return energies, gained, sums, less, all_of


def time_mix_ns(str name not None, int32_t members, int32_t talkers, int32_t rate_hz, int repeat):
    """Mean time of one tick per member; who does not talk says faint noise below the gate."""
    cdef Mixer m
    cdef int32_t samples = rate_hz // 1000 * MIX_TICK_MS
    cdef int16_t *frames
    cdef int64_t start
    cdef int32_t i
    cdef int _turn
    if mixer_open(&m, members, rate_hz) != MIX_OK:
        raise MemoryError
    m.kernels = kernels_named(name)
    frames = <int16_t *> calloc(members, 2 * samples)
    if frames == NULL:
        raise MemoryError
    while mixer_join(&m, rate_hz, True) >= 0:
        pass
    for i in range(members * samples):
        frames[i] = (i * 7919 % 16001 - 8000) if i // samples < talkers else i % 9
    with nogil:
        start = cpu_ns()
        for _turn in range(repeat):
            for i in range(members):
                m.members[i].says = frames + i * samples
            mix_once(&m)
        start = cpu_ns() - start
    mixer_close(&m)
    free(frames)
    return start / <double> repeat / members


# ---- digits


cdef class DtmfDetectProbe:
    """One stream's detector."""

    cdef DtmfDetector state

    def __cinit__(self, int32_t rate_hz=8000):
        if not dtmf_detect_open(&self.state, rate_hz):
            raise ValueError("8000, 16000 or 48000 Hz")

    def feed(self, bytes pcm not None):
        """("began" or "ended", event, duration_ms, level_dbm0), in order."""
        cdef DtmfHeard heard
        cdef int32_t at = 0
        cdef int32_t count = samples_in(pcm)
        told = []
        while at < count:
            at += dtmf_detect(&self.state, pcm_of(pcm) + at, count - at, &heard)
            if heard.what != DTMF_NOTHING:
                what = "began" if heard.what == DTMF_BEGAN else "ended"
                told.append((what, heard.event, heard.duration_ms, heard.level_dbm0))
        return told

    def load(self, bytes block not None):
        """Put a whole block in place, for `power`."""
        if samples_in(block) != self.state.block:
            raise ValueError(f"{self.state.block} samples are a block")
        memcpy(self.state.samples, pcm_of(block), 2 * self.state.block)

    def power(self, int32_t tone):
        """Mean square of tone 0-7 (8-15: second harmonics) in the loaded block."""
        if not 0 <= tone < 16:
            raise IndexError(tone)
        return dtmf_tone_power(&self.state, tone)


def time_dtmf_detect_ns(bytes sound not None, int32_t rate_hz, int repeat):
    """Mean time for 20 ms of this sound, played round."""
    cdef DtmfDetector d
    cdef DtmfHeard heard
    cdef int32_t size = rate_hz // 50
    cdef int32_t frames = samples_in(sound) // size
    cdef int32_t at
    cdef int16_t *pcm = pcm_of(sound)
    cdef int64_t start
    cdef int _i
    if not dtmf_detect_open(&d, rate_hz) or frames == 0:
        raise ValueError("8000, 16000 or 48000 Hz, and 20 ms of it")
    with nogil:
        start = cpu_ns()
        for _i in range(repeat):
            at = 0
            while at < size:
                at += dtmf_detect(&d, pcm + _i % frames * size + at, size - at, &heard)
    return (cpu_ns() - start) / <double> repeat


def make_dtmf(int event, int32_t rate_hz, int32_t on_ms, int32_t off_ms, double low_dbm0=-8, double high_dbm0=-6,
              int32_t frame=160):
    """The digit and its pause, made frame by frame."""
    cdef DtmfTone t
    cdef bytes out
    cdef int32_t made
    if not 0 <= event <= 15 or not dtmf_tone_start(&t, event, rate_hz, low_dbm0, high_dbm0, on_ms, off_ms):
        raise ValueError("no such digit, or too loud")
    parts = []
    while True:
        out = room_for(frame)
        made = dtmf_tone_make(&t, pcm_of(out), frame)
        parts.append(out[:2 * made])
        if made < frame:
            return b"".join(parts)


cdef class DtmfSendProbe:
    """One stream's sender of RFC 4733 digits."""

    cdef DigitSender state

    def __cinit__(self, uint32_t clock_hz=8000, int32_t update_ms=50, uint8_t volume=10):
        dtmf_send_open(&self.state, clock_hz, update_ms, volume)

    def add(self, int event, int32_t duration_ms, int32_t pause_ms=70):
        return 0 <= event < 256 and bool(dtmf_send_add(&self.state, event, duration_ms, pause_ms))

    def tick(self, uint32_t rtp_ts, uint32_t units):
        """(marker, rtp_ts, payload), or None when nothing is to be sent."""
        cdef DigitPacket packet
        if not dtmf_send_tick(&self.state, rtp_ts, units, &packet):
            return None
        return bool(packet.marker), packet.rtp_ts, (<char *> packet.payload)[:4]

    @property
    def sending(self):
        return bool(self.state.sending)

    @property
    def idle(self):
        return bool(dtmf_send_idle(&self.state))
