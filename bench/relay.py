"""Our audio engine alone in a process, to be measured: `python -m bench.relay PORT_MIN PORT_MAX LOOP`.

Once it runs, it prints how packets get in and out: LOOP, or what "auto" means here. Each line of standard input is a
JSON list of calls, [phone A's port, phone B's port]; each is answered with the list of [port for A, port for B]. The
process ends when standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys

import msgspec
import uvloop

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.model.stream import RemoteMedia, StreamFormat

PCMU = {0: 0}


def open_call(media: MediaEngine, number: int, ports: tuple[int, int]) -> list[int]:
    """Two linked streams whose phones are at these ports; returns the streams' ports."""
    streams = []
    for side, port in zip("ab", ports, strict=True):
        stream = media.open_stream(label=f"{number}/{side}")
        stream.set_remote(
            RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=(StreamFormat(0, "PCMU"),))
        )
        streams.append(stream)
    media.link(streams[0], streams[1], PCMU, PCMU)
    return [stream.rtp_port for stream in streams]


async def serve(port_min: int, port_max: int, way: LoopSetting) -> None:
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=port_min, port_max=port_max, silence_ms=60_000, loop=way
    )
    await media.start()
    print(media.loop_name, flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        calls = json.loads(line)
        print(json.dumps([open_call(media, number, ports) for number, ports in enumerate(calls)]), flush=True)
    await media.stop()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2]), msgspec.convert(sys.argv[3], LoopSetting)))
