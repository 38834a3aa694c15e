"""What the workers tell, as Python has it. Each ring is emptied under the GIL; see workers.pxd."""
from media_ext.workers cimport Workers


cdef list drain_events(Workers workers)
cdef list drain_datagrams(Workers workers)
