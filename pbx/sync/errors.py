"""Why a bundle was not applied."""

from __future__ import annotations

from typing import Literal

from pbx.core.errors import PbxError, UserError

__all__ = ["SyncError"]


class SyncError(PbxError):
    """Nothing was changed. `trouble` says whether time may help: nobody answered ("unreachable"), files are missing or
    not whole, as while they are being replaced ("incomplete"), or what came may not be applied ("refused")."""

    def __init__(
        self,
        trouble: Literal["unreachable", "incomplete", "refused"],
        text: str,
        *,
        faults: tuple[UserError, ...] = (),
    ) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.faults = faults
