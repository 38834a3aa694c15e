"""What was known goes on counting while the DNS is silent, refuses, or denies (RFC 8767), and over a restart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.core.errors import PeerError
from pbx.transport.dns import Answer, Naptr, Srv
from pbx.transport.known_names import KnownNames
from pbx.transport.resolver import PROVEN_S, Resolver
from tests.fakes.clock import FakeClock

NAME = "sip.carrier.example"


class Said:
    """A name server whose answers a test writes itself."""

    def __init__(self) -> None:
        self.now: OSError | tuple[str, ...] = ("192.0.2.1",)
        self.hangs: asyncio.Event | None = None
        self.asked = 0

    async def addresses(self, _name: str) -> Answer:
        self.asked += 1
        if self.hangs is not None:
            await self.hangs.wait()
        if isinstance(self.now, OSError):
            raise self.now
        return Answer(self.now, 60 if self.now else 0)

    async def srv(self, name: str) -> Answer:
        found = await self.addresses(name)
        return Answer((Srv(1, 1, 5071, NAME),), 60) if found.records else found

    async def naptr(self, name: str) -> Answer:
        found = await self.addresses(name)
        return Answer((Naptr(1, 1, "s", "SIP+D2U", NAME),), 60) if found.records else found


class Kept:
    """A store in memory, through JSON."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str, kind: type[Any]) -> Any:
        import msgspec

        return msgspec.json.decode(self.values[key], type=kind) if key in self.values else None

    async def keep(self, key: str, value: Any) -> None:
        import msgspec

        self.values[key] = msgspec.json.encode(value())


def made() -> tuple[KnownNames, Said, FakeClock]:
    said, clock = Said(), FakeClock()
    return KnownNames(said, clock), said, clock


async def test_an_answer_holds_for_its_time_and_no_longer() -> None:
    names, said, clock = made()
    assert (await names.addresses(NAME)).records == ("192.0.2.1",)
    said.now = ("192.0.2.2",)
    clock.advance(59)
    again = await names.addresses(NAME)
    assert (again.records, said.asked) == (("192.0.2.1",), 1)
    assert again.ttl_s == pytest.approx(1), "who keeps it as well must not keep it longer"
    clock.advance(2)
    assert (await names.addresses(NAME)).records == ("192.0.2.2",)


@pytest.mark.parametrize("error", [TimeoutError("nobody"), OSError("DNS server returned general failure")])
async def test_without_an_answer_the_last_one_counts_for_a_day(error: OSError) -> None:
    names, said, clock = made()
    await names.addresses(NAME)
    said.now = error
    clock.advance(12 * 3600)
    assert (await names.addresses(NAME)).records == ("192.0.2.1",)
    asked = said.asked
    clock.advance(10)
    await names.addresses(NAME)
    assert said.asked == asked, "asked again after half a minute only"
    clock.advance(13 * 3600)
    with pytest.raises(type(error)):
        await names.addresses(NAME)
    said.now = ("192.0.2.3",)
    assert (await names.addresses(NAME)).records == ("192.0.2.3",)


async def test_a_name_never_heard_of_fails_as_it_is() -> None:
    names, said, _ = made()
    said.now = TimeoutError()
    with pytest.raises(TimeoutError):
        await names.addresses(NAME)


async def test_a_name_that_is_denied_is_believed_after_an_hour() -> None:
    names, said, clock = made()
    await names.addresses(NAME)
    said.now = ()
    clock.advance(120)
    assert (await names.addresses(NAME)).records == ("192.0.2.1",)
    trouble = names.trouble()
    assert trouble is not None
    assert (trouble.kind, trouble.names) == ("denied", (NAME,))
    clock.advance(3700)
    assert (await names.addresses(NAME)).records == ()
    assert names.trouble() is None


async def test_many_who_ask_at_once_share_one_question() -> None:
    names, said, clock = made()
    said.hangs = asyncio.Event()
    asking = [asyncio.create_task(names.addresses(NAME)) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking[0].cancel()
    said.hangs.set()
    assert [(await each).records for each in asking[1:]] == [("192.0.2.1",)] * 49
    assert said.asked == 1
    clock.advance(61)
    said.hangs, said.now = asyncio.Event(), TimeoutError()
    first = asyncio.create_task(names.addresses(NAME))  # waits 1.8 s at most, for an answer that never comes
    assert (await first).records == ("192.0.2.1",)
    await names.close()


async def test_that_the_dns_is_gone_is_told_from_one_name_that_fails() -> None:
    names, said, clock = made()
    await names.addresses(NAME)
    said.now = TimeoutError()
    clock.advance(61)
    await names.addresses(NAME)
    assert names.trouble() is None, "one packet may get lost"
    clock.advance(31)
    await names.addresses(NAME)
    trouble = names.trouble()
    assert trouble is not None
    assert (trouble.kind, trouble.reason) == ("gone", "silent")
    await names.close()  # what is still asked
    said.now = ("192.0.2.9",)
    await names.addresses("other.example")
    still = names.trouble()
    assert still is not None
    assert still.kind == "failing"
    clock.advance(31)
    await names.addresses(NAME)
    assert names.trouble() is None


async def test_nobody_waits_once_it_is_known_that_the_dns_is_gone() -> None:
    names, said, clock = made()
    for name in (NAME, "two.example", "three.example"):
        await names.addresses(name)
    said.now = TimeoutError()
    clock.advance(61)
    await names.addresses(NAME)
    said.hangs = asyncio.Event()  # and now it does not even fail
    for name in ("two.example", "three.example"):
        asking = asyncio.create_task(names.addresses(name))
        for _ in range(5):
            await asyncio.sleep(0)
        assert asking.done()
    await names.close()


async def test_a_node_that_starts_without_dns_knows_what_the_last_one_knew() -> None:
    names, said, _ = made()
    store = Kept()
    await names.addresses(NAME)
    await names.srv(f"_sip._udp.{NAME}")
    await names.naptr(NAME)
    keeping = asyncio.create_task(names.run(store))
    while not store.values:
        await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.wait([keeping])
    later = FakeClock()
    later.advance(1000)
    fresh = KnownNames(said, later)
    await fresh.load(store)
    said.now = TimeoutError()
    assert (await fresh.addresses(NAME)).records == ("192.0.2.1",)
    assert (await fresh.srv(f"_sip._udp.{NAME}")).records == (Srv(1, 1, 5071, NAME),)
    assert (await fresh.naptr(NAME)).records == (Naptr(1, 1, "s", "SIP+D2U", NAME),)


async def test_a_server_that_has_proven_itself_is_tried_when_the_dns_says_another() -> None:
    said, clock = Said(), FakeClock()
    resolver = Resolver(clock, dns=KnownNames(said, clock))
    (right,) = await resolver.hops(f"sip:{NAME}:5060")
    resolver.answered(right)
    said.now = ("198.51.100.66",)
    clock.advance(61)
    wrong, second = await resolver.hops(f"sip:{NAME}:5060")
    assert (wrong.remote_host, second) == ("198.51.100.66", right)
    resolver.failed(wrong)
    assert (await resolver.hops(f"sip:{NAME}:5060"))[0] == right
    clock.advance(PROVEN_S + 61)
    assert [hop.remote_host for hop in await resolver.hops(f"sip:{NAME}:5060")] == ["198.51.100.66"]
    said.now = ("198.51.100.67",)
    clock.advance(61)
    assert [hop.remote_host for hop in await resolver.hops(f"sip:{NAME}:5060")] == ["198.51.100.67"], (
        "that one has never answered"
    )


async def test_calls_go_on_when_the_name_server_falls_silent() -> None:
    said, clock = Said(), FakeClock()
    resolver = Resolver(clock, dns=KnownNames(said, clock))
    before = await resolver.hops(f"sip:{NAME}")
    said.now = TimeoutError()
    clock.advance(3600)
    assert await resolver.hops(f"sip:{NAME}") == before
    with pytest.raises(PeerError) as error:
        await resolver.hops("sip:unknown.example")
    assert error.value.sip_status == 504
