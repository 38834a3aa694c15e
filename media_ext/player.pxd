"""Plays pre-encoded frames to a phone by the thread's clock: frame n is due exactly n frames after the first."""
from media_ext.types cimport Leg, PromptData, Worker
from libc.stdint cimport uint8_t


cdef PromptData *prompt_hold(PromptData *prompt) noexcept nogil
cdef void prompt_release(PromptData *prompt) noexcept nogil                # frees it with the last reference
cdef void player_start(Worker *w, Leg *leg, PromptData *prompt, uint8_t payload_type, bint loop) noexcept nogil
cdef void player_stop(Worker *w, Leg *leg) noexcept nogil
cdef void player_run(Worker *w, Leg *leg) noexcept nogil                   # its timer is due
