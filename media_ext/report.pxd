"""The node's own RTCP: what it says about the stream it sends and the one it hears (RFC 3550 6.2 to 6.4, 6.6).

A leg whose phone hears the linked phone's reports, translated, needs none. All others do: echo, prompts, a leg that is
decoded or alone, and a linked one whose other phone has sent no RTCP for three intervals. Its timer is always armed.
"""
from libc.stdint cimport uint8_t

from media_ext.rtcp cimport Reports
from media_ext.types cimport Leg, Worker

cdef enum:
    RELAYED_INTERVALS = 3       # without a report of the linked phone, after which we report ourselves


cdef void report_start(Worker *w, Leg *leg) noexcept nogil      # a worker has taken the leg over
cdef void report_stop(Worker *w, Leg *leg) noexcept nogil
cdef void report_due(Worker *w, Leg *leg) noexcept nogil        # its timer's handler
cdef void report_bye(Worker *w, Leg *leg) noexcept nogil        # the leg ends
cdef void report_heard(Worker *w, Leg *leg, const Reports *reports) noexcept nogil     # what the phone reports
