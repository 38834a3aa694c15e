"""The hold music follows the settings of the office."""

from __future__ import annotations

from pbx.core.tasks import Supervisor
from pbx.media.hold_music import HoldMusic
from pbx.model.settings import OfficeSettings
from pbx.store.settings import SettingStore

__all__ = ["follow_hold_music"]


async def follow_hold_music(music: HoldMusic, settings: SettingStore) -> None:
    """Tell the music which file is wanted, at the start and whenever that changes; for ever."""

    async def use(now: OfficeSettings) -> None:
        music.want(now.hold_music)

    async with Supervisor() as tasks:
        tasks.spawn("hold music file", music.run())
        await settings.follow(use)
