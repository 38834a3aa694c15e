"""Attackers of all kinds against the real digest check and the real door, in any order.

What must hold whatever they do: a phone with the right password is signed in at once from where it is at home; and
nobody gets more wrong passwords judged in a row than the limit, however they choose addresses, accounts and pauses.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pbx.core.errors import PeerError
from pbx.core.events import EventBus
from pbx.feature.directory import Directory, Entry
from pbx.feature.door import Door, DoorPorts
from pbx.feature.failures import FORGET_S, LOCAL, REMOTE
from pbx.feature.identify import Identify
from pbx.model.extension import Extension
from pbx.sip.build import request_of
from pbx.sip.digest import Challenger, authorize, parse_params
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from tests.fakes.clock import FakeClock

URI = "sip:pbx.example"
NAT, ALONE, LAN = "198.51.100.1", "198.51.100.2", "192.168.1.20"
PHONES = {
    "101": Hop("UDP", NAT, 5101),
    "102": Hop("UDP", NAT, 5102),
    "103": Hop("TCP", ALONE, 5103, connection=7),
    "104": Hop("UDP", LAN, 5104),
}
"""Attackers stand behind the same NAT as 101 and 102, and in the same office as 104."""
ATTACKERS = (NAT, LAN, "203.0.113.1", "203.0.113.2", "192.168.1.66")
ACCOUNTS = (*PHONES, "999", "admin")


def is_local(host: str) -> bool:
    return host.startswith("192.168.")


class Attack(RuleBasedStateMachine):
    """One node, four phones, and everybody else."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock(1000.0)
        self.challenger = Challenger(b"k" * 32, "bellwire", ("MD5",), 300.0)
        self.passwords = {number: f"right-{number}" for number in PHONES}
        self.retry_after_s = 0.0
        self.last: dict[str, str] = {}
        self.judged: Counter[str] = Counter()
        self.judged_at: dict[str, float] = {}
        self.open()

    def open(self, door: Door | None = None) -> None:
        self.door = Door(
            DoorPorts(bus=EventBus(), clock=self.clock, exists=self.passwords.__contains__, is_local=is_local)
        )
        if door is not None:
            self.door.load(door.state())
        directory = Directory(None)  # type: ignore[arg-type]  # filled by hand
        directory._entries = {
            number: Entry(Extension(number=number, name=number), password)
            for number, password in self.passwords.items()
        }
        self.identify = Identify(self.challenger, directory, monotonic=self.clock.monotonic, door=self.door)

    # -- one exchange --------------------------------------------------------------------------------------------------

    def send(self, user: str, hop: Hop, credentials: str = "", agent: str = "") -> int | str:
        """A REGISTER through the whole door: a status, a challenge, or 0 when it is dropped."""
        headers = [("Authorization", credentials)] if credentials else []
        headers += [("User-Agent", agent)] if agent else []
        request: Request = request_of(
            "REGISTER", URI, from_=f"<sip:{user}@x>;tag=1", to=f"<sip:{user}@x>", call_id="c", cseq=1,
            headers=tuple(headers),
        )  # fmt: skip
        if self.door.shuts_out(hop.remote_host) or self.door.turns_away(request, hop):
            return 0
        try:
            self.identify.extension(request, hop)
        except PeerError as error:
            challenge = dict(error.headers).get("WWW-Authenticate")
            self.retry_after_s = float(dict(error.headers).get("Retry-After", 0))
            return challenge or error.sip_status
        return 200

    def answer(self, challenge: str, user: str, password: str, count: int = 1) -> str:
        value = authorize(
            [challenge], method="REGISTER", uri=URI, username=user, password=password, cnonce="c", count=count
        )
        assert value is not None
        return value

    # -- honest phones -------------------------------------------------------------------------------------------------

    @initialize()
    def all_sign_in(self) -> None:
        for number in PHONES:
            self.a_phone_signs_in(number)

    @invariant()
    def every_phone_signs_in_at_once(self) -> None:
        for number in self.last:
            self.a_phone_signs_in(number)

    def a_phone_signs_in(self, number: str) -> None:
        challenge = self.send(number, PHONES[number])
        assert isinstance(challenge, str), f"{number} was told {challenge}"
        self.last[number] = challenge
        told = self.send(number, PHONES[number], self.answer(challenge, number, self.passwords[number]))
        assert told == 200, f"{number} was told {told}"

    @rule(number=st.sampled_from(sorted(PHONES)), count=st.integers(1, 3))
    def a_phone_uses_an_old_nonce(self, number: str, count: int) -> None:
        """Expired, used up, or still good: it is signed in, or asked again with stale=true. It is no failure."""
        before = [(each.address, each.extension, each.failures) for each in self.door.refused()]
        old = self.answer(self.last[number], number, self.passwords[number], count)
        told = self.send(number, PHONES[number], old)
        if told != 200:
            assert isinstance(told, str), told
            assert parse_params(told)["stale"] == "true"
            fresh = self.answer(told, number, self.passwords[number])
            assert self.send(number, PHONES[number], fresh) == 200
        after = [(each.address, each.extension, each.failures) for each in self.door.refused()]
        assert set(after) <= set(before)  # a success forgives

    @rule(port=st.integers(10_000, 10_010))
    def a_phone_alone_at_its_address_changes_its_port(self, port: int) -> None:
        challenge = self.send("103", Hop("UDP", ALONE, port))
        assert isinstance(challenge, str), challenge
        told = self.send("103", Hop("UDP", ALONE, port), self.answer(challenge, "103", self.passwords["103"]))
        assert told == 200

    # -- everybody else ------------------------------------------------------------------------------------------------

    @rule(
        host=st.sampled_from(ATTACKERS),
        account=st.sampled_from(ACCOUNTS),
        port=st.integers(1, 3),
        tries=st.integers(1, 40),
        patient=st.booleans(),
    )
    def somebody_guesses(self, host: str, account: str, port: int, tries: int, patient: bool) -> None:
        for number in range(tries):
            told = self.guess(host, account, Hop("UDP", host, port), f"guess-{number}")
            if told == 503 and patient:
                self.time_passes(self.retry_after_s)

    def guess(self, host: str, account: str, hop: Hop, password: str) -> int:
        challenge = self.send(account, hop)
        if not isinstance(challenge, str):
            assert challenge == 0
            return 0
        told = self.send(account, hop, self.answer(challenge, account, password))
        assert told in (0, 403, 503)
        assert isinstance(told, int)
        if told == 403:
            now = self.clock.monotonic()
            if now - self.judged_at.get(host, now) > FORGET_S:
                self.judged[host] = 0
            self.judged[host] += 1
            self.judged_at[host] = now
        if self.door.bans.of(host, host) is not None:
            self.judged[host] = 0
        return told

    @rule(host=st.sampled_from((NAT, ALONE, *ATTACKERS)), names=st.integers(1, 400))
    def somebody_scans_or_spoofs(self, host: str, names: int) -> None:
        for number in range(names):
            self.send(f"5{number}", Hop("UDP", host, 6000 + number % 9))

    @rule(host=st.sampled_from((NAT, ALONE, LAN, *ATTACKERS)))
    def a_known_scanner_comes_by(self, host: str) -> None:
        assert self.send("101", Hop("UDP", host, 5060), agent="friendly-scanner") == 0

    @rule(number=st.sampled_from(sorted(PHONES)), host=st.sampled_from(ATTACKERS))
    def somebody_replays_what_a_phone_sent(self, number: str, host: str) -> None:
        value = self.answer(self.last[number], number, self.passwords[number])
        if host == PHONES[number].remote_host:
            return
        told = self.send(number, Hop("UDP", host, 5060), value)
        assert told == 0 or isinstance(told, str), "a nonce is good only where it was sent to"

    # -- time ----------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, 31, 61, 301, 1801, 4000, 90_000)))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.door.sweep()

    @rule()
    def the_node_is_restarted(self) -> None:
        self.open(self.door)
        self.judged.clear()

    @invariant()
    def guessing_ends_in_a_ban(self) -> None:
        for host, judged in self.judged.items():
            assert judged < (LOCAL if is_local(host) else REMOTE).ban_after, (host, judged)


Attack.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestAttack = Attack.TestCase
