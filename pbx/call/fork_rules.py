"""What a fork asks about the places that it rings: when, for how long, whether an answer counts, where else to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.model.party import DialTarget

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg

__all__ = ["ForkRules"]


class ForkRules:
    """The plain rules: everybody rings from the start until the time is up, and the first answer wins.

    `tells_ringing`: the party hears that it rings; else it hears something already.
    """

    tells_ringing = True

    def passes_early_media(self, _target: DialTarget) -> bool:
        """Whether the party hears what the phone says before it answers."""
        return True

    def declines_for_all(self, _target: DialTarget) -> bool:
        """Whether who declines there (6xx) speaks for everybody; else only their own phones stop ringing."""
        return True

    def starts_after_s(self, _target: DialTarget) -> float:
        return 0.0

    def rings_for_s(self, _target: DialTarget) -> float | None:
        """None: as long as the others."""
        return None

    def opened(self, _leg: CallLeg, _target: DialTarget) -> None:
        """A leg for it was made and is to be dialled: what it takes hold of now it gives back when it closes.

        Raises `PeerError` when it cannot be dialled.
        """

    async def accepts(self, _call: Call, _leg: CallLeg, _target: DialTarget) -> bool:
        """Whether this answer takes the call; when not, the leg is hung up and the others ring on."""
        return True

    def woken(self, target: DialTarget, awake: DialTarget) -> None:
        """A phone that slept is now there: what holds for `target` holds for `awake`."""

    def instead(self, _target: DialTarget, _status: int) -> DialTarget | None:
        """Another way to the same place, when this one was refused."""
        return None
