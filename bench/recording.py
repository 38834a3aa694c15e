"""Our audio engine recording every call: `python -m bench.recording PORT_MIN PORT_MAX FOLDER FORMAT [LISTENER]`.

FORMAT is "none", "wav" or "opus". With the port of `bench.listeners`, as many prompts as calls are played to it, each
on a stream of its own. The first line of standard input is a JSON list of calls, [phone A's port, phone B's
port], answered with the list of [port for A, port for B]; every further line is answered with what was spent so far.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Literal, cast

import uvloop

from bench.relay import open_call
from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.media.recording import Recording
from pbx.model.stream import RemoteMedia, StreamFormat
from tests.oracles.tones import speech_like, to_bytes

PROMPT_HZ = 8000


async def play_prompts(media: MediaEngine, players: int, listener: int) -> None:
    """Spread over some time, as calls begin; each goes round from another place."""
    clip = Clip(to_bytes(speech_like(PROMPT_HZ, 10)), PROMPT_HZ)
    form = StreamFormat(0, "PCMU")
    for n in range(players):
        stream = media.open_stream(label=f"prompt/{n}")
        stream.set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=listener, formats=(form,), voice=form))
        media.play(stream, clip, loop=True, start_ms=n * 37)
        await asyncio.sleep(0.0013)


async def serve(
    port_min: int, port_max: int, folder: Path, way: Literal["none", "wav", "opus"], listener: int
) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=port_min, port_max=port_max, silence_ms=60_000)
    await media.start()
    loop = asyncio.get_running_loop()
    calls = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    ports = [open_call(media, number, phones) for number, phones in enumerate(calls)]
    first_sides = [stream for stream in media.open_streams if stream.label.endswith("/a")]
    recordings: list[Recording] = []
    if way != "none":
        for number, stream in enumerate(first_sides):
            path = folder / f"{number}.{way}"
            recordings.append(media.record(stream, path, format=way))
    if listener:
        await play_prompts(media, len(calls), listener)
    print(json.dumps(ports), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        spent = {
            "audio_s": sum(media.native.cpu_seconds()),
            "readers_s": sum(media.reader_cpu_seconds()),
            "dropped": sum(each.tap.dropped for each in recordings),
            "ended": sum(each.ended.done() for each in recordings),
            "frames": sum(each.reading.frames for each in recordings),
            "packets": sum(each.tap.packets for each in recordings),
            "lost": sum(each.reading.lost_packets for each in recordings),
        }
        print(json.dumps(spent), flush=True)
    await media.stop()


if __name__ == "__main__":
    uvloop.run(
        serve(
            int(sys.argv[1]),
            int(sys.argv[2]),
            Path(sys.argv[3]),
            cast(Literal["none", "wav", "opus"], sys.argv[4]),
            int(sys.argv[5]) if len(sys.argv) > 5 else 0,
        )
    )
