"""REGISTER through the registrar: who may, what is stored before the 200, what expires, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from pbx.core.errors import PeerError
from pbx.core.events import EventBus
from pbx.feature import registrar
from pbx.feature.directory import Directory, Entry
from pbx.feature.identify import Identify
from pbx.feature.registrar import Registrar, RegistrarPorts
from pbx.model.binding import Binding
from pbx.model.extension import Extension
from pbx.model.registration import Registered, Unregistered
from pbx.sip.binding import Limits
from pbx.sip.build import request_of
from pbx.sip.digest import Challenger, authorize
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.store.errors import StoreError
from tests.fakes.clock import FakeClock

HOP = Hop("UDP", "192.0.2.7", 5062)
URI = "sip:pbx.example"


class Shelf:
    """A binding store that remembers what it was asked, and can be slow or broken."""

    def __init__(self) -> None:
        self.kept: list[Binding] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def load(self) -> list[Binding]:
        return list(self.kept)

    async def apply(self, put: Sequence[Binding], remove: Sequence[Binding]) -> None:
        await self.gate.wait()
        if self.broken:
            raise StoreError("disk full")
        gone = {(each.extension, each.contact_uri) for each in (*put, *remove)}
        self.kept = [each for each in self.kept if (each.extension, each.contact_uri) not in gone] + list(put)


class Ledger:
    """Writes down wrong credentials, and holds nobody back."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        self._wrong = wrong

    def challenged(self, request: Request, hop: Hop) -> None: ...

    def hold_back(self, hop: Hop, account: str) -> None: ...

    def failed(self, request: Request, hop: Hop, account: str) -> None:
        self._wrong.append((hop.remote_host, account))

    def proved(self, hop: Hop, account: str) -> None: ...


class Office:
    """A registrar with extensions 101 (password "one") and 102 (disabled)."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.shelf = Shelf()
        self.bus = EventBus()
        self.directory = Directory(self._entries)
        self.challenger = Challenger(b"s" * 32, "bellwire", ("MD5", "SHA-256"))
        self.wrong: list[tuple[str, str]] = []
        self.enabled = True
        self._cseq = 0
        self.registrar = self.new_registrar()

    def new_registrar(self) -> Registrar:
        identify = Identify(
            self.challenger,
            self.directory,
            monotonic=self.clock.monotonic,
            door=Ledger(self.wrong),
        )
        return Registrar(
            RegistrarPorts(
                identify=identify,
                store=self.shelf,
                bus=self.bus,
                clock=self.clock,
                limits=Limits(max_contacts=2),
                new_tag=lambda: "tag",
            )
        )

    async def _entries(self) -> dict[str, Entry]:
        return {
            "101": Entry(Extension(number="101", name="Alice", enabled=self.enabled), "one"),
            "102": Entry(Extension(number="102", name="Bob", enabled=False), "two"),
        }

    def request(
        self, user: str, contact: str | None, *, password: str | None = "one", **more: str
    ) -> Request:
        self._cseq += 1
        headers = [("Contact", contact)] if contact else []
        headers += [(name.replace("_", "-").title(), value) for name, value in more.items()]
        if password is not None:
            challenge = self.challenger.challenge(self.clock.monotonic(), source_host=HOP.remote_host)
            answer = authorize(
                challenge, method="REGISTER", uri=URI, username=user, password=password, cnonce="c"
            )
            assert answer is not None
            headers.append(("Authorization", answer))
        address = f"<sip:{user}@pbx.example>"
        return request_of(
            "REGISTER",
            URI,
            from_=f"{address};tag=1",
            to=address,
            call_id="x",
            cseq=self._cseq,
            headers=tuple(headers),
        )

    async def register(self, contact: str | None, **more: str) -> Response:
        return await self.registrar.register(self.request("101", contact, **more), HOP)


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.directory.reload()
    return office


async def test_the_200_lists_the_contacts_with_their_time_left(office: Office) -> None:
    response = await office.register("<sip:101@10.0.0.5:5060>;expires=100")
    office.clock.advance(40)
    response = await office.register(None)
    assert response.status == 200
    assert response.headers.all("Contact") == ["<sip:101@10.0.0.5:5060>;expires=60"]
    assert "Date" in response.headers


async def test_a_phone_is_rung_where_its_register_came_from(office: Office) -> None:
    await office.register("<sip:101@10.0.0.5:5060>")
    (target,) = office.registrar.targets("101")
    assert (target.uri, target.host, target.port) == ("sip:101@10.0.0.5:5060", "192.0.2.7", 5062)


async def test_a_binding_is_stored_before_it_is_confirmed(office: Office) -> None:
    office.shelf.gate.clear()
    task = asyncio.get_running_loop().create_task(office.register("<sip:101@10.0.0.5>"))
    await asyncio.sleep(0.01)
    assert not task.done(), "confirmed although the store has not said yes"
    office.shelf.gate.set()
    assert (await task).status == 200
    assert [each.contact_uri for each in office.shelf.kept] == ["sip:101@10.0.0.5"]


async def test_a_full_or_slow_disk_keeps_no_phone_away_and_gets_what_it_missed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registrar, "STORE_S", 0.01)
    assert (await office.register("<sip:101@10.0.0.4>")).status == 200
    office.shelf.broken = True
    assert (await office.register("<sip:101@10.0.0.5>")).status == 200
    assert (await office.register("<sip:101@10.0.0.4>;expires=0")).status == 200
    office.shelf.broken = False
    office.shelf.gate.clear()
    assert (await office.register("<sip:101@10.0.0.6>")).status == 200
    await office.registrar.sweep()
    assert [each.uri for each in office.registrar.targets("101")] == ["sip:101@10.0.0.5", "sip:101@10.0.0.6"]
    assert [each.contact_uri for each in office.shelf.kept] == ["sip:101@10.0.0.4"]
    office.shelf.gate.set()
    await office.registrar.sweep()
    assert [each.contact_uri for each in office.shelf.kept] == ["sip:101@10.0.0.5", "sip:101@10.0.0.6"]


async def test_setting_the_clock_ends_no_registration(office: Office) -> None:
    await office.register("<sip:101@10.0.0.5>")
    (before,) = office.registrar.bindings("101")
    (after,) = office.registrar.clock_jumped(86_400)
    assert after.expires_at == before.expires_at + 86_400
    assert office.registrar.bindings("101") == [after]


async def test_known_unknown_and_disabled_extensions_get_the_same_challenge(office: Office) -> None:
    seen = []
    for user in ("101", "102", "999"):
        with pytest.raises(PeerError) as refused:
            await office.registrar.register(office.request(user, "<sip:x@y>", password=None), HOP)
        seen.append((refused.value.sip_status, [name for name, _ in refused.value.headers]))
    assert seen == [(401, ["WWW-Authenticate"] * 2)] * 3
    assert office.wrong == [], "asking without credentials is no attack"


async def test_wrong_credentials_are_403_for_all_and_counted(office: Office) -> None:
    for user in ("101", "102", "999"):
        with pytest.raises(PeerError) as refused:
            await office.registrar.register(office.request(user, "<sip:x@y>", password="guess"), HOP)
        assert refused.value.sip_status == 403
    assert office.wrong == [("192.0.2.7", "101"), ("192.0.2.7", "102"), ("192.0.2.7", "999")]


async def test_an_extension_may_not_register_another(office: Office) -> None:
    request = office.request("101", "<sip:x@y>")
    request.headers.set("To", "<sip:102@pbx.example>")
    with pytest.raises(PeerError) as refused:
        await office.registrar.register(request, HOP)
    assert refused.value.sip_status == 403


async def test_bindings_come_back_after_a_restart_unless_they_expired(office: Office) -> None:
    await office.register("<sip:101@10.0.0.5>;expires=60")
    await office.register("<sip:101@10.0.0.6>;expires=600")
    office.clock.advance(61)
    again = office.new_registrar()
    await again.load()
    assert [each.uri for each in again.targets("101")] == ["sip:101@10.0.0.6"]


async def test_expired_bindings_are_forgotten_and_told(office: Office) -> None:
    with office.bus.subscribe("registration") as told:
        await office.register("<sip:101@10.0.0.5>;expires=60")
        office.clock.advance(61)
        await office.registrar.sweep()
        assert office.shelf.kept == []
        first, second = [(await anext(told)).event for _ in range(2)]
    assert isinstance(first, Registered)
    assert isinstance(second, Unregistered)
    assert second.reason == "expired"


async def test_a_refresh_is_not_news(office: Office) -> None:
    with office.bus.subscribe("registration") as told:
        await office.register("<sip:101@10.0.0.5>")
        await office.register("<sip:101@10.0.0.5>")
        await office.register("<sip:101@10.0.0.5>;expires=0")
        kinds = [type((await anext(told)).event).__name__ for _ in range(2)]
    assert kinds == ["Registered", "Unregistered"]


async def test_the_phones_of_a_disabled_extension_are_dropped(office: Office) -> None:
    await office.register("<sip:101@10.0.0.5>")
    office.enabled = False
    await office.directory.reload()
    await office.registrar.prune(lambda number: office.directory.password(number) is not None)
    assert office.registrar.all_bindings() == []
    assert office.shelf.kept == []


async def test_two_phones_registering_at_once_are_both_kept(office: Office) -> None:
    office.shelf.gate.clear()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(office.register(f"<sip:101@10.0.0.{n}>")) for n in (5, 6)]
    await asyncio.sleep(0.01)
    office.shelf.gate.set()
    await asyncio.gather(*tasks)
    assert {each.uri for each in office.registrar.targets("101")} == {"sip:101@10.0.0.5", "sip:101@10.0.0.6"}


async def test_a_router_that_rewrites_is_remembered_with_the_registration(office: Office) -> None:
    router = Hop("UDP", "8.8.4.4", 1024)
    via = "SIP/2.0/UDP 192.168.1.5;branch=z9hG4bK1;rport"
    with pytest.raises(PeerError) as challenged:
        await office.registrar.register(
            office.request("101", "<sip:101@8.8.4.4>", password=None, via=via), router
        )
    assert challenged.value.sip_status == 401
    office.challenger = Challenger(b"s" * 32, "bellwire", ("MD5",))
    for _ in range(2):
        await office.registrar.register(office.request("101", "<sip:101@8.8.4.4>", via=via), HOP)
        (binding,) = office.registrar.bindings("101")
        assert binding.rewritten
    await office.registrar.register(office.request("101", "<sip:101@8.8.4.4>;expires=0", via=via), HOP)
    assert office.registrar.bindings("101") == []
