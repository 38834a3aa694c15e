"""SRTP and SRTCP of one leg in one direction (RFC 3711, RFC 7714): packets are protected and unprotected in place.

A context has one owner at a time, like its leg. It is allocated when keys are agreed; packets allocate nothing. It
keeps a small table of sources (SSRCs), each with the index of its newest packet and the window of those before. A
source is known from its first packet that proves itself, so strangers cannot fill the table.

Changing the key (`srtp_rekey`) keeps sources, roll-over counters and windows (RFC 3711 3.3.1). For a receiver:

  | the tag is right under                      | then the packet                                                     |
  |---------------------------------------------|---------------------------------------------------------------------|
  | the key, the nearest ROC                    | is taken, if its window lets it                                     |
  | the key, ROC 1, of a source unknown so far  | is taken: the source began just before a roll-over, unheard         |
  | the former key, the nearest ROC             | is taken, until 128 packets have come under the new one             |
  | a key new since the source's last packet,   | is taken, and the source's window begins anew: the peer starts its  |
  | ROC 0, or any SRTCP index                   | counters again with each key. Nothing came under this key before:   |
  |                                             | not so for a key that returns, which gets no such grace             |

Re-keying with the same key changes nothing. A sender's index never goes back under one key, nor after a restart: a
record (srtp_record.pxd, with room ahead) is imported, and the first new packet must lie beyond it.
"""
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from media_ext.srtp_index cimport SrtpStatus, Window
from media_ext.srtp_keys cimport SrtpKeys

cdef enum:
    SRTP_SOURCES = 32           # a phone may take a new SSRC each time it holds or resumes
    SRTP_PACKET_MAX = 65507     # a UDP datagram; what is longer was not received as one
    SRTP_BACKUP_BYTES = 2048    # packets up to here get a second try under another key or ROC
    SRTP_PAST_KEYS = 16


cdef struct Source:
    bint known
    uint32_t ssrc
    Window rtp
    Window rtcp


cdef struct Srtp:
    bint sending
    uint32_t generation         # of the key: counts changes
    uint32_t former_left        # packets until the former key is forgotten
    bint first_use              # of the key: nothing can have been sent under it earlier in this call
    uint32_t past_count
    uint64_t past[16]           # marks of the keys before
    bint limited                # sending: no index lies beyond these
    uint64_t rtp_limit
    uint64_t rtcp_limit
    SrtpKeys *keys
    SrtpKeys *former            # receiving only; NULL: none
    Source sources[32]
    uint64_t counts[9]          # of packets, by SrtpStatus; one writer, any reader


# `key` and `salt` as long as the profile says (srtp_shape); NULL: unknown profile, or OpenSSL refused.
cdef Srtp *srtp_open(int profile, const uint8_t *key, const uint8_t *salt, bint sending) noexcept nogil
cdef bint srtp_rekey(Srtp *s, int profile, const uint8_t *key, const uint8_t *salt) noexcept nogil
cdef void srtp_take_keys(Srtp *s, Srtp *fresh) noexcept nogil                   # ends `fresh`; allocates nothing
cdef void srtp_close(Srtp *s) noexcept nogil                                    # NULL is fine

# `size` is the packet's length, in and out; `room` the bytes there are from `packet` on. What is not OK is to be
# dropped: its bytes may have changed, `size` has not.
cdef SrtpStatus srtp_protect(Srtp *s, uint8_t *packet, size_t *size, size_t room) noexcept nogil
cdef SrtpStatus srtp_unprotect(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil
cdef SrtpStatus srtcp_protect(Srtp *s, uint8_t *packet, size_t *size, size_t room, bint encrypt) noexcept nogil
cdef SrtpStatus srtcp_unprotect(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil

cdef void srtp_limit(Srtp *s, uint64_t rtp, uint64_t rtcp) noexcept nogil       # of a sender: its last indexes

cdef Source *srtp_source(Srtp *s, uint32_t ssrc) noexcept nogil                 # NULL: not known
cdef Source *srtp_admit(Srtp *s, uint32_t ssrc) noexcept nogil                  # … entered then; NULL: no place


cdef inline size_t rtp_payload_at(const uint8_t *data, size_t size) noexcept nogil:
    """Where a packet's encrypted part begins, 0 when it is not RTP. Its padding is encrypted, and not looked at."""
    cdef size_t at
    if size < 12 or data[0] >> 6 != 2:
        return 0
    at = 12 + 4 * <size_t> (data[0] & 0x0f)
    if data[0] & 0x10:
        if at + 4 > size:
            return 0
        at += 4 + 4 * <size_t> (data[at + 2] << 8 | data[at + 3])
    return at if at <= size else 0
