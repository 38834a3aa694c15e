"""Calls through the engine twice, to be measured: `python -m bench.relay_chain PORT_MIN PORT_MAX PROFILE`.

    phone A, plain → [stream 1 | stream 2] → PROFILE → [stream 3 | stream 4] → plain, phone B

Between the two middle streams audio is encrypted with the SRTP profile of that number, plain for 0. So each packet is
relayed twice, once to be protected and once to be unprotected, and no phone need know. Spoken to as `bench.relay`.
"""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop

from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import RemoteMedia, SrtpKey, StreamFormat

PCMU = {0: 0}
SIZES = {1: (16, 14), 2: (16, 14), 7: (16, 12), 8: (32, 12)}


def aim(stream: Stream, port: int) -> None:
    stream.set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=(StreamFormat(0, "PCMU"),)))


def key(profile: int, seed: int) -> SrtpKey:
    key_bytes, salt_bytes = SIZES[profile]
    return SrtpKey(profile, bytes([seed & 0xFF] * key_bytes), bytes([seed >> 8 & 0xFF] * salt_bytes))


def open_call(media: MediaEngine, number: int, ports: tuple[int, int], profile: int) -> list[int]:
    """Four streams in a row; returns the ports of the first and the last."""
    first, second, third, last = (media.open_stream(label=f"{number}/{side}") for side in "abcd")
    aim(first, ports[0])
    aim(second, third.rtp_port)
    aim(third, second.rtp_port)
    aim(last, ports[1])
    if profile:
        there, back = key(profile, 2 * number), key(profile, 2 * number + 1)
        second.secure(back, there)
        third.secure(there, back)
    media.link(first, second, PCMU, PCMU)
    media.link(third, last, PCMU, PCMU)
    return [first.rtp_port, last.rtp_port]


async def serve(port_min: int, port_max: int, profile: int) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=port_min, port_max=port_max, silence_ms=60_000)
    await media.start()
    print(media.loop_name, flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        opened = [open_call(media, number, ports, profile) for number, ports in enumerate(json.loads(line))]
        print(json.dumps(opened), flush=True)
    await media.stop()


if __name__ == "__main__":
    uvloop.run(serve(*map(int, sys.argv[1:4])))
