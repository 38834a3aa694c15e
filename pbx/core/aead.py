"""AES-256-GCM (NIST SP 800-38D) by the OpenSSL that this Python has already loaded for `hashlib` and `ssl`.

`cryptography` brings a second OpenSSL: 8 MB of resident memory and 30 ms at the start of a node whose phones
have passwords to unseal. So the EVP functions of the loaded libcrypto are called directly, and `cryptography`
serves where Python carries an OpenSSL of its own inside (and as the oracle of the tests).
"""

from __future__ import annotations

import ctypes
import functools
from typing import Protocol

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32

_CTRL_GET_TAG = 0x10  # EVP_CTRL_AEAD_GET_TAG
_CTRL_SET_TAG = 0x11  # EVP_CTRL_AEAD_SET_TAG


class TagMismatchError(Exception):
    """The ciphertext, the nonce, the associated data or the key is not what it was sealed with."""


class Aead(Protocol):
    """One key. `encrypt` gives ciphertext and tag in one piece; `decrypt` takes that, or raises
    `TagMismatchError`. The nonce has 12 bytes and is never used twice."""

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes: ...


def aes_256_gcm(key: bytes) -> Aead:
    """The cipher of a 32-byte key."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes, needed {KEY_BYTES}")
    try:
        return LoadedOpenssl(key)
    except (ImportError, OSError, AttributeError):  # OpenSSL is built into Python, or not there
        return Cryptography(key)


class LoadedOpenssl:
    """EVP of the loaded libcrypto. A context lives for one call, so threads may share the cipher."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._evp = _load()
        self._cipher = self._evp.EVP_aes_256_gcm()

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        evp, context = self._evp, self._context()
        out, tag, length = _room(len(plaintext)), _room(TAG_BYTES), _length()
        try:
            _ok(evp.EVP_EncryptInit_ex(context, self._cipher, None, self._key, _nonce(nonce)))
            _ok(evp.EVP_EncryptUpdate(context, None, length, associated, len(associated)))
            _ok(evp.EVP_EncryptUpdate(context, out, length, plaintext, len(plaintext)))
            _ok(evp.EVP_EncryptFinal_ex(context, None, length))
            _ok(evp.EVP_CIPHER_CTX_ctrl(context, _CTRL_GET_TAG, TAG_BYTES, tag))
        finally:
            evp.EVP_CIPHER_CTX_free(context)
        return ctypes.string_at(out, len(plaintext)) + ctypes.string_at(tag, TAG_BYTES)

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        if len(sealed) < TAG_BYTES:
            raise TagMismatchError
        evp, context = self._evp, self._context()
        body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        out, length = _room(len(body)), _length()
        try:
            _ok(evp.EVP_DecryptInit_ex(context, self._cipher, None, self._key, _nonce(nonce)))
            _ok(evp.EVP_DecryptUpdate(context, None, length, associated, len(associated)))
            _ok(evp.EVP_DecryptUpdate(context, out, length, body, len(body)))
            _ok(evp.EVP_CIPHER_CTX_ctrl(context, _CTRL_SET_TAG, TAG_BYTES, tag))
            if evp.EVP_DecryptFinal_ex(context, None, length) != 1:
                raise TagMismatchError
        finally:
            evp.EVP_CIPHER_CTX_free(context)
        return ctypes.string_at(out, len(body))

    def _context(self) -> int:
        context: int | None = self._evp.EVP_CIPHER_CTX_new()
        if not context:
            raise MemoryError("OpenSSL has no memory for a cipher")
        return context


class Cryptography:
    """The same by the package of that name, imported when first needed."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        return self._cipher.encrypt(_nonce(nonce), plaintext, associated)

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(_nonce(nonce), sealed, associated)
        except InvalidTag:
            raise TagMismatchError from None


def _load() -> ctypes.CDLL:
    """The library behind `_hashlib`: a look-up in a shared object goes on in those it was linked with."""
    import _hashlib

    evp = ctypes.CDLL(_hashlib.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    update = (pointer, pointer, ctypes.POINTER(number), text, number)
    for name, result, arguments in (
        ("EVP_aes_256_gcm", pointer, ()),
        ("EVP_CIPHER_CTX_new", pointer, ()),
        ("EVP_CIPHER_CTX_free", None, (pointer,)),
        ("EVP_CIPHER_CTX_ctrl", number, (pointer, number, number, pointer)),
        ("EVP_EncryptInit_ex", number, (pointer, pointer, pointer, text, text)),
        ("EVP_EncryptUpdate", number, update),
        ("EVP_EncryptFinal_ex", number, (pointer, pointer, ctypes.POINTER(number))),
        ("EVP_DecryptInit_ex", number, (pointer, pointer, pointer, text, text)),
        ("EVP_DecryptUpdate", number, update),
        ("EVP_DecryptFinal_ex", number, (pointer, pointer, ctypes.POINTER(number))),
    ):
        function = getattr(evp, name)
        function.restype, function.argtypes = result, arguments
    return evp


def _room(size: int) -> ctypes.Array[ctypes.c_char]:
    """At least so many bytes. ctypes makes a class for each length, which costs more than a short encryption."""
    return _bytes_type(max(size - 1, TAG_BYTES).bit_length())()


@functools.cache
def _bytes_type(bits: int) -> type[ctypes.Array[ctypes.c_char]]:
    return ctypes.c_char * (1 << bits)


def _length() -> ctypes._CArgObject:
    return ctypes.byref(ctypes.c_int())


def _nonce(nonce: bytes) -> bytes:
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"the nonce has {len(nonce)} bytes, needed {NONCE_BYTES}")
    return nonce


def _ok(result: int) -> None:
    if result != 1:
        raise RuntimeError("OpenSSL refuses AES-256-GCM")
