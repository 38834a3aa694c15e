"""Sound between two legs: packets passed on as they are, or decoded and encoded when the phones differ.

both hear what the other sends  → `media.link`: packets, with the numbers changed (RFC 3264 5.1)
else                            → `transcoder.bridge`: sound, decoded and encoded

Digits that packets cannot carry (one phone has no telephone-event, or one of another clock) are said by the node when
they have ended: that costs a moment of delay, and no decoding.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pbx.call.codecs import digits, passes, voice
from pbx.call.leg import CallLeg
from pbx.call.ports import Transcoder
from pbx.core.errors import PeerError
from pbx.model.audio_event import AudioJoined
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.negotiate import payload_map

if TYPE_CHECKING:
    from pbx.call.call import Call

log = logging.getLogger(__name__)

__all__ = ["flow_between", "pass_digit"]


def flow_between(call: Call, leg: CallLeg) -> None:
    """Let the caller and `leg` hear each other. Raises `PeerError` 488 when nothing here can bring them together."""
    a, transcoder = call.a, call.ports.transcoder
    transcoded = not passes(voice(a.sends), voice(leg.sends))
    if transcoded and transcoder is not None:
        transcoded = _bridge(transcoder, a, leg)
    if not transcoded or transcoder is None:
        transcoded = False
        _link(call, leg)
    joined = (leg.name, a.codec, leg.codec, transcoded)
    if call.joined != joined:
        call.joined = joined
        call.record(
            AudioJoined(
                call=call.id,
                at=call.now(),
                leg=leg.name,
                caller_codec=a.codec,
                codec=leg.codec,
                transcoded=transcoded,
            )
        )


def pass_digit(
    call: Call, talker: CallLeg, hearer: CallLeg, digit: str, duration_ms: int, *, via: str
) -> None:
    """Give a digit to the other phone when the audio does not carry it there.

    A digit goes by INFO to a phone that has shown that it uses INFO. To all others the audio carries it, as events or
    as sound; where that cannot be, the node says it.
    """
    transcoder = call.ports.transcoder
    if hearer.keys_by_info:
        if via == "info" or digits(talker.sends):
            hearer.dialog.send_digit(digit, duration_ms)
    elif transcoder is not None and (via == "info" or not _carries_digits(call, talker, hearer)):
        try:
            transcoder.send_digits(hearer.stream, digit, duration_ms=min(max(duration_ms, 80), 1000))
        except ValueError as error:
            log.info("a digit could not be passed on", extra={"leg": hearer.name, "reason": str(error)})


def _carries_digits(call: Call, talker: CallLeg, hearer: CallLeg) -> bool:
    """Whether a telephone-event of `talker` reaches `hearer`: a bridge converts it, a relay needs a type for it."""
    if call.overheard is not None:  # a room mixes voices
        return False
    transcoded = call.joined is not None and call.joined[3]
    if transcoded:
        return True
    return not talker.keys_held and bool(payload_map(digits(talker.receives), digits(hearer.sends)))


def _bridge(transcoder: Transcoder, a: CallLeg, b: CallLeg) -> bool:
    """Join by sound; False when that cannot be done, but the voices at least can be passed on."""
    try:
        transcoder.bridge(a.stream, b.stream)
        for leg, other in ((a, b), (b, a)):
            in_sound = not digits(leg.sends) and not leg.keys_by_info and bool(digits(other.sends))
            transcoder.detect_digits(leg.stream, in_sound)
    except ValueError as error:
        if not passes(voice(a.sends), voice(b.sends)):
            raise PeerError(488, "Not Acceptable Here") from error
        log.info("digits cannot be converted", extra={"leg": b.name, "reason": str(error)})
        return False
    return True


def _link(call: Call, b: CallLeg) -> None:
    a = call.a
    if not passes(voice(a.sends), voice(b.sends)) and not (
        payload_map(voice(a.receives), voice(b.sends)) and payload_map(voice(b.receives), voice(a.sends))
    ):
        raise PeerError(488, "Not Acceptable Here")
    call.ports.media.link(
        a.stream, b.stream, payload_map(_passing(a), b.sends), payload_map(_passing(b), a.sends)
    )


def _passing(leg: CallLeg) -> tuple[Format, ...]:
    """What of a leg's packets goes on to the other: not its keys, while they may be codes of ours."""
    return (
        tuple(each for each in leg.receives if each not in digits(leg.receives))
        if leg.keys_held
        else leg.receives
    )
