"""All live transactions of one endpoint, and which one a message belongs to (RFC 3261 17.1.3, 17.2.3, 9.2, 8.2.2.2).

One dictionary serves clients and servers, since their ids never meet. A second one knows server transactions by
dialog and CSeq: the ACK for a 2xx has a branch of its own and is found there, and so is the same request that reached
us twice on different paths. A third knows all by peer, so that one phone's lost connection costs what that phone has
in hand, and not a look at everybody's.
"""

from __future__ import annotations

from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.outgoing import MAGIC_COOKIE
from pbx.sip.tx_client import Client
from pbx.sip.tx_invite_client import InviteClient
from pbx.sip.tx_invite_server import InviteServer
from pbx.sip.tx_server import Server

ClientTransaction = Client | InviteClient
ServerTransaction = Server | InviteServer
Transaction = Client | InviteClient | Server | InviteServer
MergeKey = tuple[object, ...]
Peer = tuple[str, str, int]


def client_id(branch: str, method: str) -> TransactionId:
    return ("client", method, branch)


def response_id(response: Response) -> TransactionId:
    """The client transaction a response claims to belong to. Raises `ParseError`."""
    return ("client", response.cseq.method, response.via.branch or "")


def server_id(request: Request) -> TransactionId:
    """The server transaction of a request; an ACK belongs to its INVITE. Raises `ParseError`.

    A branch with the magic cookie is unique together with who sent it. Without (RFC 2543, or a cookie with nothing
    after it), the whole top Via, the dialog, the CSeq number and the Request-URI stand in for it; the To tag does
    not, since an ACK has the one of our answer.
    """
    via = request.via
    method = "INVITE" if request.method == "ACK" else request.method
    branch = via.branch or ""
    if branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE):
        return ("server", method, branch, via.host.lower(), str(via.port or ""))
    number = str(request.cseq.number)
    sender = (str(via.port or ""), via.host.lower(), branch)
    return ("rfc2543", method, request.uri, request.from_tag or "", request.call_id, number, *sender)


def invite_id_of_cancel(cancel: TransactionId) -> TransactionId:
    """The INVITE that a CANCEL with this id means: all but the method is the same (RFC 3261 9.2)."""
    return (cancel[0], "INVITE", *cancel[2:])


def merge_key(request: Request) -> MergeKey:
    """What stays the same when one request arrives by two paths, or when an ACK follows its 2xx."""
    method = "INVITE" if request.method == "ACK" else request.method
    return (request.call_id, request.from_tag, request.cseq.number, method)


class Transactions:
    """The live transactions. A machine that has reached TERMINATED is dropped with `reap`."""

    __slots__ = ("_by_id", "_by_merge_key", "_by_peer")

    def __init__(self) -> None:
        self._by_id: dict[TransactionId, Transaction] = {}
        self._by_merge_key: dict[MergeKey, ServerTransaction] = {}
        self._by_peer: dict[Peer, dict[TransactionId, Transaction]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, key: TransactionId) -> Transaction | None:
        return self._by_id.get(key)

    def add_client(self, transaction: ClientTransaction) -> None:
        self._add(transaction)

    def add_server(self, transaction: ServerTransaction) -> None:
        self._add(transaction)
        self._by_merge_key[transaction.merge_key] = transaction

    def invite_to_acknowledge(self, ack: Request) -> InviteServer | None:
        """The INVITE an ACK is for: by branch for a refusal, by dialog and CSeq for a 2xx."""
        found = self._by_id.get(server_id(ack))
        if found is None:
            found = self._by_merge_key.get(merge_key(ack))
            if found is not None and getattr(found, "to_tag", None) != (ack.to_tag or ""):
                return None
        return found if isinstance(found, InviteServer) else None

    def invite_to_cancel(self, cancel: TransactionId) -> InviteServer | None:
        found = self._by_id.get(invite_id_of_cancel(cancel))
        return found if isinstance(found, InviteServer) else None

    def is_merged(self, key: MergeKey) -> bool:
        """Whether this request is already being worked on under another branch.

        Only while it is unanswered: careless clients repeat a CSeq after a 401, and are better served than taught.
        """
        found = self._by_merge_key.get(key)
        return found is not None and not found.answered

    def towards(self, hop: Hop) -> list[Transaction]:
        """All whose messages go to this peer."""
        there = self._by_peer.get(_peer(hop))
        if there is None:
            return []
        return [found for found in there.values() if found.hop.reaches_same_peer(hop)]

    def reap(self, transaction: Transaction) -> None:
        """Forget a transaction that has ended."""
        self._by_id.pop(transaction.id, None)
        peer = _peer(transaction.hop)
        there = self._by_peer.get(peer)
        if there is not None:
            there.pop(transaction.id, None)
            if not there:
                del self._by_peer[peer]
        if isinstance(transaction, (Server, InviteServer)):
            key = transaction.merge_key
            if self._by_merge_key.get(key) is transaction:
                del self._by_merge_key[key]

    def _add(self, transaction: Transaction) -> None:
        self._by_id[transaction.id] = transaction
        peer = _peer(transaction.hop)
        there = self._by_peer.get(peer)
        if there is None:
            self._by_peer[peer] = {transaction.id: transaction}
        else:
            there[transaction.id] = transaction


def _peer(hop: Hop) -> Peer:
    return (hop.transport, hop.remote_host, hop.remote_port)
