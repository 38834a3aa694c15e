"""Each template is whole in an office that has what it needs, and its tests can tell a flow that is drawn wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from pbx.flow.document import LoadedFlow, load
from pbx.flow.nodes.menu import Menu
from pbx.flow.publishing import Surroundings
from pbx.flow.scripted import RecordedOffice
from pbx.flow.simulate import run_test, simulate
from pbx.flow.templates import templates
from pbx.model.flow import Flow
from pbx.model.flow_node_type import FlowTemplate
from pbx.model.flow_script import FlowScript
from pbx.model.kinds import KINDS, kind_named

ZONE = "America/New_York"
by_id = pytest.mark.parametrize("template", templates(), ids=lambda each: each.id)


def office_of(template: FlowTemplate, **more: Any) -> Surroundings:
    fields: dict[str, Any]
    records: dict[str, list[Any]] = {kind.name: list(kind.defaults) for kind in KINDS}
    records["flow"].append(template.flow)
    for need in template.needs:
        kind = kind_named(need.kind)
        fields = {kind.key: need.key, "name": need.name or "Somebody"}
        if need.kind == "ring_group":
            fields["members"] = ["100"]
        records[need.kind].append(msgspec.convert(fields, kind.record))
    for name, keys in more.items():
        kind = kind_named(name)
        records[name].extend(
            msgspec.convert({kind.key: key, "name": f"Nr {key}"}, kind.record) for key in keys
        )
    return Surroundings(records, {})


async def reds(flow: Flow, around: Surroundings) -> list[str]:
    loaded = load(flow, 0)
    assert isinstance(loaded, LoadedFlow)
    office = RecordedOffice(around.records, around.numbers(), ZONE)
    results = [await run_test(loaded, each, office=office, flows=lambda _: None) for each in flow.tests]
    return [f"{each.name}: {'; '.join(each.differences)}" for each in results if not each.passed]


@by_id
async def test_a_template_has_no_fault_and_passes_its_tests(template: FlowTemplate) -> None:
    around = office_of(template)
    assert around.faults(template.flow) == []
    assert len(template.flow.tests) >= 3
    assert await reds(template.flow, around) == []


def rewired(flow: Flow) -> Iterator[tuple[str, Flow]]:
    """The flow with one wire led elsewhere, for each wire that its tests can tell."""
    for node, wires in flow.wires.items():
        for exit, target in wires.items():
            if exit in ("failed", "unreachable"):
                continue
            other = next(each for each in flow.nodes if each not in (target, node))
            yield (
                f"{node}:{exit}",
                msgspec.structs.replace(flow, wires={**flow.wires, node: {**wires, exit: other}}),
            )


@by_id
async def test_the_tests_of_a_template_turn_red_for_every_wire_that_is_drawn_wrong(
    template: FlowTemplate,
) -> None:
    around = office_of(template)
    unseen = [name for name, flow in rewired(template.flow) if not await reds(flow, around)]
    assert unseen == []


async def test_the_main_menu_reaches_every_extension_from_101_to_199() -> None:
    (template,) = [each for each in templates() if each.id == "main-menu"]
    numbers = [str(number) for number in range(101, 200) if number != 112]
    around = office_of(template, extension=numbers)
    office = RecordedOffice(around.records, around.numbers(), ZONE)
    loaded = load(template.flow, 0)
    assert isinstance(loaded, LoadedFlow)
    assert isinstance(loaded.nodes["menu"], Menu)
    for number in numbers:
        found = await simulate(loaded, FlowScript(keys=(number,)), office=office, flows=lambda _: None)
        assert [each.to for each in found.deeds if each.what == "extension"] == [number]
        assert found.end == "connected"


async def test_a_made_up_call_says_which_question_each_key_answers() -> None:
    (template,) = [each for each in templates() if each.id == "main-menu"]
    around = office_of(template, extension=["123"])
    office = RecordedOffice(around.records, around.numbers(), ZONE)
    loaded = load(template.flow, 0)
    assert isinstance(loaded, LoadedFlow)
    script = FlowScript(keys=("", "5", "123"), reached={"123": "busy"})
    found = await simulate(loaded, script, office=office, flows=lambda _: None)
    pressed = [(each.question, each.to) for each in found.deeds if each.what == "pressed"]
    asked = [question for question, _ in pressed if question is not None]
    assert asked == list(range(len(asked))), "each question once, in their order"
    assert len(asked) > 3, "also those that the script has nothing for"
    told = dict(pressed)
    assert (told[0], told[1], told[2][:1], told[3]) == ("", "5", "1", "")
