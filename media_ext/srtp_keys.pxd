"""Keys at work: from a master key to contexts that seal and open one packet whose index is known.

Knows nothing of sources, counters or windows. Session keys are derived once (RFC 3711 4.3, key derivation rate 0), the
ciphers' contexts and the two halves of HMAC-SHA1 are keyed once and kept.

    AES-CM, RFC 3711      SRTP   | header | payload, encrypted                     | tag 10 or 4 |
                          SRTCP  | 8 bytes | rest, encrypted      | E, index 31 | tag 10      |
    AES-GCM, RFC 7714     SRTP   | header | payload, encrypted                     | tag 16      |
                          SRTCP  | 8 bytes | rest, encrypted      | tag 16      | E, index 31 |

No master key identifier stands before a tag: we never offer one.
"""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from media_ext.openssl cimport EVP_CIPHER_CTX, SHA_CTX
from media_ext.srtp_index cimport SrtpStatus

cdef enum:
    SRTCP_ENCRYPTED = 0x80000000    # the E bit of SRTCP's index word
    SRTCP_CLEAR_BYTES = 8           # the first header and its SSRC stay readable
    SRTP_TAG_MAX = 16
    SRTP_OVERHEAD_MAX = 20          # bytes that protection adds at most


# The numbers of DTLS-SRTP's profiles (RFC 5764 4.1.2, RFC 7714 14.2).
cdef enum SrtpProfile:
    SRTP_AES_CM_128_HMAC_SHA1_80 = 1
    SRTP_AES_CM_128_HMAC_SHA1_32 = 2
    SRTP_AEAD_AES_128_GCM = 7
    SRTP_AEAD_AES_256_GCM = 8


cdef struct SrtpShape:
    bint gcm
    int key_bytes               # 16 or 32; master and session keys alike
    int salt_bytes              # 14 or 12
    int rtp_tag_bytes
    int rtcp_tag_bytes          # 80 bits even where SRTP's is 32 (RFC 3711 5.2, RFC 4568 6.2.2)


cdef struct SessionKeys:        # of SRTP, or of SRTCP
    uint8_t cipher[32]
    uint8_t auth[20]            # AES-CM only
    uint8_t salt[14]


cdef struct Cipher:             # one of the two at work
    EVP_CIPHER_CTX *ctx         # AES-CM: counter mode; AES-GCM: for one direction
    SHA_CTX inner               # AES-CM: HMAC's two hashes, each with its padded key taken
    SHA_CTX outer
    uint8_t salt[16]
    int tag_bytes


cdef struct SrtpKeys:
    SrtpShape shape
    bint sending
    Cipher rtp
    Cipher rtcp
    SessionKeys session[2]      # to know the same keys again


cdef bint srtp_shape(int profile, SrtpShape *shape) noexcept nogil              # False: an unknown profile
cdef bint srtp_derive(const SrtpShape *shape, const uint8_t *key, const uint8_t *salt,
                      SessionKeys *session) noexcept nogil                      # fills two: SRTP's and SRTCP's
cdef SrtpKeys *keys_open(const SrtpShape *shape, const SessionKeys *session, bint sending) noexcept nogil
cdef void keys_close(SrtpKeys *keys) noexcept nogil                             # wipes them; NULL is fine

# `size` is of the whole packet without what protection adds; it adds the tag, which the caller has room for.
cdef bint rtp_seal(SrtpKeys *keys, uint8_t *packet, size_t payload_at, size_t size, uint32_t ssrc,
                   uint64_t index) noexcept nogil
cdef bint rtcp_seal(SrtpKeys *keys, uint8_t *packet, size_t size, uint32_t ssrc, uint32_t word) noexcept nogil

# The same `size`; the tag is beyond it. Anything but OK leaves the packet's bytes undefined.
cdef SrtpStatus rtp_open(SrtpKeys *keys, uint8_t *packet, size_t payload_at, size_t size, uint32_t ssrc,
                         uint64_t index) noexcept nogil
cdef SrtpStatus rtcp_open(SrtpKeys *keys, uint8_t *packet, size_t size, uint32_t ssrc) noexcept nogil
