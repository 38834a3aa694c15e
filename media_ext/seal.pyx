"""AES-256-GCM (NIST SP 800-38D) of one key for one thread that seals often: what the key costs is paid once, and a
message is one call. Opening is seldom, and is done elsewhere (`pbx.core.aead`).
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t

from media_ext.openssl cimport (
    EVP_CIPHER_CTX,
    EVP_CTRL_AEAD_GET_TAG,
    EVP_CIPHER_CTX_ctrl,
    EVP_CIPHER_CTX_free,
    EVP_CIPHER_CTX_new,
    EVP_CipherFinal_ex,
    EVP_CipherInit_ex,
    EVP_CipherUpdate,
    EVP_aes_256_gcm,
)

cdef enum:
    KEY_BYTES = 32
    NONCE_BYTES = 12
    TAG_BYTES = 16
    MOST_BYTES = 1 << 30


cdef class Sealer:
    """Keeps the key."""

    cdef EVP_CIPHER_CTX *context

    def __cinit__(self, bytes key not None):
        if PyBytes_GET_SIZE(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes, needed {KEY_BYTES}")
        self.context = EVP_CIPHER_CTX_new()
        if self.context == NULL:
            raise MemoryError
        if EVP_CipherInit_ex(self.context, EVP_aes_256_gcm(), NULL, <uint8_t *> PyBytes_AS_STRING(key), NULL, 1) != 1:
            raise RuntimeError("OpenSSL refuses AES-256-GCM")

    def __dealloc__(self):
        if self.context != NULL:
            EVP_CIPHER_CTX_free(self.context)

    def seal(self, bytes nonce not None, bytes plaintext not None):
        """Ciphertext and tag in one piece. No nonce is used twice."""
        cdef Py_ssize_t size = PyBytes_GET_SIZE(plaintext)
        cdef int written = 0
        if PyBytes_GET_SIZE(nonce) != NONCE_BYTES or size > MOST_BYTES:
            raise ValueError(f"the nonce has {len(nonce)} bytes, needed {NONCE_BYTES}, the plaintext {size}")
        cdef bytes sealed = PyBytes_FromStringAndSize(NULL, size + TAG_BYTES)
        cdef uint8_t *out = <uint8_t *> PyBytes_AS_STRING(sealed)
        cdef const uint8_t *data = <const uint8_t *> PyBytes_AS_STRING(plaintext)
        if (
            EVP_CipherInit_ex(self.context, NULL, NULL, NULL, <uint8_t *> PyBytes_AS_STRING(nonce), 1) != 1
            or EVP_CipherUpdate(self.context, out, &written, data, <int> size) != 1
            or EVP_CipherFinal_ex(self.context, out + size, &written) != 1
            or EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + size) != 1
        ):
            raise RuntimeError("OpenSSL refuses AES-256-GCM")
        return sealed
