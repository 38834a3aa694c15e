"""The published revisions of flows, and which of them takes the calls.

Revisions are written once, numbered 1, 2, 3 … for each flow, and never changed. What is live is a row of its own, so
publishing is one transaction. Changes are told on the topic "flows", also those that another process made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from pbx.core.events import EventBus
from pbx.model.flow import Flow
from pbx.model.flow_revision import FlowRevision, FlowsChanged
from pbx.store.audit import scribe, scribe_at
from pbx.store.database import Database
from pbx.store.table import Table
from pbx.store.thread import Work

__all__ = ["TOPIC", "FlowStore", "Publication"]

TOPIC = "flows"

_WHOLE = Table(FlowRevision, "flow_revisions")
_BRIEF = Table(FlowRevision, "flow_revisions", without=("document",))
_LIVE = "JOIN live_flows USING (flow, revision) ORDER BY length(flow), flow"


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become a revision."""

    document: Flow
    at: datetime
    author: str
    comment: str = ""
    overridden: tuple[str, ...] = ()
    rolled_back_to: int | None = None


class FlowStore:
    """The revisions of all flows."""

    def __init__(self, database: Database, bus: EventBus | None = None) -> None:
        self._database = database
        self._bus = bus
        database.on_foreign_change(lambda: self._publish(FlowsChanged()))

    async def publish(self, publication: Publication) -> FlowRevision:
        """Make it the newest revision of its flow, and live; returns when it would survive a power cut."""
        revision = await self._database.write(publishing(publication))
        self.tell(publication.document.number)
        return revision

    async def unpublish(self, flow: str) -> bool:
        """Let the flow take no more calls; False when it took none."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> bool:
            gone = connection.execute("DELETE FROM live_flows WHERE flow=?", (flow,)).rowcount > 0
            if gone:
                pen.note(connection, "unpublish", "flow", flow)
            return gone

        gone = await self._database.write(work)
        if gone:
            self.tell(flow)
        return gone

    async def live(self) -> dict[str, FlowRevision]:
        """What takes calls, by number. One that this program cannot read has no document."""
        return await self._database.read(_read_live)

    async def get(self, flow: str, revision: int) -> FlowRevision | None:
        found = await self._database.read(
            lambda connection: _WHOLE.select(connection, "WHERE flow=? AND revision=?", (flow, revision))
        )
        return found[0] if found else None

    async def page(
        self, flow: str, *, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[FlowRevision], int]:
        """One page, newest first, without the documents; and how many there are in all."""
        return await self._database.read(
            lambda connection: _BRIEF.page(
                connection,
                where="WHERE flow=?",
                values=(flow,),
                order="revision DESC",
                limit=limit,
                offset=offset,
            )
        )

    def tell(self, *flows: str) -> None:
        """These have changed (what was written in a transaction of somebody else)."""
        self._publish(FlowsChanged(flows=flows))

    def _publish(self, changed: FlowsChanged) -> None:
        if self._bus is not None:
            self._bus.publish(TOPIC, changed)


def publishing(publication: Publication) -> Work[FlowRevision]:
    """The work of it, for a transaction that does more."""
    pen = scribe_at(publication.at)

    def work(connection: sqlite3.Connection) -> FlowRevision:
        number = publication.document.number
        (newest,) = connection.execute(
            "SELECT coalesce(max(revision), 0) FROM flow_revisions WHERE flow=?", (number,)
        ).fetchone()
        made = FlowRevision(
            flow=number,
            revision=newest + 1,
            at=publication.at,
            author=publication.author,
            comment=publication.comment,
            overridden=publication.overridden,
            rolled_back_to=publication.rolled_back_to,
            document=publication.document,
        )
        _WHOLE.insert(connection, made)
        connection.execute(
            "INSERT INTO live_flows VALUES (?,?) ON CONFLICT (flow) DO UPDATE SET revision=excluded.revision",
            (number, made.revision),
        )
        told = {
            "revision": made.revision,
            "comment": made.comment,
            "overridden": list(made.overridden),
            "rolled_back_to": made.rolled_back_to,
        }
        pen.note(connection, "publish", "flow", number, after=told)
        return made

    return work


def _read_live(connection: sqlite3.Connection) -> dict[str, FlowRevision]:
    brief = {each.flow: each for each in _BRIEF.select(connection, _LIVE)}
    documents = connection.execute(f"SELECT flow, document FROM flow_revisions {_LIVE}")  # noqa: S608  our own words
    for flow, text in documents:
        try:
            document = msgspec.json.decode(text, type=Flow)
        except msgspec.DecodeError:
            continue
        brief[flow] = msgspec.structs.replace(brief[flow], document=document)
    return brief
