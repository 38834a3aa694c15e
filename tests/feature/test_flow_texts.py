"""Texts of flows wait for the edge: handed over under one name, tried again, kept over a restart."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.core.tasks import cancelled
from pbx.feature.flow_texts import FlowTexts, NoWayError
from pbx.notify.sending_queue import MOST
from tests.fakes.virtual_loop import run_virtual

T = TypeVar("T")

_ids = count()
DOWN = UserError("the edge cannot be reached now", http_status=503)


class Shelf:
    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}

    async def get(self, key: str, kind: type[T]) -> T | None:
        found = self.rows.get(key)
        return None if found is None else msgspec.json.decode(found, type=kind)

    async def put(self, key: str, value: object) -> None:
        self.rows[key] = msgspec.json.encode(value)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Reply:
    status: int
    body: bytes = b""


class Door:
    """Answers what is in `answers`, one after the other; then it takes everything."""

    def __init__(self, *answers: Exception | int) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    async def request(self, method: str, path: str, *, actor: str = "", body: bytes = b"", **_: str) -> Reply:
        assert (method, path, actor) == ("POST", "/sms/send", "flow")
        self.asked.append(json.loads(body))
        answer = self.answers.pop(0) if self.answers else 201
        if isinstance(answer, Exception):
            raise answer
        return Reply(answer, b'{"detail": "They have opted out."}' if answer >= 400 else b"{}")


def texts(door: Door, *, has_edge: bool = True) -> FlowTexts:
    return FlowTexts(
        door, has_edge=lambda: has_edge, country="US", clock=Clock(), new_id=lambda: f"t{next(_ids)}"
    )


async def during(box: FlowTexts, shelf: Shelf, seconds: float) -> None:
    running = asyncio.ensure_future(box.run(shelf))
    await asyncio.sleep(seconds)
    await cancelled(running)


def test_a_text_is_handed_over_as_a_flow_s_and_in_e164() -> None:
    async def story() -> None:
        door, shelf = Door(), Shelf()
        box = texts(door)
        box.put("(202) 555-0123", "Your table is ready.")
        await during(box, shelf, 10)
        await during(texts(door), shelf, 10)
        (asked,) = door.asked
        assert asked | {"id": ""} == {
            "id": "",
            "to": "+12025550123",
            "text": "Your table is ready.",
            "author": "flow",
        }

    run_virtual(story)


@pytest.mark.parametrize("fault", [DOWN, 503, 429, 500])
def test_while_the_edge_is_away_it_is_tried_again_under_the_same_name(fault: Exception | int) -> None:
    async def story() -> None:
        door = Door(fault, fault)
        box = texts(door)
        box.put("+12025550123", "x")
        await during(box, Shelf(), 100)
        assert len({each["id"] for each in door.asked}) == 1
        assert len(door.asked) == 3
        assert box.waiting == 0

    run_virtual(story)


@pytest.mark.parametrize("status", [409, 422, 404])
def test_what_the_edge_refuses_for_good_is_given_up(status: int) -> None:
    async def story() -> None:
        door = Door(status)
        box = texts(door)
        box.put("+12025550123", "x")
        await during(box, Shelf(), 10_000)
        assert len(door.asked) == 1
        assert box.waiting == 0

    run_virtual(story, limit=20_000)


def test_old_texts_are_not_sent_any_more() -> None:
    async def story() -> None:
        door = Door(*[DOWN] * 500)
        box = texts(door)
        box.put("+12025550123", "x")
        await during(box, Shelf(), 8 * 3600)
        assert box.waiting == 0
        assert 10 < len(door.asked) < 40

    run_virtual(story, limit=48 * 3600)


def test_a_restart_loses_none() -> None:
    async def story() -> None:
        door, shelf = Door(DOWN), Shelf()
        box = texts(door)
        box.put("+12025550123", "x")
        await during(box, shelf, 2)
        await during(texts(door), shelf, 60)
        assert len(door.asked) == 2
        assert door.asked[0]["id"] == door.asked[1]["id"]

    run_virtual(story)


def test_what_cannot_be_sent_is_refused_at_once() -> None:
    async def story() -> None:
        box = texts(Door())
        for number in ("12", "nobody", "", "+1"):
            with pytest.raises(NoWayError, match="no outside number"):
                box.put(number, "x")
        with pytest.raises(NoWayError, match="no edge"):
            texts(Door(), has_edge=False).put("+12025550123", "x")
        for _ in range(MOST):
            box.put("+12025550123", "x")
        with pytest.raises(NoWayError, match="wait already"):
            box.put("+12025550123", "x")

    run_virtual(story)
