"""Two implementations, one algorithm; the vector is test case 16 of the GCM specification."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.core.aead import Aead, Cryptography, LoadedOpenssl, TagMismatchError, aes_256_gcm
from pbx.media.sealing import sealer

KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
PLAINTEXT = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
SEALED = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b"
)

both = pytest.mark.parametrize("kind", [LoadedOpenssl, Cryptography])


@both
def test_the_vector_of_the_specification(kind: type[LoadedOpenssl] | type[Cryptography]) -> None:
    cipher = kind(KEY)
    assert cipher.encrypt(NONCE, PLAINTEXT, ASSOCIATED) == SEALED
    assert cipher.decrypt(NONCE, SEALED, ASSOCIATED) == PLAINTEXT


@settings(deadline=None)
@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=12, max_size=12),
    st.binary(max_size=300),
    st.binary(),
)
def test_each_opens_what_the_other_sealed(
    key: bytes, nonce: bytes, plaintext: bytes, associated: bytes
) -> None:
    one, other = LoadedOpenssl(key), Cryptography(key)
    sealed = one.encrypt(nonce, plaintext, associated)
    assert sealed == other.encrypt(nonce, plaintext, associated)
    assert one.decrypt(nonce, sealed, associated) == other.decrypt(nonce, sealed, associated) == plaintext


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=12, max_size=12), st.integers(0, 40_000)), max_size=6))
def test_one_that_seals_often_seals_the_same(messages: list[tuple[bytes, int]]) -> None:
    seal, other = sealer(KEY), Cryptography(KEY)
    for nonce, size in messages:
        plaintext = (nonce * (size // 12 + 1))[:size]
        assert seal(nonce, plaintext) == other.encrypt(nonce, plaintext, b"")


def test_it_takes_no_other_key_or_nonce() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        sealer(KEY[1:])
    with pytest.raises(ValueError, match="11 bytes"):
        sealer(KEY)(NONCE[1:], b"")


@both
def test_anything_changed_does_not_open(kind: type[LoadedOpenssl] | type[Cryptography]) -> None:
    cipher: Aead = kind(KEY)
    wrong = [
        (NONCE, SEALED, ASSOCIATED + b"x"),
        (NONCE, SEALED, b""),
        (bytes(12), SEALED, ASSOCIATED),
        (NONCE, SEALED[:-1], ASSOCIATED),
        (NONCE, SEALED[:15], ASSOCIATED),
        (NONCE, b"", ASSOCIATED),
        *(
            (NONCE, SEALED[:at] + bytes([SEALED[at] ^ 1]) + SEALED[at + 1 :], ASSOCIATED)
            for at in range(len(SEALED))
        ),
    ]
    for nonce, sealed, associated in wrong:
        with pytest.raises(TagMismatchError):
            cipher.decrypt(nonce, sealed, associated)
    with pytest.raises(TagMismatchError):
        kind(bytes(32)).decrypt(NONCE, SEALED, ASSOCIATED)


@both
def test_nonces_of_another_length_are_refused(kind: type[LoadedOpenssl] | type[Cryptography]) -> None:
    for nonce in (b"", bytes(11), bytes(16)):
        with pytest.raises(ValueError, match="needed 12"):
            kind(KEY).encrypt(nonce, b"", b"")
        with pytest.raises(ValueError, match="needed 12"):
            kind(KEY).decrypt(nonce, SEALED, b"")


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes, needed 32"):
        aes_256_gcm(bytes(16))


def test_without_a_loaded_openssl_the_package_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def static() -> None:
        raise AttributeError("undefined symbol: EVP_aes_256_gcm")

    monkeypatch.setattr("pbx.core.aead._load", static)
    assert isinstance(aes_256_gcm(KEY), Cryptography)


def test_threads_may_share_a_cipher() -> None:
    cipher = LoadedOpenssl(KEY)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: cipher.decrypt(NONCE, SEALED, ASSOCIATED), range(2000))) == {PLAINTEXT}
