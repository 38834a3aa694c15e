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
    """A response with the headers every response copies; `to_tag` is added where the request had none."""
    fields = {name: list(values) for name in _COPIED if (values := request.headers.all(name))}
    if status == 100 and (stamp := request.headers.get("Timestamp")) is not None:
        fields["Timestamp"] = [stamp]
    if 100 < status < 300 and (route := request.headers.all("Record-Route")):
        fields["Record-Route"] = list(route)
    if to_tag and status != 100 and "To" in fields and not _has_to_tag(request):
        fields["To"] = [f"{fields['To'][0]};tag={to_tag}"]
    return Response(status, reason or reason_of(status), Headers(fields))


def _has_to_tag(request: Request) -> bool:
    try:
        return request.to_tag is not None
    except ParseError:  # it is being refused for this To; a tag too many does no harm then
        return ";tag=" in (request.headers.get("To") or "").lower()


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
