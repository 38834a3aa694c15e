"""Offers and answers about encryption in all policies, as a leg makes and takes them, and through whole calls."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence

import pytest

from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.model.leg_event import Answered, Offered, Reanswered, Refused
from pbx.model.party import Party
from pbx.model.stream import Fingerprint, KeyingFailed, SrtpKey
from pbx.sip.sdp.crypto import SUITES
from pbx.sip.sdp.negotiate import KNOWN, common
from pbx.sip.sdp.security import SrtpPolicy
from tests.call.parts import PCMA, PCMU, FakeStream, Office, ScriptedLeg, sdp, settle
from tests.call.test_call import Ring, start

PLAIN, SAVP, DTLS = "RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVP"
BY_NAME = {suite.name: suite for suite in SUITES}
SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
PRINT = "sha-256 " + ":".join(f"{n:02X}" for n in range(100, 132))
PRINT_VALUE = Fingerprint("sha-256", bytes(range(100, 132)))


def keyed(seed: int, *, tag: int = 1, suite: str = SHA1_80) -> str:
    """An a=crypto line with a key of the phone's."""
    material = bytes((seed + n) & 0xFF for n in range(BY_NAME[suite].material_bytes))
    return f"a=crypto:{tag} {suite} inline:{base64.b64encode(material).decode()}"


def key_of(line: str) -> SrtpKey:
    """The key in a line, as the engine is told it."""
    found = re.fullmatch(r"a=crypto:\d+ (\w+) inline:(\S+)", line)
    assert found is not None
    suite, material = BY_NAME[found[1]], base64.b64decode(found[2])
    return SrtpKey(suite.profile, material[: suite.key_bytes], material[suite.key_bytes :])


def said(protocol: str, *lines: str, port: int = 4000) -> bytes:
    """A phone's SDP with this protocol and these lines."""
    plain = sdp(PCMU, port=port).replace(b"RTP/AVP", protocol.encode())
    return plain + "".join(f"{line}\r\n" for line in lines).encode()


def lines(data: bytes | None, name: str) -> list[str]:
    assert data is not None
    return [line for line in data.decode().split("\r\n") if line.startswith(f"a={name}:")]


def protocol(data: bytes | None) -> str:
    assert data is not None
    return data.decode().split("m=audio ")[1].split()[1]


def leg_with(policy: SrtpPolicy, *, secure: bool = False) -> tuple[CallLeg, FakeStream]:
    stream = FakeStream("a", 10000)
    return CallLeg(
        "a", stream=stream, host="192.0.2.1", session_id=1, party=Party(""), srtp=policy, secure=secure
    ), stream


def answered(leg: CallLeg, offer: bytes) -> bytes:
    session = leg.read(offer)
    return leg.accept(session, common(session.formats, KNOWN))


# -- answers -----------------------------------------------------------------------------------------------------------

CRYPTO = (keyed(1),)
BOTH = (keyed(1), f"a=fingerprint:{PRINT}", "a=setup:actpass")
TLS = (f"a=fingerprint:{PRINT}", "a=setup:actpass")


@pytest.mark.parametrize(
    ("protocol_", "attributes", "off", "optional", "required"),
    [
        (PLAIN, (), "plain", "plain", "488"),
        ("RTP/AVPF", (), "plain", "plain", "488"),
        (PLAIN, CRYPTO, "plain", "sdes", "sdes"),
        (PLAIN, TLS, "plain", "dtls", "dtls"),
        (SAVP, CRYPTO, "488", "sdes", "sdes"),
        ("RTP/SAVPF", CRYPTO, "488", "sdes", "sdes"),
        (SAVP, BOTH, "488", "sdes", "sdes"),
        (SAVP, TLS, "488", "dtls", "dtls"),
        (DTLS, TLS, "488", "dtls", "dtls"),
        ("UDP/TLS/RTP/SAVPF", TLS, "488", "dtls", "dtls"),
        (DTLS, CRYPTO, "488", "488", "488"),
        (SAVP, (), "488", "488", "488"),
        (SAVP, ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:tooshort",), "488", "488", "488"),
        (DTLS, ("a=fingerprint:sha-1 " + ":".join(["AB"] * 20), "a=setup:active"), "488", "488", "488"),
        (DTLS, (f"a=fingerprint:{PRINT}", "a=setup:holdconn"), "488", "488", "488"),
        ("UDP/TLS/SOMETHING", TLS, "488", "488", "488"),
    ],
)
def test_what_comes_of_an_offer(
    protocol_: str, attributes: Sequence[str], off: str, optional: str, required: str
) -> None:
    policies: dict[SrtpPolicy, str] = {"off": off, "optional": optional, "required": required}
    for policy, expected in policies.items():
        leg, stream = leg_with(policy)
        offer = said(protocol_, *attributes)
        if expected == "488":
            with pytest.raises(PeerError) as refused:
                answered(leg, offer)
            assert refused.value.sip_status == 488
            assert (stream.secured, stream.handshakes, stream.remote) == ([], [], None)
            continue
        answer = answered(leg, offer)
        assert protocol(answer) == protocol_
        assert len(lines(answer, "crypto")) == (expected == "sdes")
        assert len(lines(answer, "fingerprint")) == (expected == "dtls")
        assert len(stream.secured) == (expected == "sdes")
        assert len(stream.handshakes) == (expected == "dtls")


def test_the_answer_has_a_key_of_our_own_and_the_stream_both() -> None:
    leg, stream = leg_with("optional")
    weak = keyed(9, tag=1, suite="AES_CM_128_HMAC_SHA1_32")
    chosen = keyed(1, tag=7, suite="AEAD_AES_128_GCM")
    answer = answered(leg, said(SAVP, weak, "a=crypto:2 UNHEARD_OF inline:AAAA", chosen))
    (ours,) = lines(answer, "crypto")
    assert ours.startswith("a=crypto:7 AEAD_AES_128_GCM inline:"), "a short tag only where there is no other"
    assert ours != chosen
    assert stream.secured == [(key_of(chosen), key_of(ours), True)]


def test_a_reoffer_with_the_same_key_changes_nothing() -> None:
    leg, stream = leg_with("optional")
    offer = said(SAVP, *CRYPTO)
    first = answered(leg, offer)
    second = answered(leg, offer + b"a=sendonly\r\n")
    assert lines(first, "crypto") == lines(second, "crypto")
    assert len(stream.secured) == 1


def test_a_reoffer_with_another_key_keeps_ours() -> None:
    leg, stream = leg_with("optional")
    (before,) = lines(answered(leg, said(SAVP, keyed(1))), "crypto")
    (after,) = lines(answered(leg, said(SAVP, keyed(2))), "crypto")
    assert before == after
    assert stream.secured[1] == (key_of(keyed(2)), key_of(before), True)


def test_another_suite_has_another_key() -> None:
    leg, stream = leg_with("optional")
    answered(leg, said(SAVP, keyed(1)))
    answered(leg, said(SAVP, keyed(1, suite="AES_CM_128_HMAC_SHA1_32")))
    first, second = (send for _, send, _ in stream.secured)
    assert first is not None
    assert second is not None
    assert first.key != second.key


def test_a_reoffer_without_encryption() -> None:
    leg, stream = leg_with("optional")
    answered(leg, said(SAVP, *CRYPTO))
    assert protocol(answered(leg, said(PLAIN))) == PLAIN
    assert stream.secured[1:] == [(None, None, False)]
    strict, stream = leg_with("required")
    answered(strict, said(SAVP, *CRYPTO))
    with pytest.raises(PeerError) as refused:
        answered(strict, said(PLAIN))
    assert refused.value.sip_status == 488
    assert len(stream.secured) == 1


@pytest.mark.parametrize(
    ("policy", "expected"), [("off", (PLAIN, 6000)), ("optional", (SAVP, 5000)), ("required", (SAVP, 5000))]
)
def test_of_two_offered_streams_the_policy_takes_one(policy: SrtpPolicy, expected: tuple[str, int]) -> None:
    """How phones offer encryption that may be declined, where they do not know RFC 8643."""
    leg, stream = leg_with(policy)
    plain = said(PLAIN, port=6000).partition(b"m=audio")
    both = said(SAVP, *CRYPTO, port=5000) + plain[1] + plain[2]
    answer = answered(leg, both).decode()
    assert stream.remote is not None
    assert stream.remote.rtp_port == expected[1]
    taken = re.findall(r"m=audio (\d+) (\S+)", answer)
    assert [name for _, name in taken] == [SAVP, PLAIN]
    assert [name for port, name in taken if port != "0"] == [expected[0]]


# -- DTLS --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setup", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active"), ("", "passive")]
)
def test_the_dtls_role_follows_the_offer(setup: str, ours: str) -> None:
    leg, stream = leg_with("optional")
    attributes = [f"a=fingerprint:{PRINT}", *([f"a=setup:{setup}"] if setup else [])]
    answer = answered(leg, said(DTLS, *attributes))
    assert lines(answer, "setup") == [f"a=setup:{ours}"]
    mine = stream.fingerprint.digest.hex(":").upper()
    assert lines(answer, "fingerprint") == [f"a=fingerprint:sha-256 {mine}"]
    assert stream.handshakes == [(ours == "active", (PRINT_VALUE,), "127.0.0.1", 4000)]


def test_a_role_once_taken_stays() -> None:
    leg, _ = leg_with("optional")
    answered(leg, said(DTLS, f"a=fingerprint:{PRINT}", "a=setup:passive"))
    again = answered(leg, said(DTLS, f"a=fingerprint:{PRINT}", "a=setup:actpass"))
    assert lines(again, "setup") == ["a=setup:active"]


def test_fingerprint_and_setup_may_stand_above_all_streams() -> None:
    leg, stream = leg_with("optional")
    head, mark, rest = said(DTLS).partition(b"m=audio")
    answered(leg, head + f"a=fingerprint:{PRINT}\r\na=setup:active\r\n".encode() + mark + rest)
    assert stream.handshakes[0][1] == (PRINT_VALUE,)


def test_a_browser_that_wants_two_ports_is_refused() -> None:
    ice = ("a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901")
    leg, _ = leg_with("optional")
    answered(leg, said("UDP/TLS/RTP/SAVPF", *TLS, *ice))  # a phone that knows ICE is found by its packets
    browser, stream = leg_with("optional")
    offer = said("UDP/TLS/RTP/SAVPF", *TLS, *ice).replace(b"t=0 0", b"t=0 0\r\na=group:BUNDLE 0")
    with pytest.raises(PeerError) as refused:
        answered(browser, offer)
    assert refused.value.sip_status == 488
    assert stream.handshakes == []


def test_our_later_offer_on_a_dtls_leg_is_a_dtls_offer() -> None:
    leg, stream = leg_with("optional")
    answered(leg, said(DTLS, f"a=fingerprint:{PRINT}", "a=setup:active"))
    offer = leg.offer(leg.receives)
    assert (protocol(offer), lines(offer, "setup")) == (DTLS, ["a=setup:actpass"])
    leg.take_answer(said(DTLS, f"a=fingerprint:{PRINT}", "a=setup:active"))
    assert stream.handshakes[0] == stream.handshakes[1]
    for wrong in (
        said(DTLS, f"a=fingerprint:{PRINT}", "a=setup:actpass"),
        said(DTLS, "a=setup:active"),
    ):
        leg.offer(leg.receives)
        with pytest.raises(PeerError):
            leg.take_answer(wrong)


# -- offers ------------------------------------------------------------------------------------------------------------


def test_what_is_offered_first() -> None:
    def offered(policy: SrtpPolicy, *, secure: bool) -> tuple[str, int, int]:
        offer = leg_with(policy, secure=secure)[0].offer(KNOWN)
        return protocol(offer), len(lines(offer, "crypto")), len(lines(offer, "fingerprint"))

    assert offered("off", secure=True) == offered("off", secure=False) == (PLAIN, 0, 0)
    assert offered("optional", secure=False) == (PLAIN, 0, 0)
    assert offered("optional", secure=True) == (PLAIN, len(SUITES), 0)
    assert offered("required", secure=False) == offered("required", secure=True) == (SAVP, len(SUITES), 1)
    leg, _ = leg_with("optional")
    assert len(lines(leg.offer(KNOWN, secure=True), "crypto")) == len(SUITES)


def test_every_offered_line_has_its_own_key_and_later_offers_the_same() -> None:
    leg, _ = leg_with("required")
    first = lines(leg.offer(KNOWN), "crypto")
    assert len({line.rpartition(":")[2] for line in first}) == len(SUITES)
    assert lines(leg.offer(KNOWN), "crypto") == first


def test_the_answer_names_the_key_that_both_use() -> None:
    leg, stream = leg_with("required")
    ours = lines(leg.offer(KNOWN), "crypto")
    theirs = keyed(5, tag=3)
    leg.take_answer(said(SAVP, theirs))
    assert stream.secured == [(key_of(theirs), key_of(ours[2]), True)]
    assert protocol(leg.offer(leg.receives)) == SAVP


def test_an_answer_may_take_dtls_where_both_were_offered() -> None:
    leg, stream = leg_with("required")
    leg.offer(KNOWN)
    leg.take_answer(said(SAVP, f"a=fingerprint:{PRINT}", "a=setup:active"))
    assert stream.handshakes == [(False, (PRINT_VALUE,), "127.0.0.1", 4000)]
    assert stream.secured == []


@pytest.mark.parametrize(
    "answer",
    [
        said(SAVP),
        said(PLAIN),
        said(SAVP, keyed(1, tag=9)),
        said(SAVP, keyed(1, tag=3), keyed(2, tag=4, suite="AES_CM_128_HMAC_SHA1_32")),
        said(SAVP, "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:short"),
    ],
)
def test_answers_that_do_not_fit_are_refused_and_change_nothing(answer: bytes) -> None:
    leg, stream = leg_with("required")
    leg.offer(KNOWN)
    with pytest.raises(PeerError) as refused:
        leg.take_answer(answer)
    assert refused.value.sip_status == 488
    assert (stream.secured, stream.remote) == ([], None)


def test_our_own_key_sent_back_is_refused() -> None:
    leg, stream = leg_with("required")
    ours = lines(leg.offer(KNOWN), "crypto")
    with pytest.raises(PeerError):
        leg.take_answer(said(SAVP, ours[0]))
    assert stream.secured == []


def test_an_offer_that_may_be_declined_is() -> None:
    leg, stream = leg_with("optional", secure=True)
    leg.offer(KNOWN)
    leg.take_answer(said(PLAIN))
    assert (stream.secured, stream.handshakes) == ([], [])
    assert stream.remote is not None


def test_a_plain_offer_is_not_answered_with_keys() -> None:
    leg, stream = leg_with("optional")
    leg.offer(KNOWN)
    with pytest.raises(PeerError):
        leg.take_answer(said(SAVP, keyed(1)))
    leg.take_answer(said(PLAIN, keyed(1)))
    assert stream.secured == []


def test_keys_do_not_stand_in_any_repr() -> None:
    leg, stream = leg_with("required")
    (line,) = lines(answered(leg, said(SAVP, *CRYPTO)), "crypto")
    text = repr((leg.remote, stream.secured, leg.encryption, leg.encryption.offer()))
    for secret in (line.rpartition(":")[2], CRYPTO[0].rpartition(":")[2]):
        assert secret not in text
        assert base64.b64decode(secret)[:8].hex() not in text
        assert repr(base64.b64decode(secret)[:16])[2:-1] not in text


# -- whole calls -------------------------------------------------------------------------------------------------------


async def test_an_encrypted_caller_talks_to_a_plain_phone() -> None:
    office = Office(offer=said(SAVP, *CRYPTO))
    task = await start(office, Ring("sip:b"))
    offer = office.signaling.offers["sip:b"]
    assert (protocol(offer), len(lines(offer, "crypto"))) == (PLAIN, len(SUITES)), "it may encrypt too"
    office.signaling.legs["sip:b"].tell(Answered(sdp(PCMU)))
    await settle()
    a, b = office.media.streams
    assert len(a.secured) == 1
    assert b.secured == []
    assert (protocol(office.caller.answers[0]), len(lines(office.caller.answers[0], "crypto"))) == (SAVP, 1)
    await hung_up(office, task)


async def test_a_plain_caller_reaches_a_phone_that_takes_encrypted_audio_only() -> None:
    office = Office(offer=sdp(PCMU))
    offers: list[bytes | None] = []

    def dialled(uri: str, leg: ScriptedLeg) -> None:
        offer = office.signaling.offers[uri]
        offers.append(offer)
        takes = Answered(said(SAVP, keyed(4, tag=1, suite="AEAD_AES_256_GCM")))
        leg.tell(takes if protocol(offer) == SAVP else Refused(488, ""))

    office.signaling.on_dial = dialled
    task = await start(office, Ring("sip:b"))
    await settle()
    assert [protocol(each) for each in offers] == [PLAIN, SAVP]
    assert office.call.a.answered
    assert len(office.media.streams[-1].secured) == 1
    await hung_up(office, task)


@pytest.mark.parametrize(
    ("policy", "tried"), [("off", [PLAIN]), ("optional", [PLAIN, SAVP, DTLS]), ("required", [SAVP, DTLS])]
)
async def test_a_phone_that_refuses_every_way_is_488(policy: SrtpPolicy, tried: list[str]) -> None:
    office = Office(offer=said(PLAIN, *CRYPTO), srtp=policy)
    offers: list[str] = []

    def dialled(uri: str, leg: ScriptedLeg) -> None:
        offers.append(protocol(office.signaling.offers[uri]))
        leg.tell(Refused(488, ""))

    office.signaling.on_dial = dialled
    await (await start(office, Ring("sip:b")))
    assert offers == tried
    assert office.caller.rejected == [488]
    assert office.media.open_streams == []


async def test_a_plain_caller_is_refused_where_encryption_is_required() -> None:
    office = Office(offer=sdp(PCMU), srtp="required")
    await (await start(office, Ring("sip:b")))
    assert office.caller.rejected == [488]
    assert office.signaling.legs == {}


async def test_a_call_without_an_offer_is_offered_what_the_policy_says() -> None:
    office = Office(offer=None, srtp="required")
    office.caller.ack_sdp = said(SAVP, keyed(8, tag=3))
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(said(SAVP, keyed(9, tag=3))))
    await settle()
    assert protocol(office.caller.answers[0]) == SAVP
    assert [len(stream.secured) for stream in office.media.streams] == [1, 1]
    await hung_up(office, task)


async def test_hold_by_an_encrypted_phone_keeps_its_keys() -> None:
    office = Office(offer=said(SAVP, *CRYPTO))
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(sdp(PCMU)))
    await settle()
    office.caller.tell(Offered(said(SAVP, *CRYPTO).replace(b"sendrecv", b"sendonly")))
    await settle()
    office.caller.tell(Offered(said(SAVP, *CRYPTO)))
    await settle()
    given = [lines(answer, "crypto") for answer in office.caller.answers]
    assert given[0] == given[1] == given[2]
    assert len(office.media.streams[0].secured) == 1
    assert not office.call.a.held
    await hung_up(office, task)


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_a_new_key_in_the_answer_to_a_refresh_is_used(who: str) -> None:
    """We repeat what we said, answer or offer; whoever was restarted answers with a key of its own, from elsewhere."""
    office = Office(offer=said(SAVP, keyed(1)), srtp="required")
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(said(SAVP, keyed(2, tag=3))))
    await settle()
    stream = office.media.streams[0 if who == "caller" else 1]
    tag = 1 if who == "caller" else 3
    leg = office.caller if who == "caller" else office.signaling.legs["sip:b"]
    ours = office.caller.answers[0] if who == "caller" else office.signaling.offers["sip:b"]
    assert ours is not None
    before = stream.secured[-1]
    leg.tell(Reanswered(ours, said(SAVP, keyed(9, tag=tag), port=4444)))
    await settle()
    assert stream.secured[-1] == (key_of(keyed(9, tag=tag)), before[1], True), "its key is new, ours is not"
    assert stream.remote is not None
    assert stream.remote.rtp_port == 4444
    assert office.media.links, "sound flows"
    leg.tell(Reanswered(ours, said(SAVP, keyed(9, tag=tag), port=4444)))
    leg.tell(Reanswered(ours, said(SAVP, keyed(5, tag=7))))
    leg.tell(Reanswered(ours, sdp(PCMA)))
    await settle()
    assert len(stream.secured) == 2, "the same again, and what does not fit, changes nothing"
    assert not task.done()
    await hung_up(office, task)


async def test_a_hold_in_the_answer_to_a_refresh_counts() -> None:
    office = Office(offer=sdp(PCMU))
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(sdp(PCMU)))
    await settle()
    ours = office.signaling.offers["sip:b"]
    assert ours is not None
    for direction, kind in (("sendonly", "held"), ("sendrecv", "resumed")):
        office.signaling.legs["sip:b"].tell(Reanswered(ours, sdp(PCMU, direction=direction)))
        await settle()
        assert type(office.call.events[-1]).__name__.lower() == f"leg{kind}"
    await hung_up(office, task)


async def test_keys_that_never_come_end_the_call() -> None:
    office = Office(offer=said(DTLS, *TLS))
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(sdp(PCMU)))
    await settle()
    office.media.streams[0].on_event(KeyingFailed("nobody came"))
    await asyncio.wait_for(task, 1)
    assert office.cdr.cause == "incompatible"


async def test_keys_that_failed_while_it_rang_end_the_call_at_the_answer() -> None:
    office = Office(offer=said(DTLS, *TLS))
    task = await start(office, Ring("sip:b"))
    office.media.streams[0].keying_failed = "the certificate is not the one of SDP"
    office.signaling.legs["sip:b"].tell(Answered(sdp(PCMU)))
    await asyncio.wait_for(task, 1)
    assert office.cdr.cause == "incompatible"
    assert office.media.open_streams == []


async def hung_up(office: Office, task: asyncio.Task[None]) -> None:
    office.call.scope.end()
    await asyncio.wait_for(task, 1)
    assert office.media.open_streams == []
