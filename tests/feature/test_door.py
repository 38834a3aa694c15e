"""The door: who waits, who is banned, who is not, and what people are told about it."""

from __future__ import annotations

import pytest

from pbx.core.errors import PeerError, UserError
from pbx.core.events import EventBus
from pbx.feature.door import Door, DoorPorts
from pbx.feature.failures import LOCAL, REMOTE
from pbx.model.ban import Ban, BanLifted, Banned, BanWrite, SignInsRefused
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from tests.fakes.clock import FakeClock

ATTACKER = "203.0.113.66"
LAN = "192.168.1.20"
EXTENSIONS = ("101", "102", "103")


def hop(host: str, port: int = 5060, transport: str = "UDP") -> Hop:
    return Hop(transport, host, port)


def ask(user: str, *, method: str = "REGISTER", agent: str = "", to: str = "") -> Request:
    return request_of(
        method,
        f"sip:{to or user}@pbx.example",
        from_=f"<sip:{user}@pbx.example>;tag=1",
        to=f"<sip:{to or user}@pbx.example>",
        call_id="c",
        cseq=1,
        headers=(("User-Agent", agent),) if agent else (),
    )


class Porch:
    """A door with a clock, and what it says."""

    def __init__(self, *, never: tuple[str, ...] = (), friends: tuple[str, ...] = ()) -> None:
        self.clock = FakeClock()
        self.bus = EventBus()
        self.told = self.bus.subscribe("door")
        self.cut: list[Ban] = []
        self.door = Door(
            DoorPorts(
                bus=self.bus,
                clock=self.clock,
                exists=EXTENSIONS.__contains__,
                is_local=lambda host: host.startswith(("192.168.", "127.", "fd00:")),
                is_friend=friends.__contains__,
                never=never,
                shut=self.cut.append,
            )
        )

    def wrong(self, host: str, account: str, *, port: int = 5060, patient: bool = True) -> None:
        """Show wrong credentials; a patient one comes back when it was told to."""
        try:
            self.door.hold_back(hop(host, port), account)
        except PeerError as error:
            if not patient:
                return
            self.clock.advance(float(dict(error.headers)["Retry-After"]))
            self.door.sweep()
        if not self.door.shuts_out(host):
            self.door.failed(ask(account, agent="Snom"), hop(host, port), account)

    def waits(self, host: str, account: str, port: int = 5060) -> bool:
        try:
            self.door.hold_back(hop(host, port), account)
        except PeerError:
            return True
        return False

    def ban(self, host: str = ATTACKER, account: str = "101") -> Ban:
        for _ in range(200):
            self.wrong(host, account)
            found = self.door.bans.of(host, host)
            if found is not None:
                return found
        raise AssertionError("never banned")

    async def events(self) -> list[object]:
        self.told.close()
        return [published.event async for published in self.told]


# -- bans --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["101", "nobody"])
def test_wrong_passwords_from_one_address_ban_it(account: str) -> None:
    porch = Porch()
    ban = porch.ban(account=account)
    assert (ban.reason, ban.failures, ban.covers) == ("wrong_credentials", REMOTE.ban_after, "everybody")
    assert porch.door.shuts_out(ATTACKER)
    assert not porch.door.shuts_out("203.0.113.67")
    assert porch.cut == [ban]


@pytest.mark.parametrize("by_s", [400 * 86_400.0, -400 * 86_400.0])
def test_a_ban_lasts_as_long_whatever_is_done_to_the_clock(by_s: float) -> None:
    """A clock that was a year ahead is set right: nobody stays locked out for a year, or gets out at once."""
    porch = Porch()
    porch.door.proved(hop("203.0.113.9"), "102")
    ban = porch.ban()
    assert ban.until is not None
    lasts_s = (ban.until - ban.since).total_seconds()
    porch.door.clock_jumped(by_s)
    porch.clock.set_by_s = by_s
    porch.door.sweep()
    assert porch.door.shuts_out(ATTACKER)
    assert porch.door.homes.is_home("102", "203.0.113.9", porch.clock.now().timestamp())
    porch.clock.advance(lasts_s + 1)
    porch.door.sweep()
    assert not porch.door.shuts_out(ATTACKER)


def test_each_ban_in_a_row_is_longer_and_a_day_of_quiet_ends_the_row() -> None:
    porch = Porch()
    lasted = []
    for _ in range(6):
        ban = porch.ban()
        assert ban.until is not None
        lasted.append((ban.until - ban.since).total_seconds())
        porch.clock.advance(lasted[-1] - 1)
        porch.door.sweep()
        assert porch.door.shuts_out(ATTACKER)
        porch.clock.advance(1)
        porch.door.sweep()
        assert not porch.door.shuts_out(ATTACKER)
    assert lasted == [60, 300, 1800, 7200, 86400, 86400]
    porch.clock.advance(86400)
    assert porch.ban().times == 1


def test_a_wait_doubles_and_a_try_within_it_is_not_counted() -> None:
    porch = Porch()
    for _ in range(REMOTE.free):
        assert not porch.waits(ATTACKER, "101")
        porch.door.failed(ask("101"), hop(ATTACKER), "101")
    waited = []
    for _ in range(4):
        before = porch.clock.monotonic()
        assert porch.waits(ATTACKER, "101")
        porch.wrong(ATTACKER, "101")
        waited.append(porch.clock.monotonic() - before)
    assert waited == [1, 2, 4, 8]
    assert porch.door.refused()[0].failures == REMOTE.free + 4


def test_known_and_unknown_accounts_wait_alike() -> None:
    for host in (ATTACKER, LAN):
        known, unknown = Porch(), Porch()
        for _ in range(40):
            known.wrong(host, "101")
            unknown.wrong(host, "999")
            assert known.clock.monotonic() == unknown.clock.monotonic()
            assert known.door.shuts_out(host) == unknown.door.shuts_out(host)


def test_the_right_password_forgives_its_own_account_only() -> None:
    porch = Porch()
    for _ in range(5):
        porch.wrong(ATTACKER, "101")
        porch.wrong(ATTACKER, "102")
    porch.door.proved(hop(ATTACKER), "101")
    assert [each.extension for each in porch.door.refused()] == ["102"]


def test_an_insider_cannot_wash_off_guesses_with_its_own_password() -> None:
    porch = Porch()
    porch.door.proved(hop(ATTACKER), "103")
    for _ in range(REMOTE.ban_after):
        porch.wrong(ATTACKER, "101", port=666)
        porch.door.proved(hop(ATTACKER), "103")
    ban = porch.door.bans.of(ATTACKER, ATTACKER)
    assert ban is not None
    assert ban.covers == "strangers"
    assert not porch.door.shuts_out(ATTACKER)
    assert porch.door.turns_away(ask("101"), hop(ATTACKER, 666))
    assert porch.door.turns_away(ask("999"), hop(ATTACKER))
    assert not porch.door.turns_away(ask("103"), hop(ATTACKER))


# -- phones at home ----------------------------------------------------------------------------------------------------


def test_an_account_under_attack_slows_strangers_and_not_the_phone_at_home() -> None:
    porch = Porch()
    porch.door.proved(hop("198.51.100.1"), "101")
    for number in range(40):
        porch.door.failed(ask("101"), hop(f"203.0.113.{number}"), "101")
    assert porch.waits("198.51.100.99", "101")
    assert not porch.waits("198.51.100.1", "101")
    assert not porch.waits("198.51.100.1", "101", port=40001)
    assert not porch.waits("198.51.100.99", "102")
    porch.clock.advance(31)
    assert not porch.waits("198.51.100.99", "101")


def test_a_phone_is_heard_while_its_own_account_is_attacked_from_behind_the_same_nat() -> None:
    porch = Porch()
    porch.door.proved(hop(ATTACKER, 5062), "101")
    ban = porch.ban()  # from port 5060
    assert ban.covers == "strangers"
    assert not porch.waits(ATTACKER, "101", port=5062)
    assert not porch.door.turns_away(ask("101"), hop(ATTACKER, 5062))
    assert porch.door.turns_away(ask("101"), hop(ATTACKER, 5060))


def test_a_phone_whose_password_was_changed_is_no_longer_at_home() -> None:
    porch = Porch()
    porch.door.proved(hop(ATTACKER), "101")
    assert porch.ban().covers == "everybody"


def test_spoofed_requests_cannot_ban_an_address_where_a_phone_is_at_home() -> None:
    porch = Porch()
    porch.door.proved(hop("198.51.100.1"), "101")
    for number in range(1000):
        porch.door.challenged(ask(f"9{number}"), hop("198.51.100.1", number))
    assert not len(porch.door.bans)
    assert porch.door.turns_away(ask("101", agent="friendly-scanner"), hop("198.51.100.1"))
    assert not porch.door.turns_away(ask("101"), hop("198.51.100.1"))


# -- the office --------------------------------------------------------------------------------------------------------


async def test_a_phone_in_the_office_with_a_wrong_password_is_slowed_and_shown() -> None:
    porch = Porch()
    for _ in range(LOCAL.ban_after - 1):
        porch.wrong(LAN, "101")
    assert not len(porch.door.bans)
    (shown,) = porch.door.refused()
    assert (shown.address, shown.extension, shown.local, shown.known) == (LAN, "101", True, True)
    assert shown.notice == (
        "The phone at 192.168.1.20 (Snom) has a wrong password for extension 101. "
        "Copy the password from the page Phones into the phone."
    )
    assert shown.wait_s == 60
    events = await porch.events()
    assert [type(each) for each in events] == [SignInsRefused]  # told once


def test_even_in_the_office_guessing_ends_in_a_short_ban() -> None:
    porch = Porch()
    ban = porch.ban(LAN)
    assert ban.until is not None
    assert (ban.until - ban.since).total_seconds() == 60
    assert ban.local


def test_a_proxy_on_this_machine_is_never_banned() -> None:
    porch = Porch()
    for number in range(500):
        porch.wrong("127.0.0.1", f"{number}", patient=False)
        porch.wrong("::ffff:127.0.0.1", f"{number}", patient=False)
    assert not len(porch.door.bans)


def test_trunks_and_the_allow_list_are_never_banned() -> None:
    porch = Porch(never=("203.0.113.0/28", "2001:db8:1::5/128"), friends=("198.51.100.5",))
    for host in ("203.0.113.1", "198.51.100.5", "2001:db8:1::5"):
        for number in range(200):
            porch.wrong(host, f"{number}", patient=False)
            porch.door.challenged(ask(f"{number}"), hop(host))
        assert not len(porch.door.bans)
    with pytest.raises(UserError, match="allow list"):
        porch.door.ban(BanWrite(address="203.0.113.1"))


# -- scanners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "agent", ["friendly-scanner", "sipcli/v1.8", "VaxSIPUserAgent/3.1", "pplsip", "SIPVicious (x)"]
)
def test_scanners_are_dropped(agent: str) -> None:
    assert Porch().door.turns_away(ask("101", agent=agent), hop(ATTACKER))


@pytest.mark.parametrize(
    "agent", ["", "Yealink SIP-T46S 66.85", "baresip v1.0.0 (x86_64/Linux)", "sipclient"]
)
def test_phones_are_not(agent: str) -> None:
    assert not Porch().door.turns_away(ask("101", agent=agent), hop(ATTACKER))


def test_unknown_extensions_in_series_ban_the_address() -> None:
    porch = Porch()
    for number in range(REMOTE.unknown_names):
        assert not porch.door.shuts_out(ATTACKER)
        porch.door.challenged(ask(f"{number + 900}"), hop(ATTACKER))
    ban = porch.door.bans.of(ATTACKER, ATTACKER)
    assert ban is not None
    assert ban.reason == "unknown_extensions"
    assert "900, 901" in ban.notice


def test_one_phone_with_one_wrong_name_is_no_series() -> None:
    porch = Porch()
    for _ in range(100):
        porch.door.challenged(ask("999"), hop(ATTACKER))
    assert not len(porch.door.bans)


def test_calls_to_many_numbers_by_nobody_are_a_series() -> None:
    porch = Porch()
    for number in range(10):
        porch.door.challenged(ask("100", method="INVITE", to=f"00442{number}"), hop(ATTACKER))
    assert porch.door.shuts_out(ATTACKER)


def test_whoever_never_answers_a_challenge_is_banned() -> None:
    porch = Porch()
    for _ in range(REMOTE.unanswered):
        porch.door.challenged(ask("101"), hop(ATTACKER))
    ban = porch.door.bans.of(ATTACKER, ATTACKER)
    assert ban is not None
    assert ban.reason == "unanswered_challenges"


def test_an_office_that_starts_at_once_behind_one_address_is_not_banned() -> None:
    porch = Porch()
    for _ in range(10):
        for _ in range(REMOTE.unanswered - 1):
            porch.door.challenged(ask("101"), hop(ATTACKER))
        porch.door.proved(hop(ATTACKER), "101")
    assert not len(porch.door.bans)


# -- by hand, IPv6, restart --------------------------------------------------------------------------------------------


async def test_a_ban_by_hand_covers_a_network_until_it_is_lifted() -> None:
    porch = Porch()
    ban = porch.door.ban(BanWrite(address="198.51.100.77/24", note="abuse"))
    assert ban.address == "198.51.100.0/24"
    porch.clock.advance(1e6)
    porch.door.sweep()
    assert porch.door.shuts_out("198.51.100.9")
    assert not porch.door.shuts_out("198.51.101.9")
    assert porch.door.lift("198.51.100.0/24") is not None
    assert porch.door.lift("198.51.100.0/24") is None
    assert not porch.door.shuts_out("198.51.100.9")
    assert await porch.events() == [Banned(ban=ban), BanLifted(address="198.51.100.0/24", by="hand")]


@pytest.mark.parametrize("address", ["00", "1.2.3.4/33", "::/129", "300.1.1.1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="no IP address"):
        Porch().door.ban(BanWrite(address=address))


def test_an_ipv6_host_outside_is_its_network_and_one_inside_is_itself() -> None:
    porch = Porch()
    for number in range(REMOTE.ban_after):
        porch.wrong(f"2001:db8::{number + 1:x}", f"{number}")
    assert porch.door.shuts_out("2001:db8::ffff")
    assert not porch.door.shuts_out("2001:db8:0:1::1")
    assert porch.door.bans.everything()[0].address == "2001:db8::/64"
    assert porch.door.lift("2001:db8::/64") is not None
    for number in range(LOCAL.ban_after):
        porch.wrong("fd00::1", f"{number}")
    assert porch.door.shuts_out("fd00::1")
    assert not porch.door.shuts_out("fd00::2")
    porch.door.ban(BanWrite(address="2001:db8::5"))
    assert porch.door.shuts_out("2001:db8::5")
    assert not porch.door.shuts_out("2001:db8::6")


def test_lifting_forgets_what_led_to_it() -> None:
    porch = Porch()
    for _ in range(3):
        porch.ban()
        porch.door.lift(ATTACKER)
    assert porch.ban().times == 1


def test_bans_rows_and_homes_outlive_a_restart() -> None:
    porch, later = Porch(), Porch()
    porch.door.proved(hop("198.51.100.1"), "101")
    ban = porch.ban()
    porch.clock.advance(60)
    porch.door.sweep()
    ban = porch.ban()
    porch.door.ban(BanWrite(address="198.51.100.64/26"))
    later.clock.advance(porch.clock.monotonic())
    later.door.load(porch.door.state())
    assert later.door.bans.everything() == porch.door.bans.everything()
    assert later.door.shuts_out(ATTACKER)
    assert later.door.shuts_out("198.51.100.65")
    later.clock.advance(300)
    later.door.sweep()
    assert later.ban().times == ban.times + 1
    for number in range(40):
        later.door.failed(ask("101"), hop(f"203.0.113.{number}"), "101")
    assert not later.waits("198.51.100.1", "101")


def test_tables_are_bounded_and_made_up_names_push_out_no_real_account() -> None:
    porch = Porch()
    for number in range(30):
        porch.door.failed(ask("101"), hop(f"198.51.100.{number}"), "101")
    for number in range(10_000):
        host = f"10.{number >> 8}.{number & 255}.1"
        porch.door.failed(ask("x"), hop(host), f"made-up-{number}")
        porch.door.challenged(ask(f"x{number}"), hop(host))
    failures = porch.door.failures
    assert len(failures._sources) <= 4096
    assert len(failures._unknown) <= 4096
    assert len(porch.door._probes._sources) <= 4096
    assert porch.waits("198.51.100.200", "101")
