"""A phone for a whole day, on asyncio: many calls at once, lamps, transfers, and packets that it loses by itself.

Written from the RFCs, sharing no code with the node. It repeats what is not answered and knows what it has answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from tests.live.home import Home
from tests.live.impair import Impairment
from tests.live.node import Node
from tests.live.raw import Answer, authorization
from tests.live.tone import ulaw_tone

__all__ = ["DayCall", "DayPhone"]

TONE = ulaw_tone(440.0, 1.0)
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 4.0)
"""Between the repeats of a request that nobody has answered (RFC 3261 17.1)."""


@dataclass(eq=False)
class DayCall:
    """One dialog. `other` is the number that was dialled, "" for a call that came in."""

    phone: DayPhone
    call_id: str
    local: str
    remote: str
    other: str = ""
    target: str = ""
    cseq: int = 1
    invite: Answer | None = None
    answered: bool = False
    direction: str = "sendrecv"
    rtp: tuple[str, int] | None = None
    heard: int = 0
    """How many packets of sound came from `rtp`; `heard_at` is when the last did."""
    heard_at: float = field(default_factory=time.monotonic)
    longest_gap_s: float = 0.0
    acked: set[int] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def replaces(self) -> str:
        """As a Replaces value for the node: its tag is the to-tag (RFC 3891)."""
        return f"{self.call_id};to-tag={_tag(self.remote)};from-tag={_tag(self.local)}"

    def hears(self) -> None:
        now = time.monotonic()
        self.longest_gap_s = max(self.longest_gap_s, now - self.heard_at)
        self.heard_at = now
        self.heard += 1

    def hears_of(self, sdp: bytes) -> None:
        host = re.search(rb"^c=IN IP4 ([\d.]+)", sdp, re.MULTILINE)
        if host is not None and (found := re.search(rb"^m=audio (\d+)", sdp, re.MULTILINE)):
            self.rtp = (host[1].decode(), int(found[1]))


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data, addr)


class DayPhone:
    """`on_ring` is told of each call that comes in. `line` carries its SIP, both ways; `sound_line` its sound, if it is
    not to be perfect. `home`: it is behind that router."""

    def __init__(
        self,
        node: Node,
        number: str,
        *,
        line: Impairment,
        counts: Counter[str],
        on_ring: Callable[[DayPhone, DayCall], None],
        sound_line: Impairment | None = None,
        home: Home | None = None,
    ) -> None:
        self.node = node
        self.number = number
        self.calls: dict[str, DayCall] = {}
        self.lamps: dict[str, tuple[int, str]] = {}
        """What each lamp was told last: the number of the NOTIFY and the state. By Call-ID of the subscription."""
        self.watched: dict[str, str] = {}
        self.line = line
        self.packets_in = 0
        self._sound_line = sound_line
        self._home = home
        self._counts = counts
        self._on_ring = on_ring
        self._tag = os.urandom(4).hex()
        self._contact_id = os.urandom(3).hex()
        self._sip: asyncio.DatagramTransport | None = None
        self._rtp: asyncio.DatagramTransport | None = None
        self._pending: dict[str, asyncio.Future[Answer]] = {}
        self._provisional: set[str] = set()
        self._acks: dict[str, bytes] = {}
        self._answers: dict[tuple[str, str], bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sequence = 0

    # -- sockets ---------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take new ports."""
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._arrived), sock=self._socket()
        )
        self._rtp, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._sounded), sock=self._socket()
        )
        self._spawn(self._talk())

    async def vanish(self) -> None:
        """Pull the plug: nobody is told anything."""
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        for each in (self._sip, self._rtp):
            if each is not None:
                each.close()
        self._sip = self._rtp = None
        for call in self.calls.values():
            call.over.set()
        self.calls.clear()
        self.lamps.clear()
        self.watched.clear()

    def _socket(self) -> socket.socket:
        if self._home is not None:
            return self._home.udp()
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.setblocking(False)
        each.bind(("127.0.0.1", 0))
        return each

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _here(self) -> str:
        host, port = self._sip.get_extra_info("sockname") if self._sip is not None else ("127.0.0.1", 9)
        return f"{host}:{port}"

    @property
    def port(self) -> int:
        """Where it takes SIP."""
        return int(self._here.rpartition(":")[2])

    @property
    def _node(self) -> tuple[str, int]:
        return ("127.0.0.1" if self._home is None else self._home.node_host, self.node.sip_port)

    @property
    def _domain(self) -> str:
        return "{}:{}".format(*self._node)

    @property
    def _contact(self) -> str:
        return f"Contact: <sip:{self.number}-{self._contact_id}@{self._here}>"

    def _send(self, data: bytes) -> None:
        self.line.carry(self._leaves, data)

    def _leaves(self, data: bytes) -> None:
        if self._sip is not None:
            self._sip.sendto(data, self._node)

    def _arrived(self, data: bytes, _source: tuple[str, int]) -> None:
        self.line.carry(self._heard, data)

    def _sounded(self, packet: bytes, source: tuple[str, int]) -> None:
        self.packets_in += 1
        for call in self.calls.values():
            if call.rtp == source:
                call.hears()

    def _sound_leaves(self, packet: bytes, to: tuple[str, int]) -> None:
        if self._rtp is not None:
            self._rtp.sendto(packet, to)

    async def _talk(self) -> None:
        """A packet every 20 ms to everybody it talks with."""
        while self._rtp is not None:
            await asyncio.sleep(0.02)
            self._sequence += 1
            header = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._sequence * 160, 0x5EED)
            for call in self.calls.values():
                if call.answered and call.rtp is not None and call.direction == "sendrecv":
                    leaves = partial(self._sound_leaves, to=call.rtp)
                    if self._sound_line is None:
                        leaves(header + TONE[:160])
                    else:
                        self._sound_line.carry(leaves, header + TONE[:160])

    # -- what a person does ----------------------------------------------------------------------------------------

    async def register(self, expires_s: int = 600) -> bool:
        answer = await self._outside("REGISTER", self.number, (f"Expires: {expires_s}",))
        return answer is not None and answer.status == 200

    async def watch(self, number: str) -> bool:
        """Subscribe a lamp to an extension."""
        call_id = os.urandom(8).hex()
        self.watched[call_id] = number
        headers = ("Event: dialog", "Accept: application/dialog-info+xml", "Expires: 3600")
        answer = await self._outside("SUBSCRIBE", number, headers, call_id=call_id)
        if answer is None or answer.status >= 300:
            self.watched.pop(call_id, None)
            return False
        return True

    async def dial(self, number: str, *, ring_s: float = 12.0) -> DayCall | None:
        """The call when somebody picks up, else None."""
        call_id = os.urandom(8).hex()
        local = f"<sip:{self.number}@{self._domain}>;tag={os.urandom(4).hex()}"
        call = DayCall(self, call_id, local, f"<sip:{number}@{self._domain}>", other=number, cseq=0)
        self.calls[call_id] = call
        uri, proof = f"sip:{number}@{self._domain}", ""
        for _ in range(2):
            call.cseq += 1
            answer = await self._invite(call, uri, proof, ring_s)
            if answer is None or answer.status != 401:
                break
            proof = authorization(
                answer.header("www-authenticate"), "INVITE", uri, self.number, self.node.password(self.number)
            )
        if answer is None or answer.status >= 300:
            self._counts[f"refused {answer.status if answer is not None else 'by silence'}"] += 1
            self._gone(call)
            return None
        return call

    async def _invite(self, call: DayCall, uri: str, proof: str, ring_s: float) -> Answer | None:
        branch = _branch()
        lines = self._lines("INVITE", uri, branch, call.local, call.remote, call.call_id, call.cseq)
        data = _message([*lines, self._contact, *([proof] if proof else [])], self._sdp(call))
        answer = await self._transact("INVITE", branch, data, ring_s)
        if answer is None:
            cancel = _message(
                self._lines("CANCEL", uri, branch, call.local, call.remote, call.call_id, call.cseq)
            )
            self._spawn(self._cancel(branch, cancel))
            answer = await self._transact("INVITE", branch, None, 3.0)
        if answer is not None and answer.status < 300:
            call.remote, call.answered = answer.header("to"), True
            call.target = _uri(answer.header("contact"))
            call.hears_of(answer.body)
            self._acknowledge(call)
        elif answer is not None:
            remote = answer.header("to")
            ack = self._lines("ACK", uri, branch, call.local, remote, call.call_id, call.cseq)
            self._acks[f"{call.call_id} {call.cseq}"] = data = _message(ack)
            self._send(data)
        return answer

    async def _cancel(self, branch: str, cancel: bytes) -> None:
        await self._transact("CANCEL", branch, cancel, 3.0)

    async def answer(self, call: DayCall) -> None:
        if call.invite is None or call.over.is_set():
            return
        call.answered = True
        call.hears_of(call.invite.body)
        await self._final(call, call.invite, "200 OK", self._sdp(call))
        if int(call.invite.header("cseq").split()[0]) not in call.acked:
            self._gone(call)

    async def reject(self, call: DayCall, status: str) -> None:
        if call.invite is not None and not call.over.is_set():
            self._gone(call)
            await self._final(call, call.invite, status)

    async def reoffer(self, call: DayCall, direction: str) -> None:
        call.direction = direction
        answer = await self.inside(call, "INVITE", body=self._sdp(call))
        if answer is not None and answer.status < 300:
            call.hears_of(answer.body)

    async def refer(self, call: DayCall, to: str, replaces: str = "") -> bool:
        header = f"?Replaces={quote(replaces, safe='')}" if replaces else ""
        answer = await self.inside(call, "REFER", (f"Refer-To: <sip:{to}@{self._domain}{header}>",))
        return answer is not None and answer.status == 202

    async def hang_up(self, call: DayCall) -> None:
        if not call.over.is_set() and call.answered:
            self._gone(call)
            await self.inside(call, "BYE")

    async def inside(
        self, call: DayCall, method: str, headers: tuple[str, ...] = (), body: bytes = b""
    ) -> Answer | None:
        """A request in the dialog."""
        call.cseq += 1
        number, branch = call.cseq, _branch()
        lines = self._lines(method, call.target, branch, call.local, call.remote, call.call_id, number)
        data = _message([*lines, self._contact, *headers], body)
        answer = await self._transact(method, branch, data, 8.0)
        if answer is not None and method == "INVITE":
            if answer.status < 300:
                self._acknowledge(call, number)
            else:
                ack = self._lines("ACK", call.target, branch, call.local, call.remote, call.call_id, number)
                self._acks[f"{call.call_id} {number}"] = data = _message(ack)
                self._send(data)
        if answer is not None and answer.status in (481, 408):
            self._gone(call)
        return answer

    # -- asking ----------------------------------------------------------------------------------------------------

    async def _outside(
        self, method: str, to: str, headers: tuple[str, ...], *, call_id: str = ""
    ) -> Answer | None:
        """REGISTER and SUBSCRIBE, with the challenge answered."""
        call_id = call_id or os.urandom(8).hex()
        uri = f"sip:{self._domain}" if method == "REGISTER" else f"sip:{to}@{self._domain}"
        local, remote, proof = (
            f"<sip:{self.number}@{self._domain}>;tag={self._tag}",
            f"<sip:{to}@{self._domain}>",
            "",
        )
        answer = None
        for cseq in (1, 2):
            branch = _branch()
            lines = self._lines(method, uri, branch, local, remote, call_id, cseq)
            more = [proof] if proof else []
            data = _message([*lines, self._contact, *headers, *more])
            answer = await self._transact(method, branch, data, 8.0)
            if answer is None or answer.status != 401:
                return answer
            proof = authorization(
                answer.header("www-authenticate"), method, uri, self.number, self.node.password(self.number)
            )
        return answer

    def _lines(
        self, method: str, uri: str, branch: str, local: str, remote: str, call_id: str, cseq: int
    ) -> list[str]:
        return [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._here};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {local}",
            f"To: {remote}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
        ]

    async def _transact(self, method: str, branch: str, data: bytes | None, within_s: float) -> Answer | None:
        """Send until answered; `data` None waits on. An INVITE that rings is not repeated."""
        key = f"{branch} {method}"
        future = self._pending.setdefault(key, asyncio.get_running_loop().create_future())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for pause in PAUSES_S if data is not None else ():
                    if data is not None and (method != "INVITE" or key not in self._provisional):
                        self._send(data)
                    await asyncio.wait([future], timeout=pause)
                    if future.done():
                        break
                answer = await asyncio.shield(future)
                self._pending.pop(key, None)
                return answer
        if method != "INVITE" or data is None:
            self._pending.pop(key, None)
        return None

    def _acknowledge(self, call: DayCall, number: int = 0) -> None:
        number = number or call.cseq
        lines = self._lines("ACK", call.target, _branch(), call.local, call.remote, call.call_id, number)
        data = self._acks[f"{call.call_id} {number}"] = _message(lines)
        self._send(data)

    # -- answering -------------------------------------------------------------------------------------------------

    def _heard(self, data: bytes) -> None:
        if b"SIP/2.0\r\n" not in data and not data.startswith(b"SIP/2.0 "):
            self._counts["packets that are no SIP"] += bool(data.strip())
            return  # a keep-alive, or sound for a phone that had this port before
        message = Answer.parse(data)
        if message.status:
            self._response(message)
        else:
            self._request(message)

    def _response(self, answer: Answer) -> None:
        found = re.search(r"branch=([^;,]+)", answer.header("via"))
        number, method = answer.header("cseq").split()
        key = f"{found[1] if found is not None else ''} {method}"
        if answer.status < 200:
            self._provisional.add(key)
            return
        future = self._pending.get(key)
        if future is not None and not future.done():
            future.set_result(answer)
        elif method == "INVITE":
            self._late_final(answer, number)

    def _late_final(self, answer: Answer, number: str) -> None:
        ack = self._acks.get(f"{answer.header('call-id')} {number}")
        if ack is not None:
            self._send(ack)

    def _request(self, request: Answer) -> None:
        found = re.search(r"branch=([^;,]+)", request.header("via"))
        key = (found[1] if found is not None else "", request.method)
        call = self.calls.get(request.header("call-id"))
        number = int(request.header("cseq").split()[0])
        if request.method == "ACK":
            if call is not None:
                call.acked.add(number)
            self._answers.pop((request.header("call-id"), str(number)), None)
            return
        if key in self._answers:
            self._send(self._answers[key])
            return
        handler = {"INVITE": self._invited, "CANCEL": self._cancelled, "NOTIFY": self._notified}.get(
            request.method, self._asked
        )
        handler(request, call)

    def _invited(self, request: Answer, call: DayCall | None) -> None:
        if call is not None:
            call.hears_of(request.body)
            self._spawn(self._final(call, request, "200 OK", self._sdp(call)))
            return
        remote = request.header("from")
        local = f"{request.header('to')};tag={os.urandom(4).hex()}"
        call = DayCall(self, request.header("call-id"), local, remote, cseq=100, invite=request)
        call.target = _uri(request.header("contact"))
        self.calls[call.call_id] = call
        self._reply(request, "180 Ringing", call.local)
        self._on_ring(self, call)

    def _cancelled(self, request: Answer, call: DayCall | None) -> None:
        self._reply(request, "200 OK" if call is not None else "481 No Such Call")
        if call is not None and call.invite is not None and not call.answered:
            self._gone(call)
            self._spawn(self._final(call, call.invite, "487 Request Terminated"))

    def _notified(self, request: Answer, call: DayCall | None) -> None:
        call_id, number = request.header("call-id"), int(request.header("cseq").split()[0])
        known = call is not None or call_id in self.watched
        self._reply(request, "200 OK" if known else "481 No Such Subscription")
        if call is not None:
            call.told.append(request.body.decode().split(" ")[1])
        elif known and number > self.lamps.get(call_id, (0, ""))[0]:
            states = re.findall(r"<state>(\w+)</state>", request.body.decode())
            lit = [each for each in states if each != "terminated"]
            self._counts["lamps changed"] += 1
            self.lamps[call_id] = (number, lit[0] if lit else "off")

    def _asked(self, request: Answer, call: DayCall | None) -> None:
        inside = ";tag=" in request.header("to")
        self._reply(request, "481 No Such Call" if inside and call is None else "200 OK")
        if request.method == "BYE" and call is not None:
            self._gone(call)

    async def _final(self, call: DayCall, request: Answer, status: str, body: bytes = b"") -> None:
        """A final response to an INVITE, until its ACK comes."""
        number = int(request.header("cseq").split()[0])
        for pause in PAUSES_S:
            if number in call.acked:
                return
            self._reply(request, status, call.local, body)
            await asyncio.sleep(pause / 2)

    def _reply(self, request: Answer, status: str, to: str = "", body: bytes = b"") -> None:
        found = re.search(r"branch=([^;,]+)", request.header("via"))
        to = to or request.header("to")
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.headers["via"])]
        lines += [
            f"From: {request.header('from')}",
            f"To: {to if ';tag=' in to else f'{to};tag={self._tag}'}",
            f"Call-ID: {request.header('call-id')}",
            f"CSeq: {request.header('cseq')}",
            self._contact,
            "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, NOTIFY, REFER",
        ]
        data = _message(lines, body)
        self._answers[found[1] if found is not None else "", request.method] = data
        self._send(data)

    def _gone(self, call: DayCall) -> None:
        call.over.set()
        asyncio.get_running_loop().call_later(10, self.calls.pop, call.call_id, None)

    def _sdp(self, call: DayCall) -> bytes:
        host, port = self._rtp.get_extra_info("sockname") if self._rtp is not None else ("127.0.0.1", 9)
        return (
            f"v=0\r\no=- 1 {call.cseq + 1} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na={call.direction}\r\n"
        ).encode()


def _message(lines: list[str], body: bytes = b"") -> bytes:
    more = ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*lines, *more, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body


def _branch() -> str:
    return f"z9hG4bK{os.urandom(8).hex()}"


def _tag(value: str) -> str:
    found = re.search(r";tag=([^;>]+)", value)
    return found[1] if found is not None else ""


def _uri(contact: str) -> str:
    found = re.search(r"<([^>]+)>", contact)
    return found[1] if found is not None else contact
