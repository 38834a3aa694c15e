"""Calls that a phone answers by itself: the headers that ask for it, and the intercom to an extension.

What each maker understands (RFC 5373 is the standard that few follow):

    Yealink, Grandstream, Fanvil   Alert-Info: <…>;info=alert-autoanswer;delay=0
    Snom, Gigaset                  Call-Info: <…>;answer-after=0, or Alert-Info
    Polycom                        Alert-Info, where its class for alert-autoanswer is autoAnswer
    baresip                        any, and Answer-Mode: Auto (RFC 5373)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.connect import connect
from pbx.core.errors import PeerError
from pbx.feature.answering import own_extension
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.model.call_event import CallRouted
from pbx.model.party import DialTarget

__all__ = ["AUTO_ANSWER", "Intercom", "answering_itself"]

AUTO_ANSWER = (
    ("Call-Info", "<sip:bellwire.invalid>;answer-after=0"),
    ("Alert-Info", "<http://bellwire.invalid>;info=alert-autoanswer;delay=0"),
    ("Answer-Mode", "Auto"),
)


def answering_itself(targets: Sequence[DialTarget]) -> list[DialTarget]:
    """The same phones, asked to answer at once."""
    return [replace(each, headers=(*each.headers, *AUTO_ANSWER)) for each in targets]


class Intercom:
    """Calls a colleague whose phone answers by itself, unless they talk or want no calls."""

    def __init__(
        self, directory: Directory, extensions: ExtensionCalls, *, busy: Callable[[str], bool]
    ) -> None:
        self._directory = directory
        self._extensions = extensions
        self._busy = busy

    async def call(self, call: Call, number: str) -> None:
        """Raises `PeerError` 404, 486, 480."""
        caller = own_extension(call)
        entry = self._directory.find(number)
        if entry is None or not entry.extension.enabled or number == caller:
            raise PeerError(404, "Not Found")
        extension = entry.extension
        call.record(
            CallRouted(
                call=call.id, at=call.now(), kind="extension", to=extension.number, to_name=extension.name
            )
        )
        if extension.do_not_disturb or self._busy(number):
            raise PeerError(486, "Busy Here")
        awake = [each for each in self._extensions.targets(extension) if not each.asleep]
        targets = answering_itself(awake)
        if not targets:
            raise PeerError(480, "Temporarily Unavailable")
        await connect(
            call, targets, ring_timeout_s=extension.ring_timeout_s, redirect=self._extensions.redirect
        )
