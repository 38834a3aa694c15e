"""Trunks at work against a provider that is a function, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from pbx.core.errors import PeerError
from pbx.feature.trunks import FLOW_CHECK_S, KEEP_ALIVE_S, Trunks
from pbx.model.party import Party
from pbx.model.trunk import TrunkStatus, TrunkWrite
from pbx.sip.build import response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual

TRUNK = TrunkWrite(
    id="p", name="P", host="provider.example", username="u", password="p", transport="tcp", check_every_s=60
)


class Provider:
    """Grants every registration for ten minutes; remembers what it was asked and over what."""

    def __init__(self) -> None:
        self.our_address = "198.51.100.1"
        self.connection = 1
        self.open = {1}
        self.found = True
        self.status: dict[str, list[int]] = {}
        self.contacts: list[str] = []
        self.asked: list[str] = []
        self.pings: list[int] = []

    async def exchange(self, request: Request, hop: Hop) -> tuple[Response, Hop]:
        self.asked.append(request.method)
        if request.method == "REGISTER":
            self.contacts.append(request.headers.get("Contact") or "")
        said = self.status.get(request.method) or [200]
        response = response_to(request, said.pop(0) if len(said) > 1 else said[0])
        response.headers.set("Service-Route", "<sip:way.example;lr>")
        return response, msgspec.structs.replace(hop, connection=self.connection)

    async def request(self, request: Request, hop: Hop) -> Response:
        return (await self.exchange(request, hop))[0]

    async def hops(self, _uri: str) -> list[Hop]:
        if not self.found:
            raise PeerError(404, "Host Not Found")
        return [Hop("TCP", "203.0.113.5", 5060)]

    def facing(self, hop: Hop) -> Hop:
        return msgspec.structs.replace(hop, local_host=self.our_address, local_port=5060)

    def is_open(self, connection: int) -> bool:
        return connection in self.open

    def keep_alive(self, hop: Hop) -> None:
        self.pings.append(hop.connection)

    @property
    def registered(self) -> int:
        return self.asked.count("REGISTER")


Story = Callable[[Trunks, Provider], Coroutine[Any, Any, None]]


def play(story: Story, trunk: TrunkWrite = TRUNK) -> list[TrunkStatus]:
    told: list[TrunkStatus] = []

    async def run() -> None:
        provider = Provider()

        async def load() -> list[TrunkWrite]:
            return [trunk]

        trunks = Trunks(provider, LoopClock(), load, country="DE", changed=told.append)
        await trunks.reload()
        await asyncio.sleep(5)
        await story(trunks, provider)
        await trunks.close()

    run_virtual(run)
    return told


def test_the_connection_is_kept_open_and_a_lost_one_made_anew() -> None:
    async def story(_: Trunks, provider: Provider) -> None:
        assert provider.registered == 1
        await asyncio.sleep(3 * KEEP_ALIVE_S)
        assert provider.pings == [1, 1, 1]
        provider.open, provider.connection = {2}, 2  # the old one has ended; the next request opens another
        await asyncio.sleep(FLOW_CHECK_S + 2)
        assert provider.registered == 2
        await asyncio.sleep(KEEP_ALIVE_S + FLOW_CHECK_S)
        assert provider.registered == 2
        assert provider.pings[-1] == 2

    play(story)


def test_a_new_external_address_is_registered_and_the_old_one_taken_back() -> None:
    async def story(trunks: Trunks, provider: Provider) -> None:
        trunks.moved()
        await asyncio.sleep(3)
        assert provider.registered == 1, "it is the same"
        provider.our_address = "198.51.100.2"
        trunks.moved()
        await asyncio.sleep(3)
        assert [each.partition("@")[2] for each in provider.contacts] == [
            "198.51.100.1:5060;transport=tcp>;expires=600",
            "198.51.100.1:5060;transport=tcp>;expires=0",
            "198.51.100.2:5060;transport=tcp>;expires=600",
        ]

    play(story)


def test_an_address_that_changed_unnoticed_is_seen_at_the_next_registration() -> None:
    async def story(_: Trunks, provider: Provider) -> None:
        provider.our_address = "198.51.100.2"
        await asyncio.sleep(600)
        assert "198.51.100.2" in provider.contacts[-1]

    play(story)


def test_a_failed_flow_is_registered_again() -> None:
    async def story(trunks: Trunks, provider: Provider) -> None:
        provider.status["OPTIONS"] = [430, 200]
        await asyncio.sleep(70)
        assert provider.registered == 2
        trunks.flow_failed(trunks.lines["p"])  # what a call says that was answered 430
        await asyncio.sleep(2)
        assert provider.registered == 3

    play(story)


def test_calls_take_the_route_that_the_registrar_said() -> None:
    async def story(trunks: Trunks, _: Provider) -> None:
        line = trunks.lines["p"]
        assert line.target("123", Party("101"), shown=None).route == ("<sip:way.example;lr>",)

    play(story)


def test_a_provider_that_falls_silent_is_told_and_comes_back() -> None:
    async def story(trunks: Trunks, provider: Provider) -> None:
        assert trunks.lines["p"].is_up
        provider.status["OPTIONS"] = [408]
        await asyncio.sleep(70)
        assert trunks.statuses()[0].state == "down"
        provider.status["OPTIONS"] = [200]
        await asyncio.sleep(20)
        assert trunks.statuses()[0].state == "up"

    states = [each.state for each in play(story)]
    assert states[-3:-1] == ["down", "up"] or states[-2:] == ["down", "up"]


def test_somebody_who_asks_need_not_wait_for_the_next_attempt() -> None:
    async def story(trunks: Trunks, provider: Provider) -> None:
        line = trunks.lines["p"]
        provider.status["REGISTER"] = [403]
        line.registration.lost(0.0)  # type: ignore[union-attr]
        line.wake.set()
        await asyncio.sleep(3)
        assert line.state == "down"
        before = provider.registered
        provider.status["REGISTER"] = [200]
        found = await trunks.register_now(line, within_s=10)
        assert found is not None
        assert (found.state.value, provider.registered) == ("registered", before + 1)

    play(story)


def test_a_name_that_is_not_found_is_asked_for_again() -> None:
    async def run() -> None:
        provider = Provider()
        provider.found = False

        async def load() -> list[TrunkWrite]:
            return [TRUNK]

        trunks = Trunks(provider, LoopClock(), load, country="DE")
        await trunks.reload()
        await asyncio.sleep(30)
        assert trunks.statuses()[0].state == "trying"
        provider.found = True
        await asyncio.sleep(15)
        assert provider.registered == 1
        await trunks.close()

    run_virtual(run)


@pytest.mark.parametrize(
    ("trunk", "account"),
    [
        ({"kind": "office"}, "u"),
        ({"kind": "office", "auth_username": "x"}, "x"),
        ({"kind": "office", "enabled": False}, None),
        ({"kind": "provider"}, None),
        ({"kind": "office", "password": None}, None),
    ],
)
def test_only_offices_with_a_password_have_an_account_here(
    trunk: dict[str, Any], account: str | None
) -> None:
    async def story(trunks: Trunks, _: Provider) -> None:
        known = [name for name in ("u", "x") if trunks.account(name) is not None]
        assert known == ([account] if account else [])

    wanted = TrunkWrite(**{name: getattr(TRUNK, name) for name in TRUNK.__struct_fields__} | trunk)
    play(story, wanted)


@pytest.mark.parametrize(
    ("hop", "more", "known"),
    [
        (Hop("UDP", "203.0.113.5", 5060), {"transport": "udp"}, True),
        (Hop("UDP", "203.0.113.5", 40000), {"transport": "udp"}, False),
        (Hop("UDP", "203.0.113.5", 40000), {"transport": "udp", "accept_from": ("203.0.113.0/24",)}, True),
        (Hop("UDP", "198.51.100.9", 40000), {"accept_from": ("198.51.100.0/24",)}, True),
        (Hop("UDP", "198.51.101.9", 40000), {"accept_from": ("198.51.100.0/24",)}, False),
        (Hop("TLS", "2001:db8::7", 40000), {"accept_from": ("2001:db8::/64",)}, True),
        (Hop("TLS", "203.0.113.5", 40000), {"kind": "office", "transport": "tls", "password": None}, True),
        (Hop("TCP", "203.0.113.5", 40000), {"kind": "office", "transport": "tls", "password": None}, False),
        (
            Hop("TLS", "203.0.113.5", 40000),
            {"kind": "office", "transport": "tls"},
            False,
        ),  # it has a password
    ],
)
def test_a_provider_without_registration_is_known_by_its_address(
    hop: Hop, more: dict[str, Any], known: bool
) -> None:
    async def story(trunks: Trunks, _: Provider) -> None:
        assert (trunks.calling("anybody", hop) is not None) is known

    values = {name: getattr(TRUNK, name) for name in TRUNK.__struct_fields__} | {"register": False} | more
    play(story, TrunkWrite(**values))
