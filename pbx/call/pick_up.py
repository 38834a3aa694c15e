"""Answer a caller who is to talk with the node alone."""

from __future__ import annotations

from pbx.call.call import Call
from pbx.call.codecs import digits, voice
from pbx.sip.sdp.format import Format

__all__ = ["pick_up", "with_digits"]


async def pick_up(call: Call) -> None:
    """Answer in whatever codec the caller likes best; one that made no offer gets all our codecs to choose from.

    Raises `LegFailed` when the caller vanished, `PeerError` when its late answer does not fit.
    """
    offered = call.offered_formats()
    formats = voice(offered) if call.offer is None else voice(offered)[:1]
    await call.answer_caller(with_digits(formats, offered))


def with_digits(voices: tuple[Format, ...], offered: tuple[Format, ...]) -> tuple[Format, ...]:
    """These codecs and telephone-event at their clocks (RFC 4733 2.1); where there is none such, at any: phones that
    speak Opus offer it at 8000 alone.
    """
    clocks = {each.clock_hz for each in voices}
    events = digits(offered)
    return voices + (tuple(each for each in events if each.clock_hz in clocks) or events)
