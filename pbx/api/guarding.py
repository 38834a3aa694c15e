"""How much of the limits is used up, and what the administrator was told."""

from __future__ import annotations

import msgspec

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.model.notice import Notice, NoticeList
from pbx.model.usage import UsageReport

__all__ = ["ROUTES"]


async def get_usage(exchange: Exchange) -> UsageReport:
    return exchange.service.deps.usage()


_NOTICES = Search(Notice, "NoticeQuery")


async def list_notices(exchange: Exchange, *, query: msgspec.Struct) -> NoticeList:
    page, total = _NOTICES.page(exchange.service.deps.notices(), query)
    return NoticeList(items=page, total=total)


async def test_notice(exchange: Exchange) -> Notice:
    post = exchange.service.deps.post_notice
    if post is None:
        raise plain_error(503, "This node sends no notices.")
    return post("test", "Test notice", "Somebody asked this node to show that its notices arrive.")


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/usage",
        scope=Scope.OFFICE_READ,
        name="getUsage",
        tag="Limits",
        summary="How much was called outside, and the limits in force",
        description="The office first, then the extensions and trunks that called outside in the last day.",
        response=UsageReport,
        handler=get_usage,
    ),
    Route(
        method="GET",
        path="/api/v1/notices",
        scope=Scope.OFFICE_READ,
        name="listNotices",
        tag="Notices",
        summary="What the administrator was told",
        description="The newest first, with how far each has got on its way to its targets. 500 are kept.",
        query=_NOTICES.query,
        response=NoticeList,
        handler=list_notices,
    ),
    Route(
        method="POST",
        path="/api/v1/notices/test",
        scope=Scope.OFFICE_WRITE,
        name="sendTestNotice",
        tag="Notices",
        summary="Send a test notice",
        description="To every target that takes such notices; listNotices tells whether it has arrived.",
        response=Notice,
        errors=(503,),
        handler=test_notice,
    ),
)
