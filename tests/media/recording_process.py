"""A process that records a call of its own until it is killed: `python -m tests.media.recording_process FOLDER LIMIT`.

It opens one call, records both streams into FOLDER (a.wav, b.opus), prints the ports for the two phones and answers
each line of standard input with a JSON line: packets passed on, packets dropped from taps, and what ended. LIMIT is the
size that no file may pass (RLIMIT_FSIZE), 0 for none.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from pbx.media.engine import MediaEngine
from pbx.model.stream import RemoteMedia, StreamFormat
from tests.media.conftest import port_range


async def serve(folder: Path, limit: int) -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    first, last = port_range()
    media = MediaEngine(bind_host="127.0.0.1", port_min=first, port_max=last, silence_ms=60_000)
    await media.start()
    loop = asyncio.get_running_loop()
    ports = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    streams = []
    for side, port in zip("ab", ports, strict=True):
        stream = media.open_stream(label=f"call/{side}")
        stream.set_remote(
            RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=(StreamFormat(0, "PCMU"),))
        )
        streams.append(stream)
    media.link(streams[0], streams[1], {0: 0}, {0: 0})
    recordings = [
        media.record(streams[0], folder / "a.wav"),
        media.record(streams[1], folder / "b.opus", format="opus"),
    ]
    print(json.dumps([stream.rtp_port for stream in streams]), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        answer = {
            "sent": [stream.stats().packets_out for stream in streams],
            "dropped": [recording.tap.dropped for recording in recordings],
            "ended": [each.ended.result().reason if each.ended.done() else "" for each in recordings],
        }
        print(json.dumps(answer), flush=True)
    await media.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
