"""The records of the engine: a leg, a worker thread, a command, an event. What lives here has one owner at a time.

A leg belongs to one worker from ADD to CLOSE (or DETACH, to move to another worker); Python only reads its counters.
Commands go to a worker through one ring and are carried out between packets, in order; events come back through
another.
"""
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.address cimport Address
from media_ext.digits cimport Digits
from media_ext.hearing cimport Listener
from media_ext.latch cimport Latch
from media_ext.mixer cimport Mixer
from media_ext.player cimport Player
from media_ext.resample cimport Resampler
from media_ext.ring cimport Ring
from media_ext.rtp cimport Sender
from media_ext.srtp cimport Srtp
from media_ext.tap cimport Tap
from media_ext.voice cimport Speaker
from media_ext.wheel cimport Timer, Wheel

cdef enum:
    PAYLOAD_TYPES = 128
    DROP = 255                  # in a payload map: this type may not pass
    TELEPHONE_EVENT = 0x80      # in `formats`: the type carries digits; the low bits index CLOCKS
    MAX_PACKET_BYTES = 1500     # longer than any audio packet on an Ethernet
    BUFFER_BYTES = 2048
    COMMAND_RING = 512
    EVENT_RING = 4096
    DATAGRAM_RING = 256         # STUN and DTLS that wait for Python …
    DATAGRAMS_AT_ONCE = 32      # … of one leg, in the time of one housekeeping: nobody else's place is taken
    HOUSEKEEPING_MS = 250
    HOUSEKEEPING_GRID_MS = 32


cdef enum:                      # a leg's components
    RTP = 0
    RTCP = 1


cdef enum:                      # kinds of timers
    TIMER_HOUSEKEEPING = 0
    TIMER_SPEAKER = 1
    TIMER_LISTENER = 2
    TIMER_PAIR = 3
    TIMER_ROOM = 4
    TIMER_REPORT = 5


# One writer (the worker), any reader. All counts are since the stream was opened.
cdef struct Counters:
    uint64_t packets_in
    uint64_t bytes_in
    uint64_t packets_out
    uint64_t bytes_out
    uint64_t payload_bytes_out  # for RTCP sender reports
    uint64_t expected           # RFC 3550: lost = expected - received
    uint64_t received
    uint64_t out_of_order
    uint64_t duplicates
    uint64_t jitter_q4
    uint64_t jitter_clock_hz
    uint64_t jitter_max_us      # of samples taken while the phone talks, as are:
    uint64_t jitter_sum_us
    uint64_t jitter_samples
    uint64_t sampled_packets_in
    uint64_t decided            # packets that came or were lost for good; see losses.pxd
    uint64_t decided_lost
    uint64_t loss_runs
    uint64_t bursts
    uint64_t burst_packets
    uint64_t burst_lost
    uint64_t heard_type         # payload type of the newest audio packet
    uint64_t late               # came too late for the jitter buffer of a leg that is decoded
    uint64_t discarded          # thrown away by it for another reason
    uint64_t rtcp_in
    uint64_t rtcp_out
    uint64_t rtt_us             # 0: unknown
    uint64_t remote_reports     # reports of the phone about what it hears of us; the newest says:
    uint64_t remote_fraction    # lost since the one before, in 1/256
    uint64_t remote_lost        # since the start (RFC 3550 6.4.1), never below 0 …
    uint64_t remote_expected    # … of so many that were sent
    uint64_t remote_jitter      # in timestamp units of `remote_clock_hz`
    uint64_t remote_clock_hz
    uint64_t last_rtp_ns        # 0: never
    uint64_t last_rtcp_ns
    uint64_t dropped_alien
    uint64_t dropped_malformed
    uint64_t dropped_oversize
    uint64_t dropped_payload_type
    uint64_t dropped_direction
    uint64_t dropped_auth       # SRTP: not by who has the key
    uint64_t dropped_replayed   # SRTP: taken before, or too old to tell
    uint64_t dropped_unkeyed    # came before the keys were known, or unencrypted where it must not be
    uint64_t mix_level          # in a conference: twice its mean square, plus whether it talks
    uint64_t dropped_datagrams  # STUN or DTLS that nobody asked for, or too much of it
    uint64_t send_errors


# What the phone hears is one RTP stream with one SSRC for the leg's life, whatever feeds it (RFC 3550 5.1). A feed is
# a sender behind the linked leg, or the player; when it changes, the offsets are set so that the numbers go on.
cdef struct Output:
    uint32_t ssrc
    bint started                # something was sent
    uint64_t feed               # which one the offsets are for; 0: none
    uint16_t seq_offset
    uint32_t ts_offset
    uint16_t feed_first_seq     # older packets of the feed lie before the change and are not sent
    uint32_t feed_packets
    uint16_t next_seq
    uint32_t last_ts            # the newest timestamp sent …
    int64_t last_ns             # … and when
    uint32_t clock_hz
    uint32_t report_ntp[2]      # middle 32 bits of the NTP time in the last two sender reports to the phone …
    int64_t report_ns[2]        # … and when they were sent, for the round trip; the newest first


# The node's own RTCP towards a phone: what its next report needs to know of the last one.
cdef struct Reporting:
    Timer timer
    uint8_t cname[16]           # RFC 7022 4.2: 96 random bits in base64
    uint64_t random
    int64_t ntp_ns              # added to monotonic time: nanoseconds since 1900
    Leg *source                 # whose reports are passed on, as of the last look …
    int64_t relayed_ns          # … and when one was
    bint any                    # RTCP of ours was sent
    uint64_t packets_out        # at the last report …
    uint64_t packets_out_before  # … and at the one before: a sender's report needs packets between the two and now
    uint32_t epoch              # of the phone's stream; for it, up to the last report:
    uint64_t expected
    uint64_t received
    uint32_t heard_ssrc         # of the phone's last sender report,
    uint32_t heard_ntp          # the middle 32 bits of its NTP time; 0: none came
    int64_t heard_ns            # and when it came


# How far a leg may go: a later process goes on beyond, when this one is gone without a word. See relay_record.pxd.
cdef struct Reserve:
    void *record                # a RelayRecord to be filled when half of it is used up; NULL: nobody keeps one
    bint told                   # and was not answered yet
    uint16_t end_seq            # the first sequence number of the later process
    uint64_t rtp_limit          # the last SRTP index of this one …
    uint64_t rtcp_limit         # … and SRTCP index
    uint32_t heard              # the phone's newest packet, as of the last one


cdef struct Socket:
    int fd
    bint connected
    uint32_t watch              # the loop's own mark; 0: the loop does not know this socket


# Two legs that are decoded and encoded for each other; see pair.pxd.
cdef struct Pair:
    Leg *a
    Leg *b
    int64_t due_ns
    Timer timer


# A conference; see room.pxd.
cdef enum:
    ROOM_LINKS = 8

    ROOM_PLAYERS = 2            # an announcement, and tones when somebody comes or goes
    SHARED_BYTES = 160          # 20 ms of G.711
    ROOM_LOWERED = 2            # 8 and 16 kHz: rates for which the mix of all is resampled once

# What all hear who say nothing, at 8 kHz: encoded once for all of a codec of one byte a sample.
cdef struct SharedFrame:
    const int16_t *pcm          # which sound that is; NULL: none in this tick
    bint encoded[2]             # by CodecId: PCMU, PCMA
    uint8_t payloads[2][160]

cdef struct Seat:
    Leg *leg                    # NULL: nobody sits here
    Resampler down              # for a phone whose codec has not the room's rate
    uint64_t lowered            # the last tick that went through `down`

cdef struct RoomPlayer:
    Player *player              # NULL: nothing is played
    int32_t at                  # its place in the mixer
    int16_t *played             # one tick

cdef struct RoomLink:
    Room *other                 # NULL: no link
    int32_t here                # the mixer's members that stand for the other room
    int32_t there
    bint drives                 # this side hands over, in both directions

cdef struct Room:
    uint32_t id                 # of events
    Mixer mixer
    Seat *seats                 # by the mixer's index
    int32_t taken               # seats
    int32_t phase_ms
    uint64_t tick
    SharedFrame shared
    int16_t *sounds             # the memory of what follows, one tick each
    int16_t *resampled          # for one seat
    int16_t *lowered[2]         # the mix of all, by ROOM_LOWERED …
    uint64_t lowered_at[2]      # … and of which tick
    int16_t *before             # the mix of all of the last tick, while any seat needs a resampler …
    uint64_t before_at          # … which was this one; 0: at another rate
    RoomPlayer players[2]
    RoomLink links[8]
    Tap *tap                    # who records or listens, a list; NULL: nobody
    int64_t due_ns
    Timer timer


cdef struct Leg:
    # what every packet needs
    Leg *sink                   # who hears this phone: the linked leg, the leg itself (echo), or NULL
    uint8_t payload_map[128]    # from this phone's types to the sink's
    uint8_t formats[128]        # index into CLOCKS, plus TELEPHONE_EVENT; 0: not negotiated
    uint8_t codecs[128]         # CodecId + 1; 0: nothing that could be decoded
    bint any_format             # nothing was said about types: take them all
    bint has_remote
    bint may_send               # to the phone
    bint may_receive            # from the phone
    bint rtcp_mux
    bint heard                  # an RTP packet was accepted once
    bint silent                 # WentSilent was told and Resumed was not
    bint must_encrypt           # only SRTP comes in and goes out; without keys, nothing
    bint wants_datagrams        # STUN and DTLS go up to Python
    uint32_t datagrams_left[2]  # that may, until the next housekeeping: of others, of the latched address
    bint by_ice                 # ICE says where the phone is: no packet moves the latch
    Srtp *srtp_in               # NULL: no key known yet; kept while the leg is plain again, for their counters
    Srtp *srtp_out
    Latch latch
    Sender sender
    Output out
    Speaker *speaker            # NULL until the node says something on this leg
    Listener *listener          # NULL until the node has to understand it
    Pair *pair                  # NULL: not joined to another leg by what is heard
    Room *room                  # NULL: in no conference
    int32_t seat                # … else its place there
    Tap *tap                    # who listens in or records, a list; NULL: nobody
    Digits digits
    Reporting report
    Reserve reserve
    Address rtcp_signalled
    Address rtcp_current        # where RTCP was last heard from, on the phone's host
    int64_t listening_since_ns  # silence counts from here at the earliest
    int64_t latched_ns
    Counters counters
    # ownership and place
    Socket sockets[2]           # by Component
    Timer housekeeping
    Leg *next                   # the worker's list of legs, or of those that wait to be told closed
    Leg *previous
    uint32_t id
    uint8_t pending_event       # the event that could not be told for want of room: closed or detached


cdef enum Operation:
    OP_ADD = 1
    OP_REMOTE
    OP_FORGET
    OP_LINK
    OP_UNLINK
    OP_ECHO
    OP_PLAY
    OP_STOP_PLAYING
    OP_SECURE
    OP_PATH
    OP_EXPORT
    OP_RESERVE
    OP_TAP
    OP_UNTAP
    OP_SPEAKER
    OP_DIGITS
    OP_LISTENER
    OP_WATCH
    OP_BRIDGE
    OP_ROOM
    OP_CLOSE
    OP_DETACH
    OP_STOP


cdef struct RemoteCommand:
    Address rtp
    Address rtcp
    bint rtcp_mux
    bint may_send
    bint may_receive
    bint any_format
    uint8_t formats[128]
    uint8_t codecs[128]


cdef struct LinkCommand:
    Leg *other
    uint8_t map_out[128]        # from `leg` to `other`
    uint8_t map_back[128]


cdef struct DigitsCommand:
    uint8_t events[64]          # RFC 4733
    int32_t count
    int32_t duration_ms
    int32_t pause_ms


cdef struct WatchCommand:
    bint detects
    bint tells


cdef struct BridgeCommand:
    Leg *other
    Pair *pair                  # the command's own


cdef enum RoomOrder:
    ROOM_JOIN = 0               # the leg; with gain, muted, down
    ROOM_LEAVE                  # the leg
    ROOM_SEAT                   # the leg's gain and muted
    ROOM_WHISPER                # the leg is heard by `to` alone; NULL: by everybody
    ROOM_DOWN                   # the leg's down
    ROOM_RATE
    ROOM_PLAY                   # player, as number `place` of ROOM_PLAYERS; NULL: stop
    ROOM_LINK                   # other
    ROOM_UNLINK                 # other
    ROOM_TAP                    # one reference of the tap goes with it
    ROOM_UNTAP                  # … it is only compared
    ROOM_CLOSE                  # and free it


cdef struct RoomCommand:
    RoomOrder order
    Room *room
    Room *other
    Player *player              # the command's own
    int32_t place
    Resampler down              # the command's own
    int32_t rate_hz
    int32_t gain
    bint muted
    Leg *to
    Tap *tap


cdef struct SecureCommand:
    Srtp *receive               # both go with the command; NULL: what is there stays
    Srtp *send
    bint must_encrypt
    bint wants_datagrams


cdef struct PathCommand:
    bint by_ice                 # False: signalling and packets say it again
    Address to                  # empty: nothing is sent until there is one


cdef struct ExportCommand:
    void *record                # a RelayRecord to be filled; its owner waits for EVENT_EXPORTED
    bint hand_over              # nothing comes in or goes out after that moment, not even BYE


cdef union CommandDetail:
    RoomCommand room
    RemoteCommand remote
    LinkCommand link
    Player *player              # the command's own …
    Speaker *speaker            # … and so is this
    DigitsCommand digits
    Listener *listener          # the command's own
    WatchCommand watch
    BridgeCommand bridge
    SecureCommand secure
    PathCommand path
    ExportCommand export_
    Reserve reserve
    Tap *tap                    # one reference goes with OP_TAP; OP_UNTAP only compares


cdef struct Command:
    Operation op
    Leg *leg
    CommandDetail detail


cdef enum EventKind:
    EVENT_NONE = 0
    EVENT_FIRST
    EVENT_DIGIT                 # number: RFC 4733 event, duration_ms
    EVENT_SILENT                # number: ms
    EVENT_RESUMED
    EVENT_LATCHED               # address
    EVENT_TALKING               # number: level below 0 dBov
    EVENT_STOPPED
    EVENT_ROOM_PLAYED           # leg: the room's id; number: the player's serial
    EVENT_PROMPT_ENDED          # number: the player's serial
    EVENT_EXPORTED
    EVENT_RESERVED              # the reserve's record is filled anew
    EVENT_CLOSED                # the worker has let go of the leg for ever
    EVENT_DETACHED              # … to be given to another worker


cdef struct Event:
    EventKind kind
    uint32_t leg
    uint32_t number
    uint32_t duration_ms
    Address address


# A STUN or DTLS packet on its way up to Python.
cdef struct Datagram:
    uint32_t leg
    uint8_t component
    uint16_t size
    Address source
    uint8_t data[1500]


cdef struct Worker:
    Loop *loop
    void *loop_state
    Wheel wheel
    Ring commands
    Ring events
    Ring datagrams
    int wake_fd                 # eventfd: commands are waiting
    int event_fd                # eventfd: events are waiting; shared by all workers
    int64_t now_ns              # of the current batch
    int64_t silence_ns
    int64_t report_ns           # RFC 3550 6.2: the least interval between two reports; 0: none are sent
    bint stopping
    bint told                   # events were written in this batch
    Leg *legs
    Leg *leaving                # closed or detached, not yet told
    uint64_t leg_count
    int32_t phase_ms            # of the newest pair or room within its tick
    uint64_t feeds              # makes player feeds unique
    uint64_t events_lost
    uint64_t batches
    uint64_t cpu_clock          # clockid of the thread, for its CPU time


# How packets get in and out. Two of them: epoll, and io_uring where there is one.
ctypedef bint (*LoopOpen)(Worker *w) noexcept nogil
ctypedef void (*LoopShut)(Worker *w) noexcept nogil
ctypedef bint (*LoopAdd)(Worker *w, Leg *leg) noexcept nogil
ctypedef void (*LoopRemove)(Worker *w, Leg *leg) noexcept nogil
ctypedef void (*LoopConnect)(Worker *w, Leg *leg) noexcept nogil
ctypedef void (*LoopDisconnect)(Worker *w, Leg *leg) noexcept nogil
ctypedef void (*LoopSend)(Worker *w, Leg *leg, int component, const uint8_t *data, size_t size,
                          const Address *to) noexcept nogil
ctypedef void (*LoopWait)(Worker *w, int64_t until_ns) noexcept nogil       # for packets or commands; -1: for ever
ctypedef void (*LoopReceive)(Worker *w) noexcept nogil                      # what `wait` found

cdef struct Loop:
    LoopOpen open
    LoopShut shut
    LoopAdd add
    LoopRemove remove
    LoopConnect connect
    LoopDisconnect disconnect
    LoopSend send
    LoopWait wait
    LoopReceive receive
