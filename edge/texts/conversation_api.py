"""What an office asks about its conversations. Handlers only translate: the parts of `edge.texts` do the work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge.api.operation import Asked, Operation
from edge.errors import EdgeError
from edge.model.texts import (
    Conversation,
    ConversationAssignment,
    ConversationDetail,
    ConversationNote,
    ConversationNoteWrite,
    ConversationQuery,
    ConversationReply,
    Conversations,
    DetailQuery,
    Mode,
    SmsSend,
    TextMessage,
    TypingState,
)
from edge.texts.conversations import Pair
from edge.texts.table import TAG, does, reads

if TYPE_CHECKING:
    from edge.texts.texts import Texts

__all__ = ["ConversationApi"]

ONE = "/conversations/{from}/{to}"
_NUMBER = re.compile(r"\+?[0-9A-Za-z:+]{2,64}")


class ConversationApi:
    """Reading, answering, marking."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def operations(self) -> list[Operation]:
        return [
            reads("/conversations", "listConversations", "Conversations, the latest first", self.list,
                 query=ConversationQuery, response=Conversations),
            reads(ONE, "getConversation", "One conversation with its latest texts and notes", self.get,
                 query=DetailQuery, response=ConversationDetail),
            does("/conversations/reply", "replyToConversation", "Answer as a person, who then has the thread",
                  self.reply, request=ConversationReply, response=TextMessage, status=201, errors=(404, 409)),
            does(f"{ONE}/read", "readConversation", "Everything in it has been read", self.read,
                  response=Conversation),
            does(f"{ONE}/unread", "unreadConversation", "Somebody has to look at it again", self.unread,
                  response=Conversation),
            does(f"{ONE}/take-over", "takeOverConversation", "A person has the thread: the AI is quiet", self.take,
                  response=Conversation),
            does(f"{ONE}/hand-back", "handBackConversation", "The AI answers again", self.hand_back,
                  response=Conversation),
            does(f"{ONE}/assignment", "assignConversation", "Who looks after it", self.assign, method="PUT",
                  request=ConversationAssignment, response=Conversation),
            does(f"{ONE}/typing", "typeInConversation", "Somebody is writing an answer, or has stopped", self.typing,
                  method="PUT", request=TypingState, response=Conversation),
            does(f"{ONE}/notes", "addConversationNote", "A note that only the office reads", self.note,
                  request=ConversationNoteWrite, response=ConversationNote, status=201, errors=(409,)),
            Operation(method="DELETE", path=ONE + "/notes/{id}", name="deleteConversationNote", summary="Remove a note",
                      scope="texts:write", handler=self.drop_note, tag=TAG),
            does("/sms/send", "sendSms", "Send a text to anybody", self.send, request=SmsSend, response=TextMessage,
                  status=201, errors=(409,),
                  description="Queued when this returns; tried again where that is safe. The same `id` is one text."),
            does("/texts/messages/{id}/again", "sendTextAgain", "Send once more what failed or is uncertain",
                  self.again, response=TextMessage, status=201, errors=(409,)),
        ]  # fmt: skip

    async def list(self, asked: Asked, *, query: ConversationQuery) -> Conversations:
        return await self._texts.inbox.list(asked.office, query)

    async def get(self, asked: Asked, *, query: DetailQuery, **pair: str) -> ConversationDetail:
        return await self._texts.inbox.detail(await self._pair(asked, pair["from"], pair["to"]), query)

    async def reply(self, asked: Asked, *, body: ConversationReply) -> TextMessage:
        return await self._texts.writing.reply(
            await self._pair(asked, body.from_, body.to), asked.actor, body
        )

    async def read(self, asked: Asked, **pair: str) -> Conversation:
        return await self._texts.inbox.read(await self._pair(asked, pair["from"], pair["to"]))

    async def unread(self, asked: Asked, **pair: str) -> Conversation:
        return await self._texts.inbox.unread(await self._pair(asked, pair["from"], pair["to"]))

    async def take(self, asked: Asked, **pair: str) -> Conversation:
        return await self._hand(asked, pair, "person")

    async def hand_back(self, asked: Asked, **pair: str) -> Conversation:
        return await self._hand(asked, pair, "ai")

    async def assign(self, asked: Asked, *, body: ConversationAssignment, **pair: str) -> Conversation:
        return await self._texts.inbox.assign(await self._pair(asked, pair["from"], pair["to"]), body.to)

    async def typing(self, asked: Asked, *, body: TypingState, **pair: str) -> Conversation:
        where = await self._pair(asked, pair["from"], pair["to"])
        return await self._texts.inbox.typing(where, asked.actor, typing=body.typing)

    async def note(self, asked: Asked, *, body: ConversationNoteWrite, **pair: str) -> ConversationNote:
        return await self._texts.inbox.note(
            await self._pair(asked, pair["from"], pair["to"]), asked.actor, body.text
        )

    async def drop_note(self, asked: Asked, *, id: str, **pair: str) -> None:
        await self._texts.inbox.drop_note(await self._pair(asked, pair["from"], pair["to"]), id)

    async def send(self, asked: Asked, *, body: SmsSend) -> TextMessage:
        return await self._texts.writing.send(asked.office, asked.actor, body)

    async def again(self, asked: Asked, *, id: str) -> TextMessage:
        return await self._texts.writing.again(asked.office, asked.actor, id)

    async def _hand(self, asked: Asked, pair: dict[str, str], mode: Mode) -> Conversation:
        return await self._texts.inbox.hand(await self._pair(asked, pair["from"], pair["to"]), mode)

    async def _pair(self, asked: Asked, theirs: str, ours: str) -> Pair:
        """Either way round: only one of the two is the office's."""
        for number in (theirs, ours):
            if not _NUMBER.fullmatch(number):
                raise EdgeError(404, "There is no such conversation.")
        swapped = await self._texts.offices.number(theirs)
        if swapped is not None and swapped.office == asked.office:
            other = await self._texts.offices.number(ours)
            if other is None or other.office != asked.office:
                return Pair(asked.office, theirs, ours)
        return Pair(asked.office, ours, theirs)
