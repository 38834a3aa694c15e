"""A secret of the node that people set at run time: sealed, in one entry of its state."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from pbx.core.secret import SealBrokenError

if TYPE_CHECKING:
    from pbx.core.secret import SecretBox
    from pbx.store.state import StateStore

__all__ = ["SealedState"]


class SealedState:
    """`key` names the entry."""

    def __init__(self, state: StateStore, box: SecretBox, key: str) -> None:
        self._state = state
        self._box = box
        self._key = key

    async def put(self, secret: str) -> None:
        """ "" for none."""
        sealed = self._box.seal(secret, context=self._key)
        await self._state.put(self._key, base64.b64encode(sealed).decode())

    async def get(self) -> str | None:
        """None when none was ever set, and when it was sealed by another key file: it has to be typed again."""
        sealed = await self._state.get(self._key, str)
        if not sealed:
            return None
        try:
            return self._box.open(base64.b64decode(sealed), context=self._key)
        except (SealBrokenError, ValueError):
            return None
