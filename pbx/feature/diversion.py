"""Who sent a call on before it came here, and telling the next one: Diversion (RFC 5806) and History-Info (RFC 7044).

Providers read either, so both are written. Read is History-Info where it names anybody, else Diversion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pbx.feature.caller_id import user_of
from pbx.feature.numbering import to_e164
from pbx.model.party import Diversion
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import host_port
from pbx.sip.message import Request
from pbx.transport.identity import user_part

__all__ = ["diversion_headers", "read_diversions"]

MOST = 10
_REASON_OF_CAUSE = {
    "404": "unknown",
    "302": "unconditional",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
"""RFC 4458 2 and 3.2: the SIP cause of a retargeting, in the words of RFC 5806."""
_CAUSE_OF_REASON = {
    "user-busy": "486",
    "no-answer": "408",
    "unavailable": "503",
    "deflection": "480",
    "unconditional": "302",
}


def read_diversions(request: Request, country: str) -> tuple[Diversion, ...]:
    """Who sent the call on, first first; what cannot be read is left out."""
    found = _history(request.headers.all("History-Info")) or _diversions(request.headers.all("Diversion"))
    return tuple(
        Diversion(to_e164(each.number, country) or each.number, each.reason) for each in found[:MOST]
    )


def diversion_headers(diverted: Sequence[Diversion], to: str, domain: str) -> Iterator[tuple[str, str]]:
    """Both headers for a call that these sent on to `to`; nothing for a call that nobody did."""
    if not diverted:
        return
    at = host_port(domain, 0)
    for each in reversed(diverted):
        yield "Diversion", f"<sip:{user_part(each.number)}@{at}>;reason={each.reason}"
    numbers = [each.number for each in diverted] + [to]
    entries = []
    for depth, number in enumerate(numbers):
        index = ".".join(["1"] * (depth + 1))
        uri = f"sip:{user_part(number)}@{at}"
        if depth:
            # The cause stands in the URI that the call was sent on to (RFC 4458, RFC 7044 10.2).
            uri += f";cause={_CAUSE_OF_REASON.get(diverted[depth - 1].reason, '302')}"
            entries.append(f"<{uri}>;index={index};mp={index[:-2]}")
        else:
            entries.append(f"<{uri}>;index={index}")
    yield "History-Info", ", ".join(entries)


def _diversions(values: Sequence[str]) -> list[Diversion]:
    """The topmost Diversion is the last one (RFC 5806 5.1)."""
    found = [
        Diversion(number, _word(each.params.get("reason") or "unknown"))
        for each in _addresses(values)
        if (number := user_of(each.uri))
    ]
    return found[::-1]


def _history(values: Sequence[str]) -> list[Diversion]:
    """Each entry that the call was sent on from: the next one says why."""
    entries = sorted(_addresses(values), key=lambda each: _index(each.params.get("index") or ""))
    found = []
    for before, after in pairwise(entries):
        cause = _cause(after.uri)
        if not cause and "mp" not in after.params:
            continue  # only its way on, not a change of whom it is for
        number = user_of(before.uri)
        if number:
            found.append(Diversion(number, _REASON_OF_CAUSE.get(cause, "unknown")))
    return found


def _addresses(values: Sequence[str]) -> list[NameAddr]:
    found: list[NameAddr] = []
    for value in values:
        try:
            found += NameAddr.parse_list(value)
        except ParseError:
            continue
    return found[: 4 * MOST]


def _index(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    return tuple(int(each) if each.isascii() and each.isdigit() and len(each) < 9 else 0 for each in parts)


def _cause(uri: str) -> str:
    """`;cause=` of a URI (RFC 4458)."""
    for part in uri.partition("?")[0].lower().split(";")[1:]:
        if part.startswith("cause="):
            return part[6:]
    return ""


def _word(text: str) -> str:
    """A reason as it may stand in our own header: one token."""
    word = "".join(each for each in text.lower() if each.isascii() and (each.isalnum() or each == "-"))
    return word[:32] or "unknown"
