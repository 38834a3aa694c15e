"""What can be done with call flows beside editing their drafts: check, walk, test, publish, compare, roll back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.query import Limit, Offset
from pbx.api.resource import etag_of
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import Total
from pbx.flow.describe import node_type_list
from pbx.flow.templates import templates
from pbx.model.base import Record
from pbx.model.flow import Fault
from pbx.model.flow_node_type import FlowNodeType, FlowTemplate
from pbx.model.flow_revision import FlowDiff, FlowRevision, FlowState, RevisionNumber
from pbx.model.flow_run import FlowTestResult, Simulation
from pbx.model.flow_script import FlowScript
from pbx.model.flow_traffic import FlowTraffic
from pbx.model.kinds import FLOW
from pbx.model.scalars import ExtensionNumber

__all__ = ["ROUTES"]

LARGEST_SCRIPT = 1 << 20

RevisionName = Annotated[
    str, Meta(pattern=r"^(live|[1-9][0-9]{0,8})$(?!\n)", description="`live`, or the number of a revision.")
]
StateName = Annotated[
    str,
    Meta(
        pattern=r"^(draft|live|[1-9][0-9]{0,8})$(?!\n)",
        description="`draft`, `live`, or the number of a revision.",
    ),
]
Comment = Annotated[str, Meta(max_length=500, title="Comment", description="What has changed, and why.")]
Override = Annotated[
    bool,
    Meta(title="Override tests", description="Publish although tests fail; the revision records which."),
]


class FlowStateList(Record, frozen=True, kw_only=True):
    """How the flows stand."""

    items: tuple[FlowState, ...]
    total: Total


class FlowRevisionList(Record, frozen=True, kw_only=True):
    """A page of a flow's history, without the documents."""

    items: tuple[FlowRevision, ...]
    total: Total


class FlowCheck(Record, frozen=True, kw_only=True):
    """What is wrong with a draft. It can be published when all of them are warnings, and its tests pass."""

    faults: tuple[Fault, ...]
    publishable: bool


class FlowTestReport(Record, frozen=True, kw_only=True):
    """How the tests of a flow went."""

    items: tuple[FlowTestResult, ...]
    total: Total
    passed: bool


class FlowNodeTypeList(Record, frozen=True, kw_only=True):
    """All node types, in the order of the palette."""

    items: tuple[FlowNodeType, ...]
    total: Total


class FlowTemplateList(Record, frozen=True, kw_only=True):
    """Flows to begin with."""

    items: tuple[FlowTemplate, ...]
    total: Total


class PublishOrder(Record, frozen=True, kw_only=True):
    """How a draft is published."""

    comment: Comment = ""
    override: Override = False


class RollBackOrder(Record, frozen=True, kw_only=True):
    """Which revision is to be live again."""

    revision: RevisionNumber
    comment: Comment = ""
    override: Override = False


class DiffQuery(Record, frozen=True, kw_only=True):
    """What is compared."""

    before: StateName = "live"
    after: StateName = "draft"


class WhichQuery(Record, frozen=True, kw_only=True):
    """Which state of the flow."""

    of: Annotated[Literal["draft", "live"], Meta(description="The draft, or what is live.")] = "draft"


class TrafficQuery(Record, frozen=True, kw_only=True):
    """Which calls are counted."""

    period: Annotated[Literal["1d", "7d", "30d", "90d"], Meta(description="Today, and so many days.")] = "7d"
    revision: Annotated[int, Meta(ge=0, le=1_000_000_000, description="Of one revision; 0: of all.")] = 0


class RevisionsQuery(Record, frozen=True, kw_only=True):
    """Which part of the history."""

    limit: Limit = 100
    offset: Offset = 0


_STATES = Search(FlowState, "FlowStateQuery")


async def list_states(exchange: Exchange, *, query: msgspec.Struct) -> FlowStateList:
    page, total = _STATES.page(await exchange.service.deps.flows.states(), query)
    return FlowStateList(items=page, total=total)


async def check(exchange: Exchange, *, number: str) -> FlowCheck:
    faults = tuple(await exchange.service.deps.flows.check(number))
    return FlowCheck(faults=faults, publishable=all(each.warning for each in faults))


async def publish(exchange: Exchange, *, number: str, body: PublishOrder) -> FlowRevision:
    async with exchange.service.changing:
        await _refuse_changed(exchange, number)
        return await exchange.service.deps.flows.publish(
            number, author=_author(exchange), comment=body.comment, override=body.override
        )


async def roll_back(exchange: Exchange, *, number: str, body: RollBackOrder) -> FlowRevision:
    async with exchange.service.changing:
        return await exchange.service.deps.flows.roll_back(
            number, body.revision, author=_author(exchange), comment=body.comment, override=body.override
        )


async def unpublish(exchange: Exchange, *, number: str) -> None:
    async with exchange.service.changing:
        await exchange.service.deps.flows.unpublish(number)


async def list_revisions(exchange: Exchange, *, number: str, query: RevisionsQuery) -> FlowRevisionList:
    items, total = await exchange.service.deps.flows.revisions(number, limit=query.limit, offset=query.offset)
    return FlowRevisionList(items=tuple(items), total=total)


async def get_revision(exchange: Exchange, *, number: str, revision: str) -> FlowRevision:
    return await exchange.service.deps.flows.revision(number, revision)


async def compare(exchange: Exchange, *, number: str, query: DiffQuery) -> FlowDiff:
    return await exchange.service.deps.flows.difference(number, query.before, query.after)


async def simulate(exchange: Exchange, *, number: str, query: WhichQuery, body: FlowScript) -> Simulation:
    return await exchange.service.deps.flows.simulate(number, query.of, body)


async def run_tests(exchange: Exchange, *, number: str, query: WhichQuery) -> FlowTestReport:
    results = tuple(await exchange.service.deps.flows.test(number, query.of))
    return FlowTestReport(items=results, total=len(results), passed=all(each.passed for each in results))


async def traffic(exchange: Exchange, *, number: str, query: TrafficQuery) -> FlowTraffic:
    deps = exchange.service.deps
    await deps.flows.revisions(number, limit=1, offset=0)  # 404
    since = deps.clock.now() - timedelta(days=int(query.period[:-1]) - 1)
    return await deps.cdrs.flow_traffic(number, since, query.revision or None)


async def list_templates(exchange: Exchange) -> FlowTemplateList:
    found = templates()
    return FlowTemplateList(items=found, total=len(found))


async def list_node_types(exchange: Exchange) -> FlowNodeTypeList:
    types = node_type_list()
    return FlowNodeTypeList(items=types, total=len(types))


async def _refuse_changed(exchange: Exchange, number: str) -> None:
    """Raises `ApiError` 412 when the draft is not the one that If-Match names."""
    wanted = exchange.request.headers.get("If-Match", "").strip()
    stored = await exchange.service.deps.records.get(FLOW, number)
    if not wanted or wanted == "*" or stored is None:
        return
    if etag_of(stored)["ETag"] not in [each.strip() for each in wanted.split(",")]:
        detail = f"The draft of the flow {number} was changed by somebody else meanwhile."
        raise plain_error(412, detail, headers=etag_of(stored))


def _author(exchange: Exchange) -> str:
    return exchange.principal.name if exchange.principal is not None else ""


_NUMBER = (("number", ExtensionNumber),)
_ONE = "/api/v1/flows/{number}"
_TAG = "Call flows"

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/flow-states",
        scope=Scope.OFFICE_READ,
        name="listFlowStates",
        tag=_TAG,
        summary="How the flows stand",
        description="Which revision takes the calls, and whether the draft differs from it.",
        query=_STATES.query,
        response=FlowStateList,
        handler=list_states,
    ),
    Route(
        method="GET",
        path="/api/v1/flow-nodes",
        scope=Scope.OFFICE_READ,
        name="listFlowNodes",
        tag=_TAG,
        summary="List the node types",
        description="With the JSON Schema of their parameters and their exits.",
        response=FlowNodeTypeList,
        handler=list_node_types,
    ),
    Route(
        method="GET",
        path="/api/v1/flow-templates",
        scope=Scope.OFFICE_READ,
        name="listFlowTemplates",
        tag=_TAG,
        summary="List flows to begin with",
        description="Each with its tests, and the records that it needs.",
        response=FlowTemplateList,
        handler=list_templates,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/check",
        scope=Scope.OFFICE_READ,
        name="checkFlow",
        tag=_TAG,
        summary="Check a draft",
        description="Every fault with its node, exit or parameter.",
        path_types=_NUMBER,
        response=FlowCheck,
        handler=check,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/publish",
        scope=Scope.OFFICE_WRITE,
        name="publishFlow",
        tag=_TAG,
        summary="Publish a draft",
        description="The next call takes it; calls that are going on keep what they began with. Refused with all "
        "`faults`, or with the tests that fail; 409 when the draft is live already. With If-Match, only the draft that "
        "was seen.",
        path_types=_NUMBER,
        request=PublishOrder,
        response=FlowRevision,
        errors=(409, 412),
        handler=publish,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/rollback",
        scope=Scope.OFFICE_WRITE,
        name="rollBackFlow",
        tag=_TAG,
        summary="Make an old revision live again",
        description="As a new revision; checked and tested like any other. The draft stays as it is.",
        path_types=_NUMBER,
        request=RollBackOrder,
        response=FlowRevision,
        handler=roll_back,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/unpublish",
        scope=Scope.OFFICE_WRITE,
        name="unpublishFlow",
        tag=_TAG,
        summary="Let a flow take no more calls",
        description="409 while another live flow leads to it.",
        path_types=_NUMBER,
        status=204,
        errors=(409,),
        handler=unpublish,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/revisions",
        scope=Scope.OFFICE_READ,
        name="listFlowRevisions",
        tag=_TAG,
        summary="The history of a flow",
        description="Newest first.",
        path_types=_NUMBER,
        query=RevisionsQuery,
        response=FlowRevisionList,
        handler=list_revisions,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/revisions/{{revision}}",
        scope=Scope.OFFICE_READ,
        name="getFlowRevision",
        tag=_TAG,
        summary="Read a revision",
        path_types=(*_NUMBER, ("revision", RevisionName)),
        response=FlowRevision,
        handler=get_revision,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/diff",
        scope=Scope.OFFICE_READ,
        name="compareFlow",
        tag=_TAG,
        summary="Compare two states of a flow",
        description="Nodes, parameters, wires, notes and tests; nodes that only moved are told apart.",
        path_types=_NUMBER,
        query=DiffQuery,
        response=FlowDiff,
        handler=compare,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/simulate",
        scope=Scope.OFFICE_READ,
        name="simulateFlow",
        tag=_TAG,
        summary="Walk a made-up call through a flow",
        description="The same engine and nodes as a call. Nothing is rung, sent or waited for.",
        path_types=_NUMBER,
        query=WhichQuery,
        request=FlowScript,
        most_bytes=LARGEST_SCRIPT,
        response=Simulation,
        audited=False,
        handler=simulate,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/tests",
        scope=Scope.OFFICE_READ,
        name="testFlow",
        tag=_TAG,
        summary="Run the tests of a flow",
        path_types=_NUMBER,
        query=WhichQuery,
        response=FlowTestReport,
        audited=False,
        handler=run_tests,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/traffic",
        scope=Scope.CDRS_READ,
        name="countFlow",
        tag=_TAG,
        summary="How many calls went which way",
        description="Finished calls by node and exit, and how long they were there. Days are those of UTC.",
        path_types=_NUMBER,
        query=TrafficQuery,
        response=FlowTraffic,
        handler=traffic,
    ),
)
