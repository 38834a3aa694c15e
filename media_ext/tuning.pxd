"""What a leg is spoken to and heard with: speakers and listeners that fit its codecs and the sound at hand.

Made here, under the GIL, and handed to the leg's worker by a command; a leg has each only once it is needed. Rates are
what is tuned: the lowest that loses nothing, the same for two who are joined, so that as little as possible is
resampled. `ValueError` says what a phone's formats cannot do.
"""
from media_ext.codec cimport CodecId
from media_ext.leg_handle cimport Leg
from media_ext.workers cimport Workers


cdef int check_type(object payload_type) except -1
cdef int codec_code(object encoding) except -1                      # of `types.Leg.codecs`

# What was agreed on with the phone; a speaker or listener that is there changes over.
cdef set_voice(Workers w, Leg leg, voice, digits, int ptime_ms)
cdef set_hearing(Workers w, Leg leg, formats)

cdef int rate_for(CodecId id, int rate_hz)      # the lowest that loses nothing of sound at `rate_hz`; 0: none does
cdef int voice_rate(Leg leg, int rate_hz)       # at which the leg can be spoken to, that suits sound at `rate_hz`
cdef bint can_hear(Leg leg) noexcept            # what the phone sends can be decoded
cdef bint can_join(Leg leg) noexcept            # … and it can be spoken to
cdef check_join(Leg leg)

cdef int speak(Workers w, Leg leg, int rate_hz) except 0            # a speaker; its rate
cdef int hear(Workers w, Leg leg, int rate_hz) except 0             # a listener, unless there is one at this rate
cdef speak_at_least(Workers w, Leg leg, int rate_hz)                # a speaker, or a better one
cdef join_at(Workers w, Leg leg, int rate_hz)
cdef tune(Workers w, Leg a, Leg b)
