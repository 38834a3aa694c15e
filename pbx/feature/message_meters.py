"""Counts what became of pushes and texts, between who sends them and the gateway. For monitors."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from pbx.core.metrics import Registry
from pbx.feature.wake import PushGateway
from pbx.model.edge_event import EdgeEvent
from pbx.model.push_phone import PushNotice, PushResult
from pbx.model.text_message import MessageDelivered, MessageStored

__all__ = ["MessageMeters"]

OUTCOMES = frozenset({"sent", "delivered", "failed", "uncertain"})


class _Text(msgspec.Struct):
    direction: str = ""
    state: str = ""


class _Told(msgspec.Struct):
    what: str = ""
    message: _Text | None = None


class MessageMeters:
    """`around` a gateway; `take` the events of the topics "message" and "edge"."""

    def __init__(self, metrics: Registry) -> None:
        self._pushes = metrics.counter(
            "pbx_pushes_total",
            "Pushes by service, kind and what became of them.",
            ("service", "kind", "outcome"),
        )
        self._texts = metrics.counter(
            "pbx_texts_total",
            "Texts between extensions (inside) and to or from outside numbers, by what became of them.",
            ("way", "outcome"),
        )

    def around(self, gateway: PushGateway | None) -> PushGateway | None:
        return None if gateway is None else _Counted(gateway, self)

    def count(self, notice: PushNotice, result: PushResult) -> None:
        self._pushes.inc(notice.phone.service, notice.kind, result.state)

    def take(self, event: msgspec.Struct) -> None:
        if isinstance(event, MessageStored):
            self._texts.inc("inside", "taken")
        elif isinstance(event, MessageDelivered):
            self._texts.inc("inside", "delivered")
        elif isinstance(event, EdgeEvent) and event.topic == "conversations":
            self._outside(event)

    def _outside(self, event: EdgeEvent) -> None:
        try:
            told = msgspec.json.decode(event.document, type=_Told | None)
        except msgspec.MsgspecError:  # of an edge of another version
            return
        if told is None or told.message is None:
            return
        if told.what == "state" and told.message.state in OUTCOMES:
            self._texts.inc("outside", told.message.state)
        elif told.what == "message" and told.message.direction.startswith("in"):
            self._texts.inc("outside", "received")


class _Counted:
    """Implements `PushGateway`."""

    def __init__(self, gateway: PushGateway, counts: MessageMeters) -> None:
        self._gateway = gateway
        self._counts = counts

    @property
    def services(self) -> Collection[str]:
        return self._gateway.services

    @property
    def vapid_key(self) -> str:
        return self._gateway.vapid_key

    async def send(self, notice: PushNotice) -> PushResult:
        result = await self._gateway.send(notice)
        self._counts.count(notice, result)
        return result
