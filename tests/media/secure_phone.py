"""A phone that encrypts with Debian's libsrtp2: its keys, what it says, and what it can read."""

from __future__ import annotations

import asyncio

from pbx.media.stream import Stream
from pbx.model.stream import SrtpKey
from tests.media.phone import Phone, Rtp, eventually, read_rtp, write_rtp
from tests.media.srtp_samples import MATERIAL_BYTES, SHA1_80, material
from tests.oracles.libsrtp import LibSrtp

KEY_BYTES = {1: 16, 2: 16, 7: 16, 8: 32}


def srtp_key(profile: int, seed: int) -> SrtpKey:
    both = material(profile, seed)
    assert len(both) == MATERIAL_BYTES[profile]
    return SrtpKey(profile, both[: KEY_BYTES[profile]], both[KEY_BYTES[profile] :])


class SecurePhone:
    """`seed` makes its key; what it is sent is under that of `seed + 1`."""

    def __init__(self, phone: Phone, *, profile: int = SHA1_80, seed: int = 1) -> None:
        self.phone = phone
        self.profile = profile
        self.seed = seed
        self.out = LibSrtp(profile, material(profile, seed), sending=True)
        self.ears = LibSrtp(profile, material(profile, seed + 1), sending=False)

    def key(self, stream: Stream) -> None:
        """Tell the stream what signalling would have said."""
        stream.secure(srtp_key(self.profile, self.seed), srtp_key(self.profile, self.seed + 1))

    def rekey(self, seed: int) -> None:
        self.seed = seed
        self.out.rekey(self.profile, material(self.profile, seed))
        self.ears.rekey(self.profile, material(self.profile, seed + 1))

    def next_packet(self, payload: bytes = b"\xff" * 160) -> bytes:
        phone = self.phone
        packet = write_rtp(phone.seq, phone.rtp_ts, ssrc=phone.ssrc, payload=payload)
        phone.seq = (phone.seq + 1) & 0xFFFF
        phone.rtp_ts += 160
        return packet

    def protected(self, payload: bytes = b"\xff" * 160) -> bytes:
        """The next packet as it goes on the wire."""
        status, data = self.out.protect(self.next_packet(payload))
        assert status == "ok"
        return data

    def say(self, to_port: int, payload: bytes = b"\xff" * 160) -> None:
        self.phone.throw(self.protected(payload), to_port)

    async def talk(self, to_port: int, packets: int, *, every_s: float = 0.02) -> None:
        for _ in range(packets):
            self.say(to_port)
            await asyncio.sleep(every_s)

    async def hear_some(self, packets: int) -> list[Rtp]:
        """So many packets, each of which opens with the key."""
        raw: list[bytes] = []

        def enough() -> bool:
            raw.extend(data for data, _, _ in Phone.hear_raw(self.phone.rtp))
            return len(raw) >= packets

        await eventually(enough)
        heard = []
        for data in raw:
            status, plain = self.ears.unprotect(data)
            assert status == "ok", status
            heard.append(read_rtp(plain))
        return heard

    async def hear_rtcp(self) -> bytes:
        raw: list[bytes] = []

        def came() -> bool:
            raw.extend(self.phone.hear_rtcp())
            return bool(raw)

        await eventually(came)
        status, plain = self.ears.unprotect_rtcp(raw[0])
        assert status == "ok", status
        return plain
