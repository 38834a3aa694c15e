"""A leg as Python holds it: handed to the engine's methods, and read for its counters.

All but `record` is the engine's own book-keeping, touched under the GIL by the one Python thread that commands.
`record` is the worker's from OP_ADD until "closed" was told: until then Python reads nothing of it but counters, with
load_relaxed, and its id and sockets, which never change.
"""
from libc.stdint cimport uint32_t

from media_ext.hearing cimport HearingSettings
from media_ext.relay_record cimport RelayRecord
from media_ext.types cimport Leg as LegRecord
from media_ext.types cimport Reserve, SecureCommand
from media_ext.voice cimport VoiceSettings


cdef class Leg:
    cdef LegRecord *record          # NULL: given back
    cdef RelayRecord *exported
    cdef RelayRecord *ahead         # what a later process goes on with; NULL: nobody keeps it
    cdef bytes receives_from        # a state, until the keys come that its counters belong to …
    cdef bytes sends_from           # … in the other direction
    cdef int worker
    cdef bint closing               # no command may follow
    cdef bint arriving              # it moves: commands of a later time may wait for that
    # what it says and hears; see tuning.pxd
    cdef VoiceSettings voice
    cdef bint has_voice             # `voice` is known: the node may speak on this leg
    cdef int speaker_hz             # the rate of its speaker; 0: none was made
    cdef bint fed                   # by a pair or a room, at `speaker_hz`
    cdef HearingSettings hearing    # what may come and can be decoded
    cdef int listener_hz            # the rate of its listener; 0: none was made
    cdef bint detects               # digits in sound
    cdef bint tells                 # when its phone begins and stops talking
    cdef dict playing               # serial → Playing; what has begun and was not told ended
    # whom it is joined to
    cdef Leg linked                 # what that leg says is passed on to it as it is; itself: an echo
    cdef dict passes                # … by the payload types that it sends: those under which that leg gets them
    cdef Leg partner                # decoded for it and encoded for it
    cdef object room                # the room_handle.Room it is in …
    cdef dict members               # … and who is in it
    cdef tuple down                 # rates between which its room resamples for it
    cdef go_on_from(self, bytes state)              # where an earlier leg of this build was …
    cdef keep_ahead(self, bytes state)              # and say how far it may go; `state`: None, or that one
    cdef void count_on(self, SecureCommand *c)      # fresh SRTP contexts begin where `state` was
    cdef part(self)
    cdef void give_back(self)


cdef class Playing:
    """What a player was made of, to make it again when the phone changes over to another codec."""

    cdef tuple sounds
    cdef bint loop
    cdef bint over
    cdef int gain


cdef Leg open_leg(uint32_t id, int worker, int rtp_fd, int rtcp_fd)
cdef Reserve reserve_of(Leg leg)                    # how far it may go by `ahead`
