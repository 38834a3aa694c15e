"""What a REGISTER says about waking (RFC 8599), through the registrar: kept, told, replaced, forgotten."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from pbx.core.errors import PeerError
from pbx.feature.push_phones import FORGET_DAYS, MOST_PHONES, PushPhones
from pbx.model.push_phone import PushPhone
from pbx.store.errors import StoreError
from tests.feature.test_registrar import Office

FCM = ";pn-provider=fcm;pn-param=office-phone;pn-prid="
INSTANCE = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'


class Shelf:
    """A store of phones that can be broken."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[PushPhone, str]] = {}
        self.writes = 0
        self.broken = False

    async def all(self) -> list[PushPhone]:
        return [phone for phone, _ in self.kept.values()]

    async def put(self, phone: PushPhone, token: str) -> None:
        if self.broken:
            raise StoreError("disk full")
        self.writes += 1
        self.kept[phone.id] = (phone, token)

    async def remove(self, id_: str) -> bool:
        return self.kept.pop(id_, None) is not None

    async def note(self, phone: PushPhone) -> None:
        self.kept[phone.id] = (phone, self.kept[phone.id][1])

    async def token(self, id_: str) -> str | None:
        return self.kept[id_][1] if id_ in self.kept else None


class WakeableOffice(Office):
    """With a gateway to Google and to browsers."""

    def __init__(self) -> None:
        super().__init__()
        self.phones_shelf = Shelf()
        self.phones = self.new_phones()

    def new_phones(self) -> PushPhones:
        made = PushPhones(self.phones_shelf, self.clock)
        made.services = lambda: ("fcm", "webpush")
        made.vapid_key = lambda: "BKey"
        self.registrar.push = made
        return made

    def tokens(self) -> list[str]:
        return sorted(token for _, token in self.phones_shelf.kept.values())


@pytest.fixture
async def office() -> WakeableOffice:
    office = WakeableOffice()
    await office.directory.reload()
    return office


def contact(token: str, host: str = "10.0.0.5", *, instance: str = INSTANCE, **params: str) -> str:
    more = "".join(f";{name}={value}" for name, value in params.items())
    return f"<sip:101@{host}{FCM}{token}>{instance}{more}"


async def test_a_phone_that_can_be_woken_is_kept_and_told_so(office: WakeableOffice) -> None:
    response = await office.register(contact("T1"), user_agent="Linphone")
    assert response.headers.all("Feature-Caps") == ['*;+sip.pns="fcm"']
    (phone,) = office.phones.of("101")
    assert (phone.service, phone.app, phone.device, phone.told_by) == (
        "fcm",
        "office-phone",
        "Linphone",
        "register",
    )
    assert office.tokens() == ["T1"]
    assert await office.phones.token(phone) == "T1"


async def test_a_phone_that_asks_hears_all_that_there_is(office: WakeableOffice) -> None:
    response = await office.register("<sip:101@10.0.0.5;pn-provider>")
    assert response.headers.all("Feature-Caps") == [
        '*;+sip.pns="fcm"',
        '*;+sip.pns="webpush";+sip.vapid="BKey"',
    ]
    assert not office.phones.all()


async def test_a_phone_that_says_nothing_of_it_hears_nothing(office: WakeableOffice) -> None:
    assert "Feature-Caps" not in (await office.register("<sip:101@10.0.0.5>")).headers


async def test_a_service_that_this_node_has_no_key_for_is_555(office: WakeableOffice) -> None:
    with pytest.raises(PeerError) as refused:
        await office.register("<sip:101@10.0.0.5;pn-provider=apns;pn-param=T.x;pn-prid=y>")
    assert refused.value.sip_status == 555
    assert not office.registrar.bindings("101")


async def test_it_sleeps_when_its_registration_has_ended_and_after_a_restart(office: WakeableOffice) -> None:
    await office.register(contact("T1", expires="60"))
    (target,) = office.registrar.targets("101")
    assert (target.asleep, bool(target.phone)) == (False, True)
    office.clock.advance(61)
    (target,) = office.registrar.targets("101")
    assert target.asleep
    assert office.registrar.awake("101") == []
    again = office.new_phones()
    await again.load()
    assert [each.id for each in again.of("101")] == [target.phone]


async def test_what_it_has_left_behind_is_not_rung(office: WakeableOffice) -> None:
    await office.register(contact("T1"))
    office.registrar.can_be_rung = lambda _: False
    (target,) = office.registrar.targets("101")
    assert target.asleep


async def test_a_new_token_of_the_same_phone_replaces_the_old(office: WakeableOffice) -> None:
    await office.register(contact("T1"))
    await office.register(contact("T2", host="10.0.0.6"))
    assert office.tokens() == ["T2"]


@pytest.mark.parametrize(
    "last",
    [
        contact("T1", expires="0"),
        "<sip:101@10.0.0.5>" + INSTANCE,
        "<sip:101@10.0.0.9>;expires=0" + INSTANCE,
    ],
)
async def test_a_phone_that_leaves_or_says_no_more_is_forgotten(office: WakeableOffice, last: str) -> None:
    await office.register(contact("T1"))
    await office.register(last)
    assert office.tokens() == []


async def test_all_contacts_leave_together(office: WakeableOffice) -> None:
    await office.register(contact("T1", instance=""))
    await office.register(contact("T2", host="10.0.0.6", instance=""))
    assert office.tokens() == ["T1", "T2"]
    await office.register("*", expires="0")
    assert office.tokens() == []


async def test_a_refresh_writes_nothing_until_an_hour_has_passed(office: WakeableOffice) -> None:
    await office.register(contact("T1"))
    await office.register(contact("T1"))
    assert office.phones_shelf.writes == 1
    office.clock.advance(3601)
    await office.register(contact("T1"))
    assert office.phones_shelf.writes == 2


async def test_what_cannot_be_stored_is_not_confirmed(office: WakeableOffice) -> None:
    office.phones_shelf.broken = True
    with pytest.raises(PeerError) as refused:
        await office.register(contact("T1"))
    assert refused.value.sip_status == 503


async def test_an_extension_has_so_many_phones_at_most(office: WakeableOffice) -> None:
    for number in range(MOST_PHONES + 3):
        await office.register(contact(f"T{number:02}", host=f"10.0.1.{number}", instance="", expires="30"))
        office.clock.advance(31)
    assert office.tokens() == [f"T{number:02}" for number in range(3, MOST_PHONES + 3)]


async def test_a_phone_that_was_not_seen_for_months_is_forgotten(office: WakeableOffice) -> None:
    await office.register(contact("T1"))
    office.clock.advance(timedelta(days=FORGET_DAYS + 1).total_seconds())
    again = office.new_phones()
    await again.load()
    assert (again.all(), office.tokens()) == ([], [])


async def test_the_score_falls_with_each_call_missed_and_rises_again(office: WakeableOffice) -> None:
    await office.register(contact("T1"))
    (phone,) = office.phones.of("101")
    for _ in range(4):
        await office.phones.note(phone.id, woke_ms=None, reason="it did not register within 15 s")
    (low,) = office.phones.all()
    assert (low.pushes, low.woke) == (4, 0)
    assert low.score == pytest.approx(0.316, abs=0.002)
    assert low.last_reason == "it did not register within 15 s"
    await office.phones.note(phone.id, woke_ms=812.3456)
    (better,) = office.phones.all()
    assert better.score > low.score
    assert (better.woke, better.last_woke_ms, better.last_reason) == (1, 812.3, "")
    await office.register(contact("T1"))
    assert office.phones.all()[0].pushes == 5, "a refresh keeps the figures"


async def test_a_dead_phone_lives_again_when_it_registers(office: WakeableOffice) -> None:
    await office.register(contact("T1", expires="60"))
    (phone,) = office.phones.of("101")
    await office.phones.note(phone.id, woke_ms=None, reason="Unregistered", dead=True)
    office.clock.advance(61)
    assert office.registrar.targets("101") == []
    await office.register(contact("T1"))
    (phone,) = office.phones.of("101")
    assert (phone.dead, phone.last_reason) == (False, "")


async def test_tokens_are_not_logged(office: WakeableOffice, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await office.register(contact("planted-token"))
    await office.register(contact("planted-token", expires="0"))
    assert caplog.records
    assert all("planted-token" not in str(vars(each)) for each in caplog.records)
