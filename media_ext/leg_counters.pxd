"""A leg's counters as Python reads them, while its worker counts on: each is read whole, not all of one moment."""
from media_ext.types cimport Counters


cdef dict counters_of(Counters *c)      # keyword arguments of pbx.model.stream.StreamStats
