"""The node speaks on a leg: 20 ms of PCM at a time is encoded and sent in packets of the phone's ptime.

There is a speaker from `speaker_install` on, until the leg is closed.
"""
from libc.stdint cimport int16_t

from media_ext.types cimport Leg, Worker
from media_ext.voice cimport Speaker


cdef void speaker_install(Worker *w, Leg *leg, Speaker *fresh) noexcept nogil       # takes `fresh` over
cdef void speaker_feed(Worker *w, Leg *leg, bint fed) noexcept nogil                # `fed`: somebody calls speaker_tick
# 20 ms at `leg.speaker.rate_hz`; NULL: nothing is said. The samples are only read.
cdef void speaker_tick(Worker *w, Leg *leg, const int16_t *pcm) noexcept nogil
