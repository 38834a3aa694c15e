from __future__ import annotations

from pathlib import Path

from pbx.app import demo
from pbx.core.secret import SecretBox
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.store.database import Database
from pbx.store.records import RecordStore


async def test_a_first_start_makes_three_extensions_and_a_second_none(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "x.sqlite3") as database:
        store = RecordStore(database, SecretBox(bytes(32)))
        made = await demo.fill(store)
        assert [one.number for one in made] == ["101", "102", "103"]
        assert await store.everything(EXTENSION) == made
        assert len({one.sip_password for one in made}) == 3
        assert await demo.fill(store) == []
        assert await store.everything(EXTENSION) == made


async def test_an_office_that_exists_is_left_alone(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "x.sqlite3") as database:
        store = RecordStore(database, SecretBox(bytes(32)))
        await store.create(EXTENSION, ExtensionWrite(number="55", name="A", sip_password="x" * 8))
        assert await demo.fill(store) == []


def test_passwords_hold_at_least_96_bits_and_no_look_alikes() -> None:
    several = [demo.readable_password() for _ in range(200)]
    assert len(set(several)) == 200
    letters = [password.replace("-", "") for password in several]
    assert {len(one) for one in letters} == {20}  # 20 letters of 5 bits
    assert not set("".join(letters)) & set("ilouILOU")


def test_the_welcome_shows_each_login_and_its_code() -> None:
    made = [ExtensionWrite(number="101", name="Alice", sip_password="abcd-efgh")]
    (login,) = demo.logins(made, "192.0.2.1", 5060)
    text = demo.welcome([login])
    for part in ("101  Alice", "192.0.2.1", "abcd-efgh", "UDP 5060", "TCP 5060"):
        assert part in text
    assert text.count("█") > 100
    assert "█" not in demo.welcome([login], with_codes=False)
