"""Mailboxes as whole calls: leaving messages, the phone menu, PINs, full boxes, full disks, lost packets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.model.voicemail import VoicemailPatch
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import STORM
from tests.stories.voicemail_office import PIN, MemoryDatabase, World, world

STORMS = 60
BATCH = 20


async def a_message_is_left_and_heard() -> None:
    async with world() as office:
        await office.leave(seconds=5)
        assert office.said == ["greeting 102", "after_the_tone"]
        (message,) = await office.messages("new")
        assert (message.from_number, message.from_extension) == ("101", "101")
        assert message.duration_s == pytest.approx(5, abs=0.3)
        (cdr,) = {each.id: each for each in office.node.log.cdrs}.values()
        assert message.call == cdr.id
        assert office.node.lamps["102"] == "1/0"

        owner = await office.call("102", "*97")
        await owner.press("1")
        await asyncio.sleep(20)
        assert office.node.lamps["102"] == "0/1"
        await owner.press("*#")
        await owner.ended()
        assert office.said[:1] == ["new 1"]
        (old,) = await office.messages("old")
        assert old.read


async def a_hang_up_in_the_middle_leaves_it_new() -> None:
    async with world() as office:
        await office.leave(seconds=10)
        owner = await office.call("102", "*97")
        await owner.press("1")
        await asyncio.sleep(4)
        await owner.hang_up()
        assert len(await office.messages("new")) == 1


async def messages_are_saved_deleted_and_brought_back() -> None:
    async with world() as office:
        for seconds in (3, 4, 5):
            await office.leave(seconds=seconds)
        owner = await office.call("102", "*97")
        await owner.press("1239")  # save the first, delete the second, the third is only skipped
        await asyncio.sleep(5)
        first, second, third = [
            round((await office.messages(each))[0].duration_s) for each in ("saved", "bin", "old")
        ]
        assert (first, second, third) == (3, 4, 5), "the oldest is heard first"
        assert office.node.lamps["102"] == "0/2"
        await owner.press("43", after_s=1)  # the bin: bring it back
        await asyncio.sleep(3)
        assert [round(each.duration_s) for each in await office.messages("old")] == [5, 4]
        assert await office.messages("bin") == []
        await owner.hang_up()


async def moving_within_a_message() -> None:
    async with world() as office:
        office.node.records.change("102", silence_s=0)
        await office.leave(seconds=60)
        owner = await office.call("102", "*97")
        await owner.press("1")
        await asyncio.sleep(2 + 2 + 2)  # "message 1", when, who
        playing = office.node.media.playing
        (label,) = playing
        left = []
        for keys, after_s in (("6", 10.0), ("66", 1.0), ("4", 1.0), ("1", 1.0)):
            await owner.press(keys, after_s=after_s)
            await asyncio.sleep(0.01)
            left.append(playing[label].duration_ms / 1000)  # type: ignore[attr-defined]
        assert left == pytest.approx([45, 33, 37, 60], abs=1)
        await owner.hang_up()


async def too_short_a_message_is_none() -> None:
    async with world() as office:
        await office.leave(seconds=0.4)
        await asyncio.sleep(1)
        assert await office.messages() == []
        assert not list(office.node.folder.glob("voicemail/102/*"))


async def silence_and_length_end_a_message() -> None:
    async with world() as office:
        caller = await office.call("101", "102")
        await caller.ended()  # nobody says a word: the node hangs up
        assert "stored" in office.said
        (message,) = await office.messages()
        assert message.duration_s == pytest.approx(8, abs=0.5)
        office.node.records.change("102", silence_s=0, max_message_s=30)
        caller = await office.call("101", "102")
        await caller.ended()
        newest = (await office.messages())[0]
        assert newest.duration_s == pytest.approx(30, abs=0.5)


async def after_the_pound_key_it_can_be_said_again() -> None:
    async with world() as office:
        caller = await office.call("101", "102")
        await asyncio.sleep(10)
        await caller.press("#")
        await asyncio.sleep(1)
        await caller.press("2")
        await asyncio.sleep(4)
        await caller.press("#")
        await asyncio.sleep(1)
        await caller.press("3")
        await caller.ended()
        (message,) = await office.messages()
        assert message.urgent
        assert message.duration_s == pytest.approx(4, abs=1)
        assert office.node.lamps["102"] == "1/0"


async def a_full_box_says_so() -> None:
    async with world() as office:
        office.node.records.change("102", max_messages=2)
        for _ in range(2):
            await office.leave(seconds=2)
        assert office.node.parts.boxes.state(office.node.records.boxes["102"]).full
        assert office.said
        caller = await office.call("101", "102")
        await caller.ended()
        assert office.said == ["greeting 102", "full", "goodbye"]
        assert len(office.node.recorder.takes) == 2
        assert office.node.parts.shelf.refused == {"full": 1}
        (first, _) = await office.messages()
        await office.node.parts.shelf.patch(first.id, VoicemailPatch(deleted=True))
        await office.leave(seconds=2)
        assert len(await office.messages()) == 2


async def a_full_disk_loses_nothing_that_was_said() -> None:
    async with world() as office:
        office.node.recorder.disk_full_after_s = 3
        caller = await office.call("101", "102")
        await caller.ended()
        assert office.said[-2:] == ["no_room", "goodbye"]
        (message,) = await office.messages()
        assert message.duration_s == pytest.approx(3, abs=0.2)
        office.node.database.full = True
        caller = await office.call("101", "102")
        await caller.ended()
        assert office.said[-2:] == ["no_room", "goodbye"]
        assert len(office.node.recorder.takes) == 1, "nothing is recorded that could not be found again"
        office.node.database.full = False
        office.node.recorder.disk_full_after_s = None
        caller = await office.call("101", "102")
        await asyncio.sleep(8)
        office.node.database.full = True  # while somebody speaks
        await caller.hang_up()
        assert len(await office.messages()) == 1
        office.node.database.full = False
        await asyncio.sleep(60)
        assert len(await office.messages()) == 2


async def wrong_pins_lock_the_box_longer_each_time() -> None:
    async with world() as office:
        pins = office.node.parts.pins
        stranger = await office.call("103", "*98")
        for _ in range(3):
            await stranger.press("102#0000#", after_s=0.3)
            await asyncio.sleep(0.5)
        await stranger.ended()
        assert "locked" in office.said
        assert pins.locked_s("102") == pytest.approx(30, abs=15)
        late = await office.call("103", "*98102")
        await late.press(f"{PIN}#", after_s=0.3)
        await late.ended()
        assert "new 0" not in office.said, "not even the right PIN opens a locked box"
        assert not await pins.check("102", PIN)
        owner = await office.call("102", "*97")
        await asyncio.sleep(1)
        assert "new 0" in office.said, "the owner's phone needs none"
        await owner.hang_up()
        await asyncio.sleep(60)
        assert not await pins.check("102", "0001")
        assert pins.locked_s("102") == pytest.approx(60, abs=1)
        await asyncio.sleep(61)
        right = await office.call("103", "*98102")
        await right.press(f"{PIN}#", after_s=0.3)
        await asyncio.sleep(2)
        assert "new 0" in office.said
        await right.hang_up()
        assert pins.locked_s("102") == 0


async def a_new_box_asks_for_a_pin() -> None:
    async with world() as office:
        del office.node.records.pins["102"]
        outside = await office.call("103", "*98102")
        await outside.press("0000#", after_s=0.3)
        await asyncio.sleep(1)
        assert "new 0" not in office.said, "a box without a PIN is opened by its owner's phone alone"
        await outside.hang_up()
        owner = await office.call("102", "*97")
        await owner.press("1111#", after_s=0.2)
        await asyncio.sleep(3)
        await owner.press("8642#", after_s=0.2)
        await asyncio.sleep(3)
        await owner.press("8642#", after_s=0.2)
        await asyncio.sleep(20)
        assert office.node.records.pins["102"] == "8642"
        assert "pin_bad" in office.said
        await owner.hang_up()


async def greetings_are_recorded_by_phone() -> None:
    async with world() as office:
        owner = await office.call("102", "*97")
        await owner.press("01")
        await asyncio.sleep(6)
        await owner.press("#")
        await asyncio.sleep(5)
        await owner.press("1")
        await asyncio.sleep(5)
        assert office.node.records.boxes["102"].greeting == "custom"
        await owner.hang_up()
        assert "keep_recording" in office.said
        await office.leave(seconds=2)
        assert office.said == ["greeting-custom.wav"]
        office.node.records.change("102", enabled=False)
        caller = await office.call("101", "102")
        await caller.ended()
        assert office.said == ["greeting-custom.wav", "goodbye"]


async def a_message_is_sent_on_with_a_comment() -> None:
    async with world() as office:
        office.node.records.change("900", lamps=("103",))
        await office.leave(seconds=4)
        owner = await office.call("102", "*97")
        await owner.press("1")
        await asyncio.sleep(3)
        await owner.press("0")
        await owner.press("900#1", after_s=0.3)
        await asyncio.sleep(5)
        await owner.press("#")
        await asyncio.sleep(3)
        (copy,) = await office.messages(box="900")
        assert copy.duration_s == pytest.approx(4 + 4.5, abs=1)
        assert (copy.forwarded_from, copy.from_number) == ("102", "101")
        assert office.node.lamps["103"] == "1/0"
        await owner.hang_up()
        assert len(await office.messages()) == 1, "the original stays"


async def who_left_it_is_called_back() -> None:
    async with world() as office:
        caller = await office.call("103", "*99102")
        await asyncio.sleep(10)
        await caller.hang_up()
        owner = await office.call("102", "*97")
        await owner.press("1")
        await asyncio.sleep(3)
        await owner.press("8")
        leg = await office.phones["103"].incoming.get()
        assert leg.request.uri.startswith("sip:102@")
        await leg.reject(486)
        await owner.ended()
        assert len(await office.messages("old")) == 1


async def keys_lead_to_somebody() -> None:
    async with world() as office:
        office.node.records.change("102", operator="103")
        caller = await office.call("101", "102")
        await caller.press("0")
        leg = await office.phones["103"].incoming.get()
        await leg.reject(480)
        await caller.ended()
        assert await office.messages() == []
        caller = await office.call("101", "102")
        await asyncio.sleep(10)
        await caller.press("0")  # while the message is spoken: it is kept all the same
        leg = await office.phones["103"].incoming.get()
        await leg.reject(480)
        await caller.ended()
        assert len(await office.messages()) == 1


async def flows_hear_what_became_of_it() -> None:
    async with world() as office:
        parts = office.node.parts
        outcomes: list[object] = []

        def feature(work: Callable[[Call], Awaitable[None]]) -> None:
            async def run(call: Call, _: str) -> None:
                try:
                    await work(call)
                except PeerError as error:
                    outcomes.append(error.sip_status)
                else:
                    outcomes.append("done")

            office.node.features.register("echo", run)

        feature(lambda call: parts.leave_message(call, "102", False))
        caller = await office.call("101", "*43")
        await asyncio.sleep(5)
        await caller.press("##")
        await caller.ended()
        assert (outcomes.pop(), office.said) == ("done", ["stored", "review", "goodbye"])
        office.node.records.change("102", max_messages=1)
        caller = await office.call("101", "*43")
        await caller.ended()
        assert (outcomes.pop(), office.said) == (603, ["full", "goodbye"])
        feature(lambda call: parts.leave_message(call, "555", True))
        await office.dial("101", "*43")
        assert outcomes.pop() == 404
        feature(lambda call: parts.check_messages(call, "102"))
        caller = await office.call("103", "*43")
        await caller.press(f"{PIN}##", after_s=0.3)
        await caller.ended()
        assert outcomes.pop() == "done"
        caller = await office.call("103", "*43")
        await caller.press("0000#" * 3, after_s=0.3)
        await caller.ended()
        assert outcomes.pop() == 403


async def codes_are_for_those_who_may() -> None:
    async with world() as office:
        assert (await office.dial("101", "*99555"))[1] == 404
        nobody = await office.call("101", "*97")
        await nobody.ended()
        assert office.said == ["no_box"]


STORIES: tuple[Callable[[], Awaitable[None]], ...] = (
    a_message_is_left_and_heard,
    a_hang_up_in_the_middle_leaves_it_new,
    messages_are_saved_deleted_and_brought_back,
    moving_within_a_message,
    too_short_a_message_is_none,
    silence_and_length_end_a_message,
    after_the_pound_key_it_can_be_said_again,
    a_full_box_says_so,
    a_full_disk_loses_nothing_that_was_said,
    wrong_pins_lock_the_box_longer_each_time,
    a_new_box_asks_for_a_pin,
    greetings_are_recorded_by_phone,
    a_message_is_sent_on_with_a_comment,
    who_left_it_is_called_back,
    keys_lead_to_somebody,
    flows_hear_what_became_of_it,
    codes_are_for_those_who_may,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_in_calm_weather(story: Callable[[], Awaitable[None]]) -> None:
    run_virtual(story)  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(0, STORMS, BATCH))
def test_where_a_fifth_of_all_packets_is_lost(first: int) -> None:
    for seed in range(first, first + BATCH):
        run_virtual(lambda seed=seed: _storm(seed))  # type: ignore[misc]


async def _storm(seed: int) -> None:
    """A message, a visit with random keys, a hang-up at any moment: rows, files and lamps always agree."""
    random = Random(seed)
    async with world(seed=seed, weather=STORM) as office:
        for _ in range(2):
            caller, status = await office.dial("101", "102")
            if status == 200:
                await asyncio.sleep(random.random() * 20)
                await caller.press(random.choice(("", "#", "#2", "#3")))
                await asyncio.sleep(random.random() * 5)
                await caller.hang_up()
        owner, status = await office.dial("102", "*97")
        if status == 200:
            await owner.press("".join(random.choices("0123456789*#", k=12)), after_s=random.random() * 3)
            await owner.hang_up()
        await asyncio.sleep(60)
        await _all_agrees(office)


async def _all_agrees(office: World) -> None:
    rows = [*await office.messages(), *await office.messages("bin"), *await office.messages(box="900")]
    files = {path.stem for path in office.node.folder.glob("voicemail/*/*.wav")}
    assert {each.id for each in rows} == {each for each in files if not each.startswith("greeting")}
    assert all(each.complete and each.duration_s >= 1 for each in rows if each.mailbox == "102")
    new, old, saved = [len(await office.messages(each)) for each in ("new", "old", "saved")]
    if rows:
        assert office.node.lamps["102"] == f"{new}/{old + saved}"
    assert not await office.node.parts.shelf._store.unfinished()


def test_what_was_said_before_a_crash_is_adopted(tmp_path: Path) -> None:
    database = MemoryDatabase()

    async def crash() -> None:
        office: World
        async with world(database=database, folder=tmp_path) as office:
            caller = await office.call("101", "102")
            await asyncio.sleep(12)
            shelf = office.node.parts.shelf
            office.node.recorder.takes[0].write()
            shelf.spawn = None  # from here on, nothing is written any more
            await caller.hang_up()
            assert await office.messages() == []

    async def again() -> None:
        async with world(database=database, folder=tmp_path) as office:
            (message,) = await office.messages("new")
            assert message.duration_s == pytest.approx(12 - 4.5, abs=0.5)
            assert office.node.lamps["102"] == "1/0"
            draft = replace(
                message, id="0" * 26, complete=False, received_at=message.received_at + timedelta(hours=1)
            )
            await office.node.parts.shelf._store.put(draft)  # its file was never begun
            await office.node.parts.shelf.load()
            assert len(await office.messages("new")) == 1

    run_virtual(crash)
    run_virtual(again)
