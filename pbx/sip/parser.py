"""Bytes → `Request` or `Response` (RFC 3261 7, 25).

    INVITE sip:102@192.0.2.1 SIP/2.0 CRLF     start line
    Name: value CRLF                          header fields; a line that begins with white space continues the last
    CRLF
    body                                      as long as Content-Length says

Reads what RFC 4475 calls valid however strange, and refuses what it calls invalid. What every receiver needs (Via,
From, To, Call-ID, CSeq) is parsed at once; other headers are judged when somebody asks for them. Knows no transport:
framing on streams is the framer's.
"""

from __future__ import annotations

import re

from pbx.sip.errors import ParseError
from pbx.sip.fields import TOKEN, number, split_commas
from pbx.sip.headers import CANONICAL, Headers, canonical
from pbx.sip.message import Request, Response
from pbx.sip.uri import SipUri, scheme_of

MAX_MESSAGE_BYTES = 65535
MAX_LINES = 512
MAX_LINE_CHARS = 8192
"""Characters of one header field or of the start line."""

_START = re.compile(rf"({TOKEN}++) ([^\s<>]++) SIP/2\.0")
_LOOSE_REQUEST = re.compile(rf"({TOKEN}++)[ \t]++(.*\S)[ \t]++(SIP/[0-9.]+)[ \t]*", re.IGNORECASE)
_START_RESPONSE = re.compile(r"(SIP/[0-9]+\.[0-9]+) ([0-9]{3})(?: (.*))?", re.IGNORECASE)
_NAME = re.compile(rf"{TOKEN}++")
_FIELD = re.compile(r"^([A-Za-z\-]++): *+([^\r\n]*+)", re.MULTILINE)
_NOTHING = ("",)
_FOLD = re.compile(r"[ \t]*+\r\n[ \t]++")
_QUOTED_PAIR = re.compile(r"\\[\x00-\x09\x0b\x0c\x0e-\x7f]")  # RFC 3261 25.1: anything but CR and LF
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTROLS = bytes([*range(9), *range(10, 32), 127])
"""All but tab. They are legal behind a backslash in quoted strings, nowhere else."""

_ONCE = frozenset(
    (
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Max-Forwards",
        "Content-Length",
        "Content-Type",
        "Expires",
        "Min-Expires",
    )
)
_METHODS = frozenset(
    (
        *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK"),
        *("REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH"),
    )
)


def parse(data: bytes | memoryview) -> Request | Response:
    """One whole message. Raises `ParseError` with the status to answer and what could be understood."""
    message = parse_head(data)
    cut_body(message)
    return message


def parse_head(data: bytes | memoryview) -> Request | Response:
    """The same without looking at Content-Length: the body is everything after the blank line."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise ParseError(513, "Message Too Large")
    head, blank, body = bytes(data).lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        head, blank, body = _without_crlf(head)
    text = _decode(head)
    # Apart from the line ends between the lines, no control character stands in a sane head.
    ends = text.count("\r\n")
    odd = len(head.translate(None, _CONTROLS)) != len(head) - 2 * ends
    start, _, rest = text.partition("\r\n")
    fields = None if odd else _plain_fields(rest, ends)
    problem: ParseError | None = None
    if fields is None:
        fields = {}
        problem = _read_fields(rest.split("\r\n") if ends else [], fields)
    if odd:
        stray = _control(start, fields)
        problem = problem or stray
    message, fault = _start_line(start, Headers(fields), body)
    problem = fault or problem
    if problem is None and not blank:
        problem = ParseError(400, "Missing Blank Line")
    if problem is not None:
        problem.partial = message
        raise problem
    check(message)
    return message


def check(message: Request | Response) -> None:
    """Look at every value that any receiver needs. Raises `ParseError` with the message as `partial`."""
    try:
        _ = (message.via, message.from_, message.to, message.call_id, message.cseq)
        if isinstance(message, Request):
            _check_request(message)
    except ParseError as error:
        error.partial = message
        raise


def content_length(message: Request | Response) -> int | None:
    """What Content-Length says, None when it is not there. Raises `ParseError` 400."""
    text = message.headers.get("Content-Length")
    if text is None:
        return None
    try:
        return number(text, "Content-Length")
    except ParseError as error:
        error.partial = message
        raise


def cut_body(message: Request | Response) -> None:
    """Make a datagram's body as long as it says it is (RFC 3261 18.3). Raises `ParseError` 400 when it is short."""
    said = message.headers.fields.get("Content-Length")
    if said is not None and said[0] == str(len(message.body)):
        return
    length = content_length(message)
    if length is None or length == len(message.body):
        return
    if length > len(message.body):
        raise ParseError(400, "Body Shorter Than Content-Length", message)
    message.body = message.body[:length]


def _check_request(request: Request) -> None:
    forwards = request.headers.get("Max-Forwards")
    if forwards is not None and number(forwards, "Max-Forwards") > 255:
        raise ParseError(400, "Bad Max-Forwards")
    if request.cseq.method != request.method:
        if request.method in _METHODS:
            raise ParseError(400, "CSeq Method Mismatch")
        raise ParseError(501, "Not Implemented")
    # Other schemes are for the user of the stack to refuse (416). No headers may stand in a Request-URI (RFC 3261
    # 19.1.1), or whoever wrote the link would choose ours.
    uri = request.uri
    if not uri.isascii() or (scheme_of(uri) in ("sip", "sips") and SipUri.parse(uri).headers):
        raise ParseError(400, "Bad Request-URI")


def _decode(head: bytes) -> str:
    """UTF-8 as the RFC has it; Latin-1 from phones that know no better. Any bytes are text, without surrogates."""
    try:
        return head.decode()
    except UnicodeDecodeError:
        return head.decode("latin-1")


def _without_crlf(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Bare LF line ends (some test tools), or a message whose blank line is missing."""
    if b"\r" not in raw and b"\n" in raw:
        head, blank, body = raw.partition(b"\n\n")
        return head.replace(b"\n", b"\r\n"), blank, body
    return raw.removesuffix(b"\r\n"), b"", b""


def _plain_fields(text: str, lines: int) -> dict[str, list[str]] | None:
    """Every field of a head that nearly all phones write: usual names, each once, no line folded. None for any other.

    `text` has no control characters but the ends of so many `lines` (with none at the end).
    """
    if len(text) > MAX_LINE_CHARS or lines > MAX_LINES or "\t" in text or " \r\n" in text or text[-1:] == " ":
        return None
    found = _FIELD.findall(text)
    if len(found) != lines:
        return None
    try:
        fields = {CANONICAL[name]: [value] for name, value in found}
    except KeyError:
        return None
    if len(fields) != lines or "," in fields.get("Via", _NOTHING)[0]:
        return None
    return fields


def _read_fields(
    lines: list[str], fields: dict[str, list[str]], *, unfolded: bool = False
) -> ParseError | None:
    """Fill `fields`; the first thing wrong is returned, so that the rest is still there for the answer."""
    if len(lines) > MAX_LINES:
        return ParseError(513, "Too Many Headers")
    problem: ParseError | None = None
    known_name = CANONICAL.get
    for line in lines:
        name, colon, value = line.partition(":")
        known = known_name(name)
        if known is None:
            if line[:1] in (" ", "\t") and not unfolded:
                fields.clear()
                return _read_fields(_unfold(lines), fields, unfolded=True)
            known = _name(name, colon)
        if not known or len(line) > MAX_LINE_CHARS:
            problem = problem or (
                ParseError(513, "Header Too Long") if known else ParseError(400, "Bad Header Line")
            )
            continue
        value = value.strip(" \t")
        if known == "Via" and "," in value:
            fields.setdefault("Via", []).extend(split_commas(value))
            continue
        values = fields.get(known)
        if values is None:
            fields[known] = [value]
        elif known in _ONCE:
            problem = problem or ParseError(400, f"Two {known} Headers")
            if known == "Content-Length":
                values[0] += f", {value}"  # neither may decide where the message ends
        else:
            values.append(value)
    if sum(map(len, fields.values())) > MAX_LINES:  # many Vias were in one line
        problem = problem or ParseError(513, "Too Many Headers")
    return problem


def _unfold(lines: list[str]) -> list[str]:
    """Join continuation lines (RFC 3261 7.3.1)."""
    return _FOLD.sub(" ", "\r\n".join(lines)).split("\r\n")


def _name(name: str, colon: str) -> str:
    """The canonical form of a name that is not among the usual spellings, "" for one that is none."""
    name = name.rstrip(" \t")
    return canonical(name) if colon and _NAME.fullmatch(name) else ""


def _control(start: str, fields: dict[str, list[str]]) -> ParseError | None:
    """A control character that no backslash makes legal; the field that holds it is not repeated to anybody."""
    problem = ParseError(400, "Control Character In Start Line") if _has_control(start) else None
    for name, values in list(fields.items()):
        clean = [value for value in values if not _has_control(value)]
        if len(clean) == len(values):
            continue
        problem = ParseError(400, "Control Character In Header")
        if clean:
            fields[name] = clean
        else:
            del fields[name]
    return problem


def _has_control(value: str) -> bool:
    bare = _QUOTED_PAIR.sub("", value) if '"' in value else value
    return _CONTROL.search(bare) is not None


def _start_line(line: str, headers: Headers, body: bytes) -> tuple[Request | Response, ParseError | None]:
    """The message, as far as the line can be understood, and what is wrong with it."""
    if len(line) > MAX_LINE_CHARS:
        raise ParseError(414, "Request-URI Too Long")
    found = _START.fullmatch(line)
    if found is not None:
        return Request(found[1], found[2], headers, body), None
    found = _START_RESPONSE.fullmatch(line)
    if found is not None:
        response = Response(int(found[2]), found[3] or "", headers, body)
        return response, _response_fault(found[1], response.status)
    found = _LOOSE_REQUEST.fullmatch(line)
    if found is None:
        raise ParseError(400, "Bad Start Line")
    request = Request(found[1], found[2], headers, body)
    if found[3].upper() != "SIP/2.0":
        return request, ParseError(505, "Version Not Supported")
    if line == f"{found[1]} {found[2]} {found[3]}" and not _spaced(found[2]):
        return request, None  # a version in lower case
    return request, ParseError(400, "Bad Request Line")


def _response_fault(version: str, status: int) -> ParseError | None:
    if version.upper() != "SIP/2.0":
        return ParseError(505, "Version Not Supported")
    return None if 100 <= status <= 699 else ParseError(400, "Bad Status Code")


def _spaced(uri: str) -> bool:
    return any(char.isspace() or char in "<>" for char in uri)
