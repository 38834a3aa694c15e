"""Python's hold on a tap; see tap_handle.pxd."""

from libc.stdint cimport uint32_t

from media_ext.atomics cimport load_acquire, load_relaxed
from media_ext.tap cimport tap_open, tap_release


cdef class TapHandle:
    """Room for `ring_bytes` of packets between the audio threads and whoever reads."""

    def __cinit__(self, uint32_t ring_bytes):
        self.record = tap_open(ring_bytes)
        if self.record == NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.record != NULL:
            tap_release(self.record)

    @property
    def packets(self):
        """Copied so far."""
        return load_relaxed(&self.record.packets)

    @property
    def dropped(self):
        """Packets that found no room because nobody read for long."""
        return load_relaxed(&self.record.dropped)

    @property
    def ended(self):
        """Whether the leg is closed, or the tap was taken off."""
        return load_acquire(&self.record.ended) != 0
