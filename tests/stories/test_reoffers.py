"""Every re-offer in every state: what is answered, where sound is sent, what the other side hears, what is noted.

A change is made by one side, or by both at once, in a re-INVITE or an UPDATE, while they talk or while it still rings.
What should come of it is worked out here from each side's wish alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from pbx.call.codecs import codecs_of
from pbx.core.tasks import Supervisor
from pbx.sip.dialog import Dialog
from pbx.sip.sdp.negotiate import KNOWN
from tests.call.parts import FakeTranscoder
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, Network
from tests.stories.desk_office import DeskOffice, Handset, Talk
from tests.stories.desk_stories import talk_between
from tests.stories.lamp_office import NODE
from tests.stories.raw_peer import RawPeer

A, B = "101", "102"
FIRST_PORT, OTHER_PORT = 4000, 4600


@dataclass(frozen=True)
class Wish:
    """What one side asks for, starting from a plain conversation or from its own hold."""

    direction: str = "sendrecv"
    payload: str = "0"
    port: int = FIRST_PORT
    nowhere: bool = False
    after_hold: bool = False

    @property
    def held(self) -> bool:
        return self.nowhere or self.direction in ("sendonly", "inactive")

    @property
    def answer(self) -> str:
        """The direction of the node's answer (RFC 3264 6.1)."""
        return {"sendonly": "recvonly", "recvonly": "sendonly"}.get(self.direction, self.direction)

    def events(self) -> list[str]:
        before = ["LegHeld"] if self.after_hold else []
        return before + (
            ["LegHeld"]
            if self.held and not self.after_hold
            else ["LegResumed"] * (not self.held and self.after_hold)
        )

    def sdp(self, phone: Handset) -> bytes:
        sdp = phone.sdp(self.direction, payload=self.payload, port=self.port)
        return sdp.replace(f"c=IN IP4 {phone.host}".encode(), b"c=IN IP4 0.0.0.0") if self.nowhere else sdp


CHANGES = {
    "hold": Wish("sendonly"),
    "inactive": Wish("inactive"),
    "hold the old way": Wish(nowhere=True),
    "resume": Wish(after_hold=True),
    "only listen": Wish("recvonly"),
    "codec": Wish(payload="8"),
    "address": Wish(port=OTHER_PORT),
    "codec and hold": Wish("sendonly", payload="8"),
    "address and resume": Wish(port=OTHER_PORT, after_hold=True),
}
NOTHING = Wish()


class Pair:
    """Two who talk through a node that can transcode."""

    def __init__(self, office: DeskOffice) -> None:
        self.office = office
        self.talks: dict[str, Talk] = {}

    @property
    def streams(self) -> dict[str, Any]:
        """The node's streams, by whose they are."""
        return {A if each.label.endswith("/a") else B: each for each in self.office.node.media.open_streams}

    async def asks(self, number: str, wish: Wish, method: str) -> tuple[int, bytes]:
        """Ask in the dialog; the status and the SDP of the answer."""
        phone, talk = self.office.phones[number], self.talks[number]
        sdp = wish.sdp(phone)
        if method == "INVITE":
            return 200, await talk.leg.reoffer(sdp) or b""
        return await phone.asks(talk, "UPDATE", sdp)

    def check(self, wishes: dict[str, Wish]) -> None:
        media, streams = self.office.node.media, self.streams
        for number, wish in wishes.items():
            remote = streams[number].remote
            assert remote.rtp_port == wish.port
            assert remote.rtp_host == ("0.0.0.0" if wish.nowhere else self.office.phones[number].host)
            assert remote.voice.encoding == ("PCMA" if wish.payload == "8" else "PCMU")
            assert remote.send == (not wish.held), "the node speaks to who wants to hear"
            assert remote.receive == (wish.direction in ("sendrecv", "sendonly"))
            other = wishes[B if number == A else A]
            hears = "hold" if other.held and not wish.held else None
            assert media.playing.get(streams[number].label) == hears, f"{number} hears"
        a, b = (streams[each].label for each in (A, B))
        joined = not any(each.held for each in wishes.values())
        same = wishes[A].payload == wishes[B].payload
        assert {one: other for one, (other, _, _) in media.links.items()} == (
            {a: b} if joined and same else {}
        )
        assert media.bridges == ({a: b} if joined and not same else {})

    def check_early(self, wish: Wish) -> None:
        """While it rings the caller hears the phone, as it is now; of ours nothing."""
        media, streams = self.office.node.media, self.streams
        assert media.playing == {}
        a, b = (streams[each].label for each in (A, B))
        assert streams[B].remote.rtp_port == wish.port
        assert {**{one: other[0] for one, other in media.links.items()}, **media.bridges} == (
            {} if wish.held else {a: b}
        )
        assert (media.bridges == {a: b}) == (wish.payload != "0" and not wish.held)

    def check_record(self, wishes: dict[str, Wish]) -> None:
        (cdr,) = self.office.node.cdrs.values()
        noted = Counter(
            (getattr(each, "leg", ""), type(each).__name__)
            for each in cdr.events
            if type(each).__name__ in ("LegHeld", "LegResumed")
        )
        legs = {A: "a", B: "b1"}
        assert noted == Counter(
            (legs[number], event) for number, wish in wishes.items() for event in wish.events()
        )


async def _talking(wishes: dict[str, Wish], method: str) -> None:
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time)
    async with Supervisor() as supervisor:
        office = await _office(network, supervisor)
        pair = Pair(office)
        mine, theirs = await talk_between(office, A, B)
        pair.talks = {A: mine, B: theirs}
        asked = {number: wish for number, wish in wishes.items() if wish is not NOTHING}
        for number, wish in asked.items():
            if wish.after_hold:
                await pair.asks(number, CHANGES["hold"], method)
        answers = await asyncio.gather(*(pair.asks(number, wish, method) for number, wish in asked.items()))
        await asyncio.sleep(1)
        for (status, sdp), wish in zip(answers, asked.values(), strict=True):
            assert status == 200
            assert f"a={wish.answer}\r\n".encode() in sdp
            assert f"RTP/AVP {wish.payload}\r\n".encode() in sdp
        pair.check(wishes)
        await mine.leg.end()
        await office.close()
        pair.check_record(wishes)


async def _office(network: Network, supervisor: Supervisor) -> DeskOffice:
    office = DeskOffice(network, supervisor, seed=0, calm=True)
    switch, media = office.node.switch, office.node.media
    transcoder = FakeTranscoder(media)
    switch._ports = replace(switch._ports, transcoder=transcoder, codecs=codecs_of(KNOWN, transcoder))
    await office.open(CALM)
    return office


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("side", [A, B])
@pytest.mark.parametrize("change", CHANGES)
def test_one_side_changes_the_conversation(change: str, side: str, method: str) -> None:
    run_virtual(partial(_talking, {A: NOTHING, B: NOTHING} | {side: CHANGES[change]}, method))


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(("one", "other"), list(product(CHANGES, CHANGES)))
def test_both_sides_change_it_at_once(one: str, other: str, method: str) -> None:
    run_virtual(partial(_talking, {A: CHANGES[one], B: CHANGES[other]}, method))


# -- while it rings ----------------------------------------------------------------------------------------------------


async def _ringing(wish: Wish) -> None:
    """The phone that rings plays something of its own, and changes it by UPDATE (RFC 3311); then it picks up."""
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time)
    async with Supervisor() as supervisor:
        office = await _office(network, supervisor)
        phone = office.phones[B]
        network.unplug(phone.plug)
        peer = RawPeer(network, phone.host)
        mine = office.phones[A].dial(B)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 183, headers=("Require: 100rel", "RSeq: 1"), body=NOTHING.sdp(phone))
        peer.respond(await peer.hear("PRACK"), 200)
        await asyncio.sleep(0.5)
        pair = Pair(office)
        pair.check({A: NOTHING, B: NOTHING})
        for cseq, each in enumerate([CHANGES["hold"], wish] if wish.after_hold else [wish], 1):
            peer.say(_update(invite, cseq, phone.host).encode() + each.sdp(phone), NODE)
            ok = await peer.final()
            assert (ok.status, ok.cseq.method) == (200, "UPDATE")
        assert f"a={wish.answer}\r\n".encode() in ok.body
        await asyncio.sleep(0.5)
        assert [each.answered for each in office.phones[A].talks] == [False]
        pair.check_early(wish)
        peer.respond(invite, 200)
        await peer.hear("ACK")
        await asyncio.sleep(0.5)
        assert mine.answered
        pair.check({A: NOTHING, B: wish})
        await mine.leg.end()
        peer.respond(await peer.hear("BYE"), 200)
        await office.close()
        pair.check_record({A: NOTHING, B: wish})


def _update(invite: Any, cseq: int, host: str) -> str:
    return (
        f"UPDATE sip:101@{NODE} SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bK-u{cseq}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:102@{host}>;tag=rawtag\r\nTo: <sip:101@{NODE}>;tag={invite.from_tag}\r\n"
        f"Call-ID: {invite.call_id}\r\nCSeq: {cseq} UPDATE\r\nContact: <sip:raw@{host}>\r\n"
        "Content-Type: application/sdp\r\n\r\n"
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_phone_that_rings_changes_what_it_plays(change: str) -> None:
    run_virtual(partial(_ringing, CHANGES[change]))


@contextmanager
def early_dialog(talk: Talk, dialog: Dialog) -> Iterator[None]:
    """Let the handset speak in a dialog that its leg does not use yet."""
    talk.leg.dialog = dialog
    try:
        yield
    finally:
        talk.leg.dialog = None


@pytest.mark.parametrize("change", CHANGES)
def test_a_caller_that_has_no_answer_yet_is_told_to_wait(change: str) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with Supervisor() as supervisor:
            office = await _office(Network(loop.call_later, loop.time), supervisor)
            mine = office.phones[A].dial(B)
            await office.phones[B].until(lambda: office.phones[B].ringing)
            await asyncio.sleep(0.2)
            pair = Pair(office)
            pair.talks = {A: mine}
            before = {number: stream.remote for number, stream in pair.streams.items()}
            initial: Any = mine.leg.initial
            with early_dialog(mine, next(iter(initial.forks.values())).dialog):
                status, _ = await pair.asks(A, CHANGES[change], "UPDATE")
            assert status == 500
            assert {number: stream.remote for number, stream in pair.streams.items()} == before
            await office.close()

    run_virtual(story)
