"""The quick way of reading header fields against the whole one, over texts that are nearly plain."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from pbx.sip.parser import _plain_fields, _read_fields

NAMES = (
    "Via",
    "v",
    "From",
    "from",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "X-Own",
    "Content-Length",
    "",
    "F rom",
)
COLONS = (":", ": ", ":  ", " : ", ":\t", "")
VALUES = ("", "a", "a, b", '"a, b" <sip:c>', "a ", "\ta", "a:b", "é", "a\u2028b", "SIP/2.0/UDP a;branch=1, x")
LINE = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(NAMES), st.sampled_from(COLONS), st.sampled_from(VALUES)),
    st.sampled_from((" folded", "\tfolded", "no colon", "")),
)


@given(lines=st.lists(LINE, max_size=6))
@example(lines=["From: a", "To: b", "From: c"])
@example(lines=["@From: a"])
@example(lines=["Via: a, b"])
@example(lines=["From: " + "a" * 9000])
def test_the_quick_way_reads_what_the_whole_one_reads(lines: list[str]) -> None:
    quick = _plain_fields("\r\n".join(lines), len(lines))
    whole: dict[str, list[str]] = {}
    problem = _read_fields(list(lines), whole)
    if quick is not None:
        assert problem is None
        assert list(quick.items()) == list(whole.items())


def test_what_nearly_all_phones_write_goes_the_quick_way() -> None:
    text = "Via: SIP/2.0/UDP a;branch=1\r\nFrom:<sip:b>;tag=1\r\nt: <sip:c>\r\nCall-ID: d\r\nCSeq: 1 INVITE"
    assert _plain_fields(text, 5) == {
        "Via": ["SIP/2.0/UDP a;branch=1"],
        "From": ["<sip:b>;tag=1"],
        "To": ["<sip:c>"],
        "Call-ID": ["d"],
        "CSeq": ["1 INVITE"],
    }
