"""Sends live events to webhooks: each is a client of the live hub like an open page, with a queue on disk behind it.

    hub ─► bounded queue of the client ─► table of deliveries (1000 wait at most) ─► POST, one after the other

Nothing here waits for a receiver but its own sender. One that is dead loses the oldest events; after a restart what
waits goes on, and what happened while the node was down did not happen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from pbx.api.live import ALL_TOPICS, TooManyClientsError
from pbx.core.errors import PbxError
from pbx.core.ids import new_id
from pbx.core.tasks import cancelled
from pbx.model.kinds import WEBHOOK
from pbx.model.records_changed import RecordsChanged
from pbx.model.webhook import Webhook, WebhookDelivery
from pbx.notify.errors import SendError
from pbx.notify.http_client import HttpClient
from pbx.notify.notices import GIVE_UP, PAUSES_S
from pbx.notify.webhook import signature

if TYPE_CHECKING:
    from pbx.api.deps import ApiDeps
    from pbx.api.live import LiveClient, LiveHub

__all__ = ["WebhookFeed"]

log = logging.getLogger(__name__)

TIMEOUT_S = 15.0
AGAIN_S = 5.0
"""After the hub let the client go, or the disk took nothing."""
LATER = frozenset({408, 409, 423, 425, 429})
"""Of 4xx, those that may go away."""


class _Head(msgspec.Struct):
    """What all live messages have."""

    type: str
    seq: int


class WebhookFeed:
    """All webhooks of the office."""

    def __init__(self, deps: ApiDeps, hub: LiveHub) -> None:
        self._deps = deps
        self._hub = hub
        self._client = HttpClient()
        self._running: dict[str, tuple[Webhook, asyncio.Task[None]]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        self._head = msgspec.json.Decoder(_Head)

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                with self._deps.bus.subscribe("records") as changes:
                    await self._follow(group)
                    async for published in changes:
                        if _concerns(published.event):
                            await self._follow(group)
        finally:
            await self._client.close()

    async def test(self, webhook: Webhook) -> WebhookDelivery:
        """Send something at once, and only once; how it went."""
        delivery = self._delivery(webhook.id, "test", {"type": "test"})
        done = await self._attempt(webhook, delivery, again=False)
        await self._deps.deliveries.put(done)
        return done

    # -- below -----------------------------------------------------------------------------------------------------

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Have one task for each webhook that is on, as it is now."""
        records: Sequence[Webhook] = await self._deps.records.all(WEBHOOK)
        wanted = {each.id: each for each in records if each.enabled}
        for id_, (webhook, task) in list(self._running.items()):
            if wanted.get(id_) != webhook:
                await cancelled(task)
                del self._running[id_]
        await self._deps.deliveries.give_up_others([each.id for each in records])
        for id_, webhook in wanted.items():
            if id_ not in self._running:
                self._wake[id_] = asyncio.Event()
                self._running[id_] = webhook, group.create_task(self._serve(webhook))

    async def _serve(self, webhook: Webhook) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._for_ever(self._listen, webhook))
            group.create_task(self._for_ever(self._send, webhook))

    async def _for_ever(self, work: Callable[[Webhook], Awaitable[None]], webhook: Webhook) -> None:
        """A fault of this one hurts nothing else."""
        while True:
            try:
                await work(webhook)
            except PbxError as error:
                log.warning("a webhook is held up", extra={"webhook": webhook.id, "reason": str(error)})
            except Exception:
                log.exception("a webhook failed", extra={"webhook": webhook.id})
            await asyncio.sleep(AGAIN_S)

    async def _listen(self, webhook: Webhook) -> None:
        """Write down what the hub tells; after a pause it goes on where it was, if the hub still knows."""
        since: int | None = None
        topics = webhook.topics or ALL_TOPICS
        while True:
            with suppress(TooManyClientsError):
                async with self._hub.client(topics, f"webhook {webhook.id}", since) as client:
                    since = await self._write_down(webhook, client, since)
                if client.end == "slow":
                    log.warning("a webhook lost events", extra={"webhook": webhook.id})
            await asyncio.sleep(AGAIN_S)

    async def _write_down(self, webhook: Webhook, client: LiveClient, since: int | None) -> int | None:
        async for data in client.messages():
            head = self._head.decode(data)
            since = head.seq
            if head.type not in ("snapshot", "resumed", "heartbeat"):
                delivery = self._delivery(webhook.id, head.type, msgspec.Raw(data))
                await self._deps.deliveries.put(delivery)
                self._wake[webhook.id].set()
        return since

    def _delivery(self, webhook: str, topic: str, event: object) -> WebhookDelivery:
        id_, at = new_id(), self._deps.clock.now()
        body = msgspec.json.encode({"id": id_, "webhook": webhook, "at": at, "event": event})
        return WebhookDelivery(id=id_, webhook=webhook, topic=topic, at=at, body=body.decode())

    async def _send(self, webhook: Webhook) -> None:
        """In their order: the next one waits until this one is taken or given up."""
        wake = self._wake[webhook.id]
        while True:
            wake.clear()
            delivery = await self._deps.deliveries.next(webhook.id)
            if delivery is None:
                await wake.wait()
                continue
            if delivery.next_at is not None:
                wait_s = (delivery.next_at - self._deps.clock.now()).total_seconds()
                await asyncio.sleep(min(wait_s, max(PAUSES_S)))  # no longer, should the clock be set back
            await self._deps.deliveries.put(await self._attempt(webhook, delivery))

    async def _attempt(
        self, webhook: Webhook, delivery: WebhookDelivery, *, again: bool = True
    ) -> WebhookDelivery:
        """The delivery after one more attempt."""
        now = self._deps.clock.now()
        status, error = await self._post(webhook, delivery, int(now.timestamp()))
        final = 400 <= status < 500 and status not in LATER
        tried = delivery.attempts + 1
        if not error:
            state, next_at = "sent", None
        elif final or not again or now - delivery.at >= GIVE_UP:
            state, next_at = "failed", None
        else:
            pause = timedelta(seconds=PAUSES_S[min(tried, len(PAUSES_S)) - 1])
            state, next_at = "waiting", now + pause
        return msgspec.structs.replace(
            delivery,
            state=state,
            attempts=tried,
            next_at=next_at,
            done_at=None if state == "waiting" else self._deps.clock.now(),
            status=status,
            error=error,
        )

    async def _post(self, webhook: Webhook, delivery: WebhookDelivery, at: int) -> tuple[int, str]:
        """The status of the answer, 0 without one; and what was wrong, "" for nothing."""
        body = delivery.body.encode()
        headers = {"Content-Type": "application/json", "X-Bellwire-Id": delivery.id}
        key = await self._deps.records.secret(WEBHOOK, webhook.id)
        if key is not None:
            headers["X-Bellwire-Signature"] = signature(key, at, body)
        try:
            answer = await self._client.ask(
                "POST", webhook.url, body=body, headers=headers, timeout_s=TIMEOUT_S
            )
        except SendError as error:
            return 0, str(error)
        taken = 200 <= answer.status < 300
        return answer.status, "" if taken else f"It answered {answer.status}."


def _concerns(event: object) -> bool:
    return isinstance(event, RecordsChanged) and event.kind in ("", WEBHOOK.name)
