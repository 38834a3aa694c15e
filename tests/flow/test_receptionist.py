"""The receptionist with the matcher, by whatever callers say and press."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.ai.understanding import Understanding
from pbx.app.wishes import Wishes
from pbx.flow.node import NodeError
from pbx.flow.nodes.receptionist import MOST_TURNS, ReceptionChoice, Receptionist
from pbx.flow.ports import Answer, Chat, Choice, Reached, Say, Wanted
from tests.flow.listening_parts import DEAF, PEOPLE, RECEPTIONIST, WIRED, Ears, context
from tests.flow.parts import World, run


async def go(
    *says: str,
    keys: Sequence[str] = (),
    node: Receptionist = RECEPTIONIST,
    chat: Chat | None = None,
    wired: frozenset[str] = WIRED,
    reached: Reached = "talked",
) -> tuple[str, World]:
    world, ready = context(chat or Wishes(Understanding), *says, keys=keys, wired=wired)
    world.reached = reached
    return await run(node, world, ready), world


@pytest.mark.parametrize(
    ("said", "exit"),
    [
        ("I'd like to buy something", "sales"),
        ("my computer is broken", "support"),
        ("help desk please", "support"),
        ("let me leave a message", "voicemail"),
        ("a real person please", "operator"),
    ],
)
async def test_what_is_said_and_confirmed_is_where_it_goes(said: str, exit: str) -> None:
    assert (await go(said, keys=["1"]))[0] == exit


async def test_a_person_is_rung_after_a_key_has_confirmed_the_name() -> None:
    exit, world = await go("could I speak to Bob Smyth", keys=["1"])
    assert (exit, world.asked) == ("", [("extension", "102", None, True)])
    assert "phrase:receptionist_confirm" in world.caller.heard


@pytest.mark.parametrize("key", ["2", "", "5", "#"])
async def test_without_that_key_nobody_is_rung(key: str) -> None:
    exit, world = await go("Bob", "Bob", "Bob", keys=[key] * 3)
    assert (exit, world.asked) == ("nothing", [])


async def test_whoever_does_not_answer_leads_to_that_exit() -> None:
    assert (await go("Bob", keys=["1"], reached="no_answer"))[0] == "not_reached"
    with pytest.raises(NodeError):
        await go("Bob", keys=["1"], reached="refused")


async def test_of_two_of_a_name_the_caller_chooses() -> None:
    exit, world = await go("Alice", keys=["2"])
    assert exit == ""
    assert world.caller.heard.count("phrase:dial_by_name_one_of") == 2
    assert world.asked in ([("extension", "101", None, True)], [("extension", "103", None, True)])


@pytest.mark.parametrize("when", range(3))
async def test_0_leads_to_the_front_desk_at_any_time(when: int) -> None:
    says: list[list[str]] = [["0"], ["Bob"], ["Alice"]]
    keys = [[], ["0"], ["0"]]
    exit, world = await go(*says[when], keys=keys[when])
    assert (exit, world.asked) == ("operator", [])


async def test_an_extension_may_be_dialled() -> None:
    assert (await go("1", keys=["02"]))[1].asked == [("extension", "102", None, True)]
    exit, world = await go("9", "9", "9", keys=["00123456", "11", "12"])
    assert (exit, world.asked) == ("nothing", [])


async def test_a_question_is_answered_word_for_word_and_the_caller_asked_on() -> None:
    exit, world = await go("when are you open", "where are you", "sales", keys=["1"])
    assert exit == "sales"
    assert "Opening hours: Monday to Friday, 9 to 5" in world.caller.heard
    assert "Address: 1 Main Street" in world.caller.heard
    assert "phrase:receptionist_again" not in world.caller.heard


async def test_questions_have_an_end() -> None:
    exit, world = await go(*["when are you open"] * 100)
    assert exit == "nothing"
    assert world.caller.heard.count("phrase:receptionist_more") <= MOST_TURNS


async def test_after_so_many_tries_it_gives_up() -> None:
    exit, world = await go("xyzzy", "", "quux", "sales", keys=["1"])
    assert exit == "nothing"
    assert world.caller.heard[:3] == [
        "phrase:receptionist_greeting",
        "phrase:receptionist_again",
        "phrase:receptionist_unheard",
    ]


async def test_what_is_not_wired_is_not_offered() -> None:
    assert (await go("goodbye", "goodbye", "goodbye", keys=["1"] * 3))[0] == "nothing"
    assert (await go("goodbye", keys=["1"], wired=WIRED | {"goodbye"}))[0] == "goodbye"
    assert (await go("sales", "sales", "sales", keys=["1"] * 3, wired=WIRED - {"sales"}))[0] == "nothing"


async def test_without_ears_there_are_keys() -> None:
    _, world = await go(DEAF, keys=["1", "01"])
    assert world.caller.heard[:2] == ["phrase:receptionist_greeting", "phrase:receptionist_greeting_keys"]
    assert world.asked == [("extension", "101", None, True)]
    world, ready = context(None, keys=["0"])
    assert await run(RECEPTIONIST, world, ready) == "operator"


async def test_the_recogniser_is_told_what_may_be_said() -> None:
    world, ready = context(Wishes(Understanding), "0")
    await run(RECEPTIONIST, world, ready)
    ears = ready.ports.listening
    assert isinstance(ears, Ears)
    assert {*PEOPLE.values(), "Sales", "help desk", "Opening hours"} <= set(ears.expected)
    assert "goodbye" not in ears.expected


class Liar:
    """A `Chat` that answers what it likes."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted

    async def decide(
        self, said: Sequence[tuple[Literal["caller", "us"], str]], *, choices: Sequence[Choice], facts: str
    ) -> Wanted:
        return self.wanted


words = st.sampled_from(
    ["", "person", "sales", "goodbye", "failed", "operator", "voicemail", "evil", "101", "911"]
)
choices = st.builds(Choice, words, st.sampled_from(["", "101", "999", "+1900"]), st.just(("x",)))
wishes = st.builds(
    Wanted, words, st.sampled_from(["", "101", "999", "+1900"]), st.sampled_from(["", "y" * 5000]), st.booleans(),
    st.lists(choices, max_size=12).map(tuple),
)  # fmt: skip


@given(wishes, st.lists(st.text("0123456789*#", max_size=3), max_size=8))
@settings(deadline=None)
def test_whatever_is_understood_it_leaves_by_a_wired_exit_or_to_somebody_of_the_directory(
    wanted: Wanted, keys: list[str]
) -> None:
    exit, world = asyncio.run(go(*["something"] * 20, keys=keys, chat=Liar(wanted)))
    assert exit in WIRED | {""}
    assert all(number in PEOPLE for _, number, *_ in world.asked)
    if exit in {"sales", "support", "voicemail"} or world.asked:
        assert "1" in "".join(keys)
    assert max(map(len, world.caller.heard)) <= 600


def test_what_does_not_fit_together_is_a_fault() -> None:
    node = Receptionist(
        choices=(
            ReceptionChoice(exit="sales", name="A"),
            ReceptionChoice(exit="sales", name="B"),
            ReceptionChoice(exit="voicemail", name="C"),
        )
    )
    assert len(list(node.faults())) == 2
    assert list(Receptionist(people=False).faults())
    assert not list(RECEPTIONIST.faults())


@pytest.mark.parametrize("exit", ["Sales", "", "a b", "sales\n", "x" * 41])
def test_exits_have_plain_names(exit: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"exit": exit, "name": "n"}, ReceptionChoice)


async def test_the_time_limit_ends_it_too() -> None:
    class SlowEars(Ears):
        async def listen(
            self, *what: Say, expected: Sequence[str], language: str = "", max_s: float = 8.0
        ) -> Answer:
            self.caller.now += timedelta(seconds=100)
            return await super().listen(*what, expected=expected)

    world, ready = context(Wishes(Understanding))
    ears = SlowEars(world.caller, ["when are you open"] * 20)
    ready.ports = replace(ready.ports, listening=ears)
    assert await run(RECEPTIONIST, world, ready) == "nothing"
    assert len(ears.says) == 18
