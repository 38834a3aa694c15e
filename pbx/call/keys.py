"""Keys of a phone that has no telephone-event come as tones: whether the engine looks for them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pbx.call.codecs import digits

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg

__all__ = ["hear_tones"]


def hear_tones(call: Call, leg: CallLeg, *, on: bool) -> None:
    """Look for DTMF in what the phone says, or no longer; nothing for a phone that has a better way."""
    if call.ports.transcoder is not None and not digits(leg.sends):
        with suppress(ValueError):
            call.ports.transcoder.detect_digits(leg.stream, on)
