"""Bytes → `Request` or `Response` (RFC 3261 7, 25).

Reads what RFC 4475 calls valid however strange, refuses what it calls invalid, and lets the lazily parsed values
(From, Via …) be judged when somebody asks for them; `check` asks for the mandatory ones at once.
"""
from __future__ import annotations

import re

from pbx.sip.errors import ParseError
from pbx.sip.fields import MAX_CSEQ, number, split_commas
from pbx.sip.headers import CANONICAL, Headers, canonical
from pbx.sip.message import Request, Response

MAX_MESSAGE_BYTES = 65535
MAX_LINES = 512
MAX_LINE_CHARS = 8192

_START_REQUEST = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([\x21-\x7e]+) (SIP/[0-9]+\.[0-9]+)", re.IGNORECASE)
_START_RESPONSE = re.compile(r"(SIP/[0-9]+\.[0-9]+) ([0-9]{3})(?: ([^\r\n\0]*))?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_ONCE = frozenset(("From", "To", "Call-ID", "CSeq", "Content-Length", "Max-Forwards", "Content-Type", "Expires"))
_MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
_HEADERS_IN_URI = re.compile(r"sips?:[^?]*\?[^@]*", re.IGNORECASE)  # after an @ it is a question mark of the user
_BARE_NUL = re.compile(r"(?:^|[^\\])(?:\\\\)*\0")  # a backslash before it makes it lawful (RFC 3261 25.1, quoted-pair)
_KNOWN_METHODS = (
    "INVITE ACK BYE CANCEL OPTIONS REGISTER INFO UPDATE PRACK REFER NOTIFY SUBSCRIBE MESSAGE PUBLISH"
)


def parse(data: bytes | memoryview) -> Request | Response:
    """One whole message. Raises `ParseError` with the status to answer and what could be understood."""
    message = parse_head(data)
    cut_body(message)
    return message


def parse_head(data: bytes | memoryview) -> Request | Response:
    """The same without looking at Content-Length: the body is everything after the blank line."""
    raw = bytes(data)
    if len(raw) > MAX_MESSAGE_BYTES:
        raise ParseError(513, "Message Too Large")
    raw = raw.lstrip(b"\r\n")
    head, blank, body = raw.partition(b"\r\n\r\n")
    if not blank:
        head, blank, body = _lenient_end(raw)
    text = _decode(head)
    start, _, rest = text.partition("\r\n")
    headers = Headers()
    problem = _read_headers(rest, headers)
    if len(start) > MAX_LINE_CHARS:
        raise ParseError(414, "Request-URI Too Long")
    message, fault = _start_line(start, headers, body)
    if message is None:
        raise ParseError(400, "Bad Start Line")
    problem = fault or problem or _missing(headers)
    if problem is None and not blank:
        problem = ParseError(400, "Missing Blank Line")
    if problem is not None:
        problem.partial = message
        raise problem
    check(message)
    return message


def check(message: Request | Response) -> None:
    """Ask for every value that any receiver needs. Raises `ParseError` with the message as `partial`."""
    try:
        cseq = message.cseq
        _ = (message.via, message.from_, message.to, message.call_id)
        if isinstance(message, Request):
            forwards = message.headers.get("Max-Forwards")
            if forwards is not None and number(forwards, "Max-Forwards") > 255:
                raise ParseError(400, "Bad Max-Forwards")  # noqa: TRY301 - one place adds the partial message
            if cseq.number > MAX_CSEQ or cseq.method != message.method:
                status = 400 if message.method in _KNOWN_METHODS.split() else 501
                raise ParseError(status, "CSeq Method Mismatch" if status == 400 else "Not Implemented")  # noqa: TRY301
            if "<" in message.uri or ("?" in message.uri and _HEADERS_IN_URI.fullmatch(message.uri)):
                raise ParseError(400, "Bad Request-URI")  # noqa: TRY301
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
    """Make the body of a datagram as long as it says it is (RFC 3261 18.3). Raises `ParseError` 400 when it is not."""
    length = content_length(message)
    if length is None:
        return
    if length > len(message.body):
        raise ParseError(400, "Body Shorter Than Content-Length", message)
    message.body = message.body[:length]


def _decode(head: bytes) -> str:
    """UTF-8 as the RFC has it; Latin-1 from phones that know no better. Any bytes are text, without surrogates."""
    try:
        return head.decode()
    except UnicodeDecodeError:
        return head.decode("latin-1")


def _lenient_end(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Bare LF line ends (some test tools), or a message whose blank line is missing."""
    if b"\r\n" not in raw and b"\n" in raw:
        head, blank, body = raw.partition(b"\n\n")
        return head.replace(b"\n", b"\r\n"), blank, body
    return raw.removesuffix(b"\r\n"), b"", b""


def _read_headers(text: str, headers: Headers) -> ParseError | None:
    """Fill `headers`; the first thing wrong is returned, so that the rest is still there for the answer."""
    problem: ParseError | None = None
    lines = text.split("\r\n") if text else []
    if len(lines) > MAX_LINES:
        return ParseError(513, "Too Many Headers")
    if "\r\n " in text or "\r\n\t" in text:
        lines = _unfold(lines)
    for line in lines:
        name, colon, value = line.partition(":")
        known = CANONICAL.get(name)
        if known is None:
            name = name.rstrip(" \t")
            if not colon or not _NAME.fullmatch(name):
                problem = problem or ParseError(400, "Bad Header Line")
                continue
            known = canonical(name)
        if len(line) > MAX_LINE_CHARS:
            problem = problem or ParseError(513, "Header Too Long")
            continue
        value = value.strip(" \t")
        if "\r" in value or "\n" in value or ("\0" in value and _BARE_NUL.search(value)):
            problem = problem or ParseError(400, "Control Character In Header")
            continue
        if known == "Via" and "," in value:
            for each in split_commas(value):
                headers.add(known, each)
        elif known in _ONCE and known in headers:
            if headers.get(known) != value:
                problem = problem or ParseError(400, f"Two {known} Headers")
        else:
            headers.add(known, value)
    return problem


def _unfold(lines: list[str]) -> list[str]:
    """Join continuation lines (RFC 3261 7.3.1)."""
    joined: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and joined:
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return joined


def _start_line(
    line: str, headers: Headers, body: bytes
) -> tuple[Request | Response | None, ParseError | None]:
    """The message, as far as the line can be understood, and what is wrong with it."""
    found = _START_REQUEST.fullmatch(line)
    if found is not None:
        request = Request(found[1], found[2], headers, body)
        return request, None if found[3].upper() == "SIP/2.0" else ParseError(505, "Version Not Supported")
    found = _START_RESPONSE.fullmatch(line)
    if found is not None:
        status = int(found[2])
        response = Response(status, found[3] or "", headers, body)
        if found[1].upper() != "SIP/2.0":
            return response, ParseError(505, "Version Not Supported")
        return response, None if 100 <= status <= 699 else ParseError(400, "Bad Status Code")
    words = line.split()
    if len(words) > 2 and _NAME.fullmatch(words[0]) and words[-1][:4].upper() == "SIP/":
        return Request(words[0], " ".join(words[1:-1]), headers, body), ParseError(400, "Bad Request Line")
    return None, None


def _missing(headers: Headers) -> ParseError | None:
    for name in _MANDATORY:
        if name not in headers:
            return ParseError(400, f"Missing {name}")
    return None
