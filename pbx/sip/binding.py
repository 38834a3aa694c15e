"""What a REGISTER does to an extension's bindings (RFC 3261 10.3), as a plan: what to store, what to forget."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from pbx.core.errors import PeerError
from pbx.model.binding import Binding
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri

USER_AGENT_CHARS = 120
MAX_URI_CHARS = 1024
MAX_PATHS = 8

_SECONDS = re.compile(r"[0-9]{1,10}")
_MAX_SECONDS = 2**32 - 1
_Q = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


class Limits(msgspec.Struct, frozen=True):
    """How long, and how many. Seconds; a phone that asks for less than `min_expires_s` gets 423."""

    min_expires_s: int = 30
    default_expires_s: int = 3600
    max_expires_s: int = 7200
    max_contacts: int = 10


class RegisterPlan(msgspec.Struct, frozen=True):
    """`remove` first, then `put`, together or not at all; `result` is what is registered then, oldest first."""

    put: tuple[Binding, ...]
    remove: tuple[Binding, ...]
    result: tuple[Binding, ...]


def plan(
    existing: Sequence[Binding],
    request: Request,
    hop: Hop,
    now: float,
    limits: Limits,
    *,
    extension: str,
    rewritten: bool = False,
) -> RegisterPlan:
    """`now` and the bindings' times are Unix seconds; bindings that have expired by then do not count. `rewritten`
    says that a router on the way has changed this phone's messages.

    Raises `PeerError` 400, 403 (too many contacts), 423 (too short, with Min-Expires), 500 (out of order).
    """
    contacts = request.contacts
    before = [each for each in existing if each.expires_at > now]
    if any(contact.uri == "*" for contact in contacts):
        return _remove_all(before, request, contacts)
    default_s = _seconds(request.headers.get("Expires"), limits.default_expires_s)
    template = _template(request, hop, now, extension, rewritten=rewritten) if contacts else None
    result = list(before)
    put: dict[str, Binding] = {}
    for contact in contacts:
        renewed = _renewed(result, contact, put)
        for old in renewed:
            if old.contact_uri not in put:  # one that this request made itself may be named twice
                _in_order(old, request)
        expires_s = _expiry(contact, default_s, limits)
        place = result.index(renewed[0]) if renewed else len(result)
        for old in renewed:
            result.remove(old)
            put.pop(old.contact_uri, None)
        if expires_s and template is not None:
            new = _binding(
                template, contact, expires_s, registered_at=renewed[0].registered_at if renewed else now
            )
            result.insert(place, new)
            put[new.contact_uri] = new
    if len(result) > max(limits.max_contacts, len(before)):
        raise PeerError(403, "Too Many Contacts")
    remain = {each.contact_uri for each in result}
    remove = tuple(each for each in before if each.contact_uri not in remain)
    return RegisterPlan(tuple(put.values()), remove, tuple(result))


def _remove_all(before: Sequence[Binding], request: Request, contacts: Sequence[NameAddr]) -> RegisterPlan:
    """`Contact: *` stands alone and comes with `Expires: 0` (RFC 3261 10.2.2)."""
    expires = (request.headers.get("Expires") or "").strip()
    if len(contacts) != 1 or not _SECONDS.fullmatch(expires) or int(expires) != 0:
        raise ParseError(400, "Bad Wildcard Contact")
    for binding in before:
        _in_order(binding, request)
    return RegisterPlan((), tuple(before), ())


def _renewed(bindings: Sequence[Binding], contact: NameAddr, put: dict[str, Binding]) -> list[Binding]:
    """The bindings this contact renews: an equal URI (RFC 3261 19.1.4), and the same phone at another address.

    RFC 5626 4.1: `+sip.instance` names the phone, `reg-id` tells its connections apart. What this very request has put
    is only met again under its own URI, since one phone may register two addresses at once.
    """
    uri, instance = _uri(contact), _instance(contact)
    return [
        binding
        for binding in bindings
        if (instance is not None and binding.instance_id == instance and binding.contact_uri not in put)
        or binding.contact_uri == contact.uri
        or _uri_matches(binding.contact_uri, uri)
    ]


def _uri_matches(stored: str, uri: SipUri) -> bool:
    try:
        return SipUri.parse(stored).matches(uri)
    except ParseError:
        return False


def _in_order(old: Binding, request: Request) -> None:
    """An older request of the same call may not undo a newer one (RFC 3261 10.3 step 7)."""
    if old.call_id == request.call_id and request.cseq.number <= old.cseq:
        raise PeerError(500, "CSeq Out Of Order")


def _seconds(text: str | None, default_s: int) -> int:
    """RFC 3261 20.19: a malformed value counts as if it were not there."""
    text = (text or "").strip()
    return int(text) if _SECONDS.fullmatch(text) and int(text) <= _MAX_SECONDS else default_s


def _expiry(contact: NameAddr, default_s: int, limits: Limits) -> int:
    wanted = _seconds(contact.params.get("expires"), default_s)
    if 0 < wanted < limits.min_expires_s:
        raise PeerError(423, "Interval Too Brief", headers=(("Min-Expires", str(limits.min_expires_s)),))
    return min(wanted, limits.max_expires_s)


def granted_s(request: Request, limits: Limits) -> int:
    """How long the first contact may stay. Raises `PeerError` 423."""
    default_s = _seconds(request.headers.get("Expires"), limits.default_expires_s)
    return _expiry(request.contacts[0], default_s, limits)


def _template(request: Request, hop: Hop, now: float, extension: str, *, rewritten: bool) -> Binding:
    """What all contacts of one REGISTER have in common."""
    paths = [each for value in request.headers.all("Path") for each in NameAddr.parse_list(value)]
    if len(paths) > MAX_PATHS:
        raise ParseError(400, "Too Many Path Values")
    return Binding(
        extension=extension,
        contact_uri="",
        transport=hop.transport,
        source_host=hop.remote_host,
        source_port=hop.remote_port,
        connection=hop.connection,
        path=tuple(str(each) for each in paths),
        expires_at=now,
        call_id=request.call_id,
        cseq=request.cseq.number,
        user_agent=(request.headers.get("User-Agent") or "")[:USER_AGENT_CHARS],
        registered_at=now,
        rewritten=rewritten,
    )


def _binding(template: Binding, contact: NameAddr, expires_s: int, registered_at: float) -> Binding:
    return msgspec.structs.replace(
        template,
        contact_uri=contact.uri,
        expires_at=template.expires_at + expires_s,
        q=_priority(contact),
        instance_id=_instance(contact),
        registered_at=registered_at,
    )


def _uri(contact: NameAddr) -> SipUri:
    try:
        if contact.uri.isascii() and len(contact.uri) <= MAX_URI_CHARS:
            return SipUri.parse(contact.uri)
    except ParseError as error:
        raise ParseError(400, "Bad Contact") from error
    raise ParseError(400, "Bad Contact")


def _priority(contact: NameAddr) -> float:
    text = contact.params.get("q", "")
    return float(text) if _Q.fullmatch(text) else 1.0


def _instance(contact: NameAddr) -> str | None:
    """The phone itself, whatever its address, and which of its connections this is."""
    instance = contact.params.get("+sip.instance", "")
    if not instance or len(instance) > MAX_URI_CHARS:
        return None
    reg_id = contact.params.get("reg-id", "")
    return f"{instance};{reg_id}" if reg_id.isascii() and reg_id.isdigit() else instance
