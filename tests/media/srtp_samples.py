"""Packets and keys for SRTP's tests, and a sender that can be at any index."""

from __future__ import annotations

import struct

from media_ext.srtp_door import SrtpProbe

SHA1_80, SHA1_32, GCM_128, GCM_256 = 1, 2, 7, 8
PROFILES = {
    SHA1_80: "AES_CM_128_HMAC_SHA1_80",
    SHA1_32: "AES_CM_128_HMAC_SHA1_32",
    GCM_128: "AEAD_AES_128_GCM",
    GCM_256: "AEAD_AES_256_GCM",
}
MATERIAL_BYTES = {SHA1_80: 30, SHA1_32: 30, GCM_128: 28, GCM_256: 44}
SSRC = 0xCAFEBABE
ALL_SEEN = 2**128 - 1


def material(profile: int, seed: int = 1) -> bytes:
    """A key and a salt, different for each seed."""
    return bytes((seed * 37 + n * 11) & 0xFF for n in range(MATERIAL_BYTES[profile]))


def rtp(
    seq: int, ssrc: int = SSRC, payload: bytes = b"\xd5" * 160, *, flags: int = 0, between: bytes = b""
) -> bytes:
    """An RTP packet; `flags` for the first byte's low bits, `between` for what they announce after the header."""
    return (
        struct.pack("!BBHII", 0x80 | flags, 0, seq & 0xFFFF, seq * 160 & 0xFFFFFFFF, ssrc) + between + payload
    )


def rtcp(ssrc: int = SSRC, body: bytes = bytes(20)) -> bytes:
    """A sender report, as far as SRTCP looks."""
    return struct.pack("!BBHI", 0x80, 200, (len(body) + 8) // 4 - 1, ssrc) + body


def pair(profile: int, seed: int = 1) -> tuple[SrtpProbe, SrtpProbe]:
    """A sender, and a receiver that has its key."""
    key = material(profile, seed)
    return SrtpProbe(profile, key, sending=True), SrtpProbe(profile, key, sending=False)


def sent_at(profile: int, index: int, seed: int = 1, packet: bytes | None = None) -> bytes:
    """The packet that a sender with this key sends at this 48-bit index."""
    sender = SrtpProbe(profile, material(profile, seed), sending=True)
    if index:
        sender.restore([(SSRC, (index - 1, ALL_SEEN), None)])
    status, data = sender.protect(rtp(index) if packet is None else packet)
    assert status == "ok"
    return data


def rtcp_sent_at(profile: int, index: int, seed: int = 1) -> bytes:
    """The same for RTCP and its 31-bit index."""
    sender = SrtpProbe(profile, material(profile, seed), sending=True)
    if index:
        sender.restore([(SSRC, None, (index - 1, ALL_SEEN))])
    status, data = sender.protect_rtcp(rtcp())
    assert status == "ok"
    return data
