"""MESSAGE requests (RFC 3428): what one says, and one that says something."""

from __future__ import annotations

from pbx.core.errors import PeerError
from pbx.model.party import DialTarget, Party
from pbx.model.text_message import MOST_BYTES, TextMessage
from pbx.sip.build import request_of
from pbx.sip.date import sip_date
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.transport.abilities import content_type
from pbx.transport.dialling import dialled_by
from pbx.transport.identity import party_address

__all__ = ["message_to", "text_of", "user_of"]

ACCEPT = (("Accept", "text/plain"), ("Accept-Encoding", "identity"))
CHARSETS = frozenset({"utf-8", "us-ascii", "ascii", ""})


def user_of(request: Request) -> str:
    """Whom it is for. Raises `PeerError` 400, or what the URI deserves."""
    try:
        return dialled_by(request.uri)
    except ParseError as error:
        raise PeerError(error.status, error.reason) from error


def text_of(request: Request) -> str:
    """The text. Raises `PeerError` 415 for anything but plain UTF-8, 413 when it is too long, 400 without any."""
    headers = request.headers
    encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
    if content_type(headers) != "text/plain" or encoding != "identity" or _charset(request) not in CHARSETS:
        raise PeerError(415, "Unsupported Media Type", headers=ACCEPT)
    if len(request.body) > MOST_BYTES:
        raise PeerError(413, "Request Entity Too Large")
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        raise PeerError(415, "Not UTF-8", headers=ACCEPT) from None
    if not text:
        raise PeerError(400, "Empty Message")
    return text


def message_to(message: TextMessage, target: DialTarget, *, our_host: str) -> Request:
    """The request for one phone. Its Call-ID names the message, so that a phone can tell that it has it already."""
    sender = Party(message.from_number, message.from_name)
    return request_of(
        "MESSAGE",
        target.uri,
        from_=f"{party_address(sender, our_host)};tag={message.id}",
        to=f"<{target.to_uri}>",
        call_id=f"message-{message.id}",
        cseq=1,
        headers=(
            *(("Route", each) for each in target.route),
            ("Date", sip_date(message.sent_at)),
            ("Content-Type", "text/plain;charset=UTF-8"),
        ),
        body=message.text.encode(),
    )


def _charset(request: Request) -> str:
    parameters = (request.headers.get("Content-Type") or "").split(";")[1:]
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
