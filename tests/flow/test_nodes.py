"""What each node type does with a call, and which exit it takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pbx.flow.fields import Spoken
from pbx.flow.node import Node, NodeError
from pbx.flow.nodes.call_back import CallBackRequest
from pbx.flow.nodes.caller_list import CallerList
from pbx.flow.nodes.collect_digits import CollectDigits
from pbx.flow.nodes.extension import RingExtension
from pbx.flow.nodes.inbound_number import InboundNumber
from pbx.flow.nodes.menu import Menu, MenuChoice
from pbx.flow.nodes.page import PageGroup
from pbx.flow.nodes.park import ParkCall
from pbx.flow.nodes.queue import WaitInQueue
from pbx.flow.nodes.record import RecordCall
from pbx.flow.nodes.ring_group import RingTheGroup
from pbx.flow.nodes.send_email import SendEmail
from pbx.flow.nodes.send_text import SendText
from pbx.flow.nodes.set_caller_id import SetCallerId
from pbx.flow.nodes.set_value import Assignment, SetValue
from pbx.flow.nodes.transfer import TransferCall
from pbx.flow.nodes.wait import Wait
from pbx.flow.nodes.webhook import AnswerExit, SentField, StatusExit, TakenField, Webhook
from pbx.flow.ports import Reached, WebAnswer
from pbx.flow.registry import node_types
from tests.flow.parts import Caller, World, run


@pytest.mark.parametrize(("name", "kind"), node_types().items())
def test_every_type_has_words_for_its_form_and_exits_of_its_own(name: str, kind: type[Node]) -> None:
    assert kind.title
    assert kind.group
    assert kind.__doc__
    assert kind.__doc__.strip().endswith(".")
    properties: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    for field, schema in properties.items():
        if field != "type":
            assert _titled(schema), f"{name}.{field} has no title"


def _titled(schema: dict[str, Any]) -> bool:
    return "title" in schema or any(_titled(each) for each in schema.get("anyOf", ()))


# -- reach -------------------------------------------------------------------------------------------------------------

REACHING = [
    (RingExtension(extension="101", ring_s=15, voicemail=False), ("extension", "101", 15, False)),
    (RingTheGroup(ring_group="600"), ("ring_group", "600")),
    (WaitInQueue(queue="700", priority=5), ("queue", "700", 5)),
    (TransferCall(destination="102", rights="101", ring_s=20), ("dial", "102", "101", 20)),
    (ParkCall(slot="3"), ("park", "3")),
    (PageGroup(paging_group="800"), ("page", "800")),
]


@pytest.mark.parametrize(("node", "asked"), REACHING)
async def test_whom_a_node_gives_the_caller_to(node: Node, asked: tuple[object, ...]) -> None:
    world = World()
    assert await run(node, world) == ""
    assert world.asked == [asked]


@pytest.mark.parametrize("reached", ["no_answer", "busy", "unreachable"])
@pytest.mark.parametrize("node", [each for each, _ in REACHING])
async def test_nobody_took_the_call(node: Node, reached: Reached) -> None:
    world = World(reached=reached)
    if any(each.name == reached for each in node.ways()):
        assert await run(node, world) == reached


async def test_a_caller_who_may_not_get_there_leaves_by_failed() -> None:
    with pytest.raises(NodeError):
        await run(RingExtension(extension="101"), World(reached="refused"))


async def test_a_blind_transfer_is_the_end_of_the_flow() -> None:
    world = World(reached="busy")
    node = TransferCall(destination="+12025550123", rights="101", blind=True)
    assert node.ways() == ()
    assert await run(node, world) == ""
    assert world.asked == [("transfer", "+12025550123", "101")]


@pytest.mark.parametrize("typed", ["*9711", "", "abc", "12#", "+", "1" * 40])
async def test_what_a_caller_typed_dials_no_code(typed: str) -> None:
    world = World()
    with pytest.raises(NodeError):
        await run(TransferCall(destination="{{digits}}"), world, world.context(digits=typed))
    assert world.asked == []


async def test_a_destination_from_a_value() -> None:
    world = World()
    await run(TransferCall(destination="{{digits}}"), world, world.context(digits="102"))
    assert world.asked == [("dial", "102", None, None)]
    assert list(TransferCall(destination="call me").faults())
    assert not list(TransferCall(destination="*9711").faults())


# -- menu --------------------------------------------------------------------------------------------------------------

CHOICES = (MenuChoice(keys="1", name="Sales"), MenuChoice(keys="12"), MenuChoice(keys="*"))
GREETING = Spoken(text="Press 1 for {{what}}")


@pytest.mark.parametrize(
    ("keys", "exit"),
    [(["2", "*"], "*"), (["12"], "12"), (["1"], "1"), (["1#"], "1"), (["1", "9"], "1")],
)
async def test_a_choice(keys: list[str], exit: str) -> None:
    world = World(Caller(keys))
    context = world.context(what="sales")
    assert await run(Menu(say=GREETING, choices=CHOICES), world, context) == exit
    assert world.caller.heard[0] == "Press 1 for sales"
    assert context.value("pressed") == exit


async def test_a_choice_that_begins_no_other_is_taken_at_once() -> None:
    world = World(Caller(["*"]))
    await run(Menu(say=GREETING, choices=CHOICES), world)
    assert world.caller.waits == []


async def test_wrong_keys_and_no_keys_are_told_and_asked_again() -> None:
    world = World(Caller(["7", "", "7"]))
    assert await run(Menu(say=GREETING, choices=CHOICES, tries=3), world) == "invalid"
    phrases = [each for each in world.caller.heard if each.startswith("phrase:")]
    assert phrases == ["phrase:menu_invalid", "phrase:menu_timeout"]
    assert world.caller.heard.count("Press 1 for") == 3


async def test_who_presses_nothing_leaves_by_timeout() -> None:
    assert await run(Menu(say=GREETING, choices=CHOICES, tries=2), World()) == "timeout"


async def test_an_extension_is_dialled_from_the_menu() -> None:
    world = World(Caller(["102"]))
    assert await run(Menu(say=GREETING, choices=CHOICES, direct_dial=True), world) == ""
    assert world.asked == [("extension", "102", None, True)]
    world = World(Caller(["102"]), reached="busy")
    assert await run(Menu(say=GREETING, choices=CHOICES, direct_dial=True), world) == "not_reached"


async def test_without_leave_no_extension_is_dialled() -> None:
    world = World(Caller(["102"]))
    await run(Menu(say=GREETING, choices=(MenuChoice(keys="1"),), tries=1), world)
    assert world.asked == []


def test_menus_that_do_not_fit_together() -> None:
    assert [name for name, _ in Menu().faults()] == ["choices"]
    twice = Menu(choices=(MenuChoice(keys="1"), MenuChoice(keys="1")))
    assert [name for name, _ in twice.faults()] == ["choices"]


# -- digits ------------------------------------------------------------------------------------------------------------


async def test_digits_are_kept_under_their_name() -> None:
    world = World(Caller(["4711#"]))
    context = world.context()
    assert await run(CollectDigits(into="customer", most=8), world, context) == "done"
    assert context.value("customer") == "4711"


async def test_too_few_digits_are_asked_for_again() -> None:
    world = World(Caller(["47#", "", "4711#"]))
    assert await run(CollectDigits(least=4, tries=3), world) == "done"
    assert world.caller.heard == ["phrase:digits_invalid", "phrase:digits_timeout"]
    world = World(Caller(["47#", "47#"]))
    assert await run(CollectDigits(least=4, tries=2), world) == "none"


async def test_digits_are_read_back() -> None:
    world = World(Caller(["4711#", "2", "4712#", "1"]))
    context = world.context()
    assert await run(CollectDigits(confirm=True), world, context) == "done"
    assert context.value("digits") == "4712"
    assert world.caller.heard == ["phrase:digits_confirm"] * 2


# -- the others --------------------------------------------------------------------------------------------------------


async def test_a_wait_lets_time_pass_and_a_key_may_end_it() -> None:
    world = World(Caller(["5"]))
    assert await run(Wait(seconds=10), world) == "done"
    assert sum(world.caller.waits) == 15, "a key that ends nothing shortens nothing: 10 s in all"
    world = World(Caller(["5"]))
    context = world.context()
    assert await run(Wait(seconds=10, key_ends=True), world, context) == "key"
    assert context.value("pressed") == "5"


async def test_values_may_build_on_each_other() -> None:
    world = World()
    context = world.context(caller__name="Alice")
    first, second = Assignment(name="a", value="{{caller.name}}!"), Assignment(name="b", value="{{a}}?")
    assert await run(SetValue(values=(first, second)), world, context) == "next"
    assert context.value("b") == "Alice!?"


async def test_what_the_phones_show() -> None:
    world = World()
    await run(SetCallerId(name="Sales:\r\n {{caller.name}}"), world, world.context(caller__name="Alice"))
    assert world.caller.shown == {"name": "Sales: Alice", "number": None}
    assert list(SetCallerId().faults())


async def test_messages_are_filled_in_and_their_addresses_checked() -> None:
    world = World()
    context = world.context(caller__number="+12025550123", caller__name="Alice", who="bob@example.com")
    mail = SendEmail(to="{{who}}", subject="From\n{{caller.name}}", text="{{caller.number}}")
    assert await run(mail, world, context) == "next"
    assert await run(SendText(text="Hi {{caller.name}}"), world, context) == "next"
    assert await run(CallBackRequest(queue="700", note="about {{nothing}}"), world, context) == "next"
    assert world.asked == [
        ("mail", "bob@example.com", "From Alice", "+12025550123"),
        ("text", "+12025550123", "Hi Alice"),
        ("call_back", "+12025550123", "700", "about"),
    ]
    context.set("who", "bob@example.com, everybody@example.com")
    for node in (mail, SendText(to="{{who}}", text="x"), CallBackRequest(queue="700", number="{{who}}")):
        with pytest.raises(NodeError):
            await run(node, world, context)
    assert len(world.asked) == 3
    assert list(SendEmail(to="nobody").faults())


@pytest.mark.parametrize(
    ("called", "exit"),
    [("+493090182001", "next"), ("+12025550123", "next"), ("+12025550124", "other"), ("500", "next")],
)
async def test_which_numbers_lead_here(called: str, exit: str) -> None:
    world = World()
    node = InboundNumber(numbers=("+4930901820*", "+12025550123"))
    assert await run(node, world, world.context(called__number=called)) == exit
    assert [each.name for each in InboundNumber().ways()] == ["next"]


@pytest.mark.parametrize(
    ("number", "exit"),
    [
        ("+491", "vip"),
        ("+492", "block"),
        ("+441", "allow"),
        ("+442", "vip"),
        ("+331", "block"),
        ("+39", "other"),
        ("", "block"),
    ],
)
async def test_callers_who_are_known(number: str, exit: str) -> None:
    world = World(rules={"+442": "vip", "+331": "block", "+491": "block"})
    node = CallerList(vip=("+491",), allow=("+441*",), block=("+49*",), block_anonymous=True)
    assert await run(node, world, world.context(caller__number=number)) == exit


# -- webhook -----------------------------------------------------------------------------------------------------------


async def test_the_field_that_decides() -> None:
    answer = WebAnswer(200, {"customer": {"level": "gold", "ids": [7, 8]}, "ok": True})
    world = World(answer=answer)
    context = world.context(caller__number="+1 202", **{"id": "x"})
    node = Webhook(
        url="https://crm.example/callers/{{caller.number}}?x={{id}}",
        send=(SentField(name="who", value="{{caller.number}}"),),
        decides="customer.level",
        answers=(AnswerExit(value="gold"), AnswerExit(value="silver")),
        take=(TakenField(field="customer.ids.1", into="second"), TakenField(field="ok", into="ok")),
        signing_key="secret",
    )
    assert list(node.faults()) == []
    assert await run(node, world, context) == "gold"
    assert (context.value("second"), context.value("ok")) == ("8", "yes")
    request = world.requests[0]
    assert request.url == "https://crm.example/callers/%2B1%20202?x=x"
    assert request.body == {"who": "+1 202"}
    assert request.signing_key == "secret"


@pytest.mark.parametrize(
    ("answer", "exit"),
    [
        (WebAnswer(200, {"level": "bronze"}), "done"),
        (WebAnswer(204, {}), "done"),
        (WebAnswer(404, {"level": "gold"}), "404"),
        (WebAnswer(500, {"level": "gold"}), "error"),
        (WebAnswer(302, {}), "error"),
    ],
)
async def test_exits_by_status(answer: WebAnswer, exit: str) -> None:
    node = Webhook(
        url="http://10.0.0.9/",
        decides="level",
        answers=(AnswerExit(value="gold"),),
        statuses=(StatusExit(status=404),),
    )
    assert await run(node, World(answer=answer)) == exit


async def test_no_answer_is_a_failure() -> None:
    with pytest.raises(NodeError):
        await run(Webhook(url="http://10.0.0.9/"), World())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "https://{{host}}/x",
        "https://example.com{{x}}/",
        "https://user:password@example.com/",
        "https:///x",
        "{{everything}}",
    ],
)
def test_a_value_never_chooses_the_host(url: str) -> None:
    assert [name for name, _ in Webhook(url=url).faults()] == ["url"]


@pytest.mark.parametrize("do", ["on", "off", "pause", "resume"])
async def test_the_recording_of_a_call_is_switched(do: Any) -> None:
    world = World()
    assert await run(RecordCall(do=do), world) == "done"
    assert world.caller.recording == [do]
