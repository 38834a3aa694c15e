/* OpenSSL as the engine uses it: ciphers through EVP, with contexts that are keyed once and kept.
 *
 * HMAC-SHA1 is the exception. EVP_MAC_init() and EVP_MD_CTX_copy_ex() allocate at every message (OpenSSL 3.0 to 3.5),
 * while a SHA_CTX that has taken the padded key is copied in a few nanoseconds. These functions are deprecated, not
 * gone: 3.5 has them, and SHA1 itself runs in the same code either way.
 */
#ifndef BELLWIRE_OPENSSL_KEPT_H
#define BELLWIRE_OPENSSL_KEPT_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3.0 or newer is needed (Debian 12: libssl-dev)"
#endif

#endif
