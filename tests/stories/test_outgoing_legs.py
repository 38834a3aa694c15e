"""A call that goes out: the INVITE, forks behind a proxy, refusals, re-INVITE (RFC 3261 13.2, 14; RFC 3262)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from pbx.core.errors import PeerError
from pbx.model.leg_event import Answered, Ended, LegCause, LegFailed, Offered, Progress, Refused
from pbx.model.party import Credentials, DialTarget, Party
from pbx.sip.digest import Challenger, VerdictKind
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.dialling import first_uri
from pbx.transport.leg_host import AgentSettings
from pbx.transport.resolver import Resolver
from pbx.transport.sip_leg import SipLeg
from tests.fakes.virtual_loop import run_virtual
from tests.stories.office import ALICE, ANSWER, ANSWER_2, OFFER, OFFER_2, Office, target, until_ended
from tests.stories.raw_peer import HOST, RawPeer

Story = Callable[[Office, RawPeer], Awaitable[None]]


def play(story: Story, settings: AgentSettings | None = None) -> None:
    async def main() -> None:
        office = Office(settings=settings)
        peer = RawPeer(office.network)
        await story(office, peer)
        await office.settle()

    run_virtual(main)


def dial(
    office: Office,
    *,
    to: DialTarget | None = None,
    offer: bytes | None = OFFER,
    caller: Party = ALICE,
    **more: Any,
) -> SipLeg:
    return office.alice.agent.dial(to or target(HOST), offer=offer, caller=caller, call="c1", **more)


async def called(office: Office, peer: RawPeer, *, headers: tuple[str, ...] = ()) -> tuple[SipLeg, Request]:
    """A call to the raw peer that has been answered."""
    leg = dial(office)
    invite = await peer.hear("INVITE")
    peer.respond(invite, 200, body=ANSWER, headers=headers)
    await peer.hear("ACK")
    assert await leg.receive() == Answered(ANSWER)
    return leg, invite


async def hung_up(leg: SipLeg, peer: RawPeer) -> None:
    await leg.end()
    peer.respond(await peer.hear("BYE"), 200)


def test_the_invite_says_who_calls_and_what_we_can() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        caller = Party('10"1\r\nX: y', 'Eve" <sip:evil@x>\r\nEvil: yes')
        leg = dial(office, caller=caller, headers=(("X-Call\r\n", "1\r\nEvil: 2"), ("Max-Forwards", "42")))
        invite = await peer.hear("INVITE")
        assert invite.uri == f"sip:102@{HOST}"
        assert invite.from_.display == 'Eve" <sip:evil@x> Evil: yes'
        assert invite.from_.uri == "sip:10%221%20X%3A%20y@10.0.0.1"
        assert invite.headers.get("P-Asserted-Identity").startswith('"Eve')
        assert "Evil" not in invite.headers
        assert invite.headers.get("Max-Forwards") == "42"
        assert invite.headers.get("Supported") == "100rel, timer, replaces, norefersub"
        assert "UPDATE" in invite.headers.get("Allow")
        assert invite.headers.get("Session-Expires") == "1800"
        assert invite.headers.get("User-Agent") == "Bellwire"
        assert invite.contacts[0].uri.endswith("@10.0.0.1:5060")
        assert invite.body == OFFER
        peer.respond(invite, 486)
        await until_ended(leg)

    play(story)


def test_a_caller_without_number_is_anonymous() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office, caller=Party(""))
        invite = await peer.hear("INVITE")
        assert invite.from_.uri == "sip:anonymous@anonymous.invalid"
        assert "P-Asserted-Identity" not in invite.headers
        peer.respond(invite, 486)
        await until_ended(leg)

    play(story)


def test_ringing_then_early_media_then_answer() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 100, tag="")
        peer.respond(invite, 180)
        peer.respond(invite, 183, body=ANSWER)
        peer.respond(invite, 200)
        assert await leg.receive() == Progress(180)
        assert await leg.receive() == Progress(183, ANSWER)
        assert await leg.receive() == Answered(ANSWER)  # the 2xx brings none, the preview stands
        ack = await peer.hear("ACK")
        assert (ack.cseq.number, ack.to_tag) == (1, "rawtag")
        await hung_up(leg, peer)

    play(story)


def test_a_reliable_response_is_acknowledged_once_and_in_order() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 183, headers=("Require: 100rel", "RSeq: 7"), body=ANSWER)
        prack = await peer.hear("PRACK")
        assert (prack.headers.get("RAck"), prack.cseq.number) == ("7 1 INVITE", 2)
        peer.respond(prack, 200)
        peer.respond(invite, 180, headers=("Require: 100rel", "RSeq: 9"))  # 8 is missing
        peer.respond(invite, 183, headers=("Require: 100rel", "RSeq: 7"), body=ANSWER)  # repeated
        await asyncio.sleep(1)
        assert peer.silent_since()
        peer.respond(invite, 180, headers=("Require: 100rel", "RSeq: 8"))
        peer.respond(await peer.hear("PRACK"), 200)
        peer.respond(invite, 200)
        await peer.hear("ACK")
        events = [await leg.receive() for _ in range(3)]
        assert events == [Progress(183, ANSWER), Progress(180), Answered(ANSWER)]
        await hung_up(leg, peer)

    play(story)


def test_our_answer_to_an_early_offer_travels_in_the_prack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office, offer=None)
        invite = await peer.hear("INVITE")
        assert not invite.body
        peer.respond(invite, 183, headers=("Require: 100rel", "RSeq: 1"), body=OFFER_2)
        assert await leg.receive() == Progress(183, OFFER_2)
        assert peer.silent_since()
        await leg.answer(ANSWER)
        prack = await peer.hear("PRACK")
        assert prack.body == ANSWER
        peer.respond(prack, 200)
        peer.respond(invite, 200)
        assert not (await peer.hear("ACK")).body
        assert await leg.receive() == Answered(OFFER_2)
        await hung_up(leg, peer)

    play(story)


def test_our_answer_to_the_offer_in_the_2xx_travels_in_the_ack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office, offer=None)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 200, body=OFFER_2)
        assert await leg.receive() == Answered(OFFER_2)
        peer.respond(invite, 200, body=OFFER_2)
        await asyncio.sleep(1)
        assert peer.silent_since()
        await leg.answer(ANSWER)
        assert (await peer.hear("ACK")).body == ANSWER
        peer.respond(invite, 200, body=OFFER_2)
        assert (await peer.hear("ACK")).body == ANSWER  # the same again for a repeated 2xx
        await hung_up(leg, peer)

    play(story)


def test_hanging_up_before_our_answer_still_acknowledges() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office, offer=None)
        peer.respond(await peer.hear("INVITE"), 200, body=OFFER_2)
        await leg.receive()
        await leg.end()
        await peer.hear("ACK")
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_a_second_phone_that_answers_is_acknowledged_and_hung_up() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        for tag in ("one", "two", "three"):
            peer.respond(invite, 180, tag=tag)
        peer.respond(invite, 200, tag="two", body=ANSWER)
        assert (await peer.hear("ACK")).to_tag == "two"
        peer.respond(invite, 200, tag="three", body=ANSWER_2)
        assert (await peer.hear("ACK")).to_tag == "three"
        bye = await peer.hear("BYE")
        assert bye.to_tag == "three"
        assert 'text="Call completed elsewhere"' in bye.headers.get("Reason")
        peer.respond(bye, 200)
        assert [await leg.receive() for _ in range(4)] == [Progress(180)] * 3 + [Answered(ANSWER)]
        await hung_up(leg, peer)

    play(story)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (486, LegCause.BUSY),
        (603, LegCause.DECLINED),
        (404, LegCause.NOT_FOUND),
        (488, LegCause.INCOMPATIBLE),
        (401, LegCause.REFUSED),
        (407, LegCause.REFUSED),
        (500, LegCause.REFUSED),
        (503, LegCause.UNREACHABLE),
    ],
)
def test_a_refusal_is_told_with_its_status(status: int, cause: LegCause) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        peer.respond(await peer.hear("INVITE"), status)
        await peer.hear("ACK")
        assert await until_ended(leg) == [Refused(status, "Whatever"), Ended(cause, status, "Whatever")]

    play(story)


def test_the_contacts_of_a_redirection_come_best_first() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        contacts = "Contact: <sip:low@x>;q=0.1, <sip:best@x>, <sip:mid@x>;q=0.5"
        peer.respond(await peer.hear("INVITE"), 302, headers=(contacts,))
        event = await leg.receive()
        assert event == Refused(302, "Whatever", ("sip:best@x", "sip:mid@x", "sip:low@x"))

    play(story)


def test_silence_is_408_after_32_seconds() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        office.network.unreachable.add((HOST, 5060))
        assert await leg.receive() == Refused(408, "Request Timeout")
        assert asyncio.get_running_loop().time() == pytest.approx(32, abs=0.5)
        assert (await leg.receive()).cause is LegCause.UNREACHABLE  # type: ignore[union-attr]

    play(story)


def test_a_refusing_address_is_503_at_once() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        office.alice.driver.undeliverable(leg.hop)
        assert await leg.receive() == Refused(503, "Service Unavailable")
        nobody = office.alice.agent.dial(target("10.9.9.9", "TCP"), offer=OFFER, caller=ALICE, call="c")
        assert await nobody.receive() == Refused(503, "Service Unavailable")
        assert asyncio.get_running_loop().time() < 0.1

    play(story)


def test_a_large_invite_goes_over_tcp_and_falls_back_to_udp() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        large = OFFER + b"a=x:" + b"x" * 1300 + b"\r\n"
        leg = dial(office, offer=large)
        invite = await peer.hear("INVITE")
        assert invite.via.transport == "TCP"
        peer.plug.send(_response(invite, 486), Hop("TCP", invite.via.host, 5060))
        await until_ended(leg)
        office.network.unplug(peer.plug)
        deaf = _Deaf(office)
        leg = dial(office, offer=large)
        await asyncio.sleep(0.1)
        assert deaf.transports == ["UDP"]
        await leg.end()

    play(story)


def _response(invite: Request, status: int) -> bytes:
    lines = [
        f"SIP/2.0 {status} No",
        *(f"{name}: {invite.headers.get(name)}" for name in ("Via", "From", "Call-ID", "CSeq")),
        f"To: {invite.headers.get('To')};tag=x",
        "Content-Length: 0",
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


class _Deaf:
    """Where the peer was, only UDP is heard now."""

    def __init__(self, office: Office) -> None:
        self.transports: list[str] = []
        carry = office.network.carry

        def refuse_streams(data: bytes, hop: Any, source: Any) -> bool:
            if hop.remote_host == HOST:
                if hop.transport != "UDP":
                    return False
                self.transports.append(hop.transport)
            return carry(data, hop, source)

        office.network.carry = refuse_streams  # type: ignore[method-assign]


def test_cancel_waits_for_a_provisional_response() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        await leg.end(LegCause.ANSWERED_ELSEWHERE)
        assert await leg.receive() == Ended(LegCause.ANSWERED_ELSEWHERE)
        await asyncio.sleep(0.3)
        assert peer.silent_since()
        peer.respond(invite, 180)
        cancel = await peer.hear("CANCEL")
        assert "cause=200" in cancel.headers.get("Reason")
        peer.respond(cancel, 200)
        peer.respond(invite, 487)
        await peer.hear("ACK")

    play(story)


def test_a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 180)
        await leg.receive()
        await leg.end()
        peer.respond(invite, 200, body=ANSWER)
        await peer.hear("ACK")
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_a_too_small_session_interval_is_asked_for_again() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        peer.respond(await peer.hear("INVITE"), 422, headers=("Min-SE: 3600",))
        invite = await peer.hear("INVITE")
        assert invite.cseq.number == 2
        assert invite.headers.get("Session-Expires") == "3600"
        assert invite.headers.get("Min-SE") == "3600"
        peer.respond(invite, 200, body=ANSWER)
        assert (await peer.hear("ACK")).cseq.number == 2
        assert await leg.receive() == Answered(ANSWER)
        await hung_up(leg, peer)

    play(story)


def test_a_refresh_that_is_too_soon_for_somebody_is_asked_for_again() -> None:
    """A proxy on the way has raised its Min-SE meanwhile: the call goes on with what it wants (RFC 4028 7.4)."""

    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(
            office, peer, headers=("Session-Expires: 1800;refresher=uac", "Allow: INVITE, ACK, BYE, UPDATE")
        )
        peer.respond(await peer.hear("UPDATE", 1000), 422, headers=("Min-SE: 3600",))
        update = await peer.hear("UPDATE", 2)
        assert update.headers.get("Session-Expires") == "3600;refresher=uac"
        assert update.headers.get("Min-SE") == "3600"
        peer.respond(update, 200, headers=("Session-Expires: 3600;refresher=uac",))
        asked_at = asyncio.get_running_loop().time()
        again = await peer.hear("UPDATE", 2000)
        assert asyncio.get_running_loop().time() - asked_at > 1700
        peer.respond(again, 200, headers=("Session-Expires: 3600;refresher=uac",))
        await hung_up(leg, peer)

    play(story)


ACCOUNT = Credentials("4930123456", "right")


def challenged(invite: Request, challenger: Challenger, *, stale: bool = False) -> tuple[str, ...]:
    values = challenger.challenge(0.0, source_host="10.0.0.1", stale=stale)
    return tuple(f"Proxy-Authenticate: {value}" for value in values)


def proof(invite: Request, challenger: Challenger) -> VerdictKind:
    values = invite.headers.all("Proxy-Authorization")
    return challenger.verify(values, "INVITE", 0.0, "10.0.0.1", lambda _: "right").kind


def test_a_trunk_that_asks_who_calls_is_told() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        challenger = Challenger(b"x", "provider", ("MD5",))
        leg = dial(office, to=replace(target(HOST), credentials=ACCOUNT))
        first = await peer.hear("INVITE")
        assert "Proxy-Authorization" not in first.headers
        peer.respond(first, 407, headers=challenged(first, challenger))
        second = await peer.hear("INVITE")
        assert proof(second, challenger) is VerdictKind.OK
        assert (second.cseq.number, second.call_id, second.from_tag) == (2, first.call_id, first.from_tag)
        peer.respond(second, 407, headers=challenged(second, challenger, stale=True))
        third = await peer.hear("INVITE")
        assert proof(third, challenger) is VerdictKind.OK
        peer.respond(third, 200, body=ANSWER)
        assert (await peer.hear("ACK")).cseq.number == 3
        assert await leg.receive() == Answered(ANSWER)
        await hung_up(leg, peer)

    play(story)


@pytest.mark.parametrize("credentials", [None, Credentials("4930123456", "wrong")])
def test_a_trunk_that_is_not_convinced_has_refused(credentials: Credentials | None) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        challenger = Challenger(b"x", "provider", ("MD5",))
        leg = dial(office, to=replace(target(HOST), credentials=credentials))
        for _ in range(1 if credentials is None else 2):
            invite = await peer.hear("INVITE")
            peer.respond(invite, 407, headers=challenged(invite, challenger))
        assert isinstance(refused := await leg.receive(), Refused)
        assert refused.status == 407
        await until_ended(leg)

    play(story)


def test_requests_follow_the_route_the_proxies_recorded() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        proxy = RawPeer(office.network, "10.0.0.20")
        leg, _ = await _called_via(office, peer, "Record-Route: <sip:10.0.0.30;lr>, <sip:10.0.0.20;lr>")
        assert (await proxy.hear("ACK")).headers.all("Route") == ["<sip:10.0.0.20;lr>", "<sip:10.0.0.30;lr>"]
        await leg.end()
        bye = await proxy.hear("BYE")
        assert bye.uri == f"sip:raw@{HOST}"
        proxy.respond(bye, 200)

    play(story)


async def _called_via(office: Office, peer: RawPeer, header: str) -> tuple[SipLeg, Request]:
    leg = dial(office)
    invite = await peer.hear("INVITE")
    peer.respond(invite, 200, body=ANSWER, headers=(header,))
    await leg.receive()
    return leg, invite


def test_bye_from_the_phone_we_called() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, invite = await called(office, peer)
        peer.request("BYE", to="10.0.0.1", to_tag=leg.id, call_id=invite.call_id)
        assert (await peer.final()).status == 481  # with another From tag
        bye = (
            f"BYE sip:101@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {HOST};branch=z9hG4bK-b\nMax-Forwards: 70\n"
            f"From: <sip:102@{HOST}>;tag=rawtag\nTo: <sip:101@10.0.0.1>;tag={leg.id}\n"
            f"Call-ID: {invite.call_id}\nCSeq: 1 BYE\n\n"
        )
        peer.say(bye, "10.0.0.1")
        assert (await peer.final()).status == 200
        assert await until_ended(leg) == [Ended(LegCause.NORMAL)]
        await leg.end()

    play(story)


@pytest.mark.parametrize("status", [481, 408])
def test_a_re_invite_that_finds_nobody_ends_the_leg(status: int) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        asking = asyncio.get_running_loop().create_task(leg.reoffer(OFFER_2))
        peer.respond(await peer.hear("INVITE"), status)
        await peer.hear("ACK")
        with pytest.raises(LegFailed) as failed:
            await asking
        assert failed.value.status == status
        if status == 408:
            peer.respond(await peer.hear("BYE"), 481)

    play(story)


def test_a_refused_re_invite_leaves_the_call_as_it_was() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        asking = asyncio.get_running_loop().create_task(leg.reoffer(OFFER_2))
        peer.respond(await peer.hear("INVITE"), 488)
        await peer.hear("ACK")
        with pytest.raises(PeerError) as refused:
            await asking
        assert refused.value.sip_status == 488
        assert leg.local_sdp == OFFER
        await hung_up(leg, peer)

    play(story)


def test_a_re_invite_without_offer_is_answered_in_the_ack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        asking = asyncio.get_running_loop().create_task(leg.reoffer(None))
        invite = await peer.hear("INVITE")
        assert not invite.body
        peer.respond(invite, 200, body=ANSWER_2)
        assert await asking == ANSWER_2
        assert peer.silent_since()
        await leg.answer(OFFER_2)
        assert (await peer.hear("ACK")).body == OFFER_2
        await hung_up(leg, peer)

    play(story)


def test_a_cancelled_call_still_acknowledges_its_re_invite() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        asking = asyncio.get_running_loop().create_task(leg.reoffer(OFFER_2))
        invite = await peer.hear("INVITE")
        asking.cancel()
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)
        peer.respond(invite, 200, body=ANSWER_2)
        assert (await peer.hear("ACK")).cseq.number == 2

    play(story)


@pytest.mark.parametrize("reject_first", [False, True])
def test_colliding_re_invites_are_both_done_in_the_end(reject_first: bool) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        a, b = await office.call()
        answers = {a: ANSWER_2, b: OFFER_2}

        async def reply(leg: SipLeg) -> None:
            while not isinstance(event := await leg.receive(), Ended):
                assert isinstance(event, Offered)
                if reject_first:
                    await leg.reject(488)
                else:
                    await leg.answer(answers[leg])

        async with asyncio.TaskGroup() as group:
            group.create_task(reply(a))
            group.create_task(reply(b))
            results = await asyncio.gather(a.reoffer(OFFER_2), b.reoffer(ANSWER_2), return_exceptions=True)
            if reject_first:
                assert [getattr(each, "sip_status", each) for each in results] == [488, 488]
            else:
                assert list(results) == [OFFER_2, ANSWER_2]
            await a.end()
        assert sum(b" 491 " in each.data for each in office.network.log) >= 2

    play(story)


def test_re_offers_of_one_side_go_one_after_another() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(leg.reoffer(OFFER_2)), group.create_task(leg.reoffer(OFFER))
            for sdp in (OFFER_2, OFFER):
                invite = await peer.hear("INVITE")
                assert invite.body == sdp
                await asyncio.sleep(0.2)
                assert peer.silent_since()
                peer.respond(invite, 200, body=ANSWER_2)
                await peer.hear("ACK")
        assert first.result() == second.result() == ANSWER_2
        await hung_up(leg, peer)

    play(story)


def test_an_update_with_an_offer_while_it_rings_asks_the_call() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = dial(office)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 183, headers=("Require: 100rel", "RSeq: 1"), body=ANSWER)
        peer.respond(await peer.hear("PRACK"), 200)
        await leg.receive()
        update = (
            f"UPDATE sip:101@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {HOST};branch=z9hG4bK-u\nMax-Forwards: 70\n"
            f"From: <sip:102@{HOST}>;tag=rawtag\nTo: <sip:101@10.0.0.1>;tag={leg.id}\nCall-ID: {invite.call_id}\n"
            f"CSeq: 1 UPDATE\nContact: <sip:raw@{HOST}>\nContent-Type: application/sdp\n\n"
        )
        peer.say(update.replace("\n", "\r\n").encode() + ANSWER_2, "10.0.0.1")
        assert await leg.receive() == Offered(ANSWER_2)
        await leg.answer(OFFER_2)
        ok = await peer.hear(200)
        assert (ok.cseq.method, ok.body) == ("UPDATE", OFFER_2)
        peer.respond(invite, 200)
        await peer.hear("ACK")
        assert isinstance(await leg.receive(), Answered)
        await hung_up(leg, peer)

    play(story)


def test_a_bye_nobody_answers_is_given_up() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg, _ = await called(office, peer)
        await leg.end()
        await leg.end()
        assert len(office.alice.agent) == 1
        await asyncio.sleep(33)
        assert len(office.alice.agent) == 0

    play(story)


def test_a_phone_registered_through_nat_gets_everything_at_its_source() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        place = target(HOST)
        place = type(place)("sip:102@192.168.3.3:5099", "sip:102@office", host=HOST, port=5060)
        leg = office.alice.agent.dial(place, offer=OFFER, caller=ALICE, call="c")
        invite = await peer.hear("INVITE")
        assert invite.uri == "sip:102@192.168.3.3:5099"
        peer.respond(invite, 200, body=ANSWER, headers=("Contact: <sip:102@192.168.3.3:5099>",))
        assert (await peer.hear("ACK")).uri == "sip:102@192.168.3.3:5099"
        await hung_up(leg, peer)

    play(story)


@pytest.mark.parametrize("transport", ["UDP", "TCP", "WS"])
def test_a_sips_uri_never_leaves_tls(transport: str) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        place = DialTarget("sips:102@phone", "sips:102@office", transport=transport, host=HOST, port=5060)
        leg = office.alice.agent.dial(place, offer=OFFER, caller=ALICE, call="c")
        assert await leg.receive() == Refused(503, "Service Unavailable")
        assert peer.heard.empty()
        await leg.end()

    play(story)


def test_the_way_to_a_sips_uri_is_tls_from_the_first_route_on() -> None:
    through = DialTarget("sips:102@phone", "sips:102@office", route=("<sip:proxy.example;lr>",))
    assert first_uri(through) == "sips:proxy.example;lr"
    plain = DialTarget("sip:102@phone", "sip:102@office", route=("<sip:proxy.example;lr>",))
    assert first_uri(plain) == "sip:proxy.example;lr"


def test_a_name_is_resolved_before_the_invite_goes() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        async def lookup(host: str) -> list[str]:
            await asyncio.sleep(1)
            if host != "phone.example":
                raise OSError("no such host")
            return ["10.9.9.9", HOST]

        office.alice.agent.resolver = Resolver(office.alice.agent.clock, lookup)
        place = type(target(HOST))
        leg = office.alice.agent.dial(
            place("sip:102@phone.example", "sip:102@phone.example"), offer=OFFER, caller=ALICE, call="c"
        )
        office.alice.driver.wire = _RefusesFirst(office)
        invite = await peer.hear("INVITE")
        peer.respond(invite, 486)
        await until_ended(leg)
        lost = office.alice.agent.dial(
            place("sip:102@nowhere.example", "sip:102@x"), offer=OFFER, caller=ALICE, call="c"
        )
        assert await lost.receive() == Refused(404, "Not Found")
        gone = office.alice.agent.dial(
            place("sip:1@elsewhere.example", "sip:1@x"), offer=OFFER, caller=ALICE, call="c"
        )
        await gone.end()

    play(story)


class _RefusesFirst:
    """The first address of the name does not take packets."""

    def __init__(self, office: Office) -> None:
        self._wire = office.alice.driver.wire

    def send(self, data: bytes, hop: Any) -> bool:
        return hop.remote_host != "10.9.9.9" and self._wire.send(data, hop)

    def is_open(self, connection: int) -> bool:
        return self._wire.is_open(connection)
