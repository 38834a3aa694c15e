"""What flows send in a real call: mail through the node's outbox, texts through its edge, call backs through queues."""

from __future__ import annotations

from pbx.call.call import Call
from pbx.feature.directory import Directory
from pbx.feature.flow_texts import FlowTexts, NoWayError
from pbx.feature.queue.queues import Queues
from pbx.flow.node import NodeError
from pbx.notify.errors import SendError
from pbx.notify.outbox import Outbox

__all__ = ["LiveMessages"]


class LiveMessages:
    """Implements `pbx.flow.ports.Messages`, for one call."""

    def __init__(
        self,
        call: Call,
        outbox: Outbox,
        queues: Queues,
        directory: Directory,
        *,
        texts: FlowTexts | None = None,
    ) -> None:
        self._call = call
        self._outbox = outbox
        self._queues = queues
        self._directory = directory
        self._texts = texts

    async def mail(self, to: str, subject: str, text: str) -> None:
        try:
            self._outbox.put(to, subject, text)
        except SendError as error:
            raise NodeError(str(error)) from error

    async def text(self, to: str, text: str) -> None:
        if self._texts is None:
            raise NodeError("this node has no way to send text messages to outside numbers")
        try:
            self._texts.put(to, text)
        except NoWayError as error:
            raise NodeError(str(error)) from error

    async def call_back(self, number: str, destination: str, note: str) -> None:
        queue = self._queues.find(destination)
        if queue is None:
            raise NodeError(f"there is no queue {destination}")
        extension = number if self._directory.find(number) is not None else None
        self._queues.wait_at_home(self._call, queue, number, note, extension=extension)
