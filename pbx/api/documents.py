"""The office as one document: read whole, compared, applied. Bundles and the command line go the same way."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import JSON, Route
from pbx.api.scopes import Scope
from pbx.core.ids import new_sip_password
from pbx.feature.document_format import brought_up
from pbx.feature.document_view import plan_view
from pbx.feature.documents import Documents, Options
from pbx.model.base import Record
from pbx.model.document import OfficeDocument
from pbx.model.document_plan import DocumentPlan

__all__ = ["ROUTES"]

LARGEST_DOCUMENT = 8 << 20


class ApplyQuery(Record, frozen=True, kw_only=True):
    """How a document is applied."""

    prune: Annotated[
        bool, Meta(description="Delete the records that a section of the document does not name.")
    ] = False
    override_tests: Annotated[bool, Meta(description="Publish flows although some of their tests fail.")] = (
        False
    )
    new_passwords: Annotated[
        bool, Meta(description="Make up SIP passwords that new extensions lack; without, that is a fault.")
    ] = False

    def options(self) -> Options:
        return Options(
            prune=self.prune,
            override_tests=self.override_tests,
            new_secret=new_sip_password if self.new_passwords else None,
        )


async def export_documents(exchange: Exchange) -> web.StreamResponse:
    data = await _documents(exchange).export()
    return web.Response(
        body=data,
        content_type=JSON,
        headers={"Content-Disposition": 'attachment; filename="office.json"', "Cache-Control": "no-store"},
    )


async def plan_documents(exchange: Exchange, *, query: ApplyQuery, body: msgspec.Struct) -> DocumentPlan:
    return plan_view(await _documents(exchange).plan(body, query.options()))


async def apply_documents(exchange: Exchange, *, query: ApplyQuery, body: msgspec.Struct) -> DocumentPlan:
    documents = _documents(exchange)
    async with exchange.service.changing:
        return plan_view(await documents.apply(body, query.options()))


def _documents(exchange: Exchange) -> Documents:
    documents = exchange.service.deps.documents
    if documents is None:
        raise plain_error(404, "This place has no documents.")
    return documents


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/documents",
        scope=Scope.DOCUMENTS_READ,
        name="exportDocuments",
        tag="Documents",
        summary="Export the office as one document",
        description="All records and flows, without passwords: what `pbx export` writes and `pbx import` reads.",
        response=OfficeDocument,
        errors=(404,),
        handler=export_documents,
    ),
    Route(
        method="POST",
        path="/api/v1/documents/plan",
        scope=Scope.DOCUMENTS_READ,
        name="planDocuments",
        tag="Documents",
        summary="Say what a document would change",
        description="Changes nothing. `faults` is all that is wrong with the office that would come out; with any, the "
        "document cannot be applied. What is no document at all is refused with 422.",
        request=OfficeDocument,
        brought_up=brought_up,
        most_bytes=LARGEST_DOCUMENT,
        query=ApplyQuery,
        response=DocumentPlan,
        errors=(404,),
        audited=False,
        handler=plan_documents,
    ),
    Route(
        method="POST",
        path="/api/v1/documents/apply",
        scope=Scope.DOCUMENTS_WRITE,
        name="applyDocuments",
        tag="Documents",
        summary="Apply a document",
        description="All of it in one transaction, or nothing: 422 with the faults that the plan shows. Sections that "
        "are missing are left alone; records without a password keep the one they have.",
        request=OfficeDocument,
        brought_up=brought_up,
        most_bytes=LARGEST_DOCUMENT,
        query=ApplyQuery,
        response=DocumentPlan,
        errors=(404, 409),
        handler=apply_documents,
    ),
)
