"""The node speaks on a leg: sound is encoded and sent in packets of the phone's ptime, digits as RFC 4733 has them.

A pair or a room that feeds the speaker gives it 20 ms of what comes through at a time, and players are added to that;
otherwise the speaker has a timer of its own, while it has something to say. There is a speaker from `speaker_install`
on, until the leg is closed.
"""
from libc.stdint cimport int16_t, int32_t

from media_ext.player cimport Player
from media_ext.types cimport DigitsCommand, Leg, SharedFrame, Worker
from media_ext.voice cimport Speaker


cdef void speaker_install(Worker *w, Leg *leg, Speaker *fresh) noexcept nogil       # takes `fresh` over
cdef void speaker_feed(Worker *w, Leg *leg, bint fed) noexcept nogil                # `fed`: somebody calls speaker_tick
# 20 ms at `leg.speaker.rate_hz`; NULL: nothing is said. The samples are only read.
cdef void speaker_tick(Worker *w, Leg *leg, const int16_t *pcm) noexcept nogil
# The same for what others hear too: encoded by the first whose codec it is, unless a player is heard besides.
cdef void speaker_share(Worker *w, Leg *leg, const int16_t *pcm, SharedFrame *shared) noexcept nogil
cdef void speaker_left_out(Leg *leg, int32_t beats) noexcept nogil      # so many ticks are not coming; time passes

# The worker's: there is a speaker whenever these come.
cdef void speaker_start(Worker *w, Leg *leg, Player *player) noexcept nogil         # takes `player` over
cdef void speaker_stop(Worker *w, Leg *leg) noexcept nogil                          # no player any more; told to nobody
cdef void speaker_digits(Worker *w, Leg *leg, const DigitsCommand *c) noexcept nogil
cdef void speaker_run(Worker *w, Leg *leg) noexcept nogil                           # its timer is due
# The leg comes to this worker, or leaves it; there may be no speaker.
cdef void speaker_add(Worker *w, Leg *leg) noexcept nogil
cdef void speaker_drop(Worker *w, Leg *leg) noexcept nogil
