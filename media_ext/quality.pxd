"""What a leg's figures were like over time: looked at four times a second, for nothing per packet."""
from media_ext.types cimport Leg, Worker

cdef enum:
    JITTER_BELIEVED_MS = 1000   # more is no jitter but a phone that set its timestamps anew


cdef void quality_sample(Worker *w, Leg *leg) noexcept nogil
