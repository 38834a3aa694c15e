"""SRTP against the RFCs' own numbers, and against libsrtp2 in both directions."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.srtp_door import SrtpProbe, derive
from tests.media.srtp_samples import (
    GCM_128,
    GCM_256,
    MATERIAL_BYTES,
    PROFILES,
    SHA1_32,
    SHA1_80,
    material,
    pair,
    rtcp,
    rtp,
)
from tests.oracles.libsrtp import LibSrtp, library

needs_libsrtp = pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed (Debian: libsrtp2-1)")
profiles = pytest.mark.parametrize("profile", PROFILES, ids=PROFILES.get)

MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6")


def test_session_keys_are_those_of_rfc_3711_b3() -> None:
    cipher, authentication, salt = derive(SHA1_80, MASTER)[0]
    assert cipher.hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert authentication.hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"
    assert salt.hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"


def test_keystream_is_that_of_rfc_3711_b2() -> None:
    """SSRC, ROC and seq are 0. The appendix goes on to 1 MB, which is more than a packet can be."""
    session = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C F0F1F2F3F4F5F6F7F8F9FAFBFCFD")
    sender = SrtpProbe(SHA1_80, MASTER, sending=True, session=session)
    status, data = sender.protect(rtp(0, ssrc=0, payload=bytes(48)))
    assert status == "ok"
    assert data[12:60].hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
    )


@needs_libsrtp
def test_counter_carries_over_into_its_high_byte() -> None:
    """Past 256 blocks, and past what is made at once: libsrtp2's keystream has no such seams."""
    packet, theirs = rtp(9, payload=bytes(16_000)), LibSrtp(SHA1_80, MASTER, sending=True)
    assert SrtpProbe(SHA1_80, MASTER, sending=True).protect(packet) == theirs.protect(packet)


def test_reference_packet_of_libsrtp() -> None:
    """The packet that libsrtp's own test driver is checked with."""
    packet = bytes.fromhex("800f1234decafbadcafebabe") + b"\xab" * 16
    status, data = SrtpProbe(SHA1_80, MASTER, sending=True).protect(packet)
    assert status == "ok"
    assert data.hex() == "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"


QUID_PRO_QUO = b"Quid pro quo"
GALLIA = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
MARS = bytes.fromhex(
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef"
    "deadbeef"
)
# RFC 7714 16.1.1, 16.2.1 | 17.1, 17.3 and their like for 256 bits: profile, key, SRTP, SRTCP, SRTCP with a tag only
RFC_7714 = [
    (
        GCM_128,
        bytes(range(16)),
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf"
        "8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded"
        "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef"
        "deadbeef 841dd968 3dd78ec9 2ae58790 125f62b3 000005d4",
    ),
    (
        GCM_256,
        bytes(range(32)),
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799"
        "b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047"
        "6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef"
        "deadbeef 91db4afb feee5a97 8fab4393 ed2615fe 000005d4",
    ),
]


@pytest.mark.parametrize(("profile", "key", "srtp", "srtcp", "tagged"), RFC_7714)
def test_packets_are_those_of_rfc_7714(profile: int, key: bytes, srtp: str, srtcp: str, tagged: str) -> None:
    def probe(*, sending: bool) -> SrtpProbe:
        made = SrtpProbe(profile, material(profile), sending=sending, session=key + QUID_PRO_QUO)
        if sending:
            made.restore([(0x4D617273, None, (0x5D3, 0))])
        return made

    assert probe(sending=True).protect(GALLIA) == ("ok", bytes.fromhex(srtp))
    assert probe(sending=False).unprotect(bytes.fromhex(srtp)) == ("ok", GALLIA)
    assert probe(sending=True).protect_rtcp(MARS) == ("ok", bytes.fromhex(srtcp))
    assert probe(sending=False).unprotect_rtcp(bytes.fromhex(srtcp)) == ("ok", MARS)
    assert probe(sending=True).protect_rtcp(MARS, encrypt=False) == ("ok", bytes.fromhex(tagged))
    assert probe(sending=False).unprotect_rtcp(bytes.fromhex(tagged)) == ("ok", MARS)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """RTP with contributing sources and header extensions, down to no payload at all."""
    sources = draw(st.integers(0, 15))
    between, flags = draw(st.binary(min_size=4 * sources, max_size=4 * sources)), sources
    if draw(st.booleans()):
        words = draw(st.integers(0, 4))
        between += struct.pack("!HH", 0xBEDE, words) + draw(st.binary(min_size=4 * words, max_size=4 * words))
        flags |= 0x10
    payload = draw(st.binary(max_size=40) | st.integers(0, 1400).map(bytes))
    return rtp(draw(st.integers(0, 0xFFFF)), payload=payload, flags=flags, between=between)


@needs_libsrtp
@profiles
@given(packet=packets())
def test_rtp_is_libsrtps_bit_for_bit(profile: int, packet: bytes) -> None:
    key = material(profile)
    ours, theirs = SrtpProbe(profile, key, sending=True), LibSrtp(profile, key, sending=True)
    status, sealed = ours.protect(packet)
    assert (status, sealed) == theirs.protect(packet)
    assert SrtpProbe(profile, key, sending=False).unprotect(sealed) == ("ok", packet)
    assert LibSrtp(profile, key, sending=False).unprotect(sealed) == ("ok", packet)


@needs_libsrtp
@profiles
@given(body=st.binary(max_size=60))
def test_rtcp_is_read_both_ways(profile: int, body: bytes) -> None:
    """Not bit for bit: libsrtp2's first index is 1, ours 0, as RFC 3711 3.4 has it."""
    key = material(profile)
    packet = rtcp(body=body)
    status, sealed = SrtpProbe(profile, key, sending=True).protect_rtcp(packet)
    assert status == "ok"
    assert LibSrtp(profile, key, sending=False).unprotect_rtcp(sealed) == ("ok", packet)
    status, sealed = LibSrtp(profile, key, sending=True).protect_rtcp(packet)
    assert status == "ok"
    assert SrtpProbe(profile, key, sending=False).unprotect_rtcp(sealed) == ("ok", packet)


@needs_libsrtp
@profiles
def test_a_stream_goes_both_ways_over_two_roll_overs(profile: int) -> None:
    """Every 97th packet of 140,000, so that both sides count the roll-overs by themselves."""
    key = material(profile)
    ours, theirs = pair(profile)
    out, back = LibSrtp(profile, key, sending=True), LibSrtp(profile, key, sending=False)
    for n in range(100, 140_000, 97):
        packet = rtp(n, payload=b"x")
        assert theirs.unprotect(out.protect(packet)[1]) == ("ok", packet)
        assert back.unprotect(ours.protect(packet)[1]) == ("ok", packet)


@profiles
def test_tags_have_their_profiles_length(profile: int) -> None:
    sender, _ = pair(profile)
    tag = {SHA1_80: 10, SHA1_32: 4, GCM_128: 16, GCM_256: 16}[profile]
    assert len(sender.protect(rtp(1))[1]) == 172 + tag
    assert len(sender.protect_rtcp(rtcp())[1]) == 28 + 4 + (10 if profile == SHA1_32 else tag)


@profiles
def test_key_material_of_another_length_is_refused(profile: int) -> None:
    for size in (0, MATERIAL_BYTES[profile] - 1, MATERIAL_BYTES[profile] + 1):
        with pytest.raises(ValueError, match="length"):
            SrtpProbe(profile, bytes(size), sending=True)


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="profile"):
        SrtpProbe(3, bytes(30), sending=True)
