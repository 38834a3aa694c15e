"""Codes and announcements as whole calls through a node, also where a fifth of all packets is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from pbx.app.features import register_features
from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.core.errors import PeerError, UserError
from pbx.core.tasks import Supervisor
from pbx.feature.callers import BlockLists
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.paging import Paging
from pbx.feature.registrar import Registrar
from pbx.model.extension import Extension
from pbx.model.kind import Kind
from pbx.model.kinds import OFFICE_FLAG
from pbx.model.leg_event import Answered, Ended, LegFailed, Offered, Refused
from pbx.model.paging_group import PagingGroup
from pbx.model.party import DialTarget, Party
from pbx.model.speed_dial import SpeedDial
from pbx.store.records import Stored
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeLog, FakeMedia
from tests.fakes.clock import LoopClock
from tests.fakes.sounds import FakeSoundParts
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.office import ANSWER, LONGEST_S, OFFER, Phone, target
from tests.stories.test_through_the_node import ByName

PAGES = 150
BATCH = 50
EVERYBODY = PagingGroup(number="700", name="Everybody", members=("102", "103", "104"), longest_s=20)
NUMBERS = ("101", "102", "103", "104")


class Records:
    """The office's records, without a disk."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], Stored] = {
            ("extension", number): Stored(Extension(number=number, name=f"Phone {number}"), 1)
            for number in NUMBERS
        }
        for flag in OFFICE_FLAG.defaults:
            self.stored["office_flag", OFFICE_FLAG.key_of(flag)] = Stored(flag, 0)

    async def get(self, kind: Kind, key: str) -> Stored | None:
        return self.stored.get((kind.name, key))

    async def replace(self, kind: Kind, key: str, write: msgspec.Struct, *, if_revision: int) -> Stored:
        old = self.stored[kind.name, key]
        if old.revision != if_revision:
            raise UserError("changed meanwhile", http_status=412)
        self.stored[kind.name, key] = new = Stored(kind.without_secret(write), if_revision + 1)
        return new

    async def directory(self) -> dict[str, Entry]:
        return {number: Entry(self.extension(number), "") for number in NUMBERS}

    def extension(self, number: str) -> Extension:
        found: Extension = self.stored["extension", number].record
        return found


class History:
    """What the store would find in the call records."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    async def last_dialled(self, extension: str) -> Sequence[str]:
        calls = {each.id: each for each in self._log.cdrs if each.from_extension == extension}
        return [each.dialled for each in reversed(list(calls.values()))]

    async def last_callers(self, extension: str) -> Sequence[tuple[str, str]]:
        calls = {each.id: each for each in self._log.cdrs if each.to_extension == extension}
        return [(each.from_number, each.dialled) for each in reversed(list(calls.values()))]


class FakeRoom:
    """Remembers who is in it, and who may be heard."""

    def __init__(self) -> None:
        self.muted: dict[str, bool] = {}
        self.were: dict[str, bool] = {}
        self.closed = False

    def join(self, stream: Any, *, muted: bool = False) -> None:
        assert not self.closed
        self.muted[stream.label] = muted
        self.were[stream.label] = muted

    def leave(self, stream: Any) -> None:
        self.muted.pop(stream.label, None)

    def play(self, sound: object, *, loop: bool = False) -> None:
        assert len(self.muted) > 1, "the tone is for everybody"

    def close(self) -> None:
        assert all(label.endswith("/a") for label in self.muted), "the members have left by themselves"
        self.closed = True


async def _nobody(_: object) -> None:
    """Nobody has called, and nothing is kept."""


class Node:
    """A node at 10.0.0.9 with an extension's phone at 10.0.0.1 to .4; everything above the wire but audio and disk."""

    def __init__(self, network: Network, supervisor: Supervisor) -> None:
        self.phone = Phone(network, "10.0.0.9", seed=99)
        self.media, self.log, self.records = FakeMedia(), FakeLog(), Records()
        self.rooms: list[FakeRoom] = []
        self.gone: set[str] = set()
        serial = count(1)
        self.directory = Directory(self.records.directory)
        registrar: Registrar = self  # type: ignore[assignment]  # only `targets` is asked
        extensions = ExtensionCalls(registrar, is_ours=lambda host: host == "10.0.0.9")
        features = Features()
        dialplan = Dialplan(
            features=features,
            directory=self.directory,
            extensions=extensions,
            paging=Paging(
                lambda: [EVERYBODY],
                lambda number: extensions.targets(self.records.extension(number)),
                busy=lambda number: self.switch.is_busy(number),  # noqa: PLW0108  the switch is made below
                rooms=self,
                tone=lambda: "tone",
            ),
        )
        ports = CallPorts(
            media=self.media,
            signaling=self.phone.agent,
            log=self.log,
            clock=LoopClock(),
            rtp_timeout_s=60,
            new_session_id=lambda: next(serial),
            local_host=lambda remote: "10.0.0.9",
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
        )
        self.switch = Switch(ports, dialplan, supervisor=supervisor, new_id=lambda: f"call-{next(serial):03}")
        register_features(
            features,
            dialplan=dialplan,
            directory=self.directory,
            extensions=extensions,
            office=self,  # type: ignore[arg-type]  # only its speed dials are asked for
            records=self.records,  # type: ignore[arg-type]
            cdrs=History(self.log),  # type: ignore[arg-type]
            block_lists=BlockLists(tuple, last_caller=_nobody, save=_nobody),
            busy=self.switch.is_busy,
            sounds=FakeSoundParts(),  # type: ignore[arg-type]
            country="US",
        )
        door = Gatekeeper(
            identify=ByName(),  # type: ignore[arg-type]  # stands in for digest
            registrar=registrar,
            switch=self.switch,
            new_tag=lambda: f"n{next(serial)}",
        )
        self.phone.agent.on_invite = door.invite

    def targets(self, number: str) -> list[DialTarget]:
        host = f"10.0.0.{number[-1]}"
        if number in self.gone:
            return []
        return [
            replace(target(host), uri=f"sip:{number}@{host}", to_uri=f"sip:{number}@{host}", label=number)
        ]

    def all(self, kind: Kind) -> tuple[SpeedDial, ...]:
        return (
            SpeedDial(id="all", name="Bob", code="7", destination="102"),
            SpeedDial(id="own", name="Carol", code="7", destination="103", extension="102"),
            SpeedDial(id="round", name="Round", code="8", destination="*08"),
        )

    def room(self, capacity: int, *, label: str) -> FakeRoom:
        self.rooms.append(FakeRoom())
        return self.rooms[-1]

    def assert_clean(self) -> None:
        self.phone.assert_clean()
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert self.media.links == {}
        assert all(room.closed for room in self.rooms)
        assert all(each.ended_at for each in {cdr.id: cdr for cdr in self.log.cdrs}.values())


class World:
    """The node, and four phones at its network."""

    def __init__(self, supervisor: Supervisor, *, seed: int = 0, weather: Weather = CALM) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.node = Node(self.network, supervisor)
        self.phones = {
            number: Phone(self.network, f"10.0.0.{number[-1]}", seed=seed * 8 + n)
            for n, number in enumerate(NUMBERS)
        }

    async def dial(self, number: str, dialled: str) -> tuple[SipLeg, int]:
        """Dial, and the final status; an answered call goes on."""
        where = replace(target("10.0.0.9"), uri=f"sip:{dialled.replace('#', '%23')}@10.0.0.9")
        caller = Party(number, f"Phone {number}")
        leg = self.phones[number].agent.dial(where, offer=OFFER, caller=caller, call="c")
        while True:
            event = await leg.receive()
            if isinstance(event, Answered):
                return leg, 200
            if isinstance(event, Refused | Ended):
                return leg, event.status

    async def code(self, number: str, dialled: str) -> None:
        """Dial a code that answers, says that it is done, and hangs up."""
        leg, status = await self.dial(number, dialled)
        assert status == 200
        assert isinstance(await leg.receive(), Ended), "the node hangs up"
        await self.node.directory.reload()

    async def reached(self, number: str, dialled: str) -> SipLeg:
        """The leg at whoever is rung; the call is over afterwards."""
        calling = asyncio.ensure_future(self.dial(number, dialled))
        ringing = {each: asyncio.ensure_future(self.phones[each].incoming.get()) for each in NUMBERS}
        await asyncio.wait([calling, *ringing.values()], return_when=asyncio.FIRST_COMPLETED)
        (at,) = [each for each in ringing.values() if each.done()]
        for each in ringing.values():
            each.cancel()
        leg = at.result()
        await leg.answer(ANSWER)
        caller, _ = await calling
        await caller.end()
        while not isinstance(await leg.receive(), Ended):
            pass
        await asyncio.sleep(1)
        return leg


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[World]:
    """In the end everything has come to rest, and nothing is left."""
    async with Supervisor() as supervisor:
        made = World(supervisor, **options)
        await made.node.directory.reload()
        yield made
        await asyncio.sleep(4 * LONGEST_S)
        for phone in made.phones.values():
            phone.assert_clean()
        made.node.assert_clean()
        assert supervisor.failures == 0


def at_phone(leg: SipLeg) -> str:
    """Whose phone rang."""
    return leg.request.uri.partition(":")[2].partition("@")[0]


async def codes_change_what_happens_next() -> None:
    async with world() as office:
        await office.code("102", "*78")
        assert office.node.records.extension("102").do_not_disturb
        assert (await office.dial("101", "102"))[1] == 486
        await office.code("102", "*76")
        await office.code("102", "*21*103#")
        assert at_phone(await office.reached("101", "102")) == "103"
        for refused in ("*72102", "*72999"):
            await office.code("102", refused)
            assert office.node.records.extension("102").forward.always == "103", "nothing has changed"
        await office.code("102", "*92104")
        await office.code("102", "*90*78")
        await office.code("102", "*74")
        forward = office.node.records.extension("102").forward
        assert (forward.always, forward.busy, forward.no_answer) == (None, None, None)
        assert at_phone(await office.reached("101", "102")) == "102"
        await office.code("101", "*28")
        assert office.node.records.stored["office_flag", "night"].record.on is True


async def codes_dial() -> None:
    async with world() as office:
        assert (await office.dial("101", "*66"))[1] == 404, "nothing was dialled yet"
        assert (await office.dial("102", "*69"))[1] == 404
        assert at_phone(await office.reached("101", "*07")) == "102", "the office's"
        assert at_phone(await office.reached("102", "*07")) == "103", "one's own goes before"
        assert (await office.dial("101", "*08"))[1] == 482, "a speed dial that dials itself"
        assert (await office.dial("101", "*09"))[1] == 404
        await office.code("102", "*78")
        assert at_phone(await office.reached("102", "*66")) == "103", (
            "a code that reaches nobody is no number"
        )
        await office.code("102", "*79")
        assert at_phone(await office.reached("103", "*69")) == "102"
        leg = await office.reached("101", "*67104")
        assert leg.request.from_.uri == "sip:anonymous@anonymous.invalid"
        assert "P-Asserted-Identity" not in leg.request.headers
        assert (await office.dial("104", "*69"))[1] == 404, "who withheld the number is not called back"


async def the_intercom_asks_to_be_answered() -> None:
    async with world() as office:
        leg = await office.reached("101", "*80102")
        assert (leg.request.headers.get("Call-Info") or "").endswith(";answer-after=0")
        assert "info=alert-autoanswer" in (leg.request.headers.get("Alert-Info") or "")
        assert leg.request.headers.get("Answer-Mode") == "Auto"
        await office.code("102", "*78")
        assert (await office.dial("101", "*80102"))[1] == 486
        assert (await office.dial("101", "*80999"))[1] == 404
        assert (await office.dial("101", "*80101"))[1] == 404
        office.node.gone.add("103")
        assert (await office.dial("101", "*80103"))[1] == 480


async def a_forwarded_call_changes_nobodys_wishes() -> None:
    async with world() as office:
        await office.code("102", "*72*78")
        assert (await office.dial("101", "102"))[1] == 403
        assert not office.node.records.extension("101").do_not_disturb
        assert not office.node.records.extension("102").do_not_disturb


@pytest.mark.parametrize(
    "story",
    [
        codes_change_what_happens_next,
        codes_dial,
        the_intercom_asks_to_be_answered,
        a_forwarded_call_changes_nobodys_wishes,
    ],
)
def test_codes(story: Any) -> None:
    run_virtual(story)


async def loudspeaker(phone: Phone, random: Random) -> None:
    """A phone that is paged: most answer at once, some refuse, some only ring, some leave early, hold or transfer."""
    leg = await phone.incoming.get()
    try:
        assert leg.request.headers.get("Answer-Mode") == "Auto"
        drawn = random.random()
        if drawn < 0.15:
            await leg.reject(random.choice((486, 603)))
            return
        if drawn < 0.3:
            await leg.progress(180)
            await asyncio.sleep(60)
            return
        await asyncio.sleep(random.random())
        await leg.answer(ANSWER)
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 5)
            await leg.reoffer(ANSWER.replace(b"o=- 2 1", b"o=- 2 2"))
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 5)
            return
        while not isinstance(event := await leg.receive(), Ended):
            if isinstance(event, Offered):
                await leg.answer(ANSWER)
    except (LegFailed, PeerError):
        pass
    finally:
        await leg.end()


async def page(seed: int) -> None:
    random = Random(seed)
    async with world(seed=seed, weather=STORM) as office:
        paged: list[asyncio.Future[None]] = [
            asyncio.ensure_future(loudspeaker(office.phones[number], Random(seed * 10 + n)))
            for n, number in enumerate(EVERYBODY.members)
        ]
        calling = asyncio.ensure_future(office.dial("101", "700"))
        leg: SipLeg | None = None
        await asyncio.wait([calling], timeout=random.choice((0.3, 1.0, 60.0, 60.0)))
        if calling.done():
            leg, status = calling.result()
            assert status in (200, 408, 480, 500, 503), office.network.transcript()
            await asyncio.wait([asyncio.ensure_future(_until_ended(leg))], timeout=random.choice((1.0, 60.0)))
        calling.cancel()
        for mine in office.phones["101"].agent._legs.copy().values():
            await mine.end()
        await asyncio.sleep(70)
        for each in paged:
            each.cancel()
        await asyncio.gather(*paged, return_exceptions=True)
        for room in office.node.rooms:
            assert all(muted == (not label.endswith("/a")) for label, muted in room.were.items())


async def _until_ended(leg: SipLeg) -> None:
    while not isinstance(event := await leg.receive(), Ended):
        if isinstance(event, Offered):
            await leg.answer(OFFER)


@pytest.mark.parametrize("batch", range(PAGES // BATCH))
def test_an_announcement_in_a_storm_leaves_nothing(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        try:
            run_virtual(partial(page, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
