"""Callers from outside against the office's rules. The call is made up: only its caller and its trunk are asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pbx.core.errors import PeerError
from pbx.feature.callers import MOST_BLOCKED, BlockLists, CallerRules
from pbx.model.caller_rule import CallerRule
from pbx.model.extension import Extension
from pbx.model.party import Party

BERLIN, LONDON = "+4930901820", "+442071838750"
BOB, EVE = Extension(number="102", name="Bob"), Extension(number="103", name="Eve")


def call(number: str, *, trunk: str | None = "t", extension: str | None = None) -> Any:
    return SimpleNamespace(party=Party(number, "", extension), trunk=trunk, diverted=[], transferring=None)


def rule(action: Any = "block", name: str = "r", **more: Any) -> CallerRule:
    return CallerRule(id=name, name=name, action=action, **more)


def refusal(rules: list[CallerRule], number: str, *, to: Extension | None = None, **more: Any) -> int:
    """The status that a caller gets, at the door or at the extension; 0: comes in."""
    screen = CallerRules(lambda: rules, country="US")
    try:
        screen.at_the_door(call(number, **more), to)
        if to is not None:
            screen.at_extension(call(number, **more), to)
    except PeerError as error:
        return error.sip_status
    return 0


@pytest.mark.parametrize(
    ("rules", "number", "status"),
    [
        ([], BERLIN, 0),
        ([rule(numbers=(BERLIN,))], BERLIN, 603),
        ([rule(numbers=(BERLIN,))], BERLIN + "1", 0),
        ([rule(numbers=("+4930*",))], BERLIN, 603),
        ([rule(numbers=("+4930*",), enabled=False)], BERLIN, 0),
        ([rule(countries=("DE",))], BERLIN, 603),
        ([rule(countries=("DE",))], LONDON, 0),
        ([rule(anonymous=True)], "", 433),
        ([rule(anonymous=True)], BERLIN, 0),
        ([rule(numbers=("+4930*",), countries=("DE",))], "", 0),
        # an allow list: nobody, but those
        ([rule(numbers=("*",)), rule("allow", "a", numbers=("+44*",))], LONDON, 0),
        ([rule(numbers=("*",)), rule("allow", "a", numbers=("+44*",))], BERLIN, 603),
        ([rule(numbers=("*",))], "", 433),
        ([rule(numbers=("*",)), rule("vip", "v", numbers=(BERLIN,))], BERLIN, 0),
    ],
)
def test_the_office_s_rules(rules: list[CallerRule], number: str, status: int) -> None:
    assert refusal(rules, number) == status
    assert refusal(rules, number, to=BOB) == status
    assert refusal(rules, number, trunk=None) == 0, "colleagues are not asked"


def test_an_extension_s_rules_go_before_those_of_the_office() -> None:
    rules = [rule(countries=("DE",)), rule("allow", "a", numbers=(BERLIN,), extensions=("102",))]
    assert refusal(rules, BERLIN, to=BOB) == 0
    assert refusal(rules, BERLIN, to=EVE) == 603
    assert refusal(rules, BERLIN) == 603
    rules = [rule(numbers=(BERLIN,), extensions=("102",))]
    assert refusal(rules, BERLIN, to=BOB) == 603
    assert refusal(rules, BERLIN, to=EVE) == 0


def test_an_extension_refuses_by_whatever_way_the_call_comes() -> None:
    screen = CallerRules(lambda: [rule(numbers=(BERLIN,), extensions=("102",))], country="US")
    screen.at_extension(call(BERLIN), EVE)
    with pytest.raises(PeerError):
        screen.at_extension(call(BERLIN), BOB)


def test_a_vip_is_one_for_the_office_or_for_an_extension() -> None:
    screen = CallerRules(
        lambda: [
            rule("vip", "a", numbers=(BERLIN,)),
            rule("vip", "b", numbers=(LONDON,), extensions=("102",)),
        ],
        country="US",
    )
    assert [screen.is_vip(call(number), BOB) for number in (BERLIN, LONDON, "+1")] == [True, True, False]
    assert [screen.is_vip(call(number), EVE) for number in (BERLIN, LONDON)] == [True, False]
    assert not screen.is_vip(call(BERLIN, trunk=None), BOB)


async def test_the_last_caller_is_blocked_for_the_one_who_asks() -> None:
    rules: dict[str, CallerRule] = {}
    last: dict[str, str] = {"102": BERLIN, "103": "sip:eve"}

    async def last_caller(extension: str) -> str | None:
        return last.get(extension)

    async def save(saved: CallerRule) -> None:
        rules[saved.id] = saved

    lists = BlockLists(lambda: list(rules.values()), last_caller=last_caller, save=save)
    bob = call("102", trunk=None, extension="102")
    assert await lists.block_last(bob) == BERLIN
    assert await lists.block_last(bob) == BERLIN
    assert list(rules["blocked-by-102"].numbers) == [BERLIN]
    assert refusal(list(rules.values()), BERLIN, to=BOB) == 603
    assert refusal(list(rules.values()), BERLIN, to=EVE) == 0
    last["102"] = LONDON
    await lists.block_last(bob)
    assert list(rules["blocked-by-102"].numbers) == [BERLIN, LONDON]
    assert await lists.block_last(call("103", trunk=None, extension="103")) is None, "that is no number"
    assert await lists.block_last(call("104", trunk=None, extension="104")) is None
    with pytest.raises(PeerError):
        await lists.block_last(call(BERLIN))
    for each in range(MOST_BLOCKED):
        await lists.block("102", f"+1202555{each:04}")
    assert len(rules["blocked-by-102"].numbers) == MOST_BLOCKED
    assert BERLIN not in rules["blocked-by-102"].numbers
