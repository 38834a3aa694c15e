"""The short way of a REGISTER that says nothing new: the same phone, the same words, a little later.

What was answered the long way shows what such a message looks like. One that differs from it in nothing but the branch,
the tag, Call-ID, CSeq and the credentials means the same, so its answer is put together from pieces of the last one:

    REGISTER … ;branch=z9hG4bK1 … ;tag=a … Call-ID: b … CSeq: 1 REGISTER …          ─► 401, nothing is remembered
    REGISTER … ;branch=z9hG4bK2 … ;tag=a … Call-ID: b … CSeq: 2 REGISTER … Authorization: … ─► 200

Whatever is not quite so takes the long way: another word anywhere, a wrong password, an address with a past, a binding
that would outlast what the disk knows of it. UDP only. Must never do what the long way would not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice

from pbx.core.clock import Clock
from pbx.feature.door import Door
from pbx.feature.identify import Identify
from pbx.feature.registrar import Registrar, contact_of
from pbx.model.binding import Binding
from pbx.sip.date import sip_date
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.nat import response_hop
from pbx.sip.outbound import looks_rewritten
from pbx.sip.push import params_of

__all__ = ["Refreshes"]

REMEMBERED_S = 32.0
"""At least so long an answer is given again to a request that comes again (RFC 3261 17.2.2: timer J)."""
MAX_BYTES = 2048
MAX_SHAPES = 20_000
MAX_ANSWERS = 50_000
MAX_OPEN = 2048
TOLD_EVERY_S = 60.0
"""The door is told of a right password where nobody has shown a wrong one no more often than this."""

_T = rb"[A-Za-z0-9\-.!%*_+`'~]+"
_VARIABLE = re.compile(
    rb";branch=(z9hG4bK" + _T + rb")|;tag=(" + _T + rb")"
    rb"|\r\nCall-ID: ([A-Za-z0-9\-.!%*_+`'~@:\[\]]+)(?=\r\n)"
    rb"|\r\nCSeq: ([0-9]{1,9}) REGISTER(?=\r\n)"
    rb"|\r\nAuthorization: (Digest [\x20-\x7e]+)(?=\r\n)"
)
_GROUPS = 5
_STEP = _GROUPS + 1
_BRANCH, _PROOF = 0, _GROUPS - 1
_WRITTEN_ANEW = frozenset(
    ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Date", "Content-Length", "Record-Route")
)

Key = tuple[object, ...]


class _Shape:
    """What a REGISTER of one phone looks like, and what its answer is made of."""

    __slots__ = (
        "at",
        "binding",
        "expires_s",
        "from_",
        "more",
        "number",
        "to",
        "told_at",
        "uri",
        "via",
    )  # fmt: skip

    at: tuple[int, ...]
    """Where in the split message branch, tag, Call-ID, CSeq and credentials are; no credentials: 0."""
    number: str
    uri: str
    binding: Binding
    expires_s: int
    via: tuple[bytes, bytes]
    from_: tuple[bytes, bytes]
    to: bytes
    more: bytes
    told_at: float


class Refreshes:
    """All phones that have registered over UDP, by the words they do it with."""

    def __init__(
        self,
        registrar: Registrar,
        identify: Identify,
        door: Door,
        *,
        clock: Clock,
        new_tag: Callable[[], str],
    ) -> None:
        self._registrar = registrar
        self._identify = identify
        self._door = door
        self._clock = clock
        self._new_tag = new_tag
        self._shapes: dict[Key, _Shape] = {}
        self._open: dict[Key, list[bytes]] = {}
        """Requests with credentials that took the long way, until they are answered."""
        self._answers: dict[Key, bytes | None] = {}
        self._before: dict[Key, bytes | None] = {}
        """Answers by request of the last half minute, and of the one before; None where the long way gave one."""
        self._began = 0.0
        registrar.on_answered = self.learn

    def __call__(self, data: bytes, hop: Hop, now: float) -> bytes | None:
        """The answer to a datagram; None where the long way has to find one. `now` is monotonic."""
        if len(data) > MAX_BYTES:
            return None
        parts = _VARIABLE.split(data)
        host, port = hop.remote_host, hop.remote_port
        shape = self._shapes.get((host, port, *parts[::_STEP]))
        if shape is None:
            self._leave_open(parts, host, port)
            return None
        if not shape.at[_PROOF]:
            return self._challenge(shape, parts, hop)
        return self._answer(shape, parts, hop, now)

    def _answer(self, shape: _Shape, parts: list[bytes], hop: Hop, now: float) -> bytes | None:
        """The answer that this request had before, or a first one."""
        key = (parts[shape.at[_BRANCH]], hop.remote_host, hop.remote_port)
        if now - self._began > REMEMBERED_S:
            self._answers, self._before, self._began = {}, self._answers, now
        for known in (self._answers, self._before):
            if key in known:
                return known[key]
        if len(self._answers) >= MAX_ANSWERS:
            return None
        answer = self._answers[key] = self._refresh(shape, parts, hop)
        if answer is None:
            self._leave_open(parts, hop.remote_host, hop.remote_port)
        return answer

    # -- answers ---------------------------------------------------------------------------------------------------

    def _challenge(self, shape: _Shape, parts: Sequence[bytes], hop: Hop) -> bytes | None:
        """A 401 (RFC 3261 8.2.7: without any state, for the same request may have another one)."""
        if not self._door.is_quiet(hop.remote_host, shape.number):
            return None
        lines = "".join([f"WWW-Authenticate: {each}\r\n" for each in self._identify.challenges(hop)])
        return b"%bContent-Length: 0\r\n\r\n" % (_head(b"401 Unauthorized", shape, parts) + lines.encode())

    def _refresh(self, shape: _Shape, parts: Sequence[bytes], hop: Hop) -> bytes | None:
        """The 200, if this is the phone, and its binding can be renewed at once."""
        _, _, call_id, cseq, proof = (parts[each] for each in shape.at)
        now = self._clock.now().timestamp()
        number, registrar = shape.number, self._registrar
        renewed = registrar.renewal(shape.binding, now + shape.expires_s, call_id.decode(), int(cseq), now)
        if renewed is None or not self._door.is_quiet(hop.remote_host, number):
            return None
        if not self._identify.proves(proof.decode(), "REGISTER", hop, number):
            return None
        if now - shape.told_at > TOLD_EVERY_S:
            shape.told_at = now
            self._door.proved(hop, number)
        bindings = registrar.renew(shape.binding, renewed)
        shape.binding = renewed
        contacts = "".join([f"Contact: {contact_of(each, now)}\r\n" for each in bindings])
        return b"%b%b%bDate: %b\r\nContent-Length: 0\r\n\r\n" % (
            _head(b"200 OK", shape, parts), contacts.encode(), shape.more, _date(int(now)),
        )  # fmt: skip

    # -- what such messages look like ------------------------------------------------------------------------------

    def _leave_open(self, parts: list[bytes], host: str, port: int) -> None:
        """Keep the pieces of a message that its answer may say something about."""
        at = _places(parts)
        if at is None or not at[_PROOF]:
            return
        self._open[parts[at[0]], host, port] = parts
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]

    def learn(self, request: Request, hop: Hop, response: Response, bindings: Sequence[Binding]) -> None:
        """A REGISTER was answered the long way: `bindings` are all of that extension."""
        if hop.transport != "UDP":
            return
        key = ((request.via.branch or "").encode(), hop.remote_host, hop.remote_port)
        parts = self._open.pop(key, None)
        if parts is None:
            return
        self._answers[key] = None
        at = _places(parts)
        shape = _shape(request, hop, response, bindings) if at is not None else None
        if at is None or shape is None or not _is_split_right(request, parts, at):
            return
        shape.at = at
        shape.expires_s = self._registrar.granted_s(request)
        shape.told_at = self._clock.now().timestamp()
        tag = self._new_tag().encode()
        shape.to += b";tag=" + tag
        self._put((hop.remote_host, hop.remote_port, *parts[::_STEP]), shape)
        without, there = _without_proof(parts, at)
        twin = _Shape()
        for name in _Shape.__slots__:
            setattr(twin, name, getattr(shape, name))
        twin.at = there
        self._put((hop.remote_host, hop.remote_port, *without), twin)

    def _put(self, key: Key, shape: _Shape) -> None:
        self._shapes.pop(key, None)
        self._shapes[key] = shape
        if len(self._shapes) > MAX_SHAPES:
            for oldest in list(islice(self._shapes, MAX_SHAPES // 8)):
                del self._shapes[oldest]


def _head(status: bytes, shape: _Shape, parts: Sequence[bytes]) -> bytes:
    branch, tag, call_id, cseq, _ = shape.at
    (via, via_end), (from_, from_end) = shape.via, shape.from_
    return (
        b"SIP/2.0 %b\r\nVia: %b%b%b\r\nFrom: %b%b%b\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %b REGISTER\r\n"
        % (
            status, via, parts[branch], via_end, from_, parts[tag], from_end, shape.to, parts[call_id], parts[cseq],
        )
    )  # fmt: skip


def _places(parts: Sequence[bytes | None]) -> tuple[int, ...] | None:
    """Where what differs is; None unless each is there once (credentials: at most)."""
    places = [0] * _GROUPS
    for first in range(0, len(parts) - 1, _STEP):
        for group in range(1, _STEP):
            if parts[first + group] is not None:
                if places[group - 1]:
                    return None
                places[group - 1] = first + group
    return tuple(places) if all(places[:_PROOF]) else None


def _without_proof(parts: Sequence[bytes], at: tuple[int, ...]) -> tuple[list[bytes], tuple[int, ...]]:
    """What stays the same in such a message without credentials, and where what differs is then."""
    words, gone = list(parts[::_STEP]), at[_PROOF] // _STEP
    words[gone : gone + 2] = [words[gone] + words[gone + 1]]
    return words, (*(each - _STEP if each > at[_PROOF] else each for each in at[:-1]), 0)


def _is_split_right(request: Request, parts: Sequence[bytes], at: tuple[int, ...]) -> bool:
    """Whether the pieces are what the parser has found in the message."""
    said = (
        request.via.branch,
        request.from_tag,
        request.call_id,
        str(request.cseq.number),
        *request.headers.all("Authorization"),
    )
    return said == tuple(parts[each].decode() for each in at)


def _shape(request: Request, hop: Hop, response: Response, bindings: Sequence[Binding]) -> _Shape | None:
    """None for what has to go the long way each time."""
    headers = request.headers
    put = [each for each in bindings if each.call_id == request.call_id and each.cseq == request.cseq.number]
    contacts = request.contacts
    if len(put) != 1 or len(contacts) != 1 or contacts[0].uri != put[0].contact_uri or put[0].rewritten:
        return None
    if "Path" in headers or len(headers.all("Via")) != 1 or request.to_tag or request.body:
        return None
    try:
        if (
            params_of(contacts[0]) is not None
            or "pn-provider" in contacts[0].uri
            or looks_rewritten(request, hop)
        ):
            return None
        if response_hop(request, hop) != hop:
            return None
    except ParseError:
        return None
    branch, tag = request.via.branch or "", request.from_tag or ""
    via, from_ = (
        (headers.get("Via") or "").partition(branch),
        (headers.get("From") or "").rpartition(f";tag={tag}"),
    )
    shape = _Shape()
    shape.number, shape.uri, shape.binding = put[0].extension, put[0].contact_uri, put[0]
    shape.via = via[0].encode(), via[2].encode()
    shape.from_ = from_[0].encode() + b";tag=", from_[2].encode()
    shape.to = (headers.get("To") or "").encode()
    shape.more = "".join(
        [f"{name}: {value}\r\n" for name, value in response.headers.items() if name not in _WRITTEN_ANEW]
    ).encode()
    return shape


@lru_cache(maxsize=2)
def _date(now: int) -> bytes:
    return sip_date(datetime.fromtimestamp(now, UTC)).encode()
