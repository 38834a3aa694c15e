"""What a REGISTER does to an extension's bindings (RFC 3261 10.3), as a plan: what to store, what to forget."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pbx.core.errors import PeerError
from pbx.model.binding import Binding
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri

_SECONDS = re.compile(r"[0-9]{1,10}")
_Q = re.compile(r"[01](?:\.[0-9]{0,3})?")
USER_AGENT_CHARS = 120


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, and how many. Seconds; a phone that asks for less than `min_expires_s` gets 423."""

    min_expires_s: int = 30
    default_expires_s: int = 3600
    max_expires_s: int = 7200
    max_contacts: int = 10


@dataclass(frozen=True, slots=True)
class RegisterPlan:
    """`result` are the bindings after the change, in the order they were made."""

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
) -> RegisterPlan:
    """Raises `PeerError` 400, 403 (too many contacts), 423 (too short), 500 (out of order)."""
    contacts = request.contacts
    default_s = _default_expiry(request, limits)
    if any(contact.uri == "*" for contact in contacts):
        return _remove_all(existing, request, contacts)
    result = list(existing)
    for contact in contacts:
        renewed = _same(result, contact)
        for old in renewed:
            if old in existing:  # one that this request made itself may be named twice
                _in_order(old, request)
        expires_s = _expiry(contact, default_s, limits)
        if expires_s:
            new = _binding(contact, request, hop, now=now, expires_s=expires_s, extension=extension)
            if renewed:
                new = msgspec.structs.replace(new, registered_at=renewed[0].registered_at)
                result[result.index(renewed[0])] = new
            else:
                result.append(new)
        result = [each for each in result if each not in renewed]
    if len(result) > limits.max_contacts:
        raise PeerError(403, "Too Many Contacts")
    kept = {each.contact_uri for each in result}
    put = tuple(each for each in result if each not in existing)
    remove = tuple(each for each in existing if each.contact_uri not in kept)
    return RegisterPlan(put, remove, tuple(result))


def _remove_all(existing: Sequence[Binding], request: Request, contacts: Sequence[NameAddr]) -> RegisterPlan:
    """`Contact: *` stands alone and comes with `Expires: 0` (RFC 3261 10.2.2)."""
    if len(contacts) != 1 or (request.headers.get("Expires") or "").strip() != "0":
        raise ParseError(400, "Bad Wildcard Contact")
    for binding in existing:
        _in_order(binding, request)
    return RegisterPlan((), tuple(existing), ())


def _same(bindings: Sequence[Binding], contact: NameAddr) -> list[Binding]:
    """What this contact renews: the same instance of a phone (RFC 5626), or an equal URI (19.1.4).

    More than one when a phone has moved to an address that was registered without its instance.
    """
    instance = _instance(contact)
    uri = _uri(contact)
    return [
        binding
        for binding in bindings
        if (instance is not None and binding.instance_id == instance)
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


def _default_expiry(request: Request, limits: Limits) -> int:
    text = (request.headers.get("Expires") or "").strip()
    return int(text) if _SECONDS.fullmatch(text) else limits.default_expires_s


def _expiry(contact: NameAddr, default_s: int, limits: Limits) -> int:
    text = contact.params.get("expires", "")
    wanted = int(text) if _SECONDS.fullmatch(text) else default_s
    if 0 < wanted < limits.min_expires_s:
        raise PeerError(423, "Interval Too Brief", headers=(("Min-Expires", str(limits.min_expires_s)),))
    return min(wanted, limits.max_expires_s)


def _binding(
    contact: NameAddr, request: Request, hop: Hop, *, now: float, expires_s: int, extension: str
) -> Binding:
    _uri(contact)
    return Binding(
        extension=extension,
        contact_uri=contact.uri,
        transport=hop.transport,
        source_host=hop.remote_host,
        source_port=hop.remote_port,
        connection=hop.connection,
        path=tuple(str(each) for value in request.headers.all("Path") for each in NameAddr.parse_list(value)),
        expires_at=now + expires_s,
        call_id=request.call_id,
        cseq=request.cseq.number,
        q=_priority(contact),
        user_agent=(request.headers.get("User-Agent") or "")[:USER_AGENT_CHARS],
        instance_id=_instance(contact),
        registered_at=now,
    )


def _uri(contact: NameAddr) -> SipUri:
    try:
        return SipUri.parse(contact.uri)
    except ParseError as error:
        raise ParseError(400, "Bad Contact") from error


def _priority(contact: NameAddr) -> float:
    text = contact.params.get("q", "")
    return min(1.0, float(text)) if _Q.fullmatch(text) else 1.0


def _instance(contact: NameAddr) -> str | None:
    """RFC 5626 4.1: the phone itself, whatever its address; reg-id tells its several connections apart."""
    instance = contact.params.get("+sip.instance")
    if not instance:
        return None
    reg_id = contact.params.get("reg-id")
    return f"{instance};{reg_id}" if reg_id else instance
