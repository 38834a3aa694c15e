"""Flows in the office's document: what an import publishes, and what an export says of what is live.

A flow that stands in `flows` is published as it stands there. Where the draft is not what is live, `live_flows` says
what is: another state of the flow, or null for none. An export writes it only where it is needed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.documents import Beside
from pbx.flow.document import LoadedFlow, load
from pbx.flow.flows import loaded
from pbx.flow.publishing import (
    FlowRefused,
    Publishing,
    Records,
    Surroundings,
    fault_errors,
    references_of,
)
from pbx.model.flow import Flow
from pbx.model.flow_revision import FlowRevision
from pbx.model.kinds import FLOW
from pbx.store.flows import FlowStore, publishing
from pbx.store.records import RecordStore
from pbx.store.thread import Work

__all__ = ["FlowImport", "live_section"]

AUTHOR = "import"


class FlowImport:
    """Implements `feature.documents.FlowsOfDocument`. `changed` is awaited when what is live has changed."""

    def __init__(
        self,
        records: RecordStore,
        publishing: Publishing,
        store: FlowStore,
        *,
        changed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._records = records
        self._publishing = publishing
        self._store = store
        self._changed = changed

    async def consider(
        self, document: msgspec.Struct, before: Records, after: Records, *, override_tests: bool
    ) -> Beside:
        """Every flow that would be live is judged; `faults` are theirs, each with its path."""
        live = await self._store.live()
        wanted = _wanted(document)
        here = {each.number for each in after["flow"]}
        faults = [*_strays(document)]
        changed = {
            number: flow
            for number, flow in wanted.items()
            if flow is not None and ((old := live.get(number)) is None or old.document != flow)
        }
        gone = [number for number, flow in wanted.items() if flow is None and number in live]
        kept = {
            number: revision
            for number, revision in live.items()
            if number in here and number not in changed and number not in gone
        }
        others, _ = loaded(kept)
        others |= {
            number: found
            for number, flow in changed.items()
            if isinstance(found := load(flow, 0), LoadedFlow)
        }
        await public_holidays.needed(after["flow"], after["schedule"])
        around = Surroundings(after, others)
        faults += _lost(kept, Surroundings(before, {}), around)
        works: list[Work[Any]] = []
        for number, flow in changed.items():
            try:
                made = await self._publishing.publication(
                    flow, around, author=AUTHOR, override=override_tests
                )
                works.append(publishing(made))
            except FlowRefused as refused:
                faults += fault_errors(refused.faults, _path(document, number))
        return Beside(
            works=(*works, *(_unpublishing(number) for number in gone)),
            faults=tuple(faults),
            published=tuple(changed),
            unpublished=tuple(gone),
            live={number: each.document for number, each in live.items() if each.document is not None},
        )

    async def applied(self, beside: Beside) -> None:
        """Tell it: the next call is to find what is live now."""
        if beside.works:
            self._store.tell(*beside.published, *beside.unpublished)
        if self._changed is not None:
            await self._changed()

    async def section(self, opened: Callable[[Flow], Flow] | None = None) -> dict[str, object]:
        """`live_flows` of an export, with the secrets in clear where `opened` is given."""
        return live_section(await self._records.all(FLOW), await self._store.live(), opened or _as_it_is)


def _as_it_is(flow: Flow) -> Flow:
    return flow


def live_section(
    drafts: Sequence[Flow], live: Mapping[str, FlowRevision], opened: Callable[[Flow], Flow] = _as_it_is
) -> dict[str, object]:
    """`live_flows` of an export: nothing while every draft is what is live."""
    differing: dict[str, object] = {}
    for draft in drafts:
        document = live[draft.number].document if draft.number in live else None
        if document != draft:
            differing[draft.number] = None if document is None else msgspec.to_builtins(opened(document))
    return {"live_flows": differing} if differing else {}


def _wanted(document: msgspec.Struct) -> dict[str, Flow | None]:
    """What is to be live, of the flows that the document names."""
    flows: Sequence[Flow] = getattr(document, "flows", None) or ()
    stated: Mapping[str, Flow | None] = getattr(document, "live_flows", None) or {}
    return {each.number: stated.get(each.number, each) for each in flows} | {
        number: flow for number, flow in stated.items() if any(each.number == number for each in flows)
    }


def _strays(document: msgspec.Struct) -> Iterator[UserError]:
    named = {each.number for each in getattr(document, "flows", None) or ()}
    for number, flow in (getattr(document, "live_flows", None) or {}).items():
        path = f"$.live_flows.{number}"
        if number not in named:
            yield UserError(f"the flow {number} does not stand in flows", path=path, http_status=422)
        elif flow is not None and flow.number != number:
            yield UserError(
                "it has another number",
                path=f"{path}.number",
                got=flow.number,
                needed=number,
                http_status=422,
            )


def _lost(kept: Mapping[str, FlowRevision], before: Surroundings, after: Surroundings) -> Iterator[UserError]:
    """What flows that stay live name, and what would be gone."""
    for number, revision in kept.items():
        for named in references_of(revision.document) if revision.document is not None else ():
            if before.exists(named.kind, named.key) and not after.exists(named.kind, named.key):
                yield UserError(
                    f"the live flow {number} names the {named.kind.replace('_', ' ')} {named.key}, which would go",
                    http_status=422,
                    path=f"$.live_flows.{number}{named.path.removeprefix('$')}",
                )


def _path(document: msgspec.Struct, number: str) -> str:
    if (getattr(document, "live_flows", None) or {}).get(number) is not None:
        return f"$.live_flows.{number}"
    flows = getattr(document, "flows", None) or ()
    return next((f"$.flows[{index}]" for index, each in enumerate(flows) if each.number == number), "$.flows")


def _unpublishing(number: str) -> Work[Any]:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM live_flows WHERE flow=?", (number,))

    return work
