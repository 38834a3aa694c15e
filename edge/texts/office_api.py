"""What an office asks around its texts: pictures, templates, settings, consent, figures, erasure, the test chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.api.operation import Asked, Operation, Reply
from edge.errors import EdgeError
from edge.model.text_settings import (
    ConsentQuery,
    Consents,
    ConsentState,
    ConsentWrite,
    Erasure,
    ErasureWrite,
    SmsAnalytics,
    SmsQuery,
    TextSettings,
    TextTemplate,
    TextTemplates,
    TextTemplateWrite,
)
from edge.model.texts import (
    Attachment,
    TextTrial,
    TextTrialAnswer,
)
from edge.texts.file_types import TYPES
from edge.texts.pictures import MOST_BYTES, headers_of
from edge.texts.prompt import Turn
from edge.texts.table import TAG, does, reads

if TYPE_CHECKING:
    from edge.texts.texts import Texts

__all__ = ["OfficeApi"]


class OfficeApi:
    """Pictures, templates, settings, consent, figures, erasure, the test chat."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def operations(self) -> list[Operation]:
        return [
            Operation(method="POST", path="/texts/media", name="uploadTextMedia", scope="texts:write", tag=TAG,
                      summary="A picture for a text that is about to be sent", handler=self.upload,
                      upload_types=TYPES, most_bytes=MOST_BYTES, response=Attachment, status=201, errors=(413, 415),
                      description="Forgotten after a day unless it is sent. What it is, its content says."),
            Operation(method="GET", path="/texts/media/{id}", name="getTextMedia", summary="A picture of a text",
                      scope="texts:read", tag=TAG, handler=self.media, response_type="application/octet-stream",
                      errors=(409,)),
            reads("/texts/templates", "listTextTemplates", "Texts that are needed often", self.templates,
                 response=TextTemplates),
            does("/texts/templates", "createTextTemplate", "Add one", self.add_template, request=TextTemplateWrite,
                  response=TextTemplate, status=201, errors=(409,)),
            Operation(method="PUT", path="/texts/templates/{id}", name="putTextTemplate", summary="Change one",
                      scope="texts:write", tag=TAG, handler=self.put_template, request=TextTemplateWrite,
                      response=TextTemplate),
            Operation(method="DELETE", path="/texts/templates/{id}", name="deleteTextTemplate", summary="Remove one",
                      scope="texts:write", tag=TAG, handler=self.drop_template),
            reads("/texts/settings", "getTextSettings", "How texts are handled", self.settings, response=TextSettings),
            Operation(method="PUT", path="/texts/settings", name="putTextSettings", summary="Change how",
                      scope="texts:write", tag=TAG, handler=self.put_settings, request=TextSettings,
                      response=TextSettings),
            reads("/texts/consents", "listConsents", "Who has opted out; with a number, what is known of it",
                 self.consent, query=ConsentQuery, response=Consents),
            does("/texts/consents", "putConsent", "Enter what somebody said by other means", self.put_consent,
                 request=ConsentWrite, response=Consents),
            reads("/analytics/sms", "getSmsAnalytics", "Figures of texts by day", self.figures, query=SmsQuery,
                 response=SmsAnalytics),
            does("/erasure", "erasePerson", "Erase all data of a person", self.erase, request=ErasureWrite,
                  response=Erasure, status=201, errors=(409,),
                  description="Texts, pictures, notes; at Twilio too. That they opted out is kept."),
            reads("/erasure/{id}", "getErasure", "The receipt of an erasure", self.receipt, response=Erasure),
            Operation(method="POST", path="/texts/try", name="tryTexts", summary="What the AI would reply",
                      scope="texts:read", tag=TAG, handler=self.trial, request=TextTrial, response=TextTrialAnswer,
                      description="Nothing is sent, and nothing is kept."),
        ]  # fmt: skip

    async def upload(self, asked: Asked, *, upload: bytes, type: str) -> Attachment:
        return await self._texts.pictures.upload(asked.office, upload)

    async def media(self, asked: Asked, *, id: str) -> Reply:
        kind, content, name = await self._texts.pictures.get(asked.office, id)
        return Reply(200, content, kind, headers_of(kind, name))

    async def templates(self, asked: Asked) -> TextTemplates:
        return await self._texts.templates.list(asked.office)

    async def add_template(self, asked: Asked, *, body: TextTemplateWrite) -> TextTemplate:
        return self._told(asked, await self._texts.templates.add(asked.office, body))

    async def put_template(self, asked: Asked, *, id: str, body: TextTemplateWrite) -> TextTemplate:
        return self._told(asked, await self._texts.templates.put(asked.office, id, body))

    async def drop_template(self, asked: Asked, *, id: str) -> None:
        await self._texts.templates.drop(asked.office, id)
        self._texts.live.settings(asked.office)

    async def settings(self, asked: Asked) -> TextSettings:
        return await self._texts.settings.of(asked.office)

    async def put_settings(self, asked: Asked, *, body: TextSettings) -> TextSettings:
        stored = await self._texts.settings.put(asked.office, body)
        self._texts.live.settings(asked.office)
        return stored

    async def consent(self, asked: Asked, *, query: ConsentQuery) -> Consents:
        rows, total = await self._texts.consent.list(
            asked.office, number=query.number or query.q.strip(), limit=query.limit, offset=query.offset
        )
        return Consents(
            items=tuple(
                ConsentState(
                    number=row["theirs"], ours=row["ours"], opted_out=bool(row["opted_out"]), at=row["at"],
                    how=row["how"],
                )
                for row in rows
            ),
            total=total,
        )  # fmt: skip

    async def put_consent(self, asked: Asked, *, body: ConsentWrite) -> Consents:
        known = [each.e164 for each in await self._texts.offices.numbers(asked.office)]
        numbers = [body.ours] if body.ours is not None else known
        if not numbers or (known and not set(numbers) <= set(known)):
            raise EdgeError(422, "This is no number of the office.", field="$.ours")
        async with self._texts.store.transaction() as statements:
            for ours in numbers:
                await self._texts.consent.change(
                    statements, asked.office, ours, body.number, opted_out=body.opted_out, how="office",
                    actor=asked.actor,
                )  # fmt: skip
        return await self.consent(asked, query=ConsentQuery(number=body.number))

    async def figures(self, asked: Asked, *, query: SmsQuery) -> SmsAnalytics:
        return await self._texts.figures.of(asked.office, query)

    async def erase(self, asked: Asked, *, body: ErasureWrite) -> Erasure:
        return await self._texts.erasing.erase(asked.office, asked.actor, body.number)

    async def receipt(self, asked: Asked, *, id: str) -> Erasure:
        return await self._texts.erasing.receipt(asked.office, id)

    async def trial(self, asked: Asked, *, body: TextTrial) -> TextTrialAnswer:
        knowledge = await self._texts.knowledge(asked.office)
        answer = await self._texts.chat.answer([Turn(each.who, each.text) for each in body.turns], knowledge)
        return TextTrialAnswer(
            text=answer.text,
            hands_over=answer.hands_over,
            facts=tuple(fact.topic for fact in answer.facts),
            by=answer.by,
        )

    def _told(self, asked: Asked, template: TextTemplate) -> TextTemplate:
        self._texts.live.settings(asked.office)
        return template
