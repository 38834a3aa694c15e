"""The hold music follows the settings of the office."""

from __future__ import annotations

from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.media.hold_music import HoldMusic
from pbx.model.settings import OfficeSettings
from pbx.store.settings import TOPIC, SettingStore

__all__ = ["follow_hold_music"]


async def follow_hold_music(music: HoldMusic, settings: SettingStore, bus: EventBus) -> None:
    """Tell the music which file is wanted, at the start and whenever that changes; for ever."""
    async with Supervisor() as tasks:
        with bus.subscribe(TOPIC) as changes:
            music.want((await settings.get()).hold_music)
            tasks.spawn("hold music file", music.run())
            async for published in changes:
                if isinstance(published.event, OfficeSettings):
                    music.want(published.event.hold_music)
