"""What a REGISTER does to the bindings of an extension (RFC 3261 10.3, RFC 3327, RFC 5626)."""

from __future__ import annotations

from itertools import count

import pytest

from pbx.core.errors import PeerError
from pbx.model.binding import Binding
from pbx.sip.binding import Limits, RegisterPlan, plan
from pbx.sip.hop import Hop
from tests.sip.samples import UDP, from_phone

A, B, C = "<sip:101@10.0.0.1:5060>", "<sip:101@10.0.0.2:5060>", "<sip:101@10.0.0.3:5060>"
LIMITS = Limits(min_expires_s=60, default_expires_s=3600, max_expires_s=7200, max_contacts=3)
NOW = 1_000_000.0
_cseq = count(1)


def register(
    existing: tuple[Binding, ...] = (),
    *contacts: str,
    expires: str = "",
    cseq: int = 0,
    call_id: str = "reg-1",
    extra: str = "",
    hop: Hop = UDP,
    now: float = NOW,
) -> RegisterPlan:
    lines = "".join(f"Contact: {contact}\r\n" for contact in contacts)
    lines += f"Expires: {expires}\r\n" if expires else ""
    request = from_phone("REGISTER", cseq=cseq or next(_cseq), call_id=call_id, extra=lines + extra)
    _, *theirs = request.headers.all("Contact")  # the first is the sample's own
    request.headers.remove("Contact")
    for contact in theirs:
        request.headers.add("Contact", contact)
    return plan(existing, request, hop, now, LIMITS, extension="101")


def uris(bindings: tuple[Binding, ...]) -> list[str]:
    return [f"<{binding.contact_uri}>" for binding in bindings]


def status(*args: object, **kwargs: object) -> PeerError:
    with pytest.raises(PeerError) as caught:
        register(*args, **kwargs)  # type: ignore[arg-type]  # passed through
    return caught.value


def test_a_contact_is_kept_with_where_it_came_from() -> None:
    hop = Hop("TCP", "203.0.113.9", 40000, "192.0.2.1", 5060, connection=7)
    (made,) = register(
        (),
        f'"Desk" {A};q=0.5;expires=120;+sip.instance="<urn:uuid:1>"',
        hop=hop,
        cseq=9,
        extra="User-Agent: Phone 1.0\r\nPath: <sip:p1.test;lr>, <sip:p2.test;lr>\r\n",
    ).put
    assert made == Binding(
        extension="101",
        contact_uri="sip:101@10.0.0.1:5060",
        transport="TCP",
        source_host="203.0.113.9",
        source_port=40000,
        connection=7,
        path=("<sip:p1.test;lr>", "<sip:p2.test;lr>"),
        expires_at=NOW + 120,
        call_id="reg-1",
        cseq=9,
        q=0.5,
        user_agent="Phone 1.0",
        instance_id="<urn:uuid:1>",
        registered_at=NOW,
    )


def test_without_a_contact_it_only_asks() -> None:
    existing = register((), A, B).result
    assert register(existing) == RegisterPlan((), (), existing)


def test_many_contacts_in_one_line_or_several() -> None:
    assert uris(register((), f"{A}, {B}", C).result) == [A, B, C]


def test_one_contact_too_many_changes_nothing() -> None:
    existing = register((), A, B, C).result
    assert status(existing, "<sip:101@10.0.0.4>").sip_status == 403
    assert register(existing, f"{A};expires=0", "<sip:101@10.0.0.4>").put, "one out, one in is allowed"


def test_a_refresh_keeps_the_day_it_began_and_its_place() -> None:
    existing = register((), A, B).result
    done = register(existing, A, now=NOW + 100)
    assert uris(done.result) == [A, B]
    assert (done.put[0].registered_at, done.put[0].expires_at) == (NOW, NOW + 3700)
    assert done.remove == ()


def test_an_equal_uri_is_the_same_contact_and_the_old_spelling_goes() -> None:
    existing = register((), "<sip:%31%301@HOST.test;x=1>").result
    done = register(existing, "<sip:101@host.test>")
    assert uris(done.result) == ["<sip:101@host.test>"]
    assert done.remove == existing


@pytest.mark.parametrize(
    ("contact", "expires", "seconds"),
    [
        (A, "", 3600),
        (A, "600", 600),
        (f"{A};expires=300", "600", 300),
        (f"{A};expires=99999", "", 7200),
        (f"{A};expires=soon", "600", 600),
        (A, "soon", 3600),
        (f"{A};expires=280297596632815", "", 3600),
    ],
)
def test_the_contacts_own_expiry_comes_first(contact: str, expires: str, seconds: int) -> None:
    assert register((), contact, expires=expires).put[0].expires_at == NOW + seconds


def test_too_short_is_told_how_long() -> None:
    error = status((), f"{A};expires=59")
    assert error.sip_status == 423
    assert ("Min-Expires", "60") in error.headers


def test_expiry_zero_removes_one() -> None:
    existing = register((), A, B).result
    done = register(existing, f"{A};expires=0")
    assert (uris(done.result), uris(done.remove), done.put) == ([B], [A], ())
    assert register(existing, f"{C};expires=0").result == existing, "nothing to remove is no fault"


def test_the_wildcard_removes_all() -> None:
    existing = register((), A, B).result
    assert register(existing, "*", expires="0") == RegisterPlan((), existing, ())


@pytest.mark.parametrize(
    ("contacts", "expires"), [(("*",), ""), (("*",), "60"), (("*", A), "0"), ((f"{A}, *",), "0")]
)
def test_the_wildcard_stands_alone_with_expires_0(contacts: tuple[str, ...], expires: str) -> None:
    assert status(register((), A).result, *contacts, expires=expires).sip_status == 400


def test_an_older_request_of_the_same_call_changes_nothing() -> None:
    existing = register((), A, cseq=1000).result
    for cseq in (1000, 999):
        assert status(existing, A, cseq=cseq).sip_status == 500
        assert status(existing, f"{A};expires=0", cseq=cseq).sip_status == 500
        assert status(existing, "*", expires="0", cseq=cseq).sip_status == 500
    assert register(existing, A, cseq=1001).put
    assert register(existing, A, cseq=1, call_id="rebooted").put, "another call counts anew"


def test_a_contact_named_twice_counts_once() -> None:
    done = register((), A, f"{A};q=0.2")
    assert uris(done.result) == uris(done.put) == [A]
    assert register((), A, f"{A};expires=0") == RegisterPlan((), (), ())


def test_a_phone_that_moved_is_known_by_its_instance() -> None:
    existing = register((), f'{A};+sip.instance="<urn:uuid:1>"', B).result
    done = register(existing, f'{C};+sip.instance="<urn:uuid:1>"')
    assert uris(done.result) == [C, B]
    assert uris(done.remove) == [A]


def test_a_phone_that_moved_to_a_known_address_leaves_one_binding() -> None:
    existing = register((), f'{A};+sip.instance="<urn:uuid:1>"', B).result
    done = register(existing, f'{B};+sip.instance="<urn:uuid:1>"')
    assert uris(done.result) == uris(done.put) == [B]
    assert uris(done.remove) == [A]


def test_two_flows_of_one_phone_are_two_bindings() -> None:
    flows = (f'{A};+sip.instance="<urn:uuid:1>";reg-id=1', f'{B};+sip.instance="<urn:uuid:1>";reg-id=2')
    assert uris(register((), *flows).result) == [A, B]


@pytest.mark.parametrize(
    ("q", "value"), [("0.7", 0.7), ("0", 0.0), ("1.000", 1.0), ("1.5", 1.0), ("x", 1.0), ("", 1.0)]
)
def test_a_priority_is_between_0_and_1(q: str, value: float) -> None:
    assert register((), f"{A};q={q}" if q else A).put[0].q == value


@pytest.mark.parametrize(
    "contact", ["<mailto:a@b>", "<sip:>", "<sip:a@b c>", "sip:a@b?x=y", '"open <sip:a@b>']
)
def test_a_contact_nobody_could_ring_is_400(contact: str) -> None:
    assert status((), contact).sip_status == 400


def test_a_plan_changes_nothing_it_was_given() -> None:
    existing = list(register((), A, B).result)
    before = list(existing)
    plan(existing, from_phone("REGISTER", cseq=next(_cseq)), UDP, NOW, LIMITS, extension="101")
    assert existing == before
