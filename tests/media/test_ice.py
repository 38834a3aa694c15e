"""ICE at an audio port: who is answered, who is believed, where audio goes, and when a browser is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

import aioice
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.media import ice_path
from pbx.media.dtls_peer import DtlsError
from pbx.media.engine import MediaEngine
from pbx.media.ice import MAX_TRANSACTIONS, Fate, IceLite
from pbx.media.stream import Stream
from pbx.model.stream import IceCredentials, Keyed, Resumed, StreamEvent, WentSilent
from tests.media.checks import (
    CONTROLLED,
    OURS,
    THEIRS,
    UNKNOWN,
    attribute,
    check,
    read_answer,
    signed,
)
from tests.media.phone import Phone, eventually
from tests.media.secure_phone import SecurePhone
from tests.media.test_dtls import STRANGER, Handshaker, theirs
from tests.media.test_dtls import THEIRS as CERTIFICATE

MakePhone = Callable[..., Phone]
SOURCE, ELSEWHERE = ("192.0.2.7", 40000), ("198.51.100.9", 666)
AGAIN = IceCredentials("restarted", "r" * 24)


def lite(ours: IceCredentials = OURS, theirs: IceCredentials | None = THEIRS) -> IceLite:
    made = IceLite()
    made.use(ours, theirs)
    return made


# -- who is answered ---------------------------------------------------------------------------------------------------


def test_a_right_check_is_answered_with_the_address_it_came_from() -> None:
    one, transaction = lite(), os.urandom(12)
    taken = one.take(check(transaction=transaction), SOURCE)
    assert taken.fate is Fate.CHECKED
    assert taken.answer is not None
    answer = read_answer(taken.answer)
    assert (answer.mapped, answer.is_signed, answer.transaction) == (SOURCE, True, transaction)
    assert one.knows(SOURCE)
    assert one.take(check(nominates=True), SOURCE).fate is Fate.NOMINATED


@pytest.mark.parametrize(
    ("data", "fate", "error", "is_signed"),
    [
        (check(password="x" * 24), Fate.WRONG_PASSWORD, 401, False),
        (check(password=None), Fate.UNSIGNED, 400, False),
        (check(name="nobody:page"), Fate.UNKNOWN, 0, False),
        (check(name=f"{OURS.ufrag}:other"), Fate.UNKNOWN, 0, False),
        (check(name=""), Fate.UNKNOWN, 0, False),
        (check(role=CONTROLLED), Fate.ROLE, 487, True),
        (check(attribute(0x7777, b"what")), Fate.ATTRIBUTE, 420, True),
        (signed(0x0011, bytes(12), attribute(6, b"nodename:page"), OURS.password), Fate.MALFORMED, 0, False),
        (signed(0x0101, bytes(12), attribute(6, b"nodename:page"), OURS.password), Fate.MALFORMED, 0, False),
        (check() + b"\0\0\0\0", Fate.MALFORMED, 0, False),
        (check(attribute(0x8022, b"x" * 600)), Fate.MALFORMED, 0, False),
        (check().replace(b"\x21\x12\xa4\x42", b"\x21\x12\xa4\x43", 1), Fate.MALFORMED, 0, False),
    ],
    ids=[
        *(
            "wrong password",
            "unsigned",
            "nobody",
            "another page",
            "no name",
            "both controlled",
            "unknown attribute",
        ),
        *("an indication", "an answer", "too long", "too large", "another cookie"),
    ],
)
def test_what_is_wrong_is_told_or_passed_over_and_never_believed(
    data: bytes, fate: Fate, error: int, is_signed: bool
) -> None:
    one = lite()
    taken = one.take(data, SOURCE)
    assert taken.fate is fate
    assert not one.knows(SOURCE)
    if not error:
        assert taken.answer is None
        return
    assert taken.answer is not None
    answer = read_answer(taken.answer)
    assert (answer.error, answer.is_signed) == (error, is_signed)
    assert len(taken.answer) <= len(data), "nobody is sent more than came"
    if error == 420:
        assert answer.attributes[UNKNOWN] == b"\x77\x77"


def test_an_attribute_that_may_be_ignored_is() -> None:
    assert lite().take(check(attribute(0xC057, bytes(4))), SOURCE).fate is Fate.CHECKED


def test_a_copy_from_another_address_is_refused_and_one_from_the_same_is_a_retransmission() -> None:
    one, data = lite(), check(nominates=True)
    assert one.take(data, SOURCE).fate is Fate.NOMINATED
    assert one.take(data, SOURCE).fate is Fate.NOMINATED
    copied = one.take(data, ELSEWHERE)
    assert (copied.fate, copied.answer) == (Fate.REPLAYED, None)
    assert not one.knows(ELSEWHERE)
    for _ in range(MAX_TRANSACTIONS - 1):
        one.take(check(), SOURCE)
    assert one.take(data, ELSEWHERE).fate is Fate.REPLAYED


def test_before_the_answer_came_any_name_of_the_peer_will_do() -> None:
    one = lite(theirs=None)
    assert one.take(check(name=f"{OURS.ufrag}:whoever"), SOURCE).fate is Fate.CHECKED
    one.use(OURS, THEIRS)
    assert one.take(check(name=f"{OURS.ufrag}:whoever"), SOURCE).fate is Fate.UNKNOWN
    assert one.take(check(), SOURCE).fate is Fate.CHECKED


def test_after_a_restart_the_old_name_is_answered_to_until_a_path_is_nominated() -> None:
    one = lite()

    def fresh(*, nominates: bool = False) -> bytes:
        return check(name=f"{AGAIN.ufrag}:page2", password=AGAIN.password, nominates=nominates)

    assert one.take(check(nominates=True), SOURCE).fate is Fate.NOMINATED
    one.use(AGAIN, IceCredentials("page2", "z" * 24))
    assert one.take(check(nominates=True), SOURCE).fate is Fate.NOMINATED
    assert one.take(fresh(), ELSEWHERE).fate is Fate.CHECKED
    assert one.take(check(), SOURCE).fate is Fate.CHECKED
    assert one.take(fresh(nominates=True), ELSEWHERE).fate is Fate.NOMINATED
    assert one.take(check(), SOURCE).fate is Fate.UNKNOWN


GOOD = check(nominates=True)


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_one_bit_of_a_check_changed_makes_it_worthless(bit: int) -> None:
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8
    one = lite()
    assert not one.take(bytes(data), SOURCE).fate.good
    assert not one.knows(SOURCE)


@given(st.binary(max_size=600))
def test_any_bytes_are_judged_without_an_error(data: bytes) -> None:
    assert not lite().take(data, SOURCE).fate.good
    assert not lite().take(GOOD[:20] + data, SOURCE).fate.good


# -- where audio goes --------------------------------------------------------------------------------------------------


def on_ice(engine: MediaEngine, phone: Phone, secure: SecurePhone | None = None) -> Stream:
    """An echo, so that what is heard shows where it goes."""
    stream = engine.open_stream(label="call/a")
    stream.ice(OURS, THEIRS)
    stream.set_remote(phone.remote(rtcp_mux=True))
    if secure is not None:
        secure.key(stream)
    engine.echo(stream)
    return stream


async def test_audio_goes_where_the_last_nomination_came_from_and_nowhere_before(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b, stranger = phone(), phone(), phone()
    mouth = SecurePhone(a)
    stream = on_ice(engine, a, mouth)
    mouth.say(stream.rtp_port)
    await eventually(lambda: stream.stats().packets_in == 1)
    assert stream.stats().packets_out == 0, "the signalled address is nobody's word"
    a.throw(check(), stream.rtp_port)
    await asyncio.sleep(0.1)
    mouth.say(stream.rtp_port)
    await asyncio.sleep(0.1)
    assert stream.stats().packets_out == 0, "checked is not nominated"
    a.throw(check(nominates=True), stream.rtp_port)
    await eventually(lambda: stream.stats().remote_port == a.port)
    await mouth.talk(stream.rtp_port, 3)
    await hears(a, 3)
    for packet in [mouth.protected() for _ in range(8)]:
        stranger.throw(packet, stream.rtp_port)  # somebody has the key, and yet audio does not go there
        await asyncio.sleep(0.02)
    assert stream.stats().remote_port == a.port
    assert not audio(stranger)
    copied = check(nominates=True)
    b.throw(copied, stream.rtp_port)
    await eventually(lambda: stream.stats().remote_port == b.port)
    stranger.throw(copied, stream.rtp_port)
    audio(b)
    await mouth.talk(stream.rtp_port, 3)
    await hears(b, 3)
    assert not audio(stranger)
    assert engine.refusals()["ice_replayed"] == 1


def audio(phone: Phone) -> list[bytes]:
    return [data for data, _, _ in Phone.hear_raw(phone.rtp) if data[0] >> 6 == 2]


async def hears(phone: Phone, packets: int) -> None:
    heard: list[bytes] = []

    def enough() -> bool:
        heard.extend(audio(phone))
        return len(heard) >= packets

    await eventually(enough)


async def test_nothing_is_sent_without_consent_and_it_goes_on_when_there_is_some(
    engine: MediaEngine, phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice_path, "CONSENT_S", 0.4)
    a = phone()
    mouth = SecurePhone(a)
    stream = on_ice(engine, a, mouth)
    told: list[StreamEvent] = []
    stream.on_event = told.append
    for _ in range(4):
        a.throw(check(nominates=True), stream.rtp_port)
        await asyncio.sleep(0.2)
    assert WentSilent(400) not in told
    await eventually(lambda: WentSilent(400) in told)
    sent = stream.stats().packets_out
    mouth.say(stream.rtp_port)
    await asyncio.sleep(0.1)
    assert stream.stats().packets_out == sent
    a.throw(check(nominates=True), stream.rtp_port)
    await eventually(lambda: Resumed() in told)
    mouth.say(stream.rtp_port)
    await eventually(lambda: stream.stats().packets_out == sent + 1)


async def test_dtls_is_only_spoken_with_who_has_shown_the_password(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, stranger = phone(), phone()
    stream = on_ice(engine, a)
    told: list[StreamEvent] = []
    stream.on_event = told.append
    stream.handshake(active=False, fingerprints=[CERTIFICATE.fingerprint], host="0.0.0.0", port=9)
    await asyncio.sleep(0.05)
    peer = theirs(stream, active=True)
    peer.start()
    await Handshaker(stranger, stream, peer).run(timeout_s=0.4)
    assert not peer.done
    assert engine.refusals()["dtls_stranger"] >= 1
    a.throw(check(nominates=True), stream.rtp_port)
    peer = theirs(stream, active=True)
    peer.start()
    await Handshaker(a, stream, peer).run()
    assert peer.done
    await eventually(lambda: Keyed() in told)


async def test_another_certificate_and_forged_audio_are_refused_and_counted(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    stream = on_ice(engine, a)
    stream.handshake(active=False, fingerprints=[STRANGER.fingerprint], host="0.0.0.0", port=9)
    a.throw(check(nominates=True), stream.rtp_port)
    peer = theirs(stream, active=True)
    peer.start()
    with suppress(DtlsError):  # it is told by an alert
        await Handshaker(a, stream, peer).run(timeout_s=1)
    await eventually(lambda: engine.refusals()["dtls_fingerprint"] == 1)
    assert stream.stats().packets_out == 0
    other = on_ice(engine, a, SecurePhone(a))
    forger = SecurePhone(a, seed=40)
    for _ in range(3):
        forger.say(other.rtp_port)
    await eventually(lambda: engine.refusals()["srtp_forged"] == 3)
    before = engine.refusals()
    other.close()
    await eventually(lambda: other not in engine.open_streams)
    assert engine.refusals() == before, "what a stream has counted stays"


async def test_a_full_agent_of_others_finds_us_and_moves_the_audio(engine: MediaEngine) -> None:
    """aioice, which knows nothing of this node."""
    stream = engine.open_stream(label="call/a")
    full = aioice.Connection(ice_controlling=True)
    await full.gather_candidates()
    stream.ice(OURS, IceCredentials(full.local_username, full.local_password))
    full.remote_is_lite = True
    full.remote_username, full.remote_password = OURS.ufrag, OURS.password
    await full.add_remote_candidate(
        aioice.Candidate("1", 1, "udp", 2130706431, "127.0.0.1", stream.rtp_port, "host")
    )
    await full.add_remote_candidate(None)
    try:
        async with asyncio.timeout(10):
            await full.connect()
        await eventually(lambda: bool(stream.stats().remote_port))
        ports = {each.port for each in full.local_candidates}
        assert stream.stats().remote_port in ports
    finally:
        await full.close()
    assert not [what for what, count in engine.refusals().items() if count and what.startswith("ice_")]


async def test_without_ice_again_packets_show_where_the_phone_is(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    stream = on_ice(engine, a)
    stream.ice(None, None)
    stream.secure(None, None, required=False)
    stream.set_remote(a.remote())
    await a.talk(stream.rtp_port, 3)
    await hears(a, 3)
