"""The settings of the office as they are now, for parts that ask for them with every call."""

from __future__ import annotations

from pbx.model.settings import OfficeSettings
from pbx.store.settings import SettingStore

__all__ = ["CurrentSettings"]


class CurrentSettings:
    """`now` is what is stored: `load` it before the first call, and `follow` it for ever."""

    def __init__(self, store: SettingStore) -> None:
        self._store = store
        self.now = OfficeSettings()

    async def load(self) -> None:
        self.now = await self._store.get()

    async def follow(self) -> None:
        await self._store.follow(self._use)

    async def _use(self, settings: OfficeSettings) -> None:
        self.now = settings
