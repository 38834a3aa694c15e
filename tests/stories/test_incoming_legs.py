"""A call that comes in: ringing, reliable ringing, answering, refusing, cancelling (RFC 3261 13.3, 9.2; RFC 3262)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pbx.model.leg_event import Ended, InfoDigit, LegCause, LegFailed, Offered, Reanswered
from pbx.sip.session_timer import SessionPolicy
from pbx.transport.leg_host import AgentSettings
from pbx.transport.sip_leg import SipLeg
from tests.fakes.virtual_loop import run_virtual
from tests.stories.office import ANSWER, ANSWER_2, OFFER, OFFER_2, Office, until_ended
from tests.stories.raw_peer import RawPeer

Story = Callable[[Office, RawPeer], Awaitable[None]]


def play(story: Story, settings: AgentSettings | None = None) -> None:
    async def main() -> None:
        office = Office(settings=settings)
        peer = RawPeer(office.network)
        await story(office, peer)
        await office.settle()

    run_virtual(main)


async def answered(office: Office, peer: RawPeer, *, headers: tuple[str, ...] = ()) -> SipLeg:
    """A call from the raw peer, answered and acknowledged."""
    branch = peer.invite(headers=headers)
    leg = await office.bob.incoming.get()
    async with asyncio.TaskGroup() as group:
        group.create_task(leg.answer(ANSWER))
        ok = await peer.hear(200)
        peer.request("ACK", branch=branch + "-ack", to_tag=ok.to_tag)
    return leg


def test_ringing_carries_our_tag_and_contact_and_the_answer_waits_for_the_ack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite()
        leg = await office.bob.incoming.get()
        await leg.progress(180)
        ringing = await peer.hear(180)
        assert ringing.to_tag == leg.id
        assert ringing.contacts[0].uri == "sip:102@10.0.0.2:5060"
        answering = asyncio.get_running_loop().create_task(leg.answer(ANSWER))
        ok = await peer.hear(200)
        assert (ok.to_tag, ok.body) == (leg.id, ANSWER)
        assert ok.headers.get("Allow")
        await asyncio.sleep(2)
        assert not answering.done()
        again = await peer.hear(200)
        assert again.body == ANSWER
        peer.request("ACK", to_tag=leg.id)
        assert await answering is None
        await leg.end()
        bye = await peer.hear("BYE")
        assert bye.to_tag == "raw"
        peer.respond(bye, 200)

    play(story)


def test_the_answer_to_an_invite_without_offer_comes_with_the_ack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite(body=b"")
        leg = await office.bob.incoming.get()
        assert leg.offer is None
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(leg.answer(ANSWER))
            ok = await peer.hear(200)
            peer.request("ACK", to_tag=ok.to_tag, body=OFFER)
        assert answering.result() == OFFER
        peer.request("BYE", cseq=2, to_tag=leg.id)
        assert await until_ended(leg) == [Ended(LegCause.NORMAL)]

    play(story)


def test_a_missing_ack_ends_the_leg_with_bye() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite()
        leg = await office.bob.incoming.get()
        with pytest.raises(LegFailed) as failed:
            await leg.answer(ANSWER)
        assert failed.value.cause is LegCause.ACK_MISSING
        assert 31 < asyncio.get_running_loop().time() <= 33
        bye = await peer.hear("BYE")
        peer.respond(bye, 481)
        assert isinstance(await leg.receive(), Ended)

    play(story)


def test_hanging_up_before_the_ack_sends_bye_only_after_it() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite()
        leg = await office.bob.incoming.get()
        answering = asyncio.get_running_loop().create_task(leg.answer(ANSWER))
        ok = await peer.hear(200)
        await leg.end()
        with pytest.raises(LegFailed):
            await answering
        await asyncio.sleep(0.2)
        assert peer.silent_since()
        peer.request("ACK", to_tag=ok.to_tag)
        peer.respond(await peer.hear("BYE", 0.1), 200)

    play(story)


def test_cancel_is_answered_and_the_invite_gets_487() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite()
        leg = await office.bob.incoming.get()
        await leg.progress(180)
        peer.request(
            "CANCEL", branch=branch, headers=('Reason: SIP;cause=200;text="Call completed elsewhere"',)
        )
        assert (await peer.hear(200)).cseq.method == "CANCEL"
        terminated = await peer.hear(487)
        peer.request("ACK", branch=branch, to_tag=terminated.to_tag)
        assert await leg.receive() == Ended(LegCause.CANCELLED, 200, "Call completed elsewhere")
        with pytest.raises(LegFailed):
            await leg.answer(ANSWER)

    play(story)


def test_cancel_after_the_answer_is_200_and_has_no_effect() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite()
        leg = await office.bob.incoming.get()
        async with asyncio.TaskGroup() as group:
            group.create_task(leg.answer(ANSWER))
            ok = await peer.hear(200)
            peer.request("CANCEL", branch=branch)
            assert (await peer.hear(200)).cseq.method == "CANCEL"
            peer.request("ACK", to_tag=ok.to_tag)
        assert not leg.is_over
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_bye_in_an_early_dialog_ends_the_call_and_the_invite() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite()
        leg = await office.bob.incoming.get()
        await leg.progress(180)
        peer.request("BYE", cseq=2, to_tag=leg.id)
        assert (await peer.hear(200)).cseq.method == "BYE"
        await peer.hear(487)
        peer.request("ACK", branch=branch, to_tag=leg.id)
        assert (await until_ended(leg))[-1] == Ended(LegCause.CANCELLED)

    play(story)


def test_the_reason_of_a_bye_is_kept() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.request("BYE", cseq=2, to_tag=leg.id, headers=('Reason: Q.850;cause=17;text="User busy"',))
        assert await until_ended(leg) == [Ended(LegCause.NORMAL, 486, "User busy")]

    play(story)


def test_a_refusal_carries_reason_and_headers_on_one_line_each() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite()
        leg = await office.bob.incoming.get()
        await leg.reject(486, "Busy\r\nEvil: yes", (("Retry-After", "5\r\nEvil: yes"),))
        refusal = await peer.hear(486)
        assert "Evil" not in refusal.headers
        assert refusal.headers.get("Retry-After") == "5 Evil: yes"
        peer.request("ACK", branch=branch, to_tag=leg.id)
        assert await leg.receive() == Ended(LegCause.BUSY, 486, "Busy\r\nEvil: yes")

    play(story)


def test_ringing_is_reliable_when_the_caller_insists() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(headers=("Require: 100rel",))
        leg = await office.bob.incoming.get()
        await leg.progress(183, ANSWER)
        await leg.progress(180)
        early = await peer.hear(183)
        assert (early.headers.get("Require"), early.body) == ("100rel", ANSWER)
        await peer.hear(183)  # repeated until its PRACK
        answering = asyncio.get_running_loop().create_task(leg.answer(ANSWER))
        await asyncio.sleep(0.1)
        rseq = int(early.headers.get("RSeq"))
        peer.request("PRACK", cseq=2, to_tag=leg.id, headers=(f"RAck: {rseq} 1 INVITE",))
        following = await peer.hear(180)
        assert int(following.headers.get("RSeq")) == rseq + 1
        ok = await peer.hear(200)
        if ok.cseq.method == "PRACK":
            ok = await peer.hear(200)
        assert (ok.cseq.method, ok.body) == ("INVITE", b"")  # the answer has gone already
        peer.request("PRACK", cseq=3, to_tag=leg.id, headers=(f"RAck: {rseq + 9} 1 INVITE",))
        assert (await peer.hear(481)).cseq.method == "PRACK"
        peer.request("ACK", branch=branch + "a", to_tag=leg.id)
        await answering
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_ringing_that_is_never_acknowledged_refuses_the_call() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(headers=("Require: 100rel",))
        leg = await office.bob.incoming.get()
        await leg.progress(183, ANSWER)
        assert (await leg.receive()).cause is LegCause.REFUSED  # type: ignore[union-attr]
        await peer.hear(504)
        peer.request("ACK", branch=branch, to_tag=leg.id)

    play(story)


def test_the_answer_to_our_reliable_offer_comes_with_the_prack() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite(body=b"", headers=("Require: 100rel",))
        leg = await office.bob.incoming.get()
        await leg.progress(180)  # could only be sent with an offer
        await leg.progress(183, ANSWER)
        early = await peer.hear(183)
        rack = f"RAck: {early.headers.get('RSeq')} 1 INVITE"
        peer.request("PRACK", cseq=2, to_tag=leg.id, headers=(rack,), body=OFFER)
        await peer.hear(200)
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(leg.answer(ANSWER))
            await peer.hear(200)
            peer.request("ACK", branch="z9hG4bK-a", to_tag=leg.id)
        assert answering.result() == OFFER
        peer.request("BYE", cseq=3, to_tag=leg.id)
        await until_ended(leg)

    play(story)


def test_a_digit_in_info_is_an_event() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.request(
            "INFO", cseq=2, to_tag=leg.id, kind="application/dtmf-relay", body=b"Signal=5\r\nDuration=250\r\n"
        )
        assert (await peer.final()).status == 200
        assert await leg.receive() == InfoDigit("5", 250)
        peer.request("INFO", cseq=3, to_tag=leg.id, kind="application/dtmf", body=b"#")
        assert (await peer.final()).status == 200
        assert await leg.receive() == InfoDigit("#")
        peer.request("INFO", cseq=4, to_tag=leg.id, kind="application/media_control+xml", body=b"<x/>")
        assert (await peer.final()).status == 415
        peer.request("INFO", cseq=5, to_tag=leg.id)
        assert (await peer.final()).status == 200
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_requests_in_the_dialog_are_checked() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.request("OPTIONS", cseq=2, to_tag=leg.id)
        assert (await peer.final()).status == 200
        peer.request("OPTIONS", cseq=2, to_tag=leg.id)
        assert (await peer.final()).status == 500  # CSeq has not grown
        peer.request("BREW", cseq=3, to_tag=leg.id)
        assert (await peer.final()).status == 405
        peer.request("OPTIONS", cseq=4, to_tag=leg.id, headers=("Require: nothing",))
        assert (await peer.final()).status == 420
        peer.request("UPDATE", cseq=5, to_tag=leg.id, body=b"?", kind="text/plain")
        assert (await peer.final()).status == 415
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_the_peer_re_invites_and_we_answer_or_refuse() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.invite(cseq=2, to_tag=leg.id, body=OFFER_2)
        assert await leg.receive() == Offered(OFFER_2)
        async with asyncio.TaskGroup() as group:
            group.create_task(leg.answer(ANSWER_2))
            assert (await peer.hear(200)).body == ANSWER_2
            peer.request("ACK", cseq=2, to_tag=leg.id)
        branch = peer.invite(cseq=3, to_tag=leg.id, body=OFFER)
        assert await leg.receive() == Offered(OFFER)
        await leg.reject(488)
        await peer.hear(488)
        peer.request("ACK", cseq=3, branch=branch, to_tag=leg.id)
        assert not leg.is_over
        peer.invite(cseq=4, to_tag=leg.id, body=b"")
        assert await leg.receive() == Offered(None)
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(leg.answer(ANSWER))
            assert (await peer.hear(200)).body == ANSWER
            peer.request("ACK", cseq=4, to_tag=leg.id, body=OFFER)
        assert answering.result() == OFFER
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_a_re_invite_that_changes_nothing_is_answered_without_asking_the_call() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.invite(cseq=2, to_tag=leg.id, body=OFFER)
        assert (await peer.hear(200)).body == ANSWER
        peer.request("ACK", cseq=2, to_tag=leg.id)
        await asyncio.sleep(1)
        peer.request("BYE", cseq=3, to_tag=leg.id)
        assert await until_ended(leg) == [Ended(LegCause.NORMAL)]

    play(story)


def test_a_second_re_invite_before_our_answer_is_500_with_retry_after() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        first = peer.invite(cseq=2, to_tag=leg.id, body=OFFER_2)
        await leg.receive()
        second = peer.invite(cseq=3, to_tag=leg.id, body=OFFER)
        refusal = await peer.hear(500)
        assert 0 <= int(refusal.headers.get("Retry-After")) <= 10
        peer.request("ACK", cseq=3, branch=second, to_tag=leg.id)
        peer.request("CANCEL", cseq=2, branch=first, to_tag=leg.id)
        await peer.hear(487)
        peer.request("ACK", cseq=2, branch=first, to_tag=leg.id)
        assert not leg.is_over  # cancelling a re-INVITE leaves the call as it was
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_a_re_invite_moves_the_target_and_the_bye_follows_it() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        other = RawPeer(office.network, "10.0.0.10")
        peer.invite(
            cseq=2, to_tag=leg.id, body=OFFER, contact=False, headers=("Contact: <sip:raw@10.0.0.10:5060>",)
        )
        await peer.hear(200)
        peer.request("ACK", cseq=2, to_tag=leg.id)
        await asyncio.sleep(1)
        await leg.end()
        bye = await other.hear("BYE")
        assert bye.uri == "sip:raw@10.0.0.10:5060"
        other.respond(bye, 200)

    play(story)


def test_update_without_sdp_is_answered_and_with_sdp_asks_the_call() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        peer.request("UPDATE", cseq=2, to_tag=leg.id)
        assert (await peer.final()).status == 200
        peer.request("UPDATE", cseq=3, to_tag=leg.id, body=OFFER_2)
        assert await leg.receive() == Offered(OFFER_2)
        peer.request("UPDATE", cseq=4, to_tag=leg.id, body=OFFER)
        assert (await peer.final()).status == 500  # the first is unanswered
        assert await leg.answer(ANSWER_2) is None
        ok = await peer.final()
        assert (ok.status, ok.body, ok.cseq.number) == (200, ANSWER_2, 3)
        peer.request("UPDATE", cseq=5, to_tag=leg.id, body=OFFER)
        await leg.receive()
        await leg.reject(488)
        assert (await peer.final()).status == 488
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_pending_offers_get_487_when_the_peer_hangs_up() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        branch = peer.invite(cseq=2, to_tag=leg.id, body=OFFER_2)
        await leg.receive()
        peer.request("BYE", cseq=3, to_tag=leg.id)
        await peer.hear(487)
        peer.request("ACK", cseq=2, branch=branch, to_tag=leg.id)
        assert isinstance(await leg.receive(), Ended)

    play(story)


def test_a_session_nobody_refreshes_ends() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer, headers=("Supported: timer", "Session-Expires: 200;refresher=uac"))
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(100)
        peer.request("UPDATE", cseq=2, to_tag=leg.id, headers=("Session-Expires: 200", "Supported: timer"))
        assert (await peer.hear(200)).headers.get("Session-Expires") == "200;refresher=uac"
        assert await until_ended(leg) == [Ended(LegCause.SESSION_EXPIRED, 408)]
        assert asyncio.get_running_loop().time() - began == pytest.approx(100 + 200 - 32, abs=1)
        peer.respond(await peer.hear("BYE"), 481)

    play(story)


def test_we_refresh_with_update_where_the_peer_allows_it() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(
            office,
            peer,
            headers=("Supported: timer", "Session-Expires: 200;refresher=uas", "Allow: INVITE, UPDATE"),
        )
        update = await peer.hear("UPDATE", 102)
        assert update.headers.get("Session-Expires") == "200;refresher=uac"
        assert not update.body
        peer.respond(update, 200, headers=("Session-Expires: 200;refresher=uac", "Require: timer"))
        assert (await peer.hear("UPDATE", 102)).cseq.number == update.cseq.number + 1
        assert (await until_ended(leg))[-1].cause is LegCause.SESSION_EXPIRED  # type: ignore[union-attr]
        peer.respond(await peer.hear("BYE"), 200)

    play(story)


def test_we_refresh_with_the_same_sdp_where_the_peer_does_not_allow_update() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(
            office, peer, headers=("Supported: timer", "Session-Expires: 200;refresher=uas", "Allow: INVITE")
        )
        again = await peer.hear("INVITE", 101)
        assert again.body == ANSWER
        peer.respond(again, 200, body=OFFER, headers=("Session-Expires: 200;refresher=uac", "Require: timer"))
        await peer.hear("ACK")
        peer.respond(await peer.hear("INVITE", 101), 481)
        await peer.hear("ACK")
        assert await until_ended(leg) == [Ended(LegCause.NORMAL, 481)]

    play(story)


def test_a_refresh_that_is_answered_otherwise_than_before_is_told() -> None:
    """Also the question whether anybody is there; the same answer as before is nothing new."""

    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(
            office, peer, headers=("Supported: timer", "Session-Expires: 200;refresher=uas", "Allow: INVITE")
        )
        moved = OFFER.replace(b"m=audio 40", b"m=audio 41")
        assert moved != OFFER
        timer = ("Session-Expires: 200;refresher=uac", "Require: timer")
        for body in (OFFER, moved, moved):
            again = await peer.hear("INVITE", 101)
            assert again.body == ANSWER
            peer.respond(again, 200, body=body, headers=timer)
            await peer.hear("ACK")
        assert await leg.receive() == Reanswered(ANSWER, moved)
        asking = asyncio.get_running_loop().create_task(leg.alive())
        peer.respond(await peer.hear("INVITE"), 200, body=OFFER, headers=timer)
        await peer.hear("ACK")
        assert await asking
        assert await leg.receive() == Reanswered(ANSWER, OFFER)
        peer.respond(await peer.hear("INVITE", 101), 481)
        await peer.hear("ACK")
        assert await until_ended(leg) == [Ended(LegCause.NORMAL, 481)]

    play(story)


def test_a_peer_without_session_timers_is_left_alone() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)
        await asyncio.sleep(7200)
        assert peer.silent_since()
        await leg.end()
        peer.respond(await peer.hear("BYE"), 200)

    play(story, settings=AgentSettings(session=SessionPolicy(interval_s=1800)))


def test_the_peer_says_nothing_any_more_and_alive_tells() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        leg = await answered(office, peer)  # it did not say that it allows UPDATE
        asking = asyncio.get_running_loop().create_task(leg.alive())
        peer.respond(await peer.hear("INVITE"), 488)
        await peer.hear("ACK")
        assert await asking  # a refusal is an answer
        assert not await leg.alive()
        assert (await leg.receive()).cause is LegCause.MEDIA_TIMEOUT  # type: ignore[union-attr]
        assert not await leg.alive()

    play(story)


def test_a_caller_whose_address_refuses_packets_is_gone() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.invite()
        leg = await office.bob.incoming.get()
        await leg.progress(180)
        office.bob.driver.undeliverable(leg.hop)
        assert await leg.receive() == Ended(LegCause.TRANSPORT, 503)

    play(story)


def test_a_phone_behind_nat_is_reached_where_its_packets_come_from() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        raw = (
            "INVITE sip:102@10.0.0.2 SIP/2.0\nVia: SIP/2.0/UDP 192.168.7.7:5060;rport;branch=z9hG4bK-nat\n"
            "From: <sip:raw@x>;tag=raw\nTo: <sip:102@x>\nCall-ID: nat\nCSeq: 1 INVITE\nMax-Forwards: 70\n"
            "Contact: <sip:raw@192.168.7.7>\nContent-Length: 0\n\n"
        )
        peer.say(raw)
        leg = await office.bob.incoming.get()
        answering = asyncio.get_running_loop().create_task(leg.answer(ANSWER))
        await peer.hear(200)
        peer.say(
            raw.replace("INVITE sip", "ACK sip")
            .replace("1 INVITE", "1 ACK")
            .replace("-nat", "-ack")
            .replace("<sip:102@x>", f"<sip:102@x>;tag={leg.id}")
        )
        await answering
        await leg.end()
        bye = await peer.hear("BYE")
        assert bye.uri == "sip:raw@192.168.7.7"
        peer.respond(bye, 200)

    play(story)
