"""One dialog as a plain record, and what may be said inside it (RFC 3261 section 12).

The record holds text and numbers only, so that it can be journalled and taken up by a later process (msgspec
converts it both ways). It knows no transaction, no timer and no call. Requests built here have everything but Via,
which `Endpoint.request` adds.
"""

from __future__ import annotations

from typing import Final

import msgspec

from pbx.core.errors import InternalError
from pbx.sip.address import NameAddr
from pbx.sip.headers import Headers
from pbx.sip.message import Request, Response
from pbx.sip.uri import SipUri

MAX_CSEQ: Final = 2**31 - 1
"""RFC 3261 8.1.1.5: a sequence number is less than 2**31. There is no legal way past it within a dialog."""

TARGET_REFRESH: Final = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
"""Methods whose Contact moves the remote target, and that therefore carry ours (RFC 3261 12.2, 3311, 6665, 3515)."""

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""

ExtraHeaders = tuple[tuple[str, str], ...]


class Dialog(msgspec.Struct):
    """The state of RFC 3261 12, from our point of view.

    `local_uri` and `remote_uri` are bare URIs, the displays are unquoted names. `local_target` is our Contact header
    value, `remote_target` the URI requests go to. `route_set` holds Route header values, next hop first.
    `local_cseq` is the number used last, `remote_cseq` the highest seen, or None. A tag may be empty: RFC 2543 peers
    send none.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    local_uri: str
    remote_uri: str
    local_target: str
    remote_target: str
    local_cseq: int
    remote_cseq: int | None = None
    route_set: tuple[str, ...] = ()
    secure: bool = False
    confirmed: bool = False
    local_display: str = ""
    remote_display: str = ""

    @classmethod
    def uac(cls, request: Request, response: Response) -> Dialog:
        """The dialog that a 101-299 to our INVITE makes (RFC 3261 12.1.2). Raises `ParseError`."""
        ours, theirs = request.from_, response.to
        return cls(
            call_id=request.call_id,
            local_tag=request.from_tag or "",
            remote_tag=response.to_tag or "",
            local_uri=ours.uri,
            remote_uri=theirs.uri,
            local_target=request.headers.get("Contact") or "",
            remote_target=_contact(response) or request.uri,
            local_cseq=request.cseq.number,
            route_set=_record_route(response)[::-1],
            secure=request.uri.startswith("sips:"),
            confirmed=response.status >= 200,
            local_display=ours.display,
            remote_display=theirs.display,
        )

    @classmethod
    def uas(cls, request: Request, response: Response, *, local_cseq: int = 0) -> Dialog:
        """The dialog that our 101-299 to their INVITE makes (RFC 3261 12.1.1). Raises `ParseError`.

        `response` has our tag and Contact. A caller without a Contact is reached at its From.
        """
        ours, theirs = response.to, request.from_
        return cls(
            call_id=request.call_id,
            local_tag=response.to_tag or "",
            remote_tag=request.from_tag or "",
            local_uri=ours.uri,
            remote_uri=theirs.uri,
            local_target=response.headers.get("Contact") or "",
            remote_target=_contact(request) or theirs.uri,
            local_cseq=local_cseq,
            remote_cseq=request.cseq.number,
            route_set=_record_route(request),
            secure=request.uri.startswith("sips:"),
            confirmed=response.status >= 200,
            local_display=ours.display,
            remote_display=theirs.display,
        )

    @property
    def id(self) -> DialogId:
        return (self.call_id, self.local_tag, self.remote_tag)

    @property
    def early(self) -> bool:
        return not self.confirmed

    @property
    def next_hop(self) -> str:
        """The URI whose host a request is sent to: the first route, or the remote target (RFC 3261 12.2.1.1)."""
        return NameAddr.parse(self.route_set[0]).uri if self.route_set else self.remote_target

    def confirm(self, response: Response) -> None:
        """The 2xx of an early dialog, as the caller sees it: its route set and target count (RFC 3261 13.2.2.4)."""
        if not self.confirmed:
            self.confirmed = True
            self.route_set = _record_route(response)[::-1]
        self.refresh_target(response)

    def request(self, method: str, *, body: bytes = b"", headers: ExtraHeaders = ()) -> Request:
        """The next request of ours in this dialog (RFC 3261 12.2.1.1); not for ACK and CANCEL.

        Raises `InternalError` when the sequence numbers are used up. `headers` with a body name its Content-Type.
        """
        if self.local_cseq >= MAX_CSEQ:
            raise InternalError("the dialog has used its last sequence number")
        self.local_cseq += 1
        return self._build(method, self.local_cseq, body, headers)

    def ack(self, invite_cseq: int, *, body: bytes = b"", headers: ExtraHeaders = ()) -> Request:
        """The ACK for a 2xx: the INVITE's number, and nothing is counted (RFC 3261 13.2.2.4)."""
        return self._build("ACK", invite_cseq, body, headers)

    def accepts(self, request: Request) -> bool:
        """Whether a request of theirs comes in order, and remembers it. False: answer 500 (RFC 3261 12.2.2).

        ACK and CANCEL repeat the number of their INVITE and always pass. Gaps are legal.
        """
        number, method = request.cseq.number, request.method
        if method in ("ACK", "CANCEL"):
            return True
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh_target(self, message: Request | Response) -> None:
        """Take the Contact of a re-INVITE, an UPDATE or a 2xx to one as the new target (RFC 3261 12.2.1.2, 12.2.2)."""
        method = message.method if isinstance(message, Request) else message.cseq.method
        if method in TARGET_REFRESH:
            self.remote_target = _contact(message) or self.remote_target

    def _build(self, method: str, number: int, body: bytes, extra: ExtraHeaders) -> Request:
        uri, routes = self._target()
        headers = Headers()
        headers.add("Max-Forwards", "70")
        for route in routes:
            headers.add("Route", route)
        headers.add("From", _name_addr(self.local_display, self.local_uri, self.local_tag))
        headers.add("To", _name_addr(self.remote_display, self.remote_uri, self.remote_tag))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {method}")
        if self.local_target and method in TARGET_REFRESH:
            headers.add("Contact", self.local_target)
        for name, value in extra:
            headers.add(name, value)
        return Request(method, uri, headers, body)

    def _target(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route values; a strict first router (no `lr`) gets its own URI in the request line."""
        routes = self.route_set
        if not routes:
            return self.remote_target, ()
        first = NameAddr.parse(routes[0]).uri
        if "lr" in SipUri.parse(first).params:
            return self.remote_target, routes
        return _as_request_uri(first), (*routes[1:], f"<{self.remote_target}>")


def _contact(message: Request | Response) -> str | None:
    contacts = message.contacts
    return contacts[0].uri if contacts else None


def _record_route(message: Request | Response) -> tuple[str, ...]:
    """The Record-Route values, one per route, in the order they stand."""
    return tuple(
        str(route) for value in message.headers.all("Record-Route") for route in NameAddr.parse_list(value)
    )


def _name_addr(display: str, uri: str, tag: str) -> str:
    return str(NameAddr(display, uri, {"tag": tag} if tag else {}))


def _as_request_uri(uri: str) -> str:
    """A URI without what must not stand in a request line: `method` and headers (RFC 3261 19.1.1)."""
    bare, *params = uri.partition("?")[0].split(";")
    return ";".join([bare, *(param for param in params if not param.lower().startswith("method="))])
