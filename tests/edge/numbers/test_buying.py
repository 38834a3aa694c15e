"""A number is bought once, whatever is lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from edge.errors import EdgeError
from edge.model.numbers import NumberOrder
from edge.numbers.numbers import Numbers
from tests.edge.numbers.conftest import BASE, FALLBACK, Bench

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""test_stores.py has what must hold in both kinds."""

FREE = ("+12025550111", "+12025550112", "+12025550113")
WISH = NumberOrder(area_code="202", name="reception", extension="201", order="order-0001")


def bought(bench: Bench) -> list[str]:
    return [one.number for one in bench.twilio.numbers.values()]


async def test_number_of_an_area_is_bought_and_set_up(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE, "+14155550111")
    found = await numbers.buy(bench.office, WISH)
    assert (found.number, found.kind, found.country, found.state) == (FREE[0], "local", "US", "ok")
    assert (found.name, found.extension, found.sms, found.drift) == ("reception", "201", True, ())
    [kept] = bench.twilio.numbers.values()
    assert (kept.number, kept.sid, kept.name) == (FREE[0], found.sid, "reception")
    assert kept.settings["voice_url"] == f"{BASE}/twilio/voice"
    assert kept.settings["voice_fallback_url"] == f"{FALLBACK}/twilio/voice"
    assert kept.settings["sms_url"] == f"{BASE}/twilio/sms"
    assert kept.settings["status_callback"] == f"{BASE}/twilio/voice/status"
    assert await bench.offices.of_number(FREE[0]) is not None
    assert [one.what for one in bench.told] == ["bought"]


async def test_same_order_again_tells_the_same(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    first = await numbers.buy(bench.office, WISH)
    assert await numbers.buy(bench.office, WISH) == first
    assert bought(bench) == [FREE[0]]
    with pytest.raises(EdgeError, match="for another number"):
        await numbers.buy(bench.office, NumberOrder(area_code="415", order="order-0001"))


async def test_another_order_buys_another(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    await numbers.buy(bench.office, WISH)
    await numbers.buy(bench.office, NumberOrder(area_code="202"))
    assert bought(bench) == [FREE[0], FREE[1]]


async def test_same_order_at_once_is_carried_out_once(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    results = await asyncio.gather(
        *(numbers.buy(bench.office, WISH) for _ in range(5)), return_exceptions=True
    )
    assert bought(bench) == [FREE[0]]
    refused = [one for one in results if isinstance(one, EdgeError)]
    assert all(one.status == 409 for one in refused)
    assert len(refused) < 5


async def test_lost_answer_is_settled_by_looking(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    bench.twilio.faults.lose_answer(path="IncomingPhoneNumbers")
    found = await numbers.buy(bench.office, WISH)
    assert (found.number, bought(bench)) == (FREE[0], [FREE[0]])


async def test_lost_question_is_not_taken_for_a_purchase(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    bench.twilio.faults.drop_next(path="IncomingPhoneNumbers", method="POST")
    with pytest.raises(EdgeError) as caught:
        await numbers.buy(bench.office, WISH)
    assert caught.value.status == 503
    assert bought(bench) == []
    assert (await numbers.buy(bench.office, WISH)).number == FREE[0]
    assert bought(bench) == [FREE[0]]


async def test_answer_that_stays_lost_is_found_later(bench: Bench, numbers: Numbers) -> None:
    """Twilio cannot be asked for a while; the next start settles it, and nobody has to order again."""
    bench.twilio.sell(*FREE)
    bench.twilio.faults.lose_answer(path="IncomingPhoneNumbers")
    bench.twilio.faults.drop_next(path="IncomingPhoneNumbers", method="GET", times=20)
    with pytest.raises(EdgeError) as caught:
        await numbers.buy(bench.office, WISH)
    assert caught.value.status == 503
    assert await numbers.list(bench.office) == []
    bench.twilio.faults = type(bench.twilio.faults)()
    later = bench.start()
    await later._buying().settle_unfinished()
    assert [one.number for one in await later.list(bench.office)] == [FREE[0]]
    assert (await later.buy(bench.office, WISH)).number == FREE[0]
    assert bought(bench) == [FREE[0]]


async def test_crash_after_the_purchase_loses_nothing(bench: Bench) -> None:
    """The process dies where it waits for Twilio's answer."""
    bench.twilio.sell(*FREE)
    bench.twilio.faults.stall(path="IncomingPhoneNumbers")
    dying = asyncio.create_task(bench.start().buy(bench.office, WISH))
    while not bought(bench):
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await bench.start().list(bench.office) == []
    bench.clock.passed_s += 600
    assert (await bench.start().buy(bench.office, WISH)).number == FREE[0]
    assert bought(bench) == [FREE[0]]


async def test_order_without_an_end_is_given_up(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    bench.twilio.faults.drop_next(path="IncomingPhoneNumbers", method="POST")
    with pytest.raises(EdgeError):
        await numbers.buy(bench.office, WISH)
    bench.clock.passed_s += 1000
    await numbers._buying().settle_unfinished()
    assert [(one.what, one.number) for one in bench.told] == [("failed", FREE[0])]
    with pytest.raises(EdgeError, match="did not sell"):
        await numbers.buy(bench.office, WISH)
    assert bought(bench) == []


async def test_number_that_went_meanwhile_leads_to_the_next(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    bench.twilio.faults.fail_next(400, 21422, path="IncomingPhoneNumbers", method="POST")
    assert (await numbers.buy(bench.office, WISH)).number == FREE[1]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (NumberOrder(area_code="999"), "no such number"),
        (NumberOrder(number="+12025550199"), "not for sale"),
        (NumberOrder(country="GB", kind="mobile"), "address that is registered"),
    ],
)
async def test_what_cannot_be_bought_says_why(
    bench: Bench, numbers: Numbers, wish: NumberOrder, words: str
) -> None:
    bench.twilio.sell("+447700900111", country="GB", kind="mobile", address_requirements="local")
    with pytest.raises(EdgeError, match=words) as caught:
        await numbers.buy(bench.office, wish)
    assert caught.value.status == 422
    assert bought(bench) == []


async def test_foreign_number_of_the_account_is_not_taken(bench: Bench, numbers: Numbers) -> None:
    """The account has it for something else; Twilio refuses to sell it twice, and we do not touch it."""
    elsewhere = bench.twilio.add_number("+12025550177", voice_url="https://other.example/voice")
    with pytest.raises(EdgeError, match="not for sale"):
        await numbers.buy(bench.office, NumberOrder(number="+12025550177"))
    assert elsewhere.settings["voice_url"] == "https://other.example/voice"
    assert await numbers.list(bench.office) == []


async def test_number_of_another_office_is_refused(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(FREE[0])
    await numbers.buy(bench.office, NumberOrder(number=FREE[0]))
    other, _ = await bench.offices.add("Two")
    with pytest.raises(EdgeError) as caught:
        await numbers.buy(other.id, NumberOrder(number=FREE[0]))
    assert caught.value.status == 409
    assert await numbers.list(other.id) == []


async def test_wrong_credentials_are_no_reason_to_give_up(bench: Bench, numbers: Numbers) -> None:
    bench.twilio.sell(*FREE)
    bench.twilio.faults.fail_next(401, 20003, path="IncomingPhoneNumbers", method="POST")
    with pytest.raises(EdgeError) as caught:
        await numbers.buy(bench.office, WISH)
    assert caught.value.status == 409
    assert (await numbers.buy(bench.office, WISH)).number == FREE[0]
