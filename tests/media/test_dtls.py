"""DTLS-SRTP: two associations of our own over memory, and a stream that OpenSSL's peer shakes hands with."""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from media_ext.srtp_door import SrtpProbe
from pbx.core.errors import StartupError
from pbx.media.dtls_peer import HASHES, MTU, DtlsError, DtlsPeer, context
from pbx.media.engine import MediaEngine
from pbx.media.identity import Certificate, Identity, load_identity, new_identity
from pbx.media.stream import Stream
from pbx.model.stream import Fingerprint, Keyed, KeyingFailed, SrtpKey, StreamEvent
from tests.media.phone import Phone, eventually
from tests.media.srtp_samples import rtp
from tests.media.test_relay import SAME, opened

MakePhone = Callable[..., Phone]
OURS, THEIRS, STRANGER = new_identity(), new_identity(), new_identity()


def peer(identity: Identity, *others: Identity, active: bool) -> DtlsPeer:
    return DtlsPeer(context(identity), active=active, fingerprints=[each.fingerprint for each in others])


def shake(a: DtlsPeer, b: DtlsPeer, loses: Callable[[bytes], bool] = lambda data: False) -> int:
    """Exchange flights until nothing more is said; how many datagrams that took."""
    count = 0
    a.start()
    while True:
        said = [(b, data) for data in a.pending()] + [(a, data) for data in b.pending()]
        if not said:
            return count
        for to, data in said:
            count += 1
            assert len(data) <= MTU
            if not loses(data):
                to.take(data)


def test_both_sides_get_the_same_keys_crosswise() -> None:
    client, server = peer(OURS, THEIRS, active=True), peer(THEIRS, OURS, active=False)
    shake(client, server)
    assert client.keys is not None
    assert server.keys is not None
    assert client.keys == (server.keys[1], server.keys[0])
    assert client.keys[0] != client.keys[1]
    assert client.wait_s() is server.wait_s() is None
    sent = client.keys[1]
    assert sent.profile == 8, "AEAD_AES_256_GCM comes first"
    sender = SrtpProbe(sent.profile, sent.key + sent.salt, sending=True)
    heard = server.keys[0]
    receiver = SrtpProbe(heard.profile, heard.key + heard.salt, sending=False)
    assert receiver.unprotect(sender.protect(rtp(1))[1]) == ("ok", rtp(1))


@pytest.mark.parametrize(("name", "profile"), [("SRTP_AES128_CM_SHA1_80", 1), ("SRTP_AEAD_AES_128_GCM", 7)])
def test_a_peer_with_one_profile_gets_that(name: str, profile: int) -> None:
    narrow = context(OURS)
    narrow.set_tlsext_use_srtp(name.encode())
    client = DtlsPeer(narrow, active=True, fingerprints=[THEIRS.fingerprint])
    server = peer(THEIRS, OURS, active=False)
    shake(client, server)
    assert client.keys is not None
    assert client.keys[0].profile == profile
    assert len(client.keys[0].key + client.keys[0].salt) == {1: 30, 7: 28}[profile]


def test_a_peer_without_srtp_is_refused() -> None:
    plain = SSL.Context(SSL.DTLS_METHOD)
    key = serialization.load_pem_private_key(OURS.key_pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    plain.use_privatekey(key)
    plain.use_certificate(x509.load_pem_x509_certificate(OURS.certificate_pem))
    client = DtlsPeer(plain, active=True, fingerprints=[])
    with pytest.raises(DtlsError, match="profile"):
        shake(client, peer(THEIRS, OURS, active=False))


@pytest.mark.parametrize("active", [True, False])
def test_another_certificate_than_sdp_promised_is_refused(active: bool) -> None:
    expects = peer(OURS, THEIRS, active=active)
    stranger = peer(STRANGER, OURS, active=not active)
    with pytest.raises(DtlsError, match="not the one of SDP"):
        shake(*(expects, stranger) if active else (stranger, expects))
    assert expects.keys is None
    assert list(expects.pending()), "the stranger is told with an alert"


def test_any_of_several_fingerprints_will_do_but_no_weak_hash() -> None:
    wide = Fingerprint("sha-512", HASHES["sha-512"](der(THEIRS)).digest())
    client = DtlsPeer(context(OURS), active=True, fingerprints=[STRANGER.fingerprint, wide])
    shake(client, peer(THEIRS, OURS, active=False))
    assert client.done
    weak = Fingerprint("sha-1", hashlib.sha1(der(THEIRS)).digest())
    with pytest.raises(DtlsError):
        shake(DtlsPeer(context(OURS), active=True, fingerprints=[weak]), peer(THEIRS, OURS, active=False))


def der(identity: Identity) -> bytes:
    return ssl.PEM_cert_to_DER_cert(identity.certificate_pem.decode())


def test_garbage_is_passed_over_at_any_time() -> None:
    dice = random.Random(3)
    for _ in range(12):
        client, server = peer(OURS, THEIRS, active=True), peer(THEIRS, OURS, active=False)
        client.start()
        for _ in range(20):
            said = [(server, data) for data in client.pending()] + [
                (client, data) for data in server.pending()
            ]
            for to, data in said:
                to.take(bytes([dice.randrange(20, 64)]) + dice.randbytes(dice.randrange(60)))
                to.take(data)
        assert client.done
        assert server.done


def test_damaged_flights_raise_nothing_but_dtls_errors() -> None:
    dice = random.Random(5)
    for _ in range(60):
        client, server = peer(OURS, THEIRS, active=True), peer(THEIRS, OURS, active=False)
        client.start()
        try:
            for _ in range(6):
                for to, source in ((server, client), (client, server)):
                    for data in source.pending():
                        damaged = bytearray(data)
                        for _ in range(dice.randrange(3)):
                            damaged[dice.randrange(len(data))] = dice.randrange(256)
                        to.take(
                            bytes(
                                damaged[: dice.randrange(1, len(data) + 1)]
                                if dice.random() < 0.2
                                else damaged
                            )
                        )
        except DtlsError:
            continue


def test_a_certificate_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "dtls.pem"
    first = load_identity(path)
    assert load_identity(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_identity(None).fingerprint != first.fingerprint
    assert first.key_pem.decode() not in repr(first)
    assert load_identity(path).fingerprint == Fingerprint("sha-256", hashlib.sha256(der(first)).digest())
    path.write_bytes(first.certificate_pem)
    with pytest.raises(StartupError, match="does not hold"):
        load_identity(path)


def test_a_folder_that_cannot_be_written_costs_only_the_keeping(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path / "missing" / "dtls.pem")
    certificate.check()
    assert certificate.identity.fingerprint == certificate.identity.fingerprint
    (tmp_path / "dtls.pem").write_text("something else")
    with pytest.raises(StartupError, match="does not hold"):
        Certificate(tmp_path / "dtls.pem").check()


class Handshaker:
    """A phone's side of a handshake, over a test phone's RTP socket."""

    def __init__(self, phone: Phone, stream: Stream, peer: DtlsPeer) -> None:
        self.phone, self.stream, self.peer = phone, stream, peer
        self.lose = 0

    async def run(self, timeout_s: float = 4.0) -> None:
        """Until both are done, sending again as DTLS's timer says."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while not self.peer.done and loop.time() < end:
            wait_s = self.peer.wait_s()
            if wait_s is not None and wait_s <= 0:
                self.peer.expired()
            self.flush()
            await asyncio.sleep(0.01)
            for data, _, _ in Phone.hear_raw(self.phone.rtp):
                if 20 <= data[0] < 64:
                    self.peer.take(data)
            self.flush()

    def flush(self) -> None:
        for data in self.peer.pending():
            if self.lose:
                self.lose -= 1
            else:
                self.phone.throw(data, self.stream.rtp_port)


def secured(
    engine: MediaEngine, a: Phone, *, active: bool, expects: Identity = THEIRS
) -> tuple[Stream, list[StreamEvent]]:
    stream = opened(engine, a)
    told: list[StreamEvent] = []
    stream.on_event = told.append
    stream.handshake(active=active, fingerprints=[expects.fingerprint], host="127.0.0.1", port=a.port)
    return stream, told


def theirs(stream: Stream, *, active: bool, identity: Identity = THEIRS) -> DtlsPeer:
    return DtlsPeer(context(identity), active=active, fingerprints=[stream.fingerprint])


async def speak(
    engine: MediaEngine, a: Phone, b: Phone, stream: Stream, keys: tuple[SrtpKey, SrtpKey]
) -> None:
    """Audio both ways under the keys of the handshake."""
    sb = opened(engine, b, "call/b")
    engine.link(stream, sb, SAME, SAME)
    ears = SrtpProbe(keys[0].profile, keys[0].key + keys[0].salt, sending=False)
    mouth = SrtpProbe(keys[1].profile, keys[1].key + keys[1].salt, sending=True)
    await asyncio.sleep(0.05)
    for n in range(3):
        a.throw(mouth.protect(rtp(n, ssrc=a.ssrc))[1], stream.rtp_port)
        b.say(sb.rtp_port, payload=b"\x11" * 160)
    assert [packet.payload for packet in await b.hear_some(3)] == [b"\xd5" * 160] * 3
    heard: list[bytes] = []

    def came() -> bool:
        heard.extend(data for data, _, _ in Phone.hear_raw(a.rtp) if data[0] >> 6 == 2)
        return len(heard) >= 3

    await eventually(came)
    for data in heard:
        status, plain = ears.unprotect(data)
        assert status == "ok"
        assert plain[12:] == b"\x11" * 160


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("lose", [0, 1])
async def test_a_stream_agrees_on_keys_and_speaks(
    engine: MediaEngine, phone: MakePhone, active: bool, lose: int
) -> None:
    a, b = phone(), phone()
    stream, told = secured(engine, a, active=active)
    side = Handshaker(a, stream, theirs(stream, active=not active))
    side.lose = lose
    if not active:
        side.peer.start()
    a.say(stream.rtp_port)
    await side.run()
    await eventually(lambda: told == [Keyed()])
    assert stream.stats().dropped_unkeyed == 1, "plain RTP is refused while the keys are not known"
    assert side.peer.keys is not None
    await speak(engine, a, b, stream, side.peer.keys)


async def test_strangers_who_begin_first_do_not_keep_the_phone_out(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b, early, late = phone(), phone(), phone(), phone()
    stream, told = secured(engine, a, active=False)
    for each in (early, late):
        other = Handshaker(each, stream, theirs(stream, active=True, identity=STRANGER))
        other.peer.start()
        with pytest.raises(DtlsError):
            await other.run(1.0)
    early.throw(b"\x16\xfe\xfd" + bytes(60), stream.rtp_port)
    assert told == []
    side = Handshaker(a, stream, theirs(stream, active=True))
    side.peer.start()
    await side.run()
    await eventually(lambda: told == [Keyed()])
    assert side.peer.keys is not None
    await speak(engine, a, b, stream, side.peer.keys)


async def test_an_active_handshake_with_a_stranger_fails_at_once(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    stream, told = secured(engine, a, active=True)
    side = Handshaker(a, stream, theirs(stream, active=False, identity=STRANGER))
    with pytest.raises(DtlsError):
        await side.run()
    await eventually(lambda: bool(told))
    assert isinstance(told[0], KeyingFailed)
    a.say(stream.rtp_port)
    await eventually(lambda: stream.stats().dropped_unkeyed == 1)


async def test_nobody_comes_and_the_call_is_told(
    engine: MediaEngine, phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.media.dtls.PATIENCE_S", 0.1)
    stream, told = secured(engine, phone(), active=False)
    await eventually(lambda: [type(each) for each in told] == [KeyingFailed])
    assert stream.keying_failed
    stream.handshake(active=False, fingerprints=[THEIRS.fingerprint], host="127.0.0.1", port=9)
    assert not stream.keying_failed, "the same terms again are another try, once one has failed"


async def test_the_same_terms_again_leave_the_keys_as_they_are(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    stream, told = secured(engine, a, active=False)
    side = Handshaker(a, stream, theirs(stream, active=True))
    side.peer.start()
    await side.run()
    await eventually(lambda: told == [Keyed()])
    stream.handshake(active=False, fingerprints=[THEIRS.fingerprint], host="127.0.0.1", port=a.port)
    assert side.peer.keys is not None
    await speak(engine, a, b, stream, side.peer.keys)


async def test_a_new_fingerprint_begins_anew_under_the_old_keys(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    stream, told = secured(engine, a, active=False)
    first = Handshaker(a, stream, theirs(stream, active=True))
    first.peer.start()
    await first.run()
    await eventually(lambda: told == [Keyed()])
    stream.handshake(active=False, fingerprints=[STRANGER.fingerprint], host="127.0.0.1", port=a.port)
    assert first.peer.keys is not None
    await speak(engine, a, b, stream, first.peer.keys)
    second = Handshaker(a, stream, theirs(stream, active=True, identity=STRANGER))
    second.peer.start()
    await second.run()
    await eventually(lambda: told.count(Keyed()) == 2)
    assert second.peer.keys is not None
    assert second.peer.keys != first.peer.keys
