from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.ai.understanding import Understanding
from pbx.app.wishes import Wishes
from pbx.flow.nodes.dial_by_name import DialByName
from pbx.flow.ports import Reached
from tests.flow.listening_parts import DEAF, context
from tests.flow.parts import World, run


async def go(
    *says: str, keys: Sequence[str] = (), speech: bool = True, reached: Reached = "talked"
) -> tuple[str, World]:
    world, ready = context(Wishes(Understanding), *says, keys=keys)
    world.reached = reached
    return await run(DialByName(speech=speech), world, ready), world


@pytest.mark.parametrize(
    ("says", "keys", "number"),
    [
        (["Bob Smith"], ["1"], "102"),
        (["zoe mueller"], ["1"], "104"),
        (["7"], ["6484", "1"], "102"),  # smith
        (["2"], ["667", "1"], "103"),  # coop
        (["6"], ["85537", "1"], "104"),  # muller
        (["6"], ["835537", "1"], "104"),  # mueller
    ],
)
async def test_who_is_said_or_spelt_is_rung_after_a_key(
    says: list[str], keys: list[str], number: str
) -> None:
    exit, world = await go(*says, keys=keys)
    assert (exit, world.asked) == ("", [("extension", number, None, True)])


async def test_spelling_works_where_nothing_is_recognised() -> None:
    _, world = await go(keys=["7", "6484", "1"], speech=False)
    assert world.caller.heard[0] == "phrase:dial_by_name_spell"
    assert [number for _, number, *_ in world.asked] == ["102"]
    _, world = await go(DEAF, keys=["7", "6484", "1"])
    assert [number for _, number, *_ in world.asked] == ["102"]


async def test_of_several_the_caller_chooses() -> None:
    exit, world = await go("2", keys=["5423", "2"])  # alice
    assert exit == ""
    assert world.caller.heard.count("phrase:dial_by_name_one_of") == 2
    assert [number for _, number, *_ in world.asked] == ["101"]  # after Cooper comes Example


@pytest.mark.parametrize(("says", "keys"), [(["0"], []), (["Bob"], ["0"]), (["2"], ["5423", "0"])])
async def test_0_leads_to_the_front_desk(says: list[str], keys: list[str]) -> None:
    assert (await go(*says, keys=keys))[0] == "operator"


@pytest.mark.parametrize(
    ("says", "keys"),
    [
        (["xyzzy"] * 3, []),
        ([""] * 3, []),
        (["9"] * 3, ["9", "9", "9"]),
        (["Bob"] * 3, ["2"] * 3),
        (["*", "#", "1"], []),
    ],
)
async def test_nobody_is_rung_who_was_not_found_or_not_confirmed(says: list[str], keys: list[str]) -> None:
    exit, world = await go(*says, keys=keys)
    assert (exit, world.asked) == ("nobody", [])


async def test_whoever_does_not_answer_leads_to_that_exit() -> None:
    assert (await go("Bob", keys=["1"], reached="unreachable"))[0] == "not_reached"
