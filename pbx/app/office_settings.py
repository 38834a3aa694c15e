"""The settings of the office as they are now, for parts that ask for them with every call."""

from __future__ import annotations

from pbx.core.events import EventBus
from pbx.model.settings import OfficeSettings
from pbx.store.settings import TOPIC, SettingStore

__all__ = ["CurrentSettings"]


class CurrentSettings:
    """`now` is what is stored: `load` it before the first call, and `follow` it for ever."""

    def __init__(self, store: SettingStore, bus: EventBus) -> None:
        self._store = store
        self._bus = bus
        self.now = OfficeSettings()

    async def load(self) -> None:
        self.now = await self._store.get()

    async def follow(self) -> None:
        with self._bus.subscribe(TOPIC) as changes:
            await self.load()
            async for published in changes:
                if isinstance(published.event, OfficeSettings):
                    self.now = published.event
