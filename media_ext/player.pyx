"""Prompts and tones; see player.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from media_ext.atomics cimport reference_add
from media_ext.clock cimport ms
from media_ext.output cimport OUTPUT_HEADROOM, output_cut, output_frame
from media_ext.tell cimport tell
from media_ext.types cimport BUFFER_BYTES, EVENT_PROMPT_ENDED, Player
from media_ext.wheel cimport wheel_arm, wheel_disarm

cdef enum:
    LATE_MS = 200               # further behind than this, frames are skipped rather than sent in a burst


cdef PromptData *prompt_hold(PromptData *prompt) noexcept nogil:
    reference_add(&prompt.references, 1)
    return prompt


cdef void prompt_release(PromptData *prompt) noexcept nogil:
    if reference_add(&prompt.references, -1) == 0:
        free(prompt.data)
        free(prompt)


cdef void player_start(Worker *w, Leg *leg, PromptData *prompt, uint8_t payload_type, bint loop) noexcept nogil:
    """Takes over the caller's reference. What played before stops without `PromptEnded`."""
    cdef Player *p = &leg.player
    player_stop(w, leg)
    w.feeds += 1
    p.prompt = prompt
    p.payload_type = payload_type
    p.loop = loop
    p.frame = 0
    p.feed = (<uint64_t> 1 << 63) | w.feeds
    p.due_ns = w.now_ns
    player_run(w, leg)


cdef void player_stop(Worker *w, Leg *leg) noexcept nogil:
    if leg.player.prompt == NULL:
        return
    wheel_disarm(&w.wheel, &leg.player.timer)
    prompt_release(leg.player.prompt)
    leg.player.prompt = NULL
    output_cut(&leg.out)


cdef void player_run(Worker *w, Leg *leg) noexcept nogil:
    cdef Player *p = &leg.player
    cdef PromptData *prompt = p.prompt
    cdef uint8_t packet[BUFFER_BYTES]
    cdef int64_t frame_ns = ms(prompt.frame_ms)
    cdef int64_t late
    if w.now_ns - p.due_ns > ms(LATE_MS):
        late = (w.now_ns - p.due_ns) // frame_ns
        p.due_ns += late * frame_ns
        p.frame = <uint32_t> ((p.frame + late) % prompt.frames) if p.loop else <uint32_t> (p.frame + late)
        output_cut(&leg.out)
    if p.frame >= prompt.frames:
        if not p.loop:
            player_stop(w, leg)
            tell(w, leg, EVENT_PROMPT_ENDED)
            return
        p.frame = 0
    memcpy(packet + OUTPUT_HEADROOM, prompt.data + <size_t> p.frame * prompt.frame_bytes, prompt.frame_bytes)
    output_frame(w, leg, p.feed, packet + OUTPUT_HEADROOM, prompt.frame_bytes, prompt.frame_units,
                 p.payload_type, prompt.clock_hz)
    p.frame += 1
    p.due_ns += frame_ns
    wheel_arm(&w.wheel, &p.timer, p.due_ns)
