"""Session keys, and one packet sealed or opened with them; see srtp_keys.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.openssl cimport (
    EVP_CIPHER,
    EVP_CIPHER_CTX,
    EVP_CTRL_AEAD_GET_TAG,
    EVP_CTRL_AEAD_SET_TAG,
    CRYPTO_memcmp,
    EVP_aes_128_ctr,
    EVP_aes_128_gcm,
    EVP_aes_256_ctr,
    EVP_aes_256_gcm,
    EVP_CIPHER_CTX_ctrl,
    EVP_CIPHER_CTX_free,
    EVP_CIPHER_CTX_new,
    EVP_CipherFinal_ex,
    EVP_CipherInit_ex,
    EVP_CipherUpdate,
    OPENSSL_cleanse,
    SHA1_Final,
    SHA1_Init,
    SHA1_Update,
    SHA_CTX,
)
from media_ext.rtp cimport get32, put32
from media_ext.srtp_index cimport SRTP_BAD_TAG, SRTP_FAILED, SRTP_OK, SrtpStatus

cdef enum:
    BLOCK_BYTES = 16
    DIGEST_BYTES = 20


cdef bint srtp_shape(int profile, SrtpShape *shape) noexcept nogil:
    """RFC 3711 8.2 and RFC 7714 12 as a table."""
    if profile == SRTP_AES_CM_128_HMAC_SHA1_80:
        shape[0] = SrtpShape(gcm=False, key_bytes=16, salt_bytes=14, rtp_tag_bytes=10, rtcp_tag_bytes=10)
    elif profile == SRTP_AES_CM_128_HMAC_SHA1_32:
        shape[0] = SrtpShape(gcm=False, key_bytes=16, salt_bytes=14, rtp_tag_bytes=4, rtcp_tag_bytes=10)
    elif profile == SRTP_AEAD_AES_128_GCM:
        shape[0] = SrtpShape(gcm=True, key_bytes=16, salt_bytes=12, rtp_tag_bytes=16, rtcp_tag_bytes=16)
    elif profile == SRTP_AEAD_AES_256_GCM:
        shape[0] = SrtpShape(gcm=True, key_bytes=32, salt_bytes=12, rtp_tag_bytes=16, rtcp_tag_bytes=16)
    else:
        return False
    return True


# ------------------------------------------------------------------------------------------------- AES counter mode

cdef EVP_CIPHER_CTX *aes_open(const uint8_t *key, int key_bytes) noexcept nogil:
    """AES in counter mode, keyed once; NULL when OpenSSL has none to give."""
    cdef EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new()
    cdef const EVP_CIPHER *kind = EVP_aes_128_ctr() if key_bytes == 16 else EVP_aes_256_ctr()
    if ctx != NULL and EVP_CipherInit_ex(ctx, kind, NULL, key, NULL, 1) != 1:
        EVP_CIPHER_CTX_free(ctx)
        return NULL
    return ctx


cdef bint keystream_over(EVP_CIPHER_CTX *ctx, const uint8_t *iv, uint8_t *data, size_t size) noexcept nogil:
    """XOR with AES(iv), AES(iv + 1), … (RFC 3711 4.1.1); the last two bytes of `iv` are 0 and do the counting."""
    cdef int written = 0
    return (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, -1) == 1
            and (size == 0 or EVP_CipherUpdate(ctx, data, &written, data, <int> size) == 1))


cdef bint srtp_derive(const SrtpShape *shape, const uint8_t *key, const uint8_t *salt,
                      SessionKeys *session) noexcept nogil:
    """RFC 3711 4.3 with labels 0-2 and 3-5; AES-GCM's shorter salt is filled up with zeros (RFC 7714 11)."""
    cdef EVP_CIPHER_CTX *ctx = aes_open(key, shape.key_bytes)
    cdef bint ok = ctx != NULL
    cdef int i
    memset(session, 0, 2 * sizeof(SessionKeys))
    for i in range(2):
        ok = (ok
              and derive_one(ctx, shape, salt, 3 * i, session[i].cipher, shape.key_bytes)
              and derive_one(ctx, shape, salt, 3 * i + 1, session[i].auth, sizeof(session[i].auth))
              and derive_one(ctx, shape, salt, 3 * i + 2, session[i].salt, shape.salt_bytes))
    EVP_CIPHER_CTX_free(ctx)
    return ok


cdef bint derive_one(EVP_CIPHER_CTX *ctx, const SrtpShape *shape, const uint8_t *salt, int label, uint8_t *into,
                     size_t size) noexcept nogil:
    cdef uint8_t iv[BLOCK_BYTES]
    memset(iv, 0, sizeof(iv))
    memcpy(iv, salt, shape.salt_bytes)
    iv[7] ^= label
    return keystream_over(ctx, iv, into, size)


# ------------------------------------------------------------------------------------------------ opening and closing

cdef SrtpKeys *keys_open(const SrtpShape *shape, const SessionKeys *session, bint sending) noexcept nogil:
    """Everything that a packet will need, allocated and keyed; NULL when there is no memory or no such cipher."""
    cdef SrtpKeys *keys = <SrtpKeys *> calloc(1, sizeof(SrtpKeys))
    if keys == NULL:
        return NULL
    keys.shape = shape[0]
    keys.sending = sending
    memcpy(keys.session, session, sizeof(keys.session))
    if not (cipher_open(&keys.rtp, shape, &session[0], shape.rtp_tag_bytes, sending)
            and cipher_open(&keys.rtcp, shape, &session[1], shape.rtcp_tag_bytes, sending)):
        keys_close(keys)
        return NULL
    return keys


cdef bint cipher_open(Cipher *c, const SrtpShape *shape, const SessionKeys *session, int tag_bytes,
                      bint sending) noexcept nogil:
    cdef const EVP_CIPHER *kind
    c.tag_bytes = tag_bytes
    memcpy(c.salt, session.salt, shape.salt_bytes)
    if not shape.gcm:
        hmac_key(&c.inner, session.auth, 0x36)
        hmac_key(&c.outer, session.auth, 0x5c)
        c.ctx = aes_open(session.cipher, shape.key_bytes)
        return c.ctx != NULL
    kind = EVP_aes_128_gcm() if shape.key_bytes == 16 else EVP_aes_256_gcm()
    c.ctx = EVP_CIPHER_CTX_new()
    return c.ctx != NULL and EVP_CipherInit_ex(c.ctx, kind, NULL, session.cipher, NULL, sending) == 1


cdef void hmac_key(SHA_CTX *hash, const uint8_t *key, uint8_t pad) noexcept nogil:
    """RFC 2104: the hash of the key, filled up to a block and XORed with `pad`."""
    cdef uint8_t block[64]
    cdef int i
    memset(block, pad, sizeof(block))
    for i in range(DIGEST_BYTES):
        block[i] ^= key[i]
    SHA1_Init(hash)
    SHA1_Update(hash, block, sizeof(block))
    OPENSSL_cleanse(block, sizeof(block))


cdef void keys_close(SrtpKeys *keys) noexcept nogil:
    if keys == NULL:
        return
    EVP_CIPHER_CTX_free(keys.rtp.ctx)
    EVP_CIPHER_CTX_free(keys.rtcp.ctx)
    OPENSSL_cleanse(keys, sizeof(SrtpKeys))
    free(keys)


# ------------------------------------------------------------------------------------------------------ HMAC and GCM

cdef void hmac_tag(const Cipher *c, const uint8_t *data, size_t size, uint8_t *digest) noexcept nogil:
    cdef SHA_CTX hash = c.inner
    SHA1_Update(&hash, data, size)
    SHA1_Final(digest, &hash)
    hash = c.outer
    SHA1_Update(&hash, digest, DIGEST_BYTES)
    SHA1_Final(digest, &hash)


cdef void counter_iv(const Cipher *c, uint32_t ssrc, uint64_t index, uint8_t *iv) noexcept nogil:
    """RFC 3711 4.1.1: salt · 2^16 XOR ssrc · 2^64 XOR index · 2^16."""
    memcpy(iv, c.salt, BLOCK_BYTES)
    put32(iv + 4, get32(iv + 4) ^ ssrc)
    put32(iv + 8, get32(iv + 8) ^ <uint32_t> (index >> 16))
    iv[12] ^= (index >> 8) & 0xff
    iv[13] ^= index & 0xff


cdef bint gcm_begin(const Cipher *c, uint32_t ssrc, uint64_t index, const uint8_t *clear,
                    size_t clear_bytes) noexcept nogil:
    """Set the IV, 00 00 | ssrc | index in 48 bits, XOR salt (RFC 7714 8.1, 9.1), and take the unencrypted bytes."""
    cdef uint8_t iv[BLOCK_BYTES]
    cdef int written = 0
    memcpy(iv, c.salt, BLOCK_BYTES)
    put32(iv + 2, get32(iv + 2) ^ ssrc)
    put32(iv + 6, get32(iv + 6) ^ <uint32_t> (index >> 16))
    iv[10] ^= (index >> 8) & 0xff
    iv[11] ^= index & 0xff
    return (EVP_CipherInit_ex(c.ctx, NULL, NULL, NULL, iv, -1) == 1
            and EVP_CipherUpdate(c.ctx, NULL, &written, clear, <int> clear_bytes) == 1)


cdef bint gcm_over(const Cipher *c, uint8_t *data, size_t size) noexcept nogil:
    """Encipher or decipher in place; nothing at all is fine."""
    cdef int written = 0
    return size == 0 or EVP_CipherUpdate(c.ctx, data, &written, data, <int> size) == 1


cdef bint gcm_tag(const Cipher *c, uint8_t *tag) noexcept nogil:
    cdef uint8_t rest[BLOCK_BYTES]
    cdef int written = 0
    return (EVP_CipherFinal_ex(c.ctx, rest, &written) == 1
            and EVP_CIPHER_CTX_ctrl(c.ctx, EVP_CTRL_AEAD_GET_TAG, SRTP_TAG_MAX, tag) == 1)


cdef SrtpStatus gcm_verify(const Cipher *c, uint8_t *tag) noexcept nogil:
    cdef uint8_t rest[BLOCK_BYTES]
    cdef int written = 0
    if EVP_CIPHER_CTX_ctrl(c.ctx, EVP_CTRL_AEAD_SET_TAG, SRTP_TAG_MAX, tag) != 1:
        return SRTP_FAILED
    return SRTP_OK if EVP_CipherFinal_ex(c.ctx, rest, &written) == 1 else SRTP_BAD_TAG


# --------------------------------------------------------------------------------------------------------------- RTP

cdef bint rtp_seal(SrtpKeys *keys, uint8_t *packet, size_t payload_at, size_t size, uint32_t ssrc,
                   uint64_t index) noexcept nogil:
    cdef Cipher *c = &keys.rtp
    cdef uint8_t iv[BLOCK_BYTES]
    cdef uint8_t digest[DIGEST_BYTES]
    if keys.shape.gcm:
        return (gcm_begin(c, ssrc, index, packet, payload_at)
                and gcm_over(c, packet + payload_at, size - payload_at)
                and gcm_tag(c, packet + size))
    counter_iv(c, ssrc, index, iv)
    if not keystream_over(c.ctx, iv, packet + payload_at, size - payload_at):
        return False
    put32(packet + size, <uint32_t> (index >> 16))      # the ROC is hashed, and not sent: the tag takes its place
    hmac_tag(c, packet, size + 4, digest)
    memcpy(packet + size, digest, c.tag_bytes)
    return True


cdef SrtpStatus rtp_open(SrtpKeys *keys, uint8_t *packet, size_t payload_at, size_t size, uint32_t ssrc,
                         uint64_t index) noexcept nogil:
    cdef Cipher *c = &keys.rtp
    cdef uint8_t iv[BLOCK_BYTES]
    cdef uint8_t digest[DIGEST_BYTES]
    cdef uint8_t tag[SRTP_TAG_MAX]
    if keys.shape.gcm:
        if not (gcm_begin(c, ssrc, index, packet, payload_at)
                and gcm_over(c, packet + payload_at, size - payload_at)):
            return SRTP_FAILED
        return gcm_verify(c, packet + size)
    memcpy(tag, packet + size, c.tag_bytes)
    put32(packet + size, <uint32_t> (index >> 16))
    hmac_tag(c, packet, size + 4, digest)
    if CRYPTO_memcmp(tag, digest, c.tag_bytes):
        return SRTP_BAD_TAG
    counter_iv(c, ssrc, index, iv)
    return SRTP_OK if keystream_over(c.ctx, iv, packet + payload_at, size - payload_at) else SRTP_FAILED


# -------------------------------------------------------------------------------------------------------------- RTCP

cdef bint rtcp_seal(SrtpKeys *keys, uint8_t *packet, size_t size, uint32_t ssrc, uint32_t word) noexcept nogil:
    """`word` is the index, with the E bit when the packet is to be encrypted."""
    cdef Cipher *c = &keys.rtcp
    cdef uint32_t index = word & ~<uint32_t> SRTCP_ENCRYPTED
    cdef size_t clear = SRTCP_CLEAR_BYTES if word & SRTCP_ENCRYPTED else size
    cdef uint8_t iv[BLOCK_BYTES]
    cdef uint8_t digest[DIGEST_BYTES]
    cdef uint8_t trailer[4]
    cdef int written = 0
    if keys.shape.gcm:
        put32(trailer, word)
        if not (gcm_begin(c, ssrc, index, packet, clear)
                and EVP_CipherUpdate(c.ctx, NULL, &written, trailer, 4) == 1
                and gcm_over(c, packet + clear, size - clear)
                and gcm_tag(c, packet + size)):
            return False
        put32(packet + size + c.tag_bytes, word)
        return True
    counter_iv(c, ssrc, index, iv)
    if not keystream_over(c.ctx, iv, packet + clear, size - clear):
        return False
    put32(packet + size, word)
    hmac_tag(c, packet, size + 4, digest)
    memcpy(packet + size + 4, digest, c.tag_bytes)
    return True


cdef SrtpStatus rtcp_open(SrtpKeys *keys, uint8_t *packet, size_t size, uint32_t ssrc) noexcept nogil:
    cdef Cipher *c = &keys.rtcp
    cdef uint8_t *trailer = packet + size + (c.tag_bytes if keys.shape.gcm else 0)
    cdef uint32_t word = get32(trailer)
    cdef uint32_t index = word & ~<uint32_t> SRTCP_ENCRYPTED
    cdef size_t clear = SRTCP_CLEAR_BYTES if word & SRTCP_ENCRYPTED else size
    cdef uint8_t iv[BLOCK_BYTES]
    cdef uint8_t digest[DIGEST_BYTES]
    cdef int written = 0
    if keys.shape.gcm:
        if not (gcm_begin(c, ssrc, index, packet, clear)
                and EVP_CipherUpdate(c.ctx, NULL, &written, trailer, 4) == 1
                and gcm_over(c, packet + clear, size - clear)):
            return SRTP_FAILED
        return gcm_verify(c, packet + size)
    hmac_tag(c, packet, size + 4, digest)
    if CRYPTO_memcmp(trailer + 4, digest, c.tag_bytes):
        return SRTP_BAD_TAG
    counter_iv(c, ssrc, index, iv)
    return SRTP_OK if keystream_over(c.ctx, iv, packet + clear, size - clear) else SRTP_FAILED
