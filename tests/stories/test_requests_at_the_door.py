"""What is refused before a call begins, and how (RFC 3261 8.2, 12.2.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pbx.core.errors import PeerError
from pbx.model.leg_event import Ended
from pbx.sip.build import response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.leg_host import AgentSettings
from pbx.transport.overload import Overload
from tests.fakes.virtual_loop import run_virtual
from tests.stories.office import Office
from tests.stories.raw_peer import RawPeer

Story = Callable[[Office, RawPeer], Awaitable[None]]


def play(story: Story, settings: AgentSettings | None = None) -> None:
    async def main() -> None:
        office = Office(settings=settings)
        peer = RawPeer(office.network)
        await story(office, peer)
        await office.settle()

    run_virtual(main)


async def refused(peer: RawPeer, status: int, branch: str, cseq: int = 1) -> Response:
    """The refusal of an INVITE, which gets its ACK."""
    response = await peer.final()
    assert response.status == status
    peer.request("ACK", cseq=cseq, branch=branch, to_tag=response.to_tag or "")
    return response


def test_an_unknown_required_extension_is_420_and_named() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(headers=("Require: timer, foo, bar",))
        response = await refused(peer, 420, branch)
        assert response.headers.get("Unsupported") == "bar, foo"

    play(story)


@pytest.mark.parametrize(
    ("kind", "headers"),
    [("application/pidf+xml", ()), ("application/sdp", ("Content-Encoding: gzip",)), ("multipart/mixed", ())],
)
def test_a_body_that_cannot_be_read_is_415_and_says_what_can(kind: str, headers: tuple[str, ...]) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(kind=kind, headers=headers)
        response = await refused(peer, 415, branch)
        assert response.headers.get("Accept") == "application/sdp"

    play(story)


def test_an_optional_body_is_ignored() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(
            body=b"x", kind="image/png", headers=("Content-Disposition: icon;handling=optional",)
        )
        leg = await office.bob.incoming.get()
        assert leg.offer is None
        await leg.reject(486)
        await refused(peer, 486, branch)

    play(story)


def test_a_call_that_was_passed_on_too_often_is_483() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(headers=("Max-Forwards: 0",))
        await refused(peer, 483, branch)

    play(story)


def test_an_unknown_scheme_is_416() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(uri="mailto:bob@example.com")
        await refused(peer, 416, branch)

    play(story)


def test_an_invite_without_contact_is_400() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(contact=False)
        await refused(peer, 400, branch)

    play(story)


def test_the_same_invite_by_two_paths_is_482() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        first = peer.invite(branch="z9hG4bK-path1")
        leg = await office.bob.incoming.get()
        peer.invite(branch="z9hG4bK-path2")
        response = await peer.hear(482)
        assert response.via.branch == "z9hG4bK-path2"
        await leg.reject(486)
        await refused(peer, 486, first)
        assert office.bob.incoming.empty()

    play(story)


def test_a_session_interval_below_our_minimum_is_422_with_min_se() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(headers=("Session-Expires: 60", "Supported: timer"))
        response = await refused(peer, 422, branch)
        assert response.headers.get("Min-SE") == "90"

    play(story)


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO", "PRACK"])
@pytest.mark.parametrize("to_tag", ["", "nobody"])
def test_a_request_for_no_dialog_is_481(method: str, to_tag: str) -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.request(method, to_tag=to_tag)
        assert (await peer.final()).status == 481

    play(story)


def test_a_re_invite_for_no_dialog_is_481() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        branch = peer.invite(to_tag="nobody")
        await refused(peer, 481, branch)

    play(story)


def test_an_unknown_method_is_405_with_allow_and_counted() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.request("BREW")
        response = await peer.final()
        assert response.status == 405
        allowed = response.headers.get("Allow") or ""
        assert {"INVITE", "BYE", "REGISTER"} <= set(allowed.split(", "))
        assert sum(sum(counts.values()) for _, counts in office.bob.agent._guard.worst()) == 1

    play(story)


def test_options_says_what_we_can() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.request("OPTIONS")
        response = await peer.final()
        assert response.status == 200
        assert "100rel" in (response.headers.get("Supported") or "")
        assert response.to_tag

    play(story)


def test_a_registration_is_answered_by_whoever_was_asked() -> None:
    async def answer(request: Request, hop: Hop) -> Response:
        await asyncio.sleep(1)
        if request.headers.get("Authorization") is None:
            raise PeerError(401, "Unauthorized", headers=(("WWW-Authenticate", "Digest"),))
        return response_to(request, 200, to_tag="x")

    async def story(office: Office, peer: RawPeer) -> None:
        office.bob.agent.on_request = answer
        peer.request("REGISTER")
        response = await peer.final()
        assert (response.status, response.headers.get("WWW-Authenticate")) == (401, "Digest")
        peer.request("REGISTER", cseq=2, headers=("Authorization: Digest",))
        assert (await peer.final()).status == 200

    play(story)


def test_a_fault_of_ours_is_500_and_the_agent_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: Request, hop: Hop) -> Response:
        raise ZeroDivisionError

    async def story(office: Office, peer: RawPeer) -> None:
        office.bob.agent.on_request = answer
        peer.request("REGISTER")
        assert (await peer.final()).status == 500
        office.bob.agent.on_invite = lambda leg: 1 / 0  # type: ignore[assignment]
        branch = peer.invite(cseq=5)
        await refused(peer, 500, branch, 5)

    play(story)
    assert "ZeroDivisionError" in caplog.text


def test_above_capacity_new_calls_get_503_at_once_and_running_ones_go_on() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        a, b = await office.call()
        branch = peer.invite()
        response = await refused(peer, 503, branch)
        assert response.headers.get("Retry-After") == "5"
        assert await a.alive()
        await b.end()

    play(story, settings=AgentSettings(max_legs=1))


def test_far_above_capacity_nothing_new_is_even_remembered() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        a, b = await office.call()
        office.bob.driver._max_transactions = office.bob.driver.live
        peer.invite()
        peer.request("OPTIONS", call_id="other")
        await asyncio.sleep(1)
        assert peer.silent_since()
        await a.end()  # a running call is not touched
        assert isinstance(await b.receive(), Ended)

    play(story)


def test_late_in_its_work_the_node_puts_new_calls_off_and_remembers_nothing_of_them() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        a, b = await office.call()
        now = iter((0.0, 0.6, *[1.0] * 20))
        overload = Overload(monotonic=lambda: next(now), random=lambda: 0.0)
        office.bob.endpoint.retry_after = overload.retry_after
        overload.waited(1.0)
        overload.waited(1.0)
        live = office.bob.driver.live
        branch = peer.invite()
        first = await peer.final()
        assert (first.status, first.headers.get("Retry-After")) == (503, "5")
        assert office.bob.driver.live == live
        peer.invite(branch=branch)  # lost on its way: the same question gets the same answer
        again = await peer.final()
        assert (again.status, again.to_tag) == (503, first.to_tag)
        peer.request("ACK", cseq=1, branch=branch, to_tag=first.to_tag or "")
        assert await a.alive()
        await a.end()
        assert isinstance(await b.receive(), Ended)

    play(story)


def test_while_shutting_down_new_requests_get_503_and_calls_are_ended() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        a, _ = await office.call()
        async with asyncio.TaskGroup() as group:
            closing = group.create_task(office.bob.agent.close())
            await asyncio.sleep(0)
            branch = peer.invite()
            await refused(peer, 503, branch)
            ended = await a.receive()
            assert getattr(ended, "status", 0) == 503  # the Reason of the BYE
            await closing
        # Its timers are stopped, so its transactions stay where they are.
        office.phones.remove(office.bob)

    play(story)


def test_a_stray_response_and_rubbish_are_dropped_and_counted() -> None:
    async def story(office: Office, peer: RawPeer) -> None:
        peer.say(
            "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx\nFrom: <sip:a@b>;tag=1\n"
            "To: <sip:a@b>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\n\n"
        )
        peer.say(b"\x00\x01rubbish")
        peer.say("HELLO\n\n")
        await asyncio.sleep(1)
        assert peer.silent_since()
        assert office.bob.endpoint.counters.get("stray_response") == 1
        assert office.bob.driver._guard.of(peer.host)

    play(story)
