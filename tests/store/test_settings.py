from __future__ import annotations

from pbx.core.events import EventBus
from pbx.model.settings import OfficeSettings
from pbx.store.database import Database
from pbx.store.settings import SettingStore


async def test_settings_have_defaults_and_come_back(database: Database) -> None:
    store = SettingStore(database, EventBus())
    assert await store.get() == OfficeSettings()
    await store.put(OfficeSettings(office_name="Berlin"))
    await store.put(OfficeSettings(office_name="Bern"))
    assert await store.get() == OfficeSettings(office_name="Bern")


async def test_keys_of_a_newer_program_are_passed_over(database: Database) -> None:
    await database.write(lambda c: c.execute("INSERT INTO settings VALUES ('later', '{\"a\": 1}')"))
    assert await SettingStore(database, EventBus()).get() == OfficeSettings()
