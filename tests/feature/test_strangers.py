"""A caller from a trunk reaches what the called number points to, and nothing else: in random offices.

The real dial plan, extensions, groups, routes and limits run a call in an office made up by chance, whose phones
answer, refuse and redirect as they like. What was dialled must lie in what an oracle, written from the rules alone,
allows:

    the number's destination     an extension, a group, or a feature; never an outside number
    an extension                 its phones, and where it forwards to: inside but no feature, or outside with its rights
    a group                      the phones of its members, and its overflow: inside but no feature
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any

from pbx.call.call import Call
from pbx.call.incoming import Incoming
from pbx.call.talk import Sound
from pbx.core.errors import PeerError
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.inbound import InboundCalls
from pbx.feature.limits import Limits
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.feature.trunk_line import TrunkLine
from pbx.model.call_event import LegDialled
from pbx.model.extension import REACHES, Extension
from pbx.model.feature import FeatureInfo
from pbx.model.forwarding import Forwarding
from pbx.model.inbound_number import InboundNumber
from pbx.model.leg_event import Answered, Ended, LegCause, Refused
from pbx.model.limit import Limit
from pbx.model.outbound_route import OutboundRoute
from pbx.model.party import DialTarget, Party
from pbx.model.ring_group import RingGroup
from pbx.model.trunk import TrunkWrite
from tests.call import parts
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual

SEEDS = 1500
DID = "+4930901820"
FEATURES = ("*43", "*21")
EXTENSIONS = ("101", "102", "103", "104", "105")
GROUPS = ("201", "202")
OUTSIDE = ("02025550123", "09005551234", "00447400123456", "0911", "911", "+4930901821", "404")
REDIRECTS = (
    "sip:101@node",
    "sip:0911@node",
    "sip:02025550123@node",
    "sip:+19005551234@carrier",
    "sip:x@evil",
)
REACH_OF = {"0": "national", "00": "international"}


def emergency(dialled: str) -> str | None:
    """The oracle's own reading: 911, or 911 after the 0 of the routes."""
    return "911" if dialled in ("911", "0911") else None


@dataclass
class Office:
    extensions: dict[str, Extension]
    groups: dict[str, RingGroup]
    destination: str
    trunk_destination: str | None
    limits: list[Limit]
    ran: list[str] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, random: Random) -> Office:
        places = (*EXTENSIONS, *GROUPS, *FEATURES, *OUTSIDE)

        def place() -> str | None:
            return random.choice(places) if random.random() < 0.5 else None

        return cls(
            extensions={
                number: Extension(
                    number=number,
                    name=number,
                    enabled=random.random() < 0.9,
                    may_call=random.choice(REACHES),
                    do_not_disturb=random.random() < 0.2,
                    forward=Forwarding(
                        always=place() if random.random() < 0.3 else None,
                        busy=place(),
                        no_answer=place(),
                        unreachable=place(),
                    ),
                )
                for number in EXTENSIONS
            },
            groups={
                number: RingGroup(
                    number=number,
                    name=number,
                    members=tuple(random.sample(EXTENSIONS, 2)),
                    strategy=random.choice(("all", "in_order")),
                    overflow=place(),
                )
                for number in GROUPS
            },
            destination=random.choice(places),
            trunk_destination=place(),
            limits=[Limit(id="office", name="Off", counts="office", enabled=False)]
            if random.random() < 0.7
            else [],
        )

    # -- the oracle ----------------------------------------------------------------------------------------------------

    def allowed(self, dialled: str) -> tuple[set[str], set[tuple[str, str | None]], set[str]]:
        """The phones, the (number, charged extension) over the trunk, and the features that may be reached."""
        start = self.destination if dialled == DID else self.trunk_destination
        phones: set[str] = set()
        outside: set[tuple[str, str | None]] = set()
        features = {start} if start in FEATURES else set()
        seen: set[str] = set()
        todo = [start]
        while todo:
            place = todo.pop()
            if place is None or place in seen:
                continue
            seen.add(place)
            extension, group = self.extensions.get(place), self.groups.get(place)
            if extension is not None and extension.enabled:
                phones.add(place)
                forward = extension.forward
                for each in (forward.always, forward.busy, forward.no_answer, forward.unreachable):
                    todo.append(each)
                    outside |= self._outside(each, extension)
            elif group is not None:
                phones |= {each for each in group.members if self.extensions[each].enabled}
                todo.append(group.overflow)
        return phones, outside, features

    def _outside(self, dialled: str | None, by: Extension) -> set[tuple[str, str | None]]:
        if dialled is None or dialled in self.extensions or dialled in self.groups:
            return set()
        if emergency(dialled):
            return {("911", None)}
        if not dialled.startswith("0"):
            return set()
        reach = "international" if dialled.startswith("00") else "national"
        if REACHES.index(reach) > REACHES.index(by.may_call):
            return set()
        if (
            not self.limits and dialled != "02025550123"
        ):  # the standard limits: no premium number, no far country
            return set()
        return {(dialled[1:], by.number)}

    # -- the real thing ------------------------------------------------------------------------------------------------

    def dialplan(self, redirected: list[str]) -> Dialplan:
        trunk = TrunkWrite(
            id="t",
            name="T",
            host="carrier",
            register=False,
            check_every_s=0,
            number_format="as_dialled",
            destination=self.trunk_destination,
        )
        trunks: Any = SimpleNamespace(lines={"t": TrunkLine(trunk, country="US")})
        routes = [
            OutboundRoute(
                id=f"r{prefix}",
                name=prefix,
                position=-len(prefix) + 5,
                patterns=(f"{prefix}.",),
                strip_digits=1,
                trunks=("t",),
                reach=reach,  # type: ignore[arg-type]  # one of the words
            )
            for prefix, reach in REACH_OF.items()
        ]
        entries = {number: Entry(each, "") for number, each in self.extensions.items()}

        async def load() -> dict[str, Entry]:
            return entries

        directory = Directory(load)
        directory._entries = entries
        registrar: Any = SimpleNamespace(targets=phones_of)
        extensions = ExtensionCalls(registrar, is_ours=lambda host: host == "node")

        async def feature(name: str, call: Call) -> None:
            self.ran.append(name)

        def find(dialled: str) -> Any:
            if dialled not in FEATURES:
                return None
            found: Any = partial(feature, dialled)
            found.info = FeatureInfo(dialled, "", (dialled,))
            return found

        features: Any = SimpleNamespace(find=find)

        def redirect(contact: str) -> Any:
            redirected.append(contact)
            return extensions.redirect(contact)

        return Dialplan(
            features=features,
            directory=directory,
            extensions=extensions,
            inbound=InboundCalls(
                trunks,
                lambda: [InboundNumber(number=DID, name="Main", destination=self.destination)],
                country="US",
                passed_on=PassedOn(),
            ),
            outside=OutsideCalls(
                trunks,
                lambda: routes,
                passed_on=PassedOn(),
                emergency=("911", "112"),
                limits=Limits(lambda: self.limits, country="US", clock=LoopClock()),
                announcement=_announcement,
            ),
            groups=RingGroups(
                lambda: list(self.groups.values()),
                lambda number: (
                    extensions.targets(self.extensions[number]) if self.extensions[number].enabled else []
                ),
                busy=lambda _: False,
                fairness=Fairness(),
                redirect=redirect,
            ),
        )


async def _announcement(words: str) -> Sound:
    return Sound(f"no: {words}", 4.0)


def phones_of(number: str) -> list[DialTarget]:
    if number not in EXTENSIONS or number == "105":  # nobody is registered there
        return []
    return [DialTarget(uri=f"sip:{number}@phone", to_uri=f"sip:{number}@phone", host="phone", label=number)]


async def a_stranger_calls(seed: int) -> tuple[bool, bool, bool]:
    """Whether a phone, the trunk, a feature was reached."""
    random = Random(seed)
    office, bench = Office.of(random), parts.Office(offer=parts.sdp(parts.PCMU))
    dialled = random.choice((DID, DID, "+4930901899"))

    def phone(uri: str, leg: parts.ScriptedLeg) -> None:
        office.uris.append(uri)
        drawn = random.random()
        if drawn < 0.3:
            leg.tell(Answered(parts.sdp(parts.PCMU)))
            leg.tell(Ended(LegCause.NORMAL))
        elif drawn < 0.5:
            leg.tell(Refused(302, "Moved", (random.choice(REDIRECTS),)))
        else:
            leg.tell(Refused(random.choice((486, 480, 408, 503, 404)), "No"))

    bench.signaling.on_dial = phone
    call = Call(
        "c1",
        Incoming(
            leg=bench.caller,
            caller=Party("+15005550006"),
            dialled=dialled,
            source="trunk:t",
            source_host="192.0.2.9",
            offer=parts.sdp(parts.PCMU),
            trunk="t",
        ),
        bench.ports,
    )
    redirected: list[str] = []
    await call.run(office.dialplan(redirected))
    phones, outside, features = office.allowed(dialled)
    # a phone that is reached may send the call on to another phone of the office, with a 3xx: 101 is named above
    legs = [event for event in call.events if isinstance(event, LegDialled)]
    for leg in legs:
        if leg.trunk is None:
            assert leg.target in phones | {"101"}, (seed, office, leg)
        else:
            assert (leg.target, leg.charged_to) in outside, (seed, office, leg)
    for uri in office.uris:
        assert uri.rpartition("@")[2] in ("phone", "carrier"), (seed, uri)
    assert set(office.ran) <= features, (seed, office)
    assert not bench.media.open_streams
    return any(each.trunk is None for each in legs), any(each.trunk for each in legs), bool(office.ran)


def test_a_stranger_reaches_what_the_number_points_to_and_nothing_else() -> None:
    reached = [run_virtual(partial(a_stranger_calls, seed)) for seed in range(SEEDS)]
    counts = [sum(each) for each in zip(*reached, strict=True)]
    assert min(counts) > SEEDS // 50, f"the offices are too dull to prove anything: {counts}"


def test_an_inside_caller_has_features_and_a_stranger_who_is_forwarded_has_not() -> None:
    async def story() -> None:
        random = Random(1)
        office = Office.of(random)
        office.destination = "101"
        office.extensions["101"] = Extension(number="101", name="", forward=Forwarding(always="*43"))
        plan = office.dialplan([])
        bench = parts.Office(offer=parts.sdp(parts.PCMU))
        bench.call.dialled = "101"
        await bench.call.run(plan)
        assert office.ran == ["*43"]
        stranger: Any = SimpleNamespace(
            trunk="t",
            transferring=None,
            a=SimpleNamespace(on_close=lambda _: None),
            dialled=DID,
            party=Party("+1"),
            replaces=None,
            id="c",
            now=bench.call.now,
            record=lambda _: None,
            divert=lambda *_: None,
        )
        try:
            await plan.route(stranger)
        except PeerError as error:
            assert error.sip_status == 403  # noqa: PT017 - the plan is asked without a call around it
        assert office.ran == ["*43"]

    run_virtual(story)
