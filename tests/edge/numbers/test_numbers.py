"""Numbers are shown as they are at Twilio; what differs is said, repaired, and nothing is released by accident."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.api.dispatch import Dispatch
from edge.errors import EdgeError
from edge.model.numbers import Adoption, NumberOrder
from edge.numbers.api import operations
from edge.numbers.numbers import Numbers
from tests.edge.numbers.conftest import BASE, Bench

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""test_stores.py has what must hold in both kinds."""

ONE = "+12025550111"


@pytest.fixture
async def mine(bench: Bench, numbers: Numbers) -> Numbers:
    bench.twilio.sell(ONE)
    await numbers.buy(bench.office, NumberOrder(number=ONE, name="main"))
    bench.told.clear()
    return numbers


async def ask(
    bench: Bench, numbers: Numbers, method: str, path: str, query: str = "", body: Any = None
) -> tuple[int, Any]:
    reply = await Dispatch(operations(numbers), bench.clock).ask(
        office=bench.office,
        actor="ada",
        method=method,
        path=path,
        query=query,
        body=b"" if body is None else msgspec.json.encode(body),
    )
    return reply.status, msgspec.json.decode(reply.body) if reply.body else None


async def test_search_shows_what_is_for_sale_with_its_price(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(ONE, "+14155550112")
    bench.twilio.sell("+18335550113", kind="toll_free", mms=False)
    status, found = await ask(bench, numbers, "GET", "/numbers/search", "area_code=202&sms=true")
    assert status == 200
    [one] = found["items"]
    assert (one["number"], one["place"], one["sms"], one["needs_address"]) == (ONE, "Washington", True, False)
    assert (one["price"], one["currency"]) == ("1.50", "USD")
    _, found = await ask(bench, numbers, "GET", "/numbers/search", "kind=toll_free")
    assert [(each["number"], each["mms"], each["price"]) for each in found["items"]] == [
        ("+18335550113", False, "2.50")
    ]


async def test_search_is_good_without_prices(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(ONE)
    bench.twilio.faults.fail_next(403, 20403, path="/PhoneNumbers/Countries")
    _, found = await ask(bench, numbers, "GET", "/numbers/search")
    assert [(each["number"], each["price"]) for each in found["items"]] == [(ONE, "")]


async def test_drift_is_seen_said_and_repaired(bench: Bench, mine: Numbers) -> None:
    [at_twilio] = bench.twilio.numbers.values()
    at_twilio.settings |= {
        "sms_url": "https://demo.twilio.com/welcome/sms/reply",
        "voice_method": "GET",
        "voice_fallback_url": "",
        "voice_application_sid": "AP" + "1" * 32,
    }
    [seen] = await mine.check(bench.office)
    assert seen.state == "drift"
    words = {one.what: one.words for one in seen.drift}
    assert set(words) == {"sms_url", "voice_method", "voice_fallback_url", "application"}
    assert "demo.twilio.com" in words["sms_url"]
    assert f"{BASE}/twilio/sms" in words["sms_url"]
    assert [one.what for one in bench.told] == ["changed"]
    await mine.check(bench.office)
    assert len(bench.told) == 1, "the same drift is told once"

    mended = await mine.repair(bench.office, ONE)
    assert (mended.state, mended.drift) == ("ok", ())
    assert at_twilio.settings["sms_url"] == f"{BASE}/twilio/sms"
    assert at_twilio.settings["voice_application_sid"] == ""
    [seen] = await mine.check(bench.office)
    assert seen.state == "ok"


async def test_number_that_twilio_has_not_any_more_is_missing(bench: Bench, mine: Numbers) -> None:
    bench.twilio.numbers.clear()
    [seen] = await mine.check(bench.office)
    assert seen.state == "missing"
    with pytest.raises(EdgeError, match="any more"):
        await mine.repair(bench.office, ONE)
    await mine.release(bench.office, ONE, confirm=ONE, keep=False)
    assert await mine.list(bench.office) == []


async def test_release_needs_its_confirmation(bench: Bench, mine: Numbers) -> None:
    path = f"/numbers/%2B{ONE[1:]}"
    status, problem = await ask(bench, mine, "DELETE", path)
    assert status == 409
    assert "stops working at once" in problem["detail"]
    status, _ = await ask(bench, mine, "DELETE", path, "confirm=%2B12025550999")
    assert status == 409
    assert len(bench.twilio.numbers) == 1
    status, _ = await ask(bench, mine, "DELETE", path, f"confirm=%2B{ONE[1:]}")
    assert status == 204
    assert bench.twilio.numbers == {}
    assert await mine.list(bench.office) == []
    assert [one.what for one in bench.told] == ["released"]


async def test_kept_number_stays_in_the_account(bench: Bench, mine: Numbers) -> None:
    await mine.release(bench.office, ONE, confirm="", keep=True)
    assert len(bench.twilio.numbers) == 1
    assert [one.number for one in await mine.unassigned()] == [ONE]
    assert (await mine.adopt(bench.office, Adoption(number=ONE))).name == "main"


async def test_release_with_a_lost_answer_is_asked_for_again(bench: Bench, mine: Numbers) -> None:
    bench.twilio.faults.lose_answer(path="IncomingPhoneNumbers", method="DELETE", times=2)
    with pytest.raises(EdgeError) as caught:
        await mine.release(bench.office, ONE, confirm=ONE, keep=False)
    assert caught.value.status == 503
    assert [one.state for one in await mine.list(bench.office)] == ["releasing"]
    await mine.release(bench.office, ONE, confirm=ONE, keep=False)
    assert await mine.list(bench.office) == []


async def test_number_with_a_trunk_keeps_it_when_adopted(bench: Bench, numbers: Numbers) -> None:
    trunk = "TK" + "1" * 32
    kept = bench.twilio.add_number("+12025550122", trunk_sid=trunk, sms_url="https://old.example/sms")
    [seen] = await numbers.unassigned()
    assert (seen.sms_url, seen.trunk_sid) == ("https://old.example/sms", trunk)
    adopted = await numbers.adopt(bench.office, Adoption(number="+12025550122", name="old"))
    assert (adopted.trunk_sid, adopted.state) == (trunk, "ok")
    assert (kept.settings["trunk_sid"], kept.settings["sms_url"]) == (trunk, f"{BASE}/twilio/sms")
    [seen2] = await numbers.check(bench.office)
    assert seen2.state == "ok"
    kept.settings["trunk_sid"] = ""
    [seen2] = await numbers.check(bench.office)
    assert [one.what for one in seen2.drift] == ["trunk_sid"]


async def test_shared_account_gives_no_office_anothers_numbers(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.add_number("+12025550122")
    await bench.offices.add("Two")
    for asking in (numbers.unassigned(), numbers.adopt(bench.office, Adoption(number="+12025550122"))):
        with pytest.raises(EdgeError) as caught:
            await asking
        assert caught.value.status == 403


async def test_number_at_another_living_edge_is_as_it_should_be(bench: Bench, mine: Numbers) -> None:
    """Both edges look at the same number; when the one that set it up has gone, the other says so."""
    await mine._book.is_alive(mine._place)
    other = bench.start("https://other.example.com", "")
    [seen] = await other.check(bench.office)
    assert seen.state == "ok"
    bench.clock.passed_s += 25 * 3600
    [seen] = await other.check(bench.office)
    assert seen.state == "drift"
    await other.repair(bench.office, ONE)
    [kept] = bench.twilio.numbers.values()
    assert kept.settings["voice_url"] == "https://other.example.com/twilio/voice"
    assert kept.settings["voice_fallback_url"] == ""


async def test_number_that_was_only_named_is_looked_at(bench: Bench, numbers: Numbers) -> None:
    from edge.model.office import Number

    await bench.offices.put_number(Number("+12025550122", bench.office, label="old"))
    [before] = await numbers.list(bench.office)
    assert (before.state, before.checked_at) == ("unknown", None)
    [seen] = await numbers.check(bench.office)
    assert seen.state == "missing"
    kept = bench.twilio.add_number("+12025550122", trunk_sid="TK" + "1" * 32)
    await numbers.repair(bench.office, "+12025550122")
    assert kept.settings["voice_url"] == f"{BASE}/twilio/voice"
    assert (await numbers.get(bench.office, "+12025550122")).sid == kept.sid


async def test_rename_changes_nothing_else(bench: Bench, mine: Numbers) -> None:
    [kept] = bench.twilio.numbers.values()
    before = dict(kept.settings)
    status, seen = await ask(bench, mine, "PATCH", f"/numbers/%2B{ONE[1:]}", body={"name": "front desk"})
    assert (status, seen["name"], kept.name) == (200, "front desk", "front desk")
    assert kept.settings == before


async def test_list_is_searched_and_paged(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*(f"+1202555011{n}" for n in range(5)))
    for n in range(5):
        await numbers.buy(bench.office, NumberOrder(number=f"+1202555011{n}", name=f"desk {n}"))
    _, found = await ask(bench, numbers, "GET", "/numbers", "limit=2&offset=3")
    assert ([one["number"][-1] for one in found["items"]], found["total"]) == (["3", "4"], 5)
    _, found = await ask(bench, numbers, "GET", "/numbers", "q=DESK%202")
    assert [one["name"] for one in found["items"]] == ["desk 2"]
    other, _ = await bench.offices.add("Two")
    assert await numbers.list(other.id) == []
    with pytest.raises(EdgeError) as caught:
        await numbers.get(other.id, "+12025550110")
    assert caught.value.status == 404


async def test_without_an_account_it_says_what_is_missing(bench: Bench) -> None:
    from edge.events import Events
    from edge.numbers.wanted import Place

    bare = Numbers(
        bench.store, bench.clock, offices=bench.offices, events=Events(), twilio=None, place=Place(BASE)
    )
    assert await ask(bench, bare, "GET", "/numbers") == (200, {"items": [], "total": 0})
    status, problem = await ask(bench, bare, "GET", "/numbers/search")
    assert status == 409
    assert "auth token" in problem["detail"]
    await bare.watch()
