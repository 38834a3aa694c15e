"""Calls that an older program wrote down are found by what newer ones ask for."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

from pbx.call.cdr import fold
from pbx.model.call_event import CallEnded, CallEvent, CallOffered, LegAnswered, LegDialled
from pbx.model.cdr import Cdr
from pbx.model.queue_event import QueueJoined
from pbx.store.cdrs import CdrStore
from pbx.store.database import Database
from pbx.store.migrate import migrate, steps
from pbx.store.table import Table
from tests.fakes.clock import EPOCH

NEW = ("direction", "did", "trunk", "queue", "wait_s", "missed", "test")


def call(name: str, extension: str | None, source: str, *middle: CallEvent) -> Cdr:
    offered = CallOffered(
        call=name,
        at=EPOCH,
        from_number=extension or "+4930",
        from_name="Ute",
        from_extension=extension,
        dialled="102",
        source=source,
    )
    ended = CallEnded(call=name, at=EPOCH + timedelta(seconds=60), cause="normal")
    return fold([offered, *middle, ended])


def dialled(name: str, trunk: str | None = None) -> LegDialled:
    return LegDialled(call=name, at=EPOCH + timedelta(seconds=2), leg="b1", target="sip:x", trunk=trunk)


def answered(name: str) -> LegAnswered:
    return LegAnswered(call=name, at=EPOCH + timedelta(seconds=9), leg="b1")


async def test_old_rows_get_what_new_ones_have(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, steps()[:9])
    queued = QueueJoined(call="in", at=EPOCH, queue="600", position=1)
    caller = LegAnswered(call="in", at=EPOCH, leg="a")
    old = [
        call("in", None, "trunk:provider", caller, queued, dialled("in"), answered("in")),
        call("missed", None, "trunk:provider", dialled("missed")),
        call("out", "101", "10.0.0.5:5060", dialled("out", "provider"), answered("out")),
        call("inside", "101", "10.0.0.5:5060", dialled("inside"), answered("inside")),
    ]
    for each in old:
        Table(Cdr, "cdrs", without=NEW).insert(connection, each)
    connection.close()
    async with await Database.open(path, poll_s=0) as database:
        store = CdrStore(database)
        found = {name: await store.get(name) for name in ("in", "missed", "out", "inside")}
        (page, total) = await store.list()
    assert {name: each and each.direction for name, each in found.items()} == {
        "in": "inbound",
        "missed": "inbound",
        "out": "outbound",
        "inside": "internal",
    }
    incoming, missed, out = (found[name] for name in ("in", "missed", "out"))
    assert incoming is not None
    assert missed is not None
    assert out is not None
    assert (incoming.did, incoming.queue, incoming.wait_s, incoming.missed) == ("102", "600", 9.0, False)
    assert (missed.missed, missed.wait_s) == (True, 60.0)
    assert (out.trunk, out.did, out.missed) == ("provider", None, False)
    assert total == len(page) == 4
