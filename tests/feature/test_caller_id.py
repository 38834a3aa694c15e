"""Who calls, read from a trunk's INVITE and written into ours."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.feature.caller_id import read_caller, user_of
from pbx.feature.trunk_line import TrunkLine
from pbx.model.party import Diversion, Party
from pbx.model.trunk import TrunkWrite
from pbx.sip.message import Request
from pbx.sip.parser import parse

ALICE = Party("101", "Alice", extension="101")


def invite(*headers: str, from_: str = '"Bob" <sip:030123456@provider.example>;tag=1') -> Request:
    lines = [
        "INVITE sip:4930901820@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1",
        f"From: {from_}",
        "To: <sip:4930901820@192.0.2.1>",
        "Call-ID: c",
        "CSeq: 1 INVITE",
        *headers,
    ]
    found = parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(found, Request)
    return found


def line(**more: Any) -> TrunkLine:
    wanted = {
        "id": "p",
        "name": "P",
        "host": "sip.provider.example",
        "username": "account",
        "outside_number": "+4930901820",
        **more,
    }
    return TrunkLine(TrunkWrite(**wanted), country="DE")


def read(*headers: str, trunk: TrunkLine | None = None, **more: str) -> Party:
    return read_caller(invite(*headers, **more), (trunk or line()).trunk, "DE")


@pytest.mark.parametrize(
    ("from_", "number", "shown"),
    [
        ("<sip:030123456@p.example>;tag=1", "+4930123456", "030123456"),
        ("<sip:+4930123456@p.example>;tag=1", "+4930123456", "030123456"),
        ("<sip:004930123456@p.example>;tag=1", "+4930123456", "030123456"),
        ("<sip:+49-30-12.34.56;phone-context=x@p.example;user=phone>;tag=1", "+4930123456", "030123456"),
        ("<tel:+49-30-123456>;tag=1", "+4930123456", "030123456"),
        ("<sip:+12025550123@p.example>;tag=1", "+12025550123", "0012025550123"),
        ("<sip:12@p.example>;tag=1", "12", "12"),  # a short code of the provider
    ],
)
def test_a_number_is_e164_and_shown_as_it_is_dialled_here(from_: str, number: str, shown: str) -> None:
    found = read(from_=from_)
    assert (found.number, found.shown) == (number, shown)
    assert found.extension is None


def test_the_prefix_for_calling_back_stands_before_it() -> None:
    assert read(trunk=line(callback_prefix="0")).shown == "0030123456"


def test_a_provider_that_leaves_the_plus_out_is_understood() -> None:
    text = "<sip:4930901820@p.example>;tag=1"
    assert read(from_=text, trunk=line(number_format="e164")).number == "+4930901820"


def test_the_asserted_identity_counts_before_from_and_keeps_the_name() -> None:
    found = read("P-Asserted-Identity: <sip:+12025550123@p.example>, <tel:+12025550123>")
    assert (found.number, found.name) == ("+12025550123", "Bob")
    found = read('Remote-Party-ID: "Carol" <sip:+12025550123@p.example>;party=calling')
    assert (found.number, found.name) == ("+12025550123", "Carol")


@pytest.mark.parametrize(
    "headers",
    [
        ("P-Asserted-Identity: <sip:+12025550123@p.example>", "Privacy: id;critical"),
        ("Privacy: header; user",),
        ("Remote-Party-ID: <sip:+12025550123@p.example>;privacy=full",),
    ],
)
def test_who_wants_to_stay_unknown_does(headers: tuple[str, ...]) -> None:
    assert read(*headers) == Party("")


@pytest.mark.parametrize("privacy", ["none", "session", ""])
def test_other_words_hide_nobody(privacy: str) -> None:
    assert read(f"Privacy: {privacy}").number == "+4930123456"


def test_anonymous_has_neither_number_nor_name() -> None:
    assert read(from_='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1') == Party("")


def test_a_broken_identity_is_passed_over() -> None:
    assert read("P-Asserted-Identity: <<>", "Remote-Party-ID: nonsense").number == "+4930123456"


def test_another_office_shows_the_extension_as_it_is_dialled_from_here() -> None:
    office = line(kind="office", callback_prefix="8")
    assert read(trunk=office, from_='"Zoe" <sip:201@b.example>;tag=1') == Party("8201", "Zoe")
    assert read(trunk=office, from_="<sip:+12025550123@b.example>;tag=1").number == "+12025550123"


def test_what_is_no_number_is_a_name() -> None:
    assert user_of("sip:alice-b.c@p.example") == "alice-b.c"
    assert user_of("nonsense") == ""


# -- ours -----------------------------------------------------------------------------------------------------------


def told(caller: Party = ALICE, *, trunk: TrunkLine, **more: Any) -> tuple[Party | None, dict[str, str]]:
    target = trunk.target("+12025550123", caller, shown=more.pop("shown", None), **more)
    assert target.sets_identity
    return target.caller, dict(target.headers)


def test_each_header_a_provider_may_want() -> None:
    who = '"Alice" <sip:+4930901820@sip.provider.example>'
    assert told(trunk=line()) == (Party("+4930901820", "Alice"), {"P-Asserted-Identity": who})
    assert told(trunk=line(caller_id="ppi"))[1] == {"P-Preferred-Identity": who}
    assert told(trunk=line(caller_id="from"))[1] == {}
    rpid = told(trunk=line(caller_id="rpid"))[1]
    assert rpid == {"Remote-Party-ID": f"{who};party=calling;screen=yes;privacy=off"}


def test_the_number_of_the_extension_goes_before_that_of_the_trunk() -> None:
    shown, headers = told(trunk=line(number_format="e164"), shown="+49309018211")
    assert shown == Party("49309018211", "Alice")
    assert "sip:49309018211@" in headers["P-Asserted-Identity"]


def test_some_providers_want_their_account_in_from() -> None:
    shown, headers = told(trunk=line(from_shows="account"))
    assert shown == Party("account", "Alice")
    assert "+4930901820" in headers["P-Asserted-Identity"]


def test_names_stay_at_home_where_the_trunk_says_so() -> None:
    shown, headers = told(trunk=line(show_names=False))
    assert shown == Party("+4930901820")
    assert "Alice" not in headers["P-Asserted-Identity"]


@pytest.mark.parametrize("caller_id", ["pai", "ppi", "rpid", "from"])
def test_an_anonymous_call_tells_only_the_provider_who_it_is(caller_id: str) -> None:
    shown, headers = told(trunk=line(caller_id=caller_id), anonymous=True)
    assert shown == Party("")
    assert "Alice" not in str(headers)
    assert ("Privacy" in headers) is (caller_id != "from")
    assert ("+4930901820" in str(headers)) is (caller_id != "from")


def test_a_forwarded_call_may_show_who_really_calls() -> None:
    caller = Party("+12025550199", "Bob", shown="0012025550199")
    sent = (Diversion("101", "unconditional"),)
    shown, headers = told(caller, trunk=line(), diverted=sent)
    assert shown == Party("+4930901820", "Bob")
    shown, headers = told(caller, trunk=line(forwarded_caller="caller"), diverted=sent)
    assert shown == Party("+12025550199", "Bob")
    assert "+4930901820" in headers["P-Asserted-Identity"]
    assert headers["Diversion"] == "<sip:+4930901820@sip.provider.example>;reason=unconditional"


def test_another_office_sees_the_extension() -> None:
    shown, headers = told(trunk=line(kind="office", number_format="national"))
    assert shown == Party("101", "Alice")
    assert "<sip:101@" in headers["P-Asserted-Identity"]


def test_the_proxy_comes_before_what_the_registrar_said() -> None:
    trunk = line(proxy="proxy.example", port=5070)
    assert trunk.route == ("<sip:proxy.example:5070;transport=udp;lr>",)


def test_an_ipv6_address_stands_in_brackets() -> None:
    trunk = line(host="2001:db8::1", transport="tcp")
    assert trunk.uri == "sip:[2001:db8::1];transport=tcp"
    assert trunk.target("112", ALICE, shown=None).uri == "sip:112@[2001:db8::1];transport=tcp"
