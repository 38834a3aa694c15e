"""What the node says on a leg; see speaker.pxd."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from media_ext.codec cimport Codec
from media_ext.output cimport OUTPUT_HEADROOM, output_cut, output_frame
from media_ext.types cimport BUFFER_BYTES
from media_ext.voice cimport speaker_revoice


cdef void speaker_install(Worker *w, Leg *leg, Speaker *fresh) noexcept nogil:
    if leg.speaker != NULL:
        speaker_revoice(leg.speaker, fresh)
        return
    w.feeds += 1
    fresh.feed = (<uint64_t> 1 << 63) | w.feeds
    leg.speaker = fresh


cdef void speaker_feed(Worker *w, Leg *leg, bint fed) noexcept nogil:
    leg.speaker.fed = fed
    leg.speaker.owns = fed
    output_cut(&leg.out)


cdef void speaker_tick(Worker *w, Leg *leg, const int16_t *pcm) noexcept nogil:
    say(w, leg, pcm, leg.speaker.tick_samples)


cdef void say(Worker *w, Leg *leg, const int16_t *pcm, int32_t samples) noexcept nogil:
    """Cut what is said into packets. A silence is no packets: the next one begins a talkspurt (RFC 3550 5.1)."""
    cdef Speaker *s = leg.speaker
    cdef int32_t frame = s.encoder.frame_samples
    cdef int32_t at = 0
    if pcm == NULL and s.count == 0:
        output_cut(&leg.out)
        return
    if pcm != NULL and s.count == 0 and samples == frame:
        send_frame(w, leg, pcm)
        return
    if pcm != NULL:
        memcpy(s.waiting + s.count, pcm, samples * sizeof(int16_t))
    else:
        memset(s.waiting + s.count, 0, samples * sizeof(int16_t))
    s.count += samples
    while s.count - at >= frame:
        send_frame(w, leg, s.waiting + at)
        at += frame
    s.count -= at
    if s.count and at:
        memmove(s.waiting, s.waiting + at, s.count * sizeof(int16_t))


cdef void send_frame(Worker *w, Leg *leg, const int16_t *pcm) noexcept nogil:
    cdef Speaker *s = leg.speaker
    cdef Codec *encoder = s.encoder
    cdef uint8_t packet[BUFFER_BYTES]
    cdef int32_t size = encoder.encode(encoder, pcm, encoder.frame_samples, packet + OUTPUT_HEADROOM,
                                       BUFFER_BYTES - OUTPUT_HEADROOM)
    s.gap += encoder.frame_units
    if size > 0:
        output_frame(w, leg, s.feed, packet + OUTPUT_HEADROOM, size, s.gap, s.payload_type, encoder.rtp_clock_hz)
        s.gap = 0
