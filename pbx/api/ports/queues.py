"""What the API asks of queues and does with their agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from pbx.core.errors import UserError

if TYPE_CHECKING:
    from pbx.model.queue_status import AgentDuty, AgentStatus, QueueStatus

__all__ = ["NoQueues", "QueueControl"]


class QueueControl(Protocol):
    """The queues and their agents."""

    def statuses(self) -> Sequence[QueueStatus]: ...

    def set_duty(self, number: str, extension: str, duty: AgentDuty) -> AgentStatus:
        """Raises `UserError` 404 when the extension is no agent there."""
        ...


class NoQueues:
    """A place without queues."""

    def statuses(self) -> Sequence[QueueStatus]:
        return ()

    def set_duty(self, number: str, extension: str, _duty: AgentDuty) -> AgentStatus:
        raise UserError(f"extension {extension} is no agent of a queue {number}", http_status=404)
