"""Sound files too long for memory: read while they are heard, by whoever plays the feed that is handed out."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from media_ext.sound_door import Feed
from pbx.core.tasks import Supervisor, cancelled
from pbx.media.sound import FEED_MS, FEED_RATES_HZ, SoundReader, open_sound, pour

__all__ = ["Streamer"]

log = logging.getLogger(__name__)

LOOK_S = 1.0
BEGINS_WITHIN_S = 600.0
STANDS_FOR_S = 15.0
"""A feed that has been played and then stands so long is not played any more."""


class Streamer:
    """`tasks` own what is read. A feed that nobody plays (any more) is given up by itself."""

    def __init__(self, tasks: Supervisor) -> None:
        self._tasks = tasks

    async def stream(self, path: Path) -> Feed:
        """A feed that is being filled. Raises `SoundError`."""
        loop = asyncio.get_running_loop()
        reader = await loop.run_in_executor(None, open_sound, path)
        rate_hz = next(each for each in FEED_RATES_HZ if each >= min(reader.rate_hz, FEED_RATES_HZ[-1]))
        feed = Feed(rate_hz, room_ms=FEED_MS)
        begun = asyncio.Event()
        self._tasks.spawn(f"sound file {path.name}", self._fill(reader, feed, begun))
        await begun.wait()
        return feed

    async def _fill(self, reader: SoundReader, feed: Feed, begun: asyncio.Event) -> None:
        filling = self._tasks.spawn("filling", pour(reader, feed, begin=begun.set))
        filling.add_done_callback(lambda _: begun.set())
        loop = asyncio.get_running_loop()
        played, since = 0, loop.time()
        try:
            while not filling.done():
                await asyncio.wait([filling], timeout=LOOK_S)
                if feed.played_ms != played:
                    played, since = feed.played_ms, loop.time()
                elif loop.time() - since > (STANDS_FOR_S if played else BEGINS_WITHIN_S):
                    log.debug("a sound file is not heard any more")
                    return
        finally:
            await cancelled(filling)
            reader.close()
