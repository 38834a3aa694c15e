"""The registration client against a registrar written with the other half of `pbx.sip.digest`."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.build import response_to
from pbx.sip.digest import Challenger, VerdictKind
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.sip.registration import LONGEST_WAIT_S, Account, Registration, RegistrationState

ACCOUNT = Account(
    aor="sip:4930123456@provider.example",
    registrar="sip:provider.example",
    contact="<sip:4930123456@192.0.2.1:5060>",
    username="4930123456",
    password="right",
    expires_s=600,
)


def registration(account: Account = ACCOUNT, random: float = 0.5) -> Registration:
    numbers = itertools.count()
    return Registration(
        account, call_id="c", tag="t", random=lambda: random, new_cnonce=lambda: f"cn{next(numbers)}"
    )


class Registrar:
    """Challenges, then grants."""

    def __init__(self, *, grants_s: int = 300, min_expires_s: int = 0, password: str = "right") -> None:
        self.challenger = Challenger(b"secret", "provider", ("SHA-256", "MD5"), nonce_lifetime_s=1000)
        self.grants_s = grants_s
        self.min_expires_s = min_expires_s
        self.password = password
        self.bound = False
        self.cseq = 0

    def answer(self, request: Request, now: float) -> Response:
        parsed = parse(_with_via(request).encode())
        assert isinstance(parsed, Request)
        assert parsed.cseq.number > self.cseq
        self.cseq = parsed.cseq.number
        verdict = self.challenger.verify(
            parsed.headers.all("Authorization"), "REGISTER", now, "192.0.2.1", lambda _: self.password
        )
        if verdict.kind is not VerdictKind.OK:
            response = response_to(parsed, 401)
            stale = verdict.kind is VerdictKind.STALE
            for value in self.challenger.challenge(now, source_host="192.0.2.1", stale=stale):
                response.headers.add("WWW-Authenticate", value)
            return response
        wanted = int(parsed.headers.get("Expires") or 0)
        if 0 < wanted < self.min_expires_s:
            response = response_to(parsed, 423)
            response.headers.set("Min-Expires", str(self.min_expires_s))
            return response
        self.bound = wanted > 0
        response = response_to(parsed, 200)
        if self.bound:
            response.headers.add("Contact", "<sip:somebody@198.51.100.7>;expires=17")
            response.headers.add("Contact", f"{ACCOUNT.contact};expires={min(wanted, self.grants_s)}")
        return response


def _with_via(request: Request) -> Request:
    twin = Request(request.method, request.uri, request.headers.copy(), request.body)
    twin.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    return twin


def exchange(client: Registration, registrar: Registrar, request: Request | None, now: float) -> int:
    """Until neither has anything to say; how many requests it took."""
    count = 0
    while request is not None:
        count += 1
        assert count < 10
        request = client.responded(registrar.answer(request, now), now)
    return count


def test_registers_with_the_challenge_and_refreshes_before_it_expires_without_another() -> None:
    client, registrar = registration(), Registrar()
    assert exchange(client, registrar, client.tick(10.0), 10.0) == 2
    assert (client.state, registrar.bound, client.expires_at) == (RegistrationState.REGISTERED, True, 310.0)
    assert client.next_at is not None
    assert 10 + 300 * 0.75 <= client.next_at < 310
    assert client.tick(client.next_at - 1) is None
    now = client.next_at
    assert exchange(client, registrar, client.tick(now), now) == 1
    assert client.expires_at == now + 300


def test_a_nonce_that_has_aged_is_answered_anew() -> None:
    client, registrar = registration(), Registrar(grants_s=3600)
    exchange(client, registrar, client.tick(0.0), 0.0)
    registrar.challenger = Challenger(b"another", "provider", ("MD5",))
    now = client.next_at
    assert now is not None
    assert exchange(client, registrar, client.tick(now), now) == 2
    assert client.state is RegistrationState.REGISTERED


def test_a_wrong_password_is_tried_once_and_then_rarely() -> None:
    client, registrar = registration(), Registrar(password="other")
    assert exchange(client, registrar, client.tick(0.0), 0.0) == 2
    assert client.state is RegistrationState.WAITING
    assert "password" in client.error
    assert client.next_at is not None
    assert client.next_at >= LONGEST_WAIT_S * 0.75


def test_too_short_an_interval_is_asked_again_with_the_registrars() -> None:
    client, registrar = registration(), Registrar(min_expires_s=1800, grants_s=7200)
    assert exchange(client, registrar, client.tick(0.0), 0.0) == 3
    assert client.expires_at == 1800


@given(st.integers(1, 12), st.floats(0, 0.999))
def test_waits_double_up_to_five_minutes(failures: int, random: float) -> None:
    client, now = registration(random=random), 0.0
    for attempt in range(failures):
        assert client.tick(now) is not None
        client.failed(408, now)
        assert client.next_at is not None
        wait = client.next_at - now
        longest = min(5.0 * 2**attempt, LONGEST_WAIT_S)
        assert longest * 0.75 <= wait + 1e-6
        assert wait - 1e-6 <= longest * 1.25
        now = client.next_at


def test_a_registrar_that_says_when_is_obeyed() -> None:
    client = registration()
    request = client.tick(0.0)
    assert request is not None
    response = response_to(request, 503)
    response.headers.set("Retry-After", "90 (maintenance);duration=10")
    assert client.responded(response, 0.0) is None
    assert client.next_at is not None
    assert client.next_at >= 90


@pytest.mark.parametrize("registered", [True, False])
def test_stopping_takes_the_binding_back(registered: bool) -> None:
    client, registrar = registration(), Registrar()
    if registered:
        exchange(client, registrar, client.tick(0.0), 0.0)
    request = client.stop()
    assert (request is not None) is registered
    exchange(client, registrar, request, 1.0)
    assert (client.state, registrar.bound) == (RegistrationState.STOPPED, False)
    assert client.tick(1e9) is None


def test_a_lost_connection_registers_soon() -> None:
    client, registrar = registration(), Registrar()
    exchange(client, registrar, client.tick(0.0), 0.0)
    client.lost(20.0)
    assert client.next_at is not None
    assert client.next_at <= 21
    assert client.tick(21.0) is not None


def test_a_new_address_takes_the_old_contact_back_and_registers_the_new_one() -> None:
    client, registrar = registration(), Registrar()
    exchange(client, registrar, client.tick(0.0), 0.0)
    client.moved("<sip:4930123456@192.0.2.77:5060>", 20.0)
    assert client.next_at is not None
    assert client.next_at <= 21
    first = client.tick(21.0)
    assert first is not None
    assert first.headers.get("Contact") == f"{ACCOUNT.contact};expires=0"
    second = client.responded(registrar.answer(first, 21.0), 21.0)
    assert registrar.bound is False
    assert second is not None
    assert second.headers.get("Contact") == "<sip:4930123456@192.0.2.77:5060>;expires=600"
    client.responded(registrar.answer(second, 21.0), 21.0)
    assert (client.state, registrar.bound) == (RegistrationState.REGISTERED, True)


def test_an_address_that_stays_is_no_news() -> None:
    client, registrar = registration(), Registrar()
    exchange(client, registrar, client.tick(0.0), 0.0)
    before = client.next_at
    client.moved(ACCOUNT.contact, 20.0)
    assert (client.next_at, client.state) == (before, RegistrationState.REGISTERED)


@pytest.mark.parametrize("status", [481, 403, 500])
def test_an_old_contact_that_cannot_be_taken_back_does_not_keep_the_new_one_away(status: int) -> None:
    client, registrar = registration(), Registrar()
    exchange(client, registrar, client.tick(0.0), 0.0)
    client.moved("<sip:4930123456@192.0.2.77:5060>", 20.0)
    first = client.tick(21.0)
    assert first is not None
    second = client.responded(response_to(first, status), 21.0)
    assert second is not None
    assert "192.0.2.77" in (second.headers.get("Contact") or "")


def test_the_service_route_of_the_latest_answer_is_kept_in_order() -> None:
    client = registration()
    request = client.tick(0.0)
    assert request is not None
    response = response_to(request, 200)
    response.headers.add("Service-Route", "<sip:orig@p1.example;lr>, <sip:p2.example;lr>")
    response.headers.add("Service-Route", "<sip:p3.example;lr>")
    client.responded(response, 0.0)
    assert " ".join(client.service_route) == (
        "<sip:orig@p1.example;lr> <sip:p2.example;lr> <sip:p3.example;lr>"
    )
    assert client.next_at is not None
    request = client.tick(client.next_at)
    assert request is not None
    assert request.headers.get("Route") is None  # a REGISTER does not take it (RFC 3608 6.1)
    client.responded(response_to(request, 200), 1.0)
    assert client.service_route == ()


def test_half_a_service_route_is_none() -> None:
    client = registration()
    request = client.tick(0.0)
    assert request is not None
    response = response_to(request, 200)
    response.headers.add("Service-Route", "<sip:p1.example;lr>, <nonsense")
    client.responded(response, 0.0)
    assert (client.state, client.service_route) == (RegistrationState.REGISTERED, ())


def test_a_failed_flow_is_made_anew_at_once_and_then_backs_off() -> None:
    client = registration()
    request = client.tick(0.0)
    assert request is not None
    client.responded(response_to(request, 430, "Flow Failed"), 0.0)
    assert client.next_at is not None
    assert client.next_at < 2
    request = client.tick(2.0)
    assert request is not None
    client.responded(response_to(request, 430, "Flow Failed"), 2.0)
    assert client.next_at >= 2 + 7.5


@given(
    st.lists(
        st.sampled_from(["tick", "moved", "200", "401", "407", "423", "500", "timeout", "lost", "stop"]),
        max_size=40,
    )
)
def test_no_order_of_events_breaks_it_or_makes_it_send_unasked(events: list[str]) -> None:
    client, now = registration(), 0.0
    waiting: Request | None = None
    for event in events:
        now += 50
        sent: Request | None = None
        if event == "tick":
            sent = client.tick(now)
        elif event == "lost":
            client.lost(now)
        elif event == "moved":
            client.moved(f"<sip:u@192.0.2.9:{round(now)}>", now)
        elif event == "stop":
            sent = client.stop()
        elif event == "timeout":
            client.failed(408, now)
            waiting = None
        elif waiting is not None:
            response = response_to(waiting, int(event))
            if event in ("401", "407"):
                name = "WWW-Authenticate" if event == "401" else "Proxy-Authenticate"
                response.headers.add(name, f'Digest realm="x", nonce="{now}", qop="auth"')
            if event == "423":
                response.headers.add("Min-Expires", "900")
            waiting = None
            sent = client.responded(response, now)
        waiting = sent or waiting
        assert (client.next_at is None) or client.state in (
            RegistrationState.IDLE,
            RegistrationState.REGISTERED,
            RegistrationState.WAITING,
        )


def test_who_moves_while_the_answer_is_on_its_way_registers_again() -> None:
    client, registrar = registration(), Registrar()
    request = client.tick(0.0)
    assert request is not None
    again = client.responded(registrar.answer(request, 0.0), 0.0)
    assert again is not None
    client.moved("<sip:4930123456@192.0.2.77:5060>", 0.1)
    assert client.responded(registrar.answer(again, 0.2), 0.2) is None
    assert client.next_at is not None
    assert client.next_at < 2
    first = client.tick(2.0)
    assert first is not None
    assert first.headers.get("Contact") == f"{ACCOUNT.contact};expires=0"
