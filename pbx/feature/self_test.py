"""The two codes everybody dials first: one sends your own voice back, one plays a tone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pbx.call.call import Call
from pbx.call.pick_up import pick_up
from pbx.call.ports import Prompt
from pbx.call.silence import SilenceWatch

LONGEST_S = 3600.0


class SelfTest:
    """Echo and tone; `tone` makes what is played, when it is first asked for."""

    def __init__(self, tone: Callable[[], Prompt]) -> None:
        self._tone = tone

    async def echo(self, call: Call, _argument: str) -> None:
        """Answer and send back what is heard, in whatever codec the caller likes best."""
        await pick_up(call)
        with SilenceWatch(call, call.a):
            call.ports.media.echo(call.a.stream)
            await asyncio.sleep(LONGEST_S)

    async def tone(self, call: Call, _argument: str) -> None:
        """Answer and play a steady tone, in whatever codec the caller likes best."""
        await pick_up(call)
        with SilenceWatch(call, call.a):
            call.ports.media.play(call.a.stream, self._tone(), loop=True)
            await asyncio.sleep(LONGEST_S)
