"""The settings of the office by API."""

from __future__ import annotations

from pbx.store.settings import TOPIC
from tests.api.conftest import PASSWORD, Node, StartNode

SETTINGS = "/api/v1/settings"


async def test_settings_are_patched_field_by_field_and_told(node: Node) -> None:
    before = await node.json("GET", SETTINGS)
    assert (before["office_name"], before["hold_music"]) == ("", "")
    with node.deps.bus.subscribe(TOPIC) as changes:
        await node.json("PATCH", SETTINGS, json={"hold_music": "music.ogg"})
        changed = await node.json("PATCH", SETTINGS, json={"office_name": "Bern"})
        assert changed == {**before, "office_name": "Bern", "hold_music": "music.ogg"}
        assert (await anext(changes)).event.hold_music == "music.ogg"  # type: ignore[attr-defined]
    assert await node.json("GET", SETTINGS) == changed


async def test_a_file_outside_the_folder_is_refused(node: Node) -> None:
    for name in ("../secret.key", "/etc/passwd", ".hidden"):
        await node.json("PATCH", SETTINGS, 422, json={"hold_music": name})


async def test_one_setting_of_recording_changes_and_the_others_stay(node: Node) -> None:
    await node.json("PATCH", SETTINGS, json={"recording": {"calls": "on_demand", "keep_days": 30}})
    await node.json("PATCH", SETTINGS, json={"recording": {"format": "opus"}})
    recording = (await node.json("GET", SETTINGS))["recording"]
    assert (recording["calls"], recording["keep_days"], recording["format"]) == ("on_demand", 30, "opus")
    for wrong in ({"pause_keys": "12"}, {"quota_percent": 0}, {"calls": "sometimes"}):
        await node.json("PATCH", SETTINGS, 422, json={"recording": wrong})


async def test_the_password_of_the_mail_server_is_written_and_never_read(start_node: StartNode) -> None:
    kept: list[str] = []

    async def keep(password: str) -> None:
        kept.append(password)

    node = await start_node(mail_password=keep)
    await node.json("PUT", f"{SETTINGS}/mail-password", 204, json={"password": "geheim"})
    await node.json("PUT", f"{SETTINGS}/mail-password", 422, json={"password": "a\nb"})
    assert kept == ["geheim"]
    settings = await node.json("PATCH", SETTINGS, json={"mail": {"host": "mail.office.example"}})
    assert settings["mail"]["host"] == "mail.office.example"
    assert "password" not in settings["mail"]
    await node.json("PATCH", SETTINGS, 422, json={"mail": {"host": "no host/"}})


async def test_who_signs_in_learns_the_zone_of_the_office(node: Node) -> None:
    await node.json("PATCH", "/api/v1/settings", 200, json={"time_zone": "Asia/Tokyo"})
    await node.deps.users.create("zoe", PASSWORD, role="owner")
    token = await node.json("POST", "/api/v1/jwt", 201, json={"username": "zoe", "password": PASSWORD})
    assert token["session"]["time_zone"] == "Asia/Tokyo"
