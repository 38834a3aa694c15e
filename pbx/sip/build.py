"""New messages: a response to a request (RFC 3261 8.2.6), a request from nothing."""

from __future__ import annotations

from pbx.sip.errors import ParseError
from pbx.sip.headers import Headers
from pbx.sip.message import Request, Response
from pbx.sip.status import reason_of

_COPIED = ("Via", "From", "To", "Call-ID", "CSeq")


def response_to(
    request: Request, status: int, reason: str | None = None, *, to_tag: str | None = None
) -> Response:
    """A response with the headers every response copies; `to_tag` is added where the request had none.

    Works on half-understood requests too: what is missing is left out, a To that cannot be read is copied as it is.
    """
    asked = request.headers
    there = asked.fields
    fields = {name: there[name][:] for name in _COPIED if name in there}
    if to_tag and status != 100 and "To" in fields and not _has_tag(request):
        fields["To"][0] += f";tag={to_tag}"
    if status == 100 and (stamp := asked.get("Timestamp")) is not None:
        fields["Timestamp"] = [stamp]
    if 100 < status < 300 and (route := asked.all("Record-Route")):
        fields["Record-Route"] = list(route)
    return Response(status, reason or reason_of(status), Headers(fields))


def request_of(
    method: str,
    uri: str,
    *,
    from_: str,
    to: str,
    call_id: str,
    cseq: int,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Request:
    """A request outside any dialog; `from_` and `to` are whole header values. The endpoint adds Via."""
    fields = {
        "Max-Forwards": ["70"],
        "From": [from_],
        "To": [to],
        "Call-ID": [call_id],
        "CSeq": [f"{cseq} {method}"],
    }
    built = Headers(fields)
    for name, value in headers:
        built.add(name, value)
    return Request(method, uri, built, body)


def _has_tag(request: Request) -> bool:
    try:
        return request.to_tag is not None
    except ParseError:
        return True
