"""The receptionist, and a model behind HTTP that is hostile, odd, slow or gone."""

from __future__ import annotations

import asyncio

from edge.ai.chat import ChatServer, ChatSettings
from edge.ai.understanding import Understanding
from pbx.app.wishes import Wishes
from tests.edge.hostile import HONEST, Hostile, answer, odd_answers
from tests.flow.listening_parts import PEOPLE, RECEPTIONIST, WIRED, context
from tests.flow.parts import run

LIMIT_S = 0.4


async def test_300_hostile_or_odd_answers_never_lead_off_the_wired_exits() -> None:
    """The caller asks for Bob and says yes to whatever is asked back: where no answer is usable, Bob is rung."""
    seats = asyncio.Semaphore(30)

    async def call(kind: str, data: bytes) -> tuple[str, str, list[tuple[object, ...]], list[str]]:
        async with seats, Hostile(lambda _: data) as server:
            understanding = Understanding(ChatServer(ChatSettings(server.url, "m", time_limit_s=LIMIT_S)))
            world, ready = context(Wishes(lambda: understanding), *["Bob Smith"] * 3, keys=["1"] * 3)
            async with asyncio.timeout(60):
                exit = await run(RECEPTIONIST, world, ready)
            await understanding.close()
        return kind, exit, world.asked, world.caller.heard

    answers = list(odd_answers(seed=11, count=300))
    assert len(answers) == 300
    calls = await asyncio.gather(*(call(kind, data) for kind, data in answers))
    for kind, exit, asked, heard in calls:
        assert exit in WIRED | {""}
        assert all(what == "extension" and number in PEOPLE for what, number, *_ in asked)
        if kind != HONEST:
            assert (exit, [number for _, number, *_ in asked]) == ("", ["102"])
        assert "phrase:receptionist_confirm" in heard or exit == "nothing" or kind == HONEST
    led = [(exit, asked) for kind, exit, asked, _ in calls if kind == HONEST]
    assert any(each != ("", [("extension", "102", None, True)]) for each in led)  # the model was listened to


async def test_a_model_that_is_slow_leaves_it_to_the_matcher_within_its_time() -> None:
    async with Hostile(lambda _: answer("c1") + Hostile.DRIP) as server:
        understanding = Understanding(ChatServer(ChatSettings(server.url, "m", time_limit_s=0.1)))
        world, ready = context(Wishes(lambda: understanding), "technical support", keys=["1"])
        async with asyncio.timeout(10):
            assert await run(RECEPTIONIST, world, ready) == "support"
        assert understanding.failures == 1
        await understanding.close()


async def test_a_good_model_understands_what_the_matcher_cannot() -> None:
    async with Hostile(lambda _: answer("c2", 0.9)) as server:
        understanding = Understanding(ChatServer(ChatSettings(server.url, "m", time_limit_s=5)))
        world, ready = context(Wishes(lambda: understanding), "the blue lamp on my router blinks", keys=["1"])
        assert await run(RECEPTIONIST, world, ready) == "support"
        await understanding.close()
    assert not any(number.encode() in server.requests[0].partition(b"\r\n\r\n")[2] for number in PEOPLE)
    assert b"goodbye" not in server.requests[0]
