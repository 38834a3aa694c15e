"""Text messages between extensions: read them, and send one."""

from __future__ import annotations

from pbx.api.exchange import Exchange
from pbx.api.own import own_extension_query, own_message
from pbx.api.query import MessageQuery
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import TextMessageList
from pbx.model.text_message import MessageWrite, TextMessage

__all__ = ["ROUTES"]


async def list_messages(exchange: Exchange, *, query: MessageQuery) -> TextMessageList:
    items, total = await exchange.service.deps.messages.page(
        extension=query.extension or None,
        waiting=query.waiting,
        q=query.q,
        sort=query.sort,
        limit=query.limit,
        offset=query.offset,
    )
    return TextMessageList(items=tuple(items), total=total)


async def send_message(exchange: Exchange, *, body: MessageWrite) -> TextMessage:
    return await exchange.service.deps.send_message(body)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/messages",
        scope=Scope.MESSAGES_READ,
        name="listMessages",
        tag="Messages",
        summary="Read the text messages",
        description="The newest first. The newest 1,000 of each extension are kept.",
        query=MessageQuery,
        response=TextMessageList,
        own=own_extension_query,
        handler=list_messages,
    ),
    Route(
        method="POST",
        path="/api/v1/messages",
        scope=Scope.MESSAGES_SEND,
        name="sendMessage",
        tag="Messages",
        summary="Send a text message to an extension",
        description="It waits for two weeks until a phone of the extension takes it.",
        request=MessageWrite,
        response=TextMessage,
        status=201,
        errors=(404, 409),
        own=own_message,
        handler=send_message,
    ),
)
