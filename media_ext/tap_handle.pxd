"""A tap as Python holds it: made here, put on a leg by the engine, read by a reading (readers.pyx)."""
from media_ext.tap cimport Tap


cdef class TapHandle:
    cdef Tap *record
