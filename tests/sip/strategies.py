"""Hypothesis strategies for SIP: messages that are right, bytes that are not quite."""

from __future__ import annotations

from hypothesis import strategies as st

from pbx.sip.headers import Headers
from pbx.sip.message import Request, Response
from tests.sip.torture import CASES

TOKEN_CHARS = "abcXYZ0189-.!%*_+`'~"
token = st.text(TOKEN_CHARS, min_size=1, max_size=12)
word = st.text("abcxyz0189", min_size=1, max_size=8)
blank_free = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=20)
free_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30).map(
    lambda text: text.strip(" \t")
)

host = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{2,5}){0,2}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
port = st.one_of(st.none(), st.integers(0, 65535))
params = st.dictionaries(word, st.one_of(st.just(""), word), max_size=3)


@st.composite
def sip_uris(draw: st.DrawFn) -> str:
    user = draw(st.one_of(st.none(), st.text("abcXYZ019;?&=+$,-_.!~*'()", min_size=1, max_size=10)))
    where = draw(host)
    number = draw(port)
    text = draw(st.sampled_from(["sip:", "sips:", "SIP:"]))
    text += f"{user}@" if user else ""
    text += where if number is None else f"{where}:{number}"
    for name, value in draw(params).items():
        text += f";{name}={value}" if value else f";{name}"
    return text


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """A From or To value with a tag or without."""
    display = draw(st.one_of(st.just(""), token, free_text.map(_quoted)))
    tag = draw(st.one_of(st.just(""), token.map(lambda tag: f";tag={tag}")))
    return f"{display} <{draw(sip_uris())}>{tag}".strip()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def headers(draw: st.DrawFn, method: str) -> Headers:
    fields = {
        "Via": draw(
            st.lists(st.builds("SIP/2.0/UDP {};branch=z9hG4bK{}".format, host, token), min_size=1, max_size=3)
        ),
        "From": [draw(addresses())],
        "To": [draw(addresses())],
        "Call-ID": [draw(token)],
        "CSeq": [f"{draw(st.integers(0, 2**31 - 1))} {method}"],
    }
    for name in draw(st.lists(st.sampled_from(["Subject", "User-Agent", "X-Own", "Contact"]), unique=True)):
        values = st.builds("<{}>".format, sip_uris()) if name == "Contact" else free_text
        fields[name] = draw(st.lists(values, min_size=1, max_size=3))
    return Headers(fields)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    method = draw(st.sampled_from(["INVITE", "ACK", "BYE", "REGISTER", "OPTIONS", "NEW-ONE"]))
    uri = draw(sip_uris().filter(lambda text: "?" not in text))
    return Request(method, uri, draw(headers(method)), draw(st.binary(max_size=60)))


@st.composite
def responses(draw: st.DrawFn) -> Response:
    status = draw(st.integers(100, 699))
    return Response(status, draw(free_text), draw(headers("INVITE")), draw(st.binary(max_size=60)))


messages = st.one_of(requests(), responses())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A torture message, or a good one, with a few bytes changed, cut, doubled or put in."""
    data = bytearray(
        draw(
            st.one_of(st.sampled_from(CASES).map(lambda case: case.data), messages.map(lambda m: m.encode()))
        )
    )
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["change", "cut", "double", "insert"]))
        if kind == "change" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif kind == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        else:
            data[at:at] = draw(
                st.sampled_from([b"\r\n", b"\0", b'"', b"<", b";", b",", b"\xff", b"\r\n ", b"@", b":"])
            )
    return bytes(data)
