"""A new key: everything opens with it, wherever the process ended; and no sealed field is forgotten."""

from __future__ import annotations

import base64
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE, KEY_VARIABLE, SealBrokenError, SecretBox
from pbx.model.extension import ExtensionWrite
from pbx.model.flow import Flow, FlowNode
from pbx.model.kinds import EXTENSION, FLOW, TRUNK
from pbx.model.push_phone import PushPhone
from pbx.model.trunk import TrunkWrite
from pbx.model.validate import problems_of
from pbx.store.database import FILE_NAME, Database
from pbx.store.flow_secrets import FLOW_SECRETS
from pbx.store.key_rotation import NEW, SEALED, in_use, rotate, settle, settled_key
from pbx.store.lock import DataDirLock
from pbx.store.push_phones import PushPhoneStore
from pbx.store.records import RecordStore
from pbx.store.state import StateStore

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRETS = ("sip-password-101", "trunk-password", "flow-signing-key-0123", "push-token", "mail-password")
TRUNK_RECORD = {
    "id": "provider", "name": "Provider", "host": "sip.provider.example", "username": "u", "password": SECRETS[1],
}  # fmt: skip


def flow(key: str) -> Flow:
    node = FlowNode(type="webhook", parameters={"url": "https://crm.example/", "signing_key": key})
    return Flow(number="800", name="Crm", nodes={"ask": node})


async def fill(data_dir: Path) -> None:
    data_dir.mkdir(exist_ok=True)
    async with await Database.open(data_dir / FILE_NAME, poll_s=0) as database:
        box = SecretBox(settled_key(data_dir, {}))
        records = RecordStore(database, box)
        await records.create(EXTENSION, ExtensionWrite(number="101", name="Anna", sip_password=SECRETS[0]))
        assert not problems_of(TRUNK_RECORD, TrunkWrite)
        await records.create(TRUNK, msgspec.convert(TRUNK_RECORD, TrunkWrite))
        await records.create(FLOW, flow(SECRETS[2]))
        phone = PushPhone(
            id="p1",
            extension="101",
            service="webpush",
            app="",
            sandbox=False,
            device="x",
            told_by="register",
            seen_at=NOW,
        )
        await PushPhoneStore(database, box).put(phone, SECRETS[3])
        sealed = base64.b64encode(box.seal(SECRETS[4], context="mail password")).decode()
        await StateStore(database).put("mail password", sealed)
        await StateStore(database).put("something else", "bm8=")


async def found(data_dir: Path) -> tuple[str | None, ...]:
    """All secrets, opened with the key that is in place."""
    async with await Database.open(data_dir / FILE_NAME, poll_s=0) as database:
        box = SecretBox(settled_key(data_dir, {}))
        records = RecordStore(database, box)
        stored = await records.get(FLOW, "800")
        assert stored is not None
        sealed = await StateStore(database).get("mail password", str)
        assert sealed is not None
        return (
            await records.secret(EXTENSION, "101"),
            await records.secret(TRUNK, "provider"),
            records.flow_secrets.open(stored.record.nodes["ask"].parameters["signing_key"]),
            await PushPhoneStore(database, box).token("p1"),
            box.open(base64.b64decode(sealed), context="mail password"),
        )


async def test_everything_opens_with_the_new_key_and_nothing_with_the_old(tmp_path: Path) -> None:
    await fill(tmp_path)
    before = (tmp_path / KEY_FILE).read_text()
    opened = await found(tmp_path)
    assert all(secret in str(text) for secret, text in zip(SECRETS, opened, strict=True))
    done = rotate(tmp_path, NOW, environ={})
    assert done.fields == 6, "those of the office, and the flow once more in the audit log"
    assert (tmp_path / KEY_FILE).read_text() != before
    assert done.before.read_text() == before
    assert await found(tmp_path) == opened
    old = SecretBox(base64.b64decode(before))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        (sealed,) = connection.execute("SELECT secret FROM records WHERE kind='extension'").fetchone()
        with pytest.raises(SealBrokenError):
            old.open(sealed, context="extension:101")
    assert not (tmp_path / NEW).exists()


POINTS = (
    "the new key is written",
    "all is written, nothing is kept",
    "everything is sealed anew",
    "the old key is kept",
    "the new key is in place",
)


async def test_a_process_that_ends_anywhere_leaves_an_office_that_opens(tmp_path: Path) -> None:
    await fill(tmp_path)
    opened = await found(tmp_path)
    for point in POINTS:
        assert interrupted(tmp_path, point) == 77, point
        settle(tmp_path)
        assert not (tmp_path / NEW).exists()
        assert await found(tmp_path) == opened, point


def interrupted(data_dir: Path, point: str) -> int:
    """The exit status of a process that ends there."""

    def stop(passed: str) -> None:
        if passed == point:
            os._exit(77)

    child = os.fork()
    if child == 0:
        rotate(data_dir, NOW, environ={}, passed=stop)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def test_what_uses_the_key_forbids_changing_it(tmp_path: Path) -> None:
    await fill(tmp_path)
    with in_use(tmp_path), pytest.raises(StartupError, match="another pbx command"):
        rotate(tmp_path, NOW, environ={})
    lock = DataDirLock.take(tmp_path)
    with pytest.raises(StartupError, match="used by another node"):
        rotate(tmp_path, NOW, environ={})
    lock.release()
    with pytest.raises(StartupError, match=KEY_VARIABLE):
        rotate(tmp_path, NOW, environ={KEY_VARIABLE: "x"})
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("UPDATE records SET secret=zeroblob(40) WHERE kind='trunk'")
        connection.commit()
    before = (tmp_path / KEY_FILE).read_text()
    with pytest.raises(StartupError, match="trunk:provider"):
        rotate(tmp_path, NOW, environ={})
    assert (tmp_path / KEY_FILE).read_text() == before
    assert not (tmp_path / NEW).exists()


def test_every_sealed_column_of_the_layout_is_known_here() -> None:
    known = {(each.table, each.column) for each in SEALED} | {("answers", "answer")}
    told: set[tuple[str, str]] = set()
    for path in (ROOT / "pbx/store/migrations").glob("*.sql"):
        table = ""
        for line in path.read_text().splitlines():
            if made := re.match(r"(?:CREATE|ALTER) TABLE (\w+)", line):
                table = made[1]
            if column := re.search(r"(?:^|ADD COLUMN)\s+(\w+)\s+BLOB.*--.*sealed", line):
                told.add((table, column[1]))
    told.discard(("extensions", "sip_password"))  # became records.secret
    assert told <= known
    assert ("records", "secret") in told


def test_whoever_seals_is_known_here() -> None:
    """Another place that seals is one more that a new key must open: add it to key_rotation, then here."""
    places = {
        str(path.relative_to(ROOT / "pbx"))
        for path in (ROOT / "pbx").rglob("*.py")
        if re.search(r"box\.seal\(", path.read_text())
    }
    assert places == {
        "store/answers.py",  # forgotten
        "store/flow_secrets.py",
        "store/push_phones.py",
        "store/records.py",
        "store/sealed_state.py",
        "store/second_factor.py",
        "store/sync.py",
    }


def test_secret_parameters_of_flow_nodes_are_sealed() -> None:
    schema = msgspec.json.decode((ROOT / "site/schema/nodes.json").read_bytes())
    text = msgspec.json.encode(schema).decode()
    assert text.count('"x-widget":"password"') == sum(map(len, FLOW_SECRETS.values()))


async def test_what_an_older_version_left_in_clear_is_sealed_at_the_start(tmp_path: Path) -> None:
    clear = msgspec.json.encode(flow("in-clear-0123456789")).decode()
    async with await Database.open(tmp_path / FILE_NAME, poll_s=0) as database:
        records = RecordStore(database, SecretBox(settled_key(tmp_path, {})))
        await records.create(FLOW, flow("in-clear-0123456789"))
        sealed = (await records.get(FLOW, "800")).record  # type: ignore[union-attr]
        await database.write(lambda c: c.execute("UPDATE records SET record=?", (clear,)))
        await database.write(lambda c: c.execute("UPDATE audit SET after=?", (clear,)))
        await records.seal_flows()
        assert (await records.get(FLOW, "800")).record == sealed  # type: ignore[union-attr]
        assert records.flow_secrets.opened(sealed) == flow("in-clear-0123456789")
        rows = await database.read(
            lambda c: c.execute("SELECT record FROM records UNION SELECT after FROM audit").fetchall()
        )
        assert "in-clear" not in str(rows)
