"""STUN, DTLS, SRTP and RTP, damaged, all on one port (RFC 7983): `python -m tests.fuzz demux`.

A stream is listened to for STUN and has a DTLS handshake open, another is encrypted, a third is plain, and the fourth
waits for a browser. The listener may get only what begins as STUN does, just as it was sent; a damaged flight may fail
a handshake but raise nothing else; and in the end a good handshake still succeeds and plain audio still passes.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import deque

from pbx.media.dtls_peer import DtlsError, DtlsPeer, context
from pbx.media.engine import MediaEngine
from pbx.media.identity import Identity, new_identity
from pbx.media.stream import Stream
from pbx.model.stream import SrtpKey
from tests.media.checks import OURS as OURS_ICE
from tests.media.checks import THEIRS as THEIRS_ICE
from tests.media.checks import check
from tests.media.phone import Phone, write_rtp

MAGIC_COOKIE = 0x2112A442
OURS, THEIRS = new_identity(), new_identity()
KEY = SrtpKey(1, bytes(16), bytes(14))
SAME = {0: 0, 8: 8, 101: 101}


def attribute(kind: int, value: bytes) -> bytes:
    """RFC 8489 14: padded to four bytes."""
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def stun(kind: int = 1, *attributes: bytes) -> bytes:
    body = b"".join(attributes)
    return struct.pack("!HHI", kind, len(body), MAGIC_COOKIE) + bytes(range(12)) + body


def hello(identity: Identity) -> bytes:
    """A ClientHello with use_srtp."""
    client = DtlsPeer(context(identity), active=True, fingerprints=[OURS.fingerprint])
    client.start()
    return b"".join(client.pending())


SEEDS = (
    stun(),
    stun(1, attribute(6, b"abcd:efgh"), attribute(0x24, bytes(4)), attribute(8, bytes(20)), attribute(0x8028, b"")),
    stun(0x101, attribute(0x20, b"\0\1" + bytes(6))),
    check(name="nodename:page"),
    hello(THEIRS),
    b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28",
    write_rtp(1, 160, ssrc=7),
    write_rtp(2, 320, ssrc=7) + bytes(10),
    b"\x80\xc8\0\6" + bytes(24),
)  # fmt: skip


def damaged(chance: random.Random, seeds: tuple[bytes, ...] = SEEDS) -> bytes:
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = chance.randbytes(chance.randrange(40))
            case 3:
                data[:1] = bytes([chance.choice((0, 3, 4, 19, 20, 22, 63, 64, 127, 128, 191, 192, 255))])
            case 4:
                data += bytes(chance.randrange(1500))
            case _:
                data[at : at + 2] = chance.choice((b"\xff\xff", b"\0\0", b"\x7f\xff"))
    return bytes(data)


def try_flights(chance: random.Random) -> None:
    """Two of our own, with damage between them: both may fail, none may raise anything else."""
    client = DtlsPeer(context(THEIRS), active=True, fingerprints=[OURS.fingerprint])
    server = DtlsPeer(context(OURS), active=False, fingerprints=[THEIRS.fingerprint])
    client.start()
    try:
        for _ in range(8):
            for taker, giver in ((server, client), (client, server)):
                for datagram in list(giver.pending()):
                    hurt = damaged(chance, (datagram,)) if chance.random() < 0.3 else datagram
                    taker.take(hurt or b"\x16")  # the engine passes nothing empty on
    except DtlsError:
        return
    assert (client.keys is None) or (server.keys is None) or client.keys == server.keys[::-1]


class Ports:
    """An engine and its three streams."""

    def __init__(self, media: MediaEngine, phone: Phone) -> None:
        self.listened, self.sealed, self.plain, self.browser = (
            media.open_stream(label=f"{n}/a") for n in range(4)
        )
        self.phone = phone
        self.heard: list[bytes] = []
        self.sent: deque[bytes] = deque(maxlen=1000)
        for stream in (self.listened, self.sealed, self.plain):
            stream.set_remote(phone.remote(rtcp_mux=True))
        self.sealed.secure(KEY, KEY)
        self.shake(self.listened)
        self.browser.ice(OURS_ICE, THEIRS_ICE)
        self.shake(self.browser)
        self.browser.listen(None)
        media.echo(self.plain)

    def shake(self, stream: Stream) -> None:
        stream.handshake(
            active=False, fingerprints=[THEIRS.fingerprint], host="127.0.0.1", port=self.phone.port
        )
        stream.listen(lambda data, _address: self.heard.append(data))

    def throw(self, chance: random.Random) -> None:
        data = damaged(chance)
        self.sent.append(data)
        for stream in (self.listened, self.sealed, self.plain, self.browser):
            self.phone.throw(data, stream.rtp_port if chance.random() < 0.9 else stream.rtcp_port)

    def check(self) -> None:
        for data in self.heard:
            assert data[0] <= 3, "only STUN is for the listener"
            assert data in self.sent, "just as it was sent"
        self.heard.clear()


async def fuzz(seconds: float, seed: int) -> int:
    """Returns how many datagrams were thrown at each port."""
    chance, tried = random.Random(seed), 0
    media = MediaEngine(bind_host="127.0.0.1", port_min=31200, port_max=31299, silence_ms=0)
    await media.start()
    phone = Phone(ssrc=7)
    ports = Ports(media, phone)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(20):
            ports.throw(chance)
        tried += 20
        await asyncio.sleep(0.01)
        ports.check()
        Phone.hear_raw(phone.rtp)
        if tried % 400 == 0:
            try_flights(chance)
    phone.say(ports.plain.rtp_port)
    await asyncio.sleep(0.1)
    assert phone.hear_raw(phone.rtp), "the engine still relays"
    phone.close()
    await media.stop()
    return tried
