"""Via, CSeq, numbers and comma lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.errors import ParseError
from pbx.sip.fields import CSeq, Via, number, split_commas
from tests.sip.strategies import host, params, port, token


@given(st.sampled_from(["UDP", "TCP", "TLS", "WS", "SCTP"]), host, port, params)
def test_a_via_is_read_back(transport: str, sent_by: str, at: int | None, values: dict[str, str]) -> None:
    via = Via(transport, sent_by, at, values)
    assert Via.parse(str(via)) == via


@given(st.integers(0, 2**31 - 1), token)
def test_a_cseq_is_read_back(count: int, method: str) -> None:
    assert CSeq.parse(str(CSeq(count, method))) == (count, method)


@given(st.text(max_size=60))
def test_any_text_is_a_field_or_a_parse_error(text: str) -> None:
    for parse in (Via.parse, CSeq.parse, lambda value: number(value, "Expires")):
        try:
            assert parse(text) is not None
        except ParseError:
            continue


@given(st.text(',"<>\\ab ', max_size=30))
def test_splitting_loses_nothing_but_blanks(text: str) -> None:
    assert ",".join(split_commas(text)).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "transport", "sent_by", "values"),
    [
        ("SIP/2.0/UDP a.test", "UDP", ("a.test", None), {}),
        ("sip/2.0/tcp 192.0.2.1:5070;branch=z9hG4bKx", "TCP", ("192.0.2.1", 5070), {"branch": "z9hG4bKx"}),
        (
            "SIP / 2.0 / TLS [::1] : 5061 ; rport ; Branch = a",
            "TLS",
            ("[::1]", 5061),
            {"rport": "", "branch": "a"},
        ),
        ('SIP/2.0/WS x_y.invalid;own="a;b,c"', "WS", ("x_y.invalid", None), {"own": '"a;b,c"'}),
        ("SIP/2.0/UDP a;received=2001:db8::1", "UDP", ("a", None), {"received": "2001:db8::1"}),
    ],
)
def test_the_parts_of_a_via(
    text: str, transport: str, sent_by: tuple[str, int | None], values: dict[str, str]
) -> None:
    via = Via.parse(text)
    assert (via.transport, (via.host, via.port), dict(via.params)) == (transport, sent_by, values)


@pytest.mark.parametrize(
    "text",
    ["", "SIP/2.0/UDP", "SIP/1.0/UDP a", "SIP/2.0 a", "SIP/2.0/UDP a:", "SIP/2.0/UDP a:99999", "SIP/2.0/UDP a;;b",
     "SIP/2.0/UDP a b", "SIP/2.0/UDP a;branch=x y", "SIP/2.0/UDP [::1", "SIP/2.0/UDP a;b=\"c"],
)  # fmt: skip
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        Via.parse(text)


@pytest.mark.parametrize(
    "text", ["", "1", "INVITE", "-1 INVITE", "2147483648 INVITE", "1 INVITE x", "٣ INVITE"]
)
def test_what_is_no_cseq_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        CSeq.parse(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "0x1", "12345678901", "٣", "1 2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        number(text, "Expires")
