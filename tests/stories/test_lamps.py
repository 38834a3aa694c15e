"""Lamps over a network that loses a fifth of everything: what a desk phone shows after each step of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from xml.etree import ElementTree

import pytest

from pbx.core.tasks import Supervisor
from pbx.model.binding import Binding
from pbx.model.call_event import LegRinging
from pbx.model.leg_event import Answered
from pbx.model.registration import Registered
from pbx.sip.hop import Hop
from pbx.sip.message_summary import Waiting
from pbx.sip.subscription import PAUSE_S
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.lamp_office import NODE, D, DeskPhone, LampNode, P, Shelf, desk, softphones
from tests.stories.office import ALICE, LONGEST_S, OFFER, Phone, target
from tests.stories.test_through_the_node import HOLD, callee, talk

Story = Callable[["Scene"], Awaitable[None]]


class Scene:
    """A node with lamps, the softphones 101 and 102, and a desk phone 103."""

    def __init__(self, weather: Weather, seed: int, supervisor: Supervisor) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.supervisor = supervisor
        self.shelf = Shelf()
        self.alice, self.bob = softphones(self.network)
        self.desk = desk(self.network)
        self.node = self.new_node()

    def new_node(self) -> LampNode:
        return LampNode(self.network, self.supervisor, shelf=self.shelf, callees=(self.bob.host,))

    async def watch(self, number: str, event: str = "dialog") -> str:
        """The Call-ID of a new subscription."""
        response = await self.desk.subscribe(event, number)
        assert response.status == 200, self.network.transcript()
        return response.call_id

    def dial(self, phone: Phone | None = None):  # type: ignore[no-untyped-def]
        return (phone or self.alice).agent.dial(target(NODE), offer=OFFER, caller=ALICE, call="c")


def play(story: Story, weather: Weather = CALM, seed: int = 0) -> None:
    async def main() -> None:
        async with Supervisor() as supervisor:
            scene = Scene(weather, seed, supervisor)
            await scene.node.directory.reload()
            await asyncio.sleep(0.01)
            await story(scene)
            await asyncio.sleep(2 * LONGEST_S)
            await scene.node.stop()
            await asyncio.sleep(2 * LONGEST_S)
            for phone in (scene.alice, scene.bob):
                phone.assert_clean()
            scene.node.assert_clean()
            assert len(scene.desk.driver.timers) == 0

    run_virtual(main)


@pytest.mark.parametrize(("weather", "seed"), [(CALM, 0), *((STORM, seed) for seed in range(6))])
def test_both_lamps_follow_a_call_step_by_step(weather: Weather, seed: int) -> None:
    async def story(scene: Scene) -> None:
        callee_lamp, caller_lamp = await scene.watch("102"), await scene.watch("101")
        await scene.desk.shows(callee_lamp, "off")
        await scene.desk.shows(caller_lamp, "off")
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await scene.desk.shows(caller_lamp, "trying i")
        await b.progress(180)
        await scene.desk.shows(callee_lamp, "early r")
        await scene.desk.shows(caller_lamp, "early i")
        await b.answer(OFFER)
        while not isinstance(await a.receive(), Answered):
            pass
        await scene.desk.shows(callee_lamp, "confirmed r")
        await scene.desk.shows(caller_lamp, "confirmed i")

        async def agree() -> None:
            await b.receive()
            await b.answer(OFFER)

        agreeing = asyncio.ensure_future(agree())
        await a.reoffer(HOLD)
        await scene.desk.shows(caller_lamp, "held i")
        await a.reoffer(OFFER)
        await scene.desk.shows(caller_lamp, "confirmed i")
        agreeing.cancel()
        await b.end()
        await scene.desk.shows(callee_lamp, "off")
        await scene.desk.shows(caller_lamp, "off")
        await a.end()

    play(story, weather, seed)


def test_a_ringing_lamp_names_the_dialog_that_a_pickup_replaces() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("102")
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.progress(180)
        await scene.desk.shows(lamp, "early r")
        (dialog,) = ElementTree.fromstring(scene.desk.last(lamp).body).iter(f"{D}dialog")
        assert dialog.findtext(f"{D}remote/{D}identity") == f"sip:101@{NODE}"
        invite = b.request
        assert dialog.get("call-id") == invite.call_id
        assert dialog.get("remote-tag") == invite.from_tag
        assert dialog.get("local-tag") == b.id, "the tag of the phone that rings"
        await a.end()
        await scene.desk.shows(lamp, "off")
        await b.end()

    play(story)


def test_presence_says_who_is_on_the_phone() -> None:
    async def story(scene: Scene) -> None:
        seen = await scene.watch("102", "presence")

        def note() -> str:
            told = scene.desk.told.get(seen)
            return ElementTree.fromstring(told[-1].body).findtext(f".//{P}note") or "" if told else ""

        await scene.desk.until(lambda: note() == "Online", "online")
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.progress(180)
        await scene.desk.until(lambda: note() == "Ringing", "ringing")
        await b.answer(OFFER)
        await scene.desk.until(lambda: note() == "On the phone", "on the phone")
        assert b"rpid:on-the-phone" in scene.desk.last(seen).body
        await a.end()
        await b.end()
        await scene.desk.until(lambda: note() == "Online", "online again")

    play(story)


def test_a_named_lamp_is_switched_by_its_source() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("*681")
        await scene.desk.shows(lamp, "off")
        scene.node.slots.taken.add("*681")
        scene.node.lamps.named_changed()
        await scene.desk.shows(lamp, "confirmed r")
        scene.node.slots.taken.clear()
        scene.node.lamps.named_changed()
        await scene.desk.shows(lamp, "off")

    play(story)


def test_the_message_lamp_is_ones_own_and_says_none_without_a_mailbox() -> None:
    async def story(scene: Scene) -> None:
        assert (await scene.desk.subscribe("message-summary", "101")).status == 403
        own = await scene.watch("103", "message-summary")
        await scene.desk.until(lambda: own in scene.desk.told, "told")
        assert b"Messages-Waiting: no\r\n" in scene.desk.last(own).body
        scene.node.mail.boxes["103"] = Waiting(2, 1)
        scene.node.lamps.mailbox_changed("103")
        await scene.desk.until(lambda: b"Voice-Message: 2/1 (0/0)" in scene.desk.last(own).body, "2 new")

    play(story)


@pytest.mark.parametrize(
    ("event", "resource", "expires", "headers", "status"),
    [
        ("dialog", "199", 600, (), 404),
        ("presence", "*681", 600, (), 404),
        ("dialog", "102", 30, (), 423),
        ("conference", "102", 600, (), 489),
        ("dialog", "102", 600, (("Accept", "application/pidf+xml"),), 406),
        ("dialog", "102", 600, (("Require", "eventlist"),), 420),
    ],
)
def test_what_cannot_be_watched_is_refused(
    event: str, resource: str, expires: int, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    async def story(scene: Scene) -> None:
        response = await scene.desk.subscribe(event, resource, expires=expires, headers=headers)
        assert response.status == status
        assert len(scene.node.notifier) == 0

    play(story)


def test_refresh_fetch_and_unsubscribe() -> None:
    async def story(scene: Scene) -> None:
        first = await scene.desk.subscribe("dialog;id=7", "102", expires=600)
        assert first.headers.get("Expires") == "600"
        lamp, tag = first.call_id, first.to_tag or ""
        await scene.desk.shows(lamp, "off")
        again = await scene.desk.subscribe(
            "dialog;id=7", "102", call_id=lamp, to_tag=tag, cseq=2, expires=900
        )
        assert (again.status, again.headers.get("Expires")) == (200, "900")
        await scene.desk.until(lambda: len(scene.desk.told[lamp]) == 2, "told again")
        assert scene.desk.last(lamp).state == "active;expires=900"
        out_of_order = await scene.desk.subscribe("dialog;id=7", "102", call_id=lamp, to_tag=tag, cseq=2)
        assert out_of_order.status == 500
        other = await scene.desk.subscribe("dialog;id=8", "102", call_id=lamp, to_tag=tag, cseq=3)
        assert other.status == 481
        over = await scene.desk.subscribe("dialog;id=7", "102", call_id=lamp, to_tag=tag, cseq=4, expires=0)
        assert over.status == 200
        await scene.desk.until(lambda: scene.desk.last(lamp).state.startswith("terminated"), "over")
        late = await scene.desk.subscribe("dialog;id=7", "102", call_id=lamp, to_tag=tag, cseq=5)
        assert late.status == 481
        once = await scene.desk.subscribe("dialog", "102", expires=0)
        await scene.desk.until(lambda: once.call_id in scene.desk.told, "fetched")
        assert scene.desk.last(once.call_id).state == "terminated;reason=timeout"
        await asyncio.sleep(1)
        assert len(scene.node.notifier) == 0
        await asyncio.sleep(1.5)
        assert scene.shelf.rows == {}, "nothing of it is kept"

    play(story)


def test_a_subscription_that_is_not_refreshed_ends() -> None:
    async def story(scene: Scene) -> None:
        response = await scene.desk.subscribe("dialog", "102", expires=60)
        await asyncio.sleep(62)
        assert scene.desk.last(response.call_id).state == "terminated;reason=timeout"
        assert len(scene.node.notifier) == 0

    play(story)


def test_a_phone_that_no_longer_knows_it_is_forgotten() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("102")
        await scene.desk.shows(lamp, "off")
        scene.desk.answer = 481
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.progress(180)
        await asyncio.sleep(1)
        assert len(scene.node.notifier) == 0
        await a.end()
        await b.end()

    play(story)


def test_a_phone_without_network_for_two_minutes_shows_the_right_thing_afterwards() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("102")
        await scene.desk.shows(lamp, "off")
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.progress(180)
        await scene.desk.shows(lamp, "early r")
        scene.network.unreachable.add((scene.desk.host, 5060))
        await a.end()
        await asyncio.sleep(120)
        scene.network.unreachable.clear()
        await scene.desk.shows(lamp, "off", within_s=130)
        await b.end()

    play(story)


def test_a_restart_goes_on_with_the_same_dialog_and_sends_the_lamp_anew() -> None:
    async def story(scene: Scene) -> None:
        first = await scene.desk.subscribe("dialog", "102", expires=3600)
        lamp = first.call_id
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.progress(180)
        await scene.desk.shows(lamp, "early r")
        await asyncio.sleep(2)
        before = scene.desk.last(lamp).cseq
        scene.network.unplug(scene.node.phone.plug)  # the power fails: nothing is said to anybody
        scene.node.notifier.close()
        scene.node.running.cancel()
        await scene.node.switch.drain()
        await scene.node.phone.agent.close()
        await a.end()
        await b.end()
        await asyncio.sleep(
            40
        )  # the branches of the fake node begin anew: the phone must have forgotten them
        scene.node = scene.new_node()
        await scene.node.directory.reload()
        await scene.desk.shows(lamp, "off")
        assert scene.desk.last(lamp).cseq > before
        again = await scene.desk.subscribe("dialog", "102", call_id=lamp, to_tag=first.to_tag or "", cseq=2)
        assert again.status == 200

    play(story)


def test_what_a_full_disk_did_not_take_is_stored_once_there_is_room() -> None:
    async def story(scene: Scene) -> None:
        gone = await scene.desk.subscribe("dialog", "103")
        await asyncio.sleep(5)
        assert len(scene.shelf.rows) == 1
        before = set(scene.shelf.rows)
        scene.shelf.full = True
        await scene.desk.subscribe(
            "dialog", "103", call_id=gone.call_id, to_tag=gone.to_tag or "", cseq=2, expires=0
        )
        await scene.watch("102")
        await asyncio.sleep(30)
        scene.shelf.full = False
        await asyncio.sleep(30)
        assert len(scene.shelf.rows) == 1
        assert set(scene.shelf.rows) != before

    play(story)


def test_an_extension_that_is_deleted_takes_its_lamps_with_it() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("102")
        await scene.desk.shows(lamp, "off")
        entries = scene.node.directory._entries
        scene.node.directory._entries = {number: entries[number] for number in ("101", "103")}
        scene.node.lamps.records_changed()
        await scene.desk.until(
            lambda: scene.desk.last(lamp).state == "terminated;reason=noresource", "no resource"
        )

    play(story)


def test_a_flood_is_told_at_most_five_times_a_second_and_its_last_word_always() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("*681")
        await scene.desk.shows(lamp, "off")
        start, told = asyncio.get_running_loop().time(), len(scene.desk.told[lamp])
        for number in range(1001):
            scene.node.slots.taken ^= {"*681"}
            scene.node.lamps.named_changed()
            await asyncio.sleep(0.002 if number % 7 else 0.003)
        lasted = asyncio.get_running_loop().time() - start
        assert "*681" in scene.node.slots.taken
        await scene.desk.shows(lamp, "confirmed r", within_s=2)
        assert len(scene.desk.told[lamp]) - told <= lasted / PAUSE_S + 2

    play(story)


def test_a_phone_behind_nat_is_told_where_its_packets_come_from() -> None:
    async def story(scene: Scene) -> None:
        phone = DeskPhone(scene.network, "10.0.0.4", "103", says="192.168.1.5")
        lamp = (await phone.subscribe("dialog", "102")).call_id
        await phone.shows(lamp, "off")

    play(story)


@pytest.mark.parametrize("transport", ["TCP", "TLS", "WS"])
def test_a_phone_on_a_connection_is_told_over_it(transport: str) -> None:
    async def story(scene: Scene) -> None:
        phone = DeskPhone(scene.network, "10.0.0.4", "103", says="192.168.1.5")
        phone.transport = transport
        lamp = (await phone.subscribe("dialog", "*681")).call_id
        await phone.shows(lamp, "off")
        scene.node.slots.taken.add("*681")
        scene.node.lamps.named_changed()
        await phone.shows(lamp, "confirmed r")

    play(story)


def test_a_phone_that_has_registered_from_elsewhere_is_told_there() -> None:
    async def story(scene: Scene) -> None:
        lamp = await scene.watch("*681")
        await scene.desk.shows(lamp, "off")
        moved = DeskPhone(scene.network, "10.0.0.5", "103")
        contact = f"sip:103@{scene.desk.host}:5060"
        scene.node.registered["103", contact] = Hop("UDP", moved.host, 5060)
        scene.node.slots.taken.add("*681")
        scene.node.lamps.named_changed()
        await moved.shows(lamp, "confirmed r")

    play(story)


def test_messages_are_told_to_phones_that_have_not_asked() -> None:
    async def story(scene: Scene) -> None:
        contact = f"sip:101@{scene.desk.host}:5060"
        scene.node.bindings = [
            Binding(
                extension="101",
                contact_uri=contact,
                expires_at=1e9,
                call_id="r",
                cseq=1,
                source_host=scene.desk.host,
                source_port=5060,
                transport="UDP",
                registered_at=0,
            )
        ]
        scene.node.lamps.mailbox_changed("101")
        await asyncio.sleep(1)
        assert scene.desk.unasked == [], "it has no mailbox"
        scene.node.mail.boxes["101"] = Waiting(1, 0)
        scene.node.lamps.mailbox_changed("101")
        await asyncio.sleep(1)
        (notify,) = scene.desk.unasked
        assert notify.uri == contact
        assert notify.headers.get("Event") == "message-summary"
        assert notify.headers.get("Subscription-State") == "terminated"
        assert b"Voice-Message: 1/0 (0/0)" in notify.body
        scene.node.bus.publish("registration", Registered(extension="101", contact_uri=contact))
        await asyncio.sleep(1)
        assert len(scene.desk.unasked) == 2, "a phone that comes learns of it"

    play(story)


def test_a_talk_is_nobodys_to_take() -> None:
    """Only what rings can be picked up: the tags of other people's conversations are told to nobody."""

    async def story(scene: Scene) -> None:
        lamp, own = await scene.watch("102"), DeskPhone(scene.network, "10.0.0.4", "102")
        mine = (await own.subscribe("dialog", "102")).call_id
        a = scene.dial()
        b = await scene.bob.incoming.get()
        await b.answer(OFFER)
        await scene.desk.shows(lamp, "confirmed r")
        assert b"local-tag" not in scene.desk.last(lamp).body
        await own.shows(mine, "confirmed r")
        assert b"local-tag" in own.last(mine).body
        await a.end()
        await b.end()

    play(story)


def test_lost_events_are_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.feature.lamps.QUEUE", 2)

    async def story(scene: Scene) -> None:
        lamp = await scene.watch("102")
        await scene.desk.shows(lamp, "off")
        a = scene.dial()
        b = await scene.bob.incoming.get()
        for _ in range(5):  # all at once, before anybody listens
            event = LegRinging(call="unknown", at=scene.node.switch.events()[0].at, leg="b1", status=180)
            scene.node.bus.publish("call", event)
        await b.progress(180)
        await scene.desk.shows(lamp, "early r")
        await a.end()
        await scene.desk.shows(lamp, "off")
        await b.end()

    play(story)


def test_an_extension_has_room_for_so_many_subscriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.transport.notifier.MOST_EACH", 3)

    async def story(scene: Scene) -> None:
        for _ in range(3):
            await scene.watch("102")
        assert (await scene.desk.subscribe("dialog", "102")).status == 403
        other = DeskPhone(scene.network, "10.0.0.4", "101")
        assert (await other.subscribe("dialog", "102")).status == 200

    play(story)


async def any_call(seed: int) -> None:
    random = Random(seed)
    async with Supervisor() as supervisor:
        scene = Scene(STORM, seed, supervisor)
        await scene.node.directory.reload()
        lamps = [await scene.watch(number) for number in ("101", "102")]
        answering = asyncio.ensure_future(callee(scene.bob, random))
        leg = scene.dial()
        try:
            async with asyncio.timeout(random.choice((0.2, 2.0, 60.0, 60.0))):
                while not isinstance(event := await leg.receive(), Answered) and "Ended" not in repr(event):
                    pass
            async with asyncio.timeout(100):
                await talk(leg, random, offer=OFFER)
        except TimeoutError:
            pass
        finally:
            await leg.end()
        await asyncio.sleep(60 + 2 * LONGEST_S)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await asyncio.sleep(10 * LONGEST_S)
        assert scene.node.fold.busy() == []
        for lamp in lamps:
            assert scene.desk.lamp(lamp) == "off", scene.network.transcript()
        await scene.node.stop()
        await asyncio.sleep(2 * LONGEST_S)
        scene.node.assert_clean()


@pytest.mark.parametrize("batch", range(4))
def test_whatever_a_call_does_in_a_storm_every_lamp_is_off_in_the_end(batch: int) -> None:
    for seed in range(batch * 15, (batch + 1) * 15):
        try:
            run_virtual(partial(any_call, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
