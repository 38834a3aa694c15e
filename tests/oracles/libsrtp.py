"""Debian's libsrtp2 (NSS) through ctypes: an SRTP that shares nothing with ours, not even the cipher's library."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache

TRAILER_BYTES = 148

STATUSES = {0: "ok", 7: "bad_tag", 9: "replayed", 10: "old", 15: "key_expired", 21: "malformed", 26: "old"}


class _CryptoPolicy(ctypes.Structure):
    _fields_ = (
        ("cipher_type", ctypes.c_uint32),
        ("cipher_key_len", ctypes.c_int),
        ("auth_type", ctypes.c_uint32),
        ("auth_key_len", ctypes.c_int),
        ("auth_tag_len", ctypes.c_int),
        ("sec_serv", ctypes.c_int),
    )


class _Ssrc(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("value", ctypes.c_uint))


class _Policy(ctypes.Structure):
    _fields_ = (
        ("ssrc", _Ssrc),
        ("rtp", _CryptoPolicy),
        ("rtcp", _CryptoPolicy),
        ("key", ctypes.c_char_p),
        ("keys", ctypes.c_void_p),
        ("num_master_keys", ctypes.c_ulong),
        ("deprecated_ekt", ctypes.c_void_p),
        ("window_size", ctypes.c_ulong),
        ("allow_repeat_tx", ctypes.c_int),
        ("enc_xtn_hdr", ctypes.c_void_p),
        ("enc_xtn_hdr_count", ctypes.c_int),
        ("next", ctypes.c_void_p),
    )


@cache
def library() -> ctypes.CDLL | None:
    """libsrtp2, ready for use; None where it is not installed (Debian: libsrtp2-1)."""
    name = ctypes.util.find_library("srtp2")
    if name is None:
        return None
    found = ctypes.CDLL(name)
    assert found.srtp_init() == 0
    return found


class LibSrtp:
    """One direction, with the profile numbers of DTLS-SRTP, a window of 128 and any number of sources."""

    def __init__(self, profile: int, material: bytes, *, sending: bool) -> None:
        found = library()
        assert found is not None
        self._lib = found
        self._sending = sending
        self._session = ctypes.c_void_p()
        assert (
            self._lib.srtp_create(ctypes.byref(self._session), ctypes.byref(self._policy(profile, material)))
            == 0
        )

    def _policy(self, profile: int, material: bytes) -> _Policy:
        policy = _Policy()
        assert self._lib.srtp_crypto_policy_set_from_profile_for_rtp(ctypes.byref(policy.rtp), profile) == 0
        assert self._lib.srtp_crypto_policy_set_from_profile_for_rtcp(ctypes.byref(policy.rtcp), profile) == 0
        policy.ssrc.type = 3 if self._sending else 2
        policy.key = material
        policy.window_size = 128
        self._material = material
        return policy

    def __del__(self) -> None:
        if self._session.value is not None:
            self._lib.srtp_dealloc(self._session)

    def rekey(self, profile: int, material: bytes) -> None:
        """New keys; sources and roll-over counters stay."""
        assert self._lib.srtp_update(self._session, ctypes.byref(self._policy(profile, material))) == 0

    def protect(self, packet: bytes) -> tuple[str, bytes]:
        return self._run("srtp_protect", packet)

    def unprotect(self, packet: bytes) -> tuple[str, bytes]:
        return self._run("srtp_unprotect", packet)

    def protect_rtcp(self, packet: bytes) -> tuple[str, bytes]:
        return self._run("srtp_protect_rtcp", packet)

    def unprotect_rtcp(self, packet: bytes) -> tuple[str, bytes]:
        return self._run("srtp_unprotect_rtcp", packet)

    def _run(self, function: str, packet: bytes) -> tuple[str, bytes]:
        buffer = ctypes.create_string_buffer(packet, len(packet) + TRAILER_BYTES)
        size = ctypes.c_int(len(packet))
        status = getattr(self._lib, function)(self._session, buffer, ctypes.byref(size))
        name = STATUSES.get(status, f"error {status}")
        return name, buffer.raw[: size.value] if status == 0 else packet
