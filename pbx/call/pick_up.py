"""Answer a caller who is to talk with the node alone."""

from __future__ import annotations

from pbx.call.call import Call
from pbx.call.codecs import digits, voice

__all__ = ["pick_up"]


async def pick_up(call: Call) -> None:
    """Answer in whatever codec the caller likes best; one that made no offer gets all our codecs to choose from.

    Raises `LegFailed` when the caller vanished, `PeerError` when its late answer does not fit.
    """
    offered = call.offered_formats()
    formats = voice(offered) if call.offer is None else voice(offered)[:1]
    clocks = {each.clock_hz for each in formats}
    await call.answer_caller(formats + tuple(each for each in digits(offered) if each.clock_hz in clocks))
