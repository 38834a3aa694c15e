"""What signalling says of a leg, carried out by its worker between two packets: where its phone is, and whom it hears.

A leg is passed on to one other (`sink`), or decoded for one (`pair`), or in a conference (`room`), never two of these.
"""
from media_ext.types cimport Leg, LinkCommand, Pair, PathCommand, RemoteCommand, SecureCommand, Worker


cdef void leg_set_remote(Worker *w, Leg *leg, const RemoteCommand *remote) noexcept nogil
cdef void leg_forget_remote(Worker *w, Leg *leg) noexcept nogil
cdef void leg_set_path(Worker *w, Leg *leg, const PathCommand *c) noexcept nogil
cdef void leg_secure(Worker *w, Leg *leg, SecureCommand *c) noexcept nogil      # takes what the command brings
cdef void leg_unlink(Worker *w, Leg *leg) noexcept nogil
cdef void leg_link(Worker *w, Leg *leg, const LinkCommand *c) noexcept nogil
cdef void leg_bridge(Worker *w, Leg *leg, Leg *other, Pair *fresh) noexcept nogil       # takes `fresh` over
cdef void leg_echo(Worker *w, Leg *leg) noexcept nogil
