"""A provider that asks who sends each request in a call, not only the INVITE that begins it (RFC 3261 22.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from pbx.model.leg_event import Answered, Ended, LegCause
from pbx.model.party import Credentials
from pbx.sip.digest import Challenger, VerdictKind
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.sip_leg import SipLeg
from tests.fakes.virtual_loop import run_virtual
from tests.stories.office import ALICE, ANSWER, OFFER, OFFER_2, Office, target, until_ended
from tests.stories.raw_peer import HOST, RawPeer

ACCOUNT = Credentials("4930123456", "s3cret")
Story = Callable[[Office, "Provider"], Awaitable[None]]


class Provider(RawPeer):
    """Takes no request without credentials, an ACK apart, which cannot be answered."""

    def __init__(self, office: Office, status: int, host: str = HOST) -> None:
        super().__init__(office.network, host)
        self.status = status
        self._challenger = Challenger(b"x", "provider", ("MD5",))

    @property
    def header(self) -> str:
        return "Proxy-Authorization" if self.status == 407 else "Authorization"

    async def proved(self, method: str) -> Request:
        """The request, once it has been sent with the right credentials; asked for twice, as by a stale nonce."""
        first: Request = await self.hear(method)
        for stale in (False, True):
            self._ask(first, stale=stale)
            again: Request = await self.hear(method)
            assert again.cseq.number == first.cseq.number + 1, "another request of the same dialog"
            assert self.verdict(again) is VerdictKind.OK
            first = again
        return first

    def _ask(self, request: Request, *, stale: bool) -> None:
        name = "Proxy-Authenticate" if self.status == 407 else "WWW-Authenticate"
        (value,) = self._challenger.challenge(0.0, stale=stale, source_host="")
        self.respond(request, self.status, headers=(f"{name}: {value}",))

    def verdict(self, request: Request) -> VerdictKind:
        shown = request.headers.all(self.header)
        return self._challenger.verify(
            shown,
            request.method,
            0.0,
            "",
            lambda name: ACCOUNT.password if name == ACCOUNT.username else None,
        ).kind


def play(story: Story, status: int = 407) -> None:
    async def main() -> None:
        office = Office()
        await story(office, Provider(office, status))
        await office.settle()

    run_virtual(main)


async def called(office: Office, peer: Provider) -> SipLeg:
    leg = office.alice.agent.dial(
        replace(target(HOST), credentials=ACCOUNT), offer=OFFER, caller=ALICE, call="c1"
    )
    invite = await peer.proved("INVITE")
    peer.respond(invite, 200, body=ANSWER, headers=("Allow: INVITE, ACK, BYE, UPDATE, INFO",))
    ack = await peer.hear("ACK")
    assert ack.headers.all(peer.header) == invite.headers.all(peer.header), "the ACK proves the same"
    assert await leg.receive() == Answered(ANSWER)
    return leg


@pytest.mark.parametrize("status", [401, 407])
def test_a_bye_that_is_asked_about_ends_the_call_there(status: int) -> None:
    async def story(office: Office, peer: Provider) -> None:
        leg = await called(office, peer)
        await leg.end()
        peer.respond(await peer.proved("BYE"), 200)

    play(story, status)


def test_a_re_invite_that_is_asked_about_is_done() -> None:
    async def story(office: Office, peer: Provider) -> None:
        leg = await called(office, peer)
        offering = asyncio.ensure_future(leg.reoffer(OFFER_2))
        invite = await peer.proved("INVITE")
        peer.respond(invite, 200, body=ANSWER)
        ack = await peer.hear("ACK")
        assert ack.cseq.number == invite.cseq.number
        assert ack.headers.all(peer.header) == invite.headers.all(peer.header)
        assert await offering == ANSWER
        await leg.end()
        peer.respond(await peer.proved("BYE"), 200)

    play(story)


def test_a_key_and_the_question_who_is_there_are_proved_too() -> None:
    async def story(office: Office, peer: Provider) -> None:
        leg = await called(office, peer)
        leg.send_digit("5", 100)
        info = await peer.proved("INFO")
        assert b"Signal=5" in info.body
        peer.respond(info, 200)
        alive = asyncio.ensure_future(leg.alive())
        peer.respond(await peer.proved("UPDATE"), 200)
        assert await alive
        await leg.end()
        peer.respond(await peer.proved("BYE"), 200)

    play(story)


def test_a_call_that_came_in_is_ended_with_credentials_too() -> None:
    async def story(office: Office, peer: Provider) -> None:
        peer.invite()
        leg = await office.bob.incoming.get()
        leg.credentials = ACCOUNT
        answering = asyncio.ensure_future(leg.answer(ANSWER))
        ok = await peer.hear(200)
        peer.request("ACK", to_tag=ok.to_tag)
        await answering
        await leg.end()
        peer.respond(await peer.proved("BYE"), 200)

    play(story)


def test_each_server_of_a_provider_may_ask() -> None:
    """The first one asks, and is then too busy; the second one knows nothing of that."""

    async def story(office: Office, peer: Provider) -> None:
        second = Provider(office, 407, "10.0.0.8")
        hops = [Hop("UDP", HOST, 5060), Hop("UDP", "10.0.0.8", 5060)]
        office.alice.agent.resolver.hops_known = lambda uri: hops  # type: ignore[method-assign]
        leg = office.alice.agent.dial(
            replace(target(HOST), host="", credentials=ACCOUNT), offer=OFFER, caller=ALICE, call="c1"
        )
        del office.alice.agent.resolver.hops_known
        peer.respond(await peer.proved("INVITE"), 503)
        first = await second.hear("INVITE")
        second._ask(first, stale=False)
        invite = await second.hear("INVITE")
        assert second.verdict(invite) is VerdictKind.OK
        second.respond(invite, 200, body=ANSWER, headers=("Contact: <sip:raw@10.0.0.8>",))
        await second.hear("ACK")
        assert await leg.receive() == Answered(ANSWER)
        await leg.end()
        second.respond(await second.proved("BYE"), 200)

    play(story)


def test_a_provider_that_is_never_convinced_ends_the_leg_all_the_same() -> None:
    async def story(office: Office, peer: Provider) -> None:
        leg = await called(office, peer)
        await leg.end()
        for _ in range(2):
            bye = await peer.hear("BYE")
            peer._ask(bye, stale=False)
        assert await until_ended(leg) == [Ended(LegCause.NORMAL)]
        await asyncio.sleep(1)
        assert peer.silent_since(), "and asks no third time"

    play(story)


def test_the_dialog_of_a_later_process_can_prove_itself() -> None:
    async def story(office: Office, peer: Provider) -> None:
        leg = await called(office, peer)
        kept = leg.kept()
        assert kept is not None
        leg.finish(Ended(LegCause.NORMAL))
        leg.release()
        again = office.alice.agent.revive(kept, away=False)
        await again.end()
        peer.respond(await peer.proved("BYE"), 200)

    play(story)
