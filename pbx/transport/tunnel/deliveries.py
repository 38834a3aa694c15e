"""What the edge hands over to be kept: voice messages and texts. Each is confirmed when it is on the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.transport.tunnel import frames as f
from pbx.transport.tunnel.bodies import Bodies
from pbx.transport.tunnel.user import Delivery, NeverTaken

if TYPE_CHECKING:
    from pbx.core.tasks import Supervisor
    from pbx.transport.tunnel.user import TunnelUser

__all__ = ["Deliveries"]

MOST_DELIVERIES = 16

Send = Callable[[str], None]


class Deliveries:
    """Those that are being received or written. The edge repeats what was not confirmed."""

    def __init__(self, user: TunnelUser, supervisor: Supervisor, send: Send) -> None:
        """`send` uses the connection that there is when something has been written, if there is one."""
        self._user = user
        self._supervisor = supervisor
        self._send = send
        self._bodies: Bodies[f.Deliver] = Bodies()
        self._taking: set[str] = set()

    def take(self, message: f.Deliver) -> None:
        """A delivery, or the head of one whose body follows."""
        if message.size:
            self._bodies.open(message.body, message.size, message)
        else:
            self._begin(message, b"")

    def take_piece(self, frame: f.Body) -> None:
        delivered = self._bodies.add(frame)
        if delivered is not None:
            self._begin(*delivered)

    def broke(self) -> None:
        """The connection has ended."""
        self._bodies = Bodies()

    def _begin(self, message: f.Deliver, body: bytes) -> None:
        if message.id in self._taking:  # it is being written; the edge asks again later
            return
        if len(self._taking) >= MOST_DELIVERIES:
            raise f.BadFrame(f"more than {MOST_DELIVERIES} deliveries at once")
        self._taking.add(message.id)
        delivery = Delivery(message.id, message.kind, bytes(message.document), body)
        self._supervisor.spawn("delivery", self._keep(delivery))

    async def _keep(self, delivery: Delivery) -> None:
        try:
            await self._user.take(delivery)
        except NeverTaken as error:
            self._send(f.encode(f.Undelivered(id=delivery.id, reason=str(error)[:256])))
        else:
            self._send(f.encode(f.Delivered(id=delivery.id)))
        finally:
            self._taking.discard(delivery.id)
