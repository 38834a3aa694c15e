"""a=crypto lines (RFC 4568): what is read, chosen and written, and that keys stay out of sight."""

from __future__ import annotations

import base64
import random
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import PeerError
from pbx.sip import sdp
from pbx.sip.errors import ParseError
from pbx.sip.sdp import crypto
from pbx.sip.sdp.crypto import SUITES, Crypto

KEY_30 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
SHA1_80, SHA1_32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
rng = random.Random(4)

materials = st.sampled_from(SUITES).flatmap(
    lambda suite: st.tuples(
        st.just(suite), st.binary(min_size=suite.material_bytes, max_size=suite.material_bytes)
    )
)
cryptos = st.builds(lambda tag, pair: Crypto(tag, *pair), st.integers(0, crypto.MAX_TAG), materials)


def line(tag: int, suite: str, size: int = 30) -> str:
    return f"{tag} {suite} inline:{base64.b64encode(rng.randbytes(size)).decode()}"


def test_the_rfcs_own_line_is_read() -> None:
    """RFC 4568 9.1 without its master key identifier, which would have had to be negotiated."""
    found = crypto.parse(f"1 {SHA1_80} inline:{KEY_30}|2^20")
    assert (found.tag, found.suite.name, found.suite.profile) == (1, SHA1_80, 1)
    assert found.material == base64.b64decode(KEY_30)
    assert (len(found.key), len(found.salt)) == (16, 14)


@given(cryptos)
def test_what_is_written_is_read_again(each: Crypto) -> None:
    assert crypto.parse(crypto.write(each)) == each


@pytest.mark.parametrize(
    ("suite", "key_bytes", "salt_bytes"), [(s.name, s.key_bytes, s.salt_bytes) for s in SUITES]
)
@pytest.mark.parametrize("padded", [True, False])
def test_padding_may_be_left_out(suite: str, key_bytes: int, salt_bytes: int, padded: bool) -> None:
    text = line(1, suite, key_bytes + salt_bytes)
    found = crypto.parse(text if padded else text.rstrip("="))
    assert (len(found.key), len(found.salt)) == (key_bytes, salt_bytes)


@pytest.mark.parametrize("lifetime", ["2^48", "2^31", "1", "281474976710656"])
def test_lifetimes_are_read_over(lifetime: str) -> None:
    assert crypto.parse(f"1 {SHA1_80} inline:{KEY_30}|{lifetime}").tag == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"x {SHA1_80} inline:{KEY_30}",
        f"1234567890 {SHA1_80} inline:{KEY_30}",
        f"1 {SHA1_80}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY_30}",
        f"1 {SHA1_80} inline:{KEY_30}|2^20|1:4",
        f"1 {SHA1_80} inline:{KEY_30}|1:4",
        f"1 {SHA1_80} inline:{KEY_30}|1:4;inline:{KEY_30}|2:4",
        f"1 {SHA1_80} inline:{KEY_30};inline:{KEY_30}",
        f"1 {SHA1_80} inline:{KEY_30}|",
        f"1 {SHA1_80} inline:{KEY_30}|0",
        f"1 {SHA1_80} inline:{KEY_30}|2^49",
        f"1 {SHA1_80} inline:{KEY_30}|2^99",
        f"1 {SHA1_80} inline:{KEY_30[:-4]}",
        f"1 {SHA1_80} inline:{KEY_30}AAAA",
        f"1 {SHA1_80} inline:{KEY_30[:-1]}",
        f"1 {SHA1_80} inline:{KEY_30[:-1]}*",
        f"1 {SHA1_80} uri:{KEY_30}",
        f"1 AEAD_AES_256_GCM inline:{KEY_30}",
        f"1 {SHA1_80} inline:{KEY_30} KDR=1",
        f"1 {SHA1_80} inline:{KEY_30} UNENCRYPTED_SRTP",
        f"1 {SHA1_80} inline:{KEY_30} UNENCRYPTED_SRTCP",
        f"1 {SHA1_80} inline:{KEY_30} UNAUTHENTICATED_SRTP",
        f"1 {SHA1_80} inline:{KEY_30} FEC_ORDER=FEC_SRTP",
        f"1 {SHA1_80} inline:{KEY_30} SOMETHING",
    ],
)
def test_what_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        crypto.parse(text)
    assert caught.value.sip_status == 488
    assert KEY_30[:20] not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize("parameter", ["WSH=64", "-whatever", "wsh=1024 -x"])
def test_hints_are_ignored(parameter: str) -> None:
    assert crypto.parse(f"1 {SHA1_80} inline:{KEY_30} {parameter}").tag == 1


@given(st.text(max_size=60) | st.text("0123456789 inle:|^;=AB+/_\t", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        crypto.parse(text)
    except ParseError:
        assert crypto.usable([text]) == ()


def test_the_offerers_order_counts() -> None:
    offered = crypto.usable([line(3, SHA1_80), line(4, "AEAD_AES_256_GCM", 44), line(5, SHA1_32)])
    chosen = crypto.choose(offered)
    assert chosen is not None
    assert chosen.tag == 3


def test_a_short_tag_is_the_last_resort() -> None:
    short, long = line(1, SHA1_32), line(2, SHA1_80)
    assert [
        each.tag for each in map(crypto.choose, map(crypto.usable, ([short, long], [short]))) if each
    ] == [2, 1]
    assert crypto.choose(()) is None


def test_unusable_lines_are_passed_over() -> None:
    offered = crypto.usable(
        [line(1, "F8_128_HMAC_SHA1_80"), line(2, SHA1_80) + "|1:1", "nonsense", line(4, SHA1_80)]
    )
    assert [each.tag for each in offered] == [4]


def test_two_lines_with_one_tag_are_both_passed_over() -> None:
    assert [each.tag for each in crypto.usable([line(1, SHA1_80), line(1, SHA1_32), line(2, SHA1_80)])] == [2]
    assert crypto.usable([line(1, SHA1_80), line(1, "UNKNOWN")]) == ()


def test_an_offer_has_a_key_for_each_suite() -> None:
    offered = crypto.offer(rng.randbytes)
    assert [each.suite for each in offered] == list(SUITES)
    assert [each.tag for each in offered] == [1, 2, 3, 4]
    assert len({each.material for each in offered}) == 4


def test_offer_and_answer_find_each_other() -> None:
    offered = crypto.offer(rng.randbytes)
    chosen = crypto.choose(crypto.usable(map(crypto.write, offered)))
    assert chosen is not None
    answered = crypto.answer(chosen, rng.randbytes)
    ours, theirs = crypto.accepted(offered, [crypto.write(answered)])
    assert (ours, theirs) == (offered[0], answered)
    assert ours.material != theirs.material


def test_an_answer_must_take_one_of_our_lines() -> None:
    offered = crypto.offer(rng.randbytes)
    other_suite = Crypto(1, SUITES[2], rng.randbytes(30))
    other_tag = Crypto(9, SUITES[0], rng.randbytes(44))
    good = crypto.answer(offered[0], rng.randbytes)
    for answered in ([], [other_suite], [other_tag], [good, good], [offered[0]]):
        with pytest.raises(PeerError) as caught:
            crypto.accepted(offered, map(crypto.write, answered))
        assert caught.value.sip_status == 488


def test_keys_are_not_shown() -> None:
    found = crypto.parse(f"1 {SHA1_80} inline:{KEY_30}")
    shown = f"{found!r} {found} {(found,)}"
    assert KEY_30 not in shown
    assert "YS___semctl" not in shown
    assert "tag=1" in shown


def test_a_description_with_keys_does_not_show_them() -> None:
    found = sdp.parse(f"v=0\r\nm=audio 9 RTP/SAVP 0\r\na=crypto:1 {SHA1_80} inline:{KEY_30}\r\n".encode())
    assert KEY_30 not in repr(found)
    assert [each.tag for each in crypto.usable(found.media[0].all("crypto"))] == [1]
