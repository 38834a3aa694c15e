"""The transaction core of a user agent (RFC 3261 8, 17, 18): bytes and time go in, effects come out.

It parses, matches messages to transactions, runs the machines, answers what is malformed, and says CANCEL and the
automatic 100. It knows no dialog and no call, opens no socket and reads no clock; `new_branch` and `new_tag` bring
the randomness. Nothing a peer sends makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pbx.sip import stun
from pbx.sip.build import response_to
from pbx.sip.effects import DeliverRequest, Effect, TimerKey, TransactionId, Transmit
from pbx.sip.errors import ParseError
from pbx.sip.framer import KeepAlive
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.nat import fix_via, response_hop
from pbx.sip.outgoing import MAGIC_COOKIE, encode_for
from pbx.sip.parser import parse
from pbx.sip.refusal import ChallengedInvites, refuse, written_by
from pbx.sip.timers import Timers
from pbx.sip.transactions import (
    Transaction,
    Transactions,
    client_id,
    merge_key,
    response_id,
    server_id,
)
from pbx.sip.tx_client import Client
from pbx.sip.tx_invite_client import InviteClient, cancel_for
from pbx.sip.tx_invite_server import InviteServer
from pbx.sip.tx_server import Server

__all__ = ["Endpoint"]

PONG = b"\r\n"
"""The answer to a double CRLF on a stream (RFC 5626 4.4.1)."""

_FIRST_NOT_STUN = b"\x04"
"""STUN begins with a byte from 0 to 3 (RFC 7983); no SIP message begins with a control character."""

_BLANK = b"\r\n\0"
_SCHEMES = ("sip:", "sips", "tel:")


class Endpoint:
    """One user agent's transactions. Every method returns what the driver has to do, in order."""

    def __init__(
        self,
        *,
        new_branch: Callable[[], str],
        new_tag: Callable[[], str],
        counters: dict[str, int],
        server_name: str = "",
        timers: Timers | None = None,
        turns_away: Callable[[Request, Hop], bool] | None = None,
    ) -> None:
        """`new_branch` and `new_tag` return fresh random words (the cookie is added where it is missing).

        `server_name` is the Server header of responses the endpoint writes itself. `counters` counts, by name, what
        was dropped or answered without the user. A request outside any dialog that `turns_away` is true for is dropped
        before anything of it is remembered.
        """
        self.timers = timers or Timers()
        self.counters = counters
        self._new_branch = new_branch
        self._new_tag = new_tag
        self.retry_after: Callable[[Request, Hop], int] | None = None
        """Asked about each new request: 0 takes it, else it is answered 503 without a transaction."""
        self.challenge: Callable[[Request, Hop], tuple[tuple[str, str], ...]] | None = None
        """Asked about each INVITE that would begin something: the headers of a 401, none where it has to be looked at.

        The 401 takes no transaction (RFC 3261 8.2.7): an INVITE that comes again is challenged again."""
        self._server_name = server_name
        self._turns_away = turns_away
        self._transactions = Transactions()
        self._challenged = ChallengedInvites()

    @property
    def live(self) -> int:
        """How many transactions are in progress: what an overload guard looks at."""
        return len(self._transactions)

    # -- what comes in ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes, hop: Hop, now: float) -> list[Effect]:
        """One datagram. What cannot be understood is answered where possible, else dropped and counted."""
        if data[:1] < _FIRST_NOT_STUN:
            return self._receive_stun(data, hop) if data else self._drop("empty")
        if not data.strip(_BLANK):
            return self._drop("keepalive")
        if data.startswith(b"ACK ") and self._challenged.has(data):
            return self._drop("stray_ack")
        try:
            message = parse(data)
        except ParseError as error:
            return self.malformed(error, hop)
        return self.receive_message(message, hop, now)

    def receive_message(self, message: Request | Response | KeepAlive, hop: Hop, now: float) -> list[Effect]:
        """One message, or a keep-alive, from a stream."""
        out: list[Effect] = []
        try:
            if isinstance(message, Request):
                self._receive_request(message, hop, now, out)
            elif isinstance(message, Response):
                self._receive_response(message, hop, now, out)
            else:
                self._count("keepalive")
                out.append(Transmit(PONG, hop))
        except ParseError as error:
            if isinstance(message, Request):
                return self._refuse(message, error.status, error.reason, hop)
            return self._drop("malformed_response")
        return out

    def _receive_stun(self, data: bytes, hop: Hop) -> list[Effect]:
        """A phone behind NAT keeps its hole open, and learns where it is seen from (RFC 5626 4.4.2)."""
        answer = stun.answer(data, hop.remote_host, hop.remote_port)
        if answer is None:
            return self._drop("stun")
        self._count("keepalive")
        return [Transmit(answer, hop)]

    def malformed(self, error: ParseError, hop: Hop) -> list[Effect]:
        """Answer a request that could not be parsed, as far as it could (RFC 4475); also for stream framers."""
        if not isinstance(error.partial, Request):
            return self._drop("malformed")
        return self._refuse(error.partial, error.status, error.reason, hop)

    def _receive_response(self, response: Response, hop: Hop, now: float, out: list[Effect]) -> None:
        if len(response.headers.all("Via")) != 1:  # RFC 3261 8.1.3.3: it was not meant for us
            self._count("stray_response")
            return
        transaction = self._transactions.get(response_id(response))
        if not isinstance(transaction, (Client, InviteClient)):
            self._count("stray_response")
            return
        transaction.receive(response, hop, now, out)
        self._after(transaction, now, out)

    def _receive_request(self, request: Request, hop: Hop, now: float, out: list[Effect]) -> None:
        method = request.method
        if method == "ACK":
            self._receive_ack(request, hop, now, out)
            return
        key = server_id(request)
        known = self._transactions.get(key)
        if isinstance(known, (Server, InviteServer)):
            self._count("repeated_request")
            known.repeat(now, out)
            self._after(known, now, out)
            return
        if self._turns_away is not None and not request.to_tag and self._turns_away(request, hop):
            self._count("turned_away")
            return
        if request.uri[:4].lower() not in _SCHEMES:
            raise ParseError(416, "Unsupported URI Scheme")
        merge = merge_key(request)
        if not request.to_tag and self._transactions.is_merged(merge):
            out.extend(self._refuse(request, 482, "Loop Detected", hop))
            return
        if self.retry_after is not None and (pause_s := self.retry_after(request, hop)):
            pause = (("Retry-After", str(pause_s)),)
            out.extend(self._refuse(request, 503, "Overloaded", hop, headers=pause))
            return
        if method == "INVITE" and self.challenge is not None and not request.to_tag:
            asked = self.challenge(request, hop)
            if asked:
                self._challenged.add(request.via.branch or "")
                out.extend(self._refuse(request, 401, "Unauthorized", hop, headers=asked))
                return
        back = response_hop(request, hop)
        fix_via(request, hop)
        transaction: Server | InviteServer
        if method == "INVITE":
            transaction = InviteServer(key, back, self.timers, merge, partial(self._trying, request))
        else:
            transaction = Server(key, back, self.timers, merge)
        self._transactions.add_server(transaction)
        transaction.start(now, out)
        if method == "CANCEL" and isinstance(transaction, Server):
            transaction.silent = True
            self._receive_cancel(transaction, request, hop, now, out)
        else:
            out.append(DeliverRequest(key, request, hop))

    def _receive_ack(self, ack: Request, hop: Hop, now: float, out: list[Effect]) -> None:
        invite = self._transactions.invite_to_acknowledge(ack)
        if invite is None:
            self._count("stray_ack")
            return
        invite.acknowledge(ack, hop, now, out)
        self._after(invite, now, out)

    def _receive_cancel(
        self, transaction: Server, cancel: Request, hop: Hop, now: float, out: list[Effect]
    ) -> None:
        """200 when there is something to cancel, 481 otherwise (RFC 3261 9.2); it never reaches the user itself."""
        invite = self._transactions.invite_to_cancel(transaction.id)
        to_tag = invite.to_tag if invite is not None and invite.to_tag else self._new_tag()
        status = 481 if invite is None else 200
        answer = written_by(self._server_name, response_to(cancel, status, to_tag=to_tag))
        transaction.respond(answer, now, out)
        self._after(transaction, now, out)
        if invite is not None:
            invite.cancel(cancel, hop, now, out)
            self._after(invite, now, out)

    # -- what the user wants ---------------------------------------------------------------------------------------

    def request(
        self, request: Request, hop: Hop, now: float, *, oversize: bool = False, branch: str = ""
    ) -> tuple[TransactionId, list[Effect]]:
        """Send a request, any but ACK and CANCEL, with a Via of ours in place of whatever Via it had.

        With the `branch` of one that an earlier process has sent, the peer takes it for the same.

        The request must not be changed afterwards until its final response. Raises `TooLargeForUdp`, with nothing
        begun; `oversize` sends it over UDP all the same, for when TCP was tried and refused.
        """
        branch = branch or self._branch()
        data = encode_for(request, hop, branch, oversize=oversize)
        key = client_id(branch, request.method)
        transaction: Client | InviteClient
        if request.method == "INVITE":
            transaction = InviteClient(key, hop, self.timers, request, data)
        else:
            transaction = Client(key, hop, self.timers, data)
        self._transactions.add_client(transaction)
        out: list[Effect] = []
        transaction.start(now, out)
        return key, out

    def cancel(
        self, invite: TransactionId, now: float, *, headers: tuple[tuple[str, str], ...] = ()
    ) -> list[Effect]:
        """Give up an INVITE of ours: CANCEL goes out now, or after the first provisional response (RFC 3261 9.1).

        `headers` are for the CANCEL (Reason). The INVITE still ends by itself: 487, or a 2xx that was quicker, or
        `TransactionFailed`. Does nothing after a final response.
        """
        out: list[Effect] = []
        transaction = self._transactions.get(invite)
        if isinstance(transaction, InviteClient):
            transaction.cancel(headers, now, out)
            self._after(transaction, now, out)
        return out

    def ack(
        self, invite: TransactionId, ack: Request, hop: Hop, now: float, *, oversize: bool = False
    ) -> list[Effect]:
        """Acknowledge a 2xx (`Dialog.ack` builds it); sent again by itself whenever that 2xx comes again.

        Sent once even when the INVITE is long gone. Raises `TooLargeForUdp`, see `request`.
        """
        del now
        message = Transmit(encode_for(ack, hop, self._branch(), oversize=oversize), hop)
        out: list[Effect] = []
        transaction = self._transactions.get(invite)
        if isinstance(transaction, InviteClient):
            transaction.acknowledge(ack.to_tag or "", message, out)
        else:
            out.append(message)
        return out

    def respond(self, transaction: TransactionId, response: Response, now: float) -> list[Effect]:
        """Answer a delivered request. Ignored and counted when it has been answered finally, or has ended."""
        found = self._transactions.get(transaction)
        if not isinstance(found, (Server, InviteServer)) or found.answered:
            return self._drop("late_response")
        out: list[Effect] = []
        found.respond(response, now, out)
        self._after(found, now, out)
        return out

    # -- what else happens -----------------------------------------------------------------------------------------

    def timer(self, key: TimerKey, now: float) -> list[Effect]:
        """A timer is due. A timer of a transaction that has ended means nothing."""
        out: list[Effect] = []
        transaction = self._transactions.get(key[0])
        if transaction is not None:
            transaction.timer(key[1], now, out)
            self._after(transaction, now, out)
        return out

    def transport_failed(self, hop: Hop, now: float) -> list[Effect]:
        """Nothing can be sent to this peer: whatever waits for it, or has yet to tell it something, fails."""
        out: list[Effect] = []
        for transaction in self._transactions.towards(hop):
            transaction.transport_failed(now, out)
            self._after(transaction, now, out)
        return out

    # -- within ----------------------------------------------------------------------------------------------------

    def _after(self, transaction: Transaction, now: float, out: list[Effect]) -> None:
        """What a machine cannot do itself: leave, and say CANCEL."""
        if not transaction.state:
            self._transactions.reap(transaction)
        elif isinstance(transaction, InviteClient) and transaction.cancel_due:
            transaction.cancel_due = False
            self._send_cancel(transaction, now, out)

    def _send_cancel(self, invite: InviteClient, now: float, out: list[Effect]) -> None:
        cancel = cancel_for(invite.request, invite.cancel_headers)
        transaction = Client(client_id(invite.id[2], "CANCEL"), invite.hop, self.timers, cancel.encode())
        transaction.silent = True
        self._transactions.add_client(transaction)
        transaction.start(now, out)

    def _branch(self) -> str:
        branch = self._new_branch()
        return branch if branch.startswith(MAGIC_COOKIE) else MAGIC_COOKIE + branch

    def _refuse(
        self,
        request: Request,
        status: int,
        reason: str,
        hop: Hop,
        *,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> list[Effect]:
        answer = refuse(request, status, reason, hop, self._server_name, headers=headers)
        if answer is None:
            return self._drop("malformed_ack" if request.method == "ACK" else "malformed")
        self._count(f"refused_{status}")
        return [answer]

    def _trying(self, request: Request) -> bytes:
        return written_by(self._server_name, response_to(request, 100)).encode()

    def _drop(self, name: str) -> list[Effect]:
        self._count(name)
        return []

    def _count(self, name: str) -> None:
        self.counters[name] = self.counters.get(name, 0) + 1
