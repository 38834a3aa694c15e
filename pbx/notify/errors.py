"""Why something could not be sent."""

from __future__ import annotations

from pbx.core.errors import PbxError

__all__ = ["SendError"]


class SendError(PbxError):
    """One attempt failed, in words for people. `final`: another one would fail too."""

    def __init__(self, words: str, *, final: bool = False) -> None:
        super().__init__(words)
        self.final = final
