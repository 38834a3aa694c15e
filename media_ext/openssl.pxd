"""The part of OpenSSL that protects packets; see src/openssl_kept.h for why SHA1 is taken by its old names."""
from libc.stdint cimport uint8_t


cdef extern from "openssl_kept.h" nogil:
    ctypedef struct EVP_CIPHER:
        pass
    ctypedef struct EVP_CIPHER_CTX:
        pass
    ctypedef struct ENGINE:
        pass
    ctypedef struct SHA_CTX:
        pass
    enum:
        EVP_CTRL_AEAD_GET_TAG
        EVP_CTRL_AEAD_SET_TAG

    const EVP_CIPHER *EVP_aes_128_ctr()
    const EVP_CIPHER *EVP_aes_256_ctr()
    const EVP_CIPHER *EVP_aes_128_gcm()
    const EVP_CIPHER *EVP_aes_256_gcm()
    EVP_CIPHER_CTX *EVP_CIPHER_CTX_new()
    void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *ctx)
    int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *ctx, int kind, int arg, void *ptr)
    int EVP_CipherInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *kind, ENGINE *engine, const uint8_t *key,
                          const uint8_t *iv, int encrypt)
    int EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, uint8_t *out, int *out_bytes, const uint8_t *data, int size)
    int EVP_CipherFinal_ex(EVP_CIPHER_CTX *ctx, uint8_t *out, int *out_bytes)

    int SHA1_Init(SHA_CTX *c)
    int SHA1_Update(SHA_CTX *c, const void *data, size_t size)
    int SHA1_Final(uint8_t *digest, SHA_CTX *c)

    int CRYPTO_memcmp(const void *a, const void *b, size_t size)
    void OPENSSL_cleanse(void *p, size_t size)
