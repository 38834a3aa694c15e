"""Damaged RTP and RTCP for the kernels and a running engine: `python -m tests.fuzz.fuzz_rtp [SECONDS] [SEED]`.

Worth most on a sanitized build (`tests/media/sanitized.py`), which sees what would pass unnoticed. Prints the seed, so
that a failure can be had again.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time

from media_ext import kernels
from pbx.media.engine import MediaEngine
from tests.media.phone import Phone, digit_payload, write_rtp
from tests.oracles import rtp as oracle
from tests.oracles.rtcp import Block, Report, Translation, bye, chunk, sdes

SEEDS = (
    write_rtp(1, 160, ssrc=7),
    write_rtp(2, 320, ssrc=7, payload_type=101, payload=digit_payload(5, 800, end=True)),
    b"\x9f" + write_rtp(3, 480, ssrc=7)[1:12] + b"\0\0\0\1" * 15 + b"\xbe\xde\0\1abcd" + b"\xff" * 160,
    b"\xa0" + write_rtp(4, 640, ssrc=7, payload=b"\xff" * 159 + b"\x04")[1:],
    Report(7, (1, 2, 3, 4, 5), [Block(9, 1, 2, 3, 4, 5, 6)] * 3).write() + sdes(7, b"name") + bye(7),
    Report(7, None, [Block(9)] * 31).write(),
    chunk(206, 1, b"\0" * 12) + chunk(204, 0, b"\0" * 12) + chunk(207, 0, b"\0" * 40),
)
TRANSLATION = Translation(
    sender_ssrc=1, in_step=True, ts_offset=2, packets=3, payload_bytes=4, heard_ssrc=9, heard_in_step=True,
    origin_ssrc=5, seq_offset=6, origin_max=0x1FFFF, cname=b"0123456789abcdef",
)  # fmt: skip


def damaged(rng: random.Random) -> bytes:
    """A good packet with a few changes: flipped bytes, cuts, repeats, or noise."""
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(8))
            case 3:
                data += rng.choice(SEEDS)
            case _:
                data[at : at + 2] = rng.choice((b"\xff\xff", b"\0\0", b"\x7f\xff", b"\x80\x00"))
    return bytes(data)


def try_kernels(data: bytes, digits: kernels.DigitsProbe, rng: random.Random) -> None:
    assert kernels.parse_rtp(data) == oracle.parse(data)
    kernels.classify(data)
    digits.receive(data[:8], rng.randrange(2**32), rng.choice((0, 8000, 48000)), rng.randrange(10_000))
    if kernels.is_valid_rtcp(data):
        kernels.read_rtcp(data, 9)
        assert len(kernels.translate_rtcp(data, TRANSLATION)) <= len(data) + 28


async def fuzz(seconds: float, seed: int) -> int:
    """Returns how many packets were tried."""
    rng, digits, tried = random.Random(seed), kernels.DigitsProbe(), 0
    media = MediaEngine(bind_host="127.0.0.1", port_min=31000, port_max=31099, silence_ms=100)
    await media.start()
    a, b = Phone(ssrc=7), Phone(ssrc=8)
    sa, sb = media.open_stream(label="fuzz/a"), media.open_stream(label="fuzz/b")
    sa.set_remote(a.remote(rtcp_mux=True))
    sb.set_remote(b.remote())
    media.link(sa, sb, {n: n for n in range(128)}, {n: n for n in range(128)})
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(50):
            data = damaged(rng)
            try_kernels(data, digits, rng)
            a.throw(data, sa.rtp_port)
            b.throw(data, sb.rtcp_port, rtcp=rng.random() < 0.5)
            tried += 1
        await asyncio.sleep(0)
        for phone in (a, b):
            phone.hear_raw(phone.rtp)
            phone.hear_rtcp()
    for _ in range(50):  # the first may look like a jump from what was damaged (RFC 3550 A.1)
        a.say(sa.rtp_port)
        await asyncio.sleep(0.05)
        if b.hear_raw(b.rtp):
            break
    else:
        raise AssertionError("the engine relays no more")
    a.close()
    b.close()
    await media.stop()
    return tried


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**32
    print(f"seed {seed}", flush=True)
    print(f"{asyncio.run(fuzz(seconds, seed))} packets, nothing found")


if __name__ == "__main__":
    main()
