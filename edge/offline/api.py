"""What an office asks about its receptionist: settings, a test call, and messages that are still held here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from edge.ai.understanding import Understanding
from edge.api.operation import Asked, ListQuery, Operation, Reply
from edge.directory import Directories, Receptionists
from edge.errors import EdgeError
from edge.model.receptionist import HeldVoicemail, HeldVoicemails, Receptionist, Trial, TrialAnswer
from edge.offline import dialogue
from edge.offline.calls import HEARS, understand
from edge.offline.recordings import Recorded, Recordings
from edge.offline.state import State
from edge.offline.steps import Answer, Ask, HangUp, Heard, Ring, Take
from edge.offline.view import View

__all__ = ["ReceptionistApi", "operations"]

_STATES: Mapping[str, Literal["fetching", "writing_down", "lost"]] = {
    "remote": "fetching",
    "stored": "writing_down",
    "lost": "lost",
}


class ReceptionistApi:
    """The handlers."""

    def __init__(
        self,
        directories: Directories,
        receptionists: Receptionists,
        understanding: Understanding,
        recordings: Recordings,
    ) -> None:
        self._directories = directories
        self._receptionists = receptionists
        self._understanding = understanding
        self._recordings = recordings

    async def get(self, asked: Asked) -> Receptionist:
        return await self._receptionists.of(asked.office)

    async def put(self, asked: Asked, *, body: Receptionist) -> Receptionist:
        await self._receptionists.put(asked.office, body, asked.actor)
        return body

    async def try_out(self, asked: Asked, *, body: Trial) -> TrialAnswer:
        """One turn. Nothing is called, recorded or stored."""
        settings = body.settings or await self._receptionists.of(asked.office)
        kept = await self._directories.of(asked.office)
        directory = kept.directory if kept is not None else None
        view = View.of(directory, settings, asked.now_ms, closed=body.closed)
        heard, state = Heard(digits=body.digits, speech=body.text), None
        if body.state:
            state = State.of_text(body.state)
            if state is None:
                raise EdgeError(422, "The state is none that an answer gave.", field="$.state")
            if body.text and not body.digits and state.at in HEARS:
                intent = await understand(self._understanding, state, body.text, view)
                heard = replace(heard, intent=intent)
        answer = dialogue.begin(view) if state is None else dialogue.advance(state, heard, view)
        return _trial(answer, heard, kept.synced_at if kept is not None else None)

    # -- messages -----------------------------------------------------------------------------------------------------

    async def held(self, asked: Asked, *, query: ListQuery) -> HeldVoicemails:
        found, total = await self._recordings.held(asked.office, query.limit, query.offset)
        refusals = await self._recordings.refusals(asked.office)
        return HeldVoicemails(
            items=tuple(_held(each, refusals.get(each.id, "")) for each in found), total=total
        )

    async def audio(self, asked: Asked, *, id: str) -> Reply:
        sound = await self._recordings.sound(await self._find(asked, id))
        if not sound:
            raise EdgeError(404, "Its sound is not here: it is still at Twilio, or with the office already.")
        return Reply(200, sound, "audio/wav")

    async def again(self, asked: Asked, *, id: str) -> None:
        await self._recordings.again(await self._find(asked, id))

    async def delete(self, asked: Asked, *, id: str) -> None:
        found = await self._find(asked, id)
        if found.state != "lost":
            raise EdgeError(
                409, "The message is on its way to the office. Only what is lost can be given up."
            )
        await self._recordings.drop(found)

    async def _find(self, asked: Asked, id: str) -> Recorded:
        found = await self._recordings.find(asked.office, id)
        if found is None:
            raise EdgeError(404, "There is no such message.")
        return found


def operations(api: ReceptionistApi) -> list[Operation]:
    return [
        Operation(
            method="GET",
            path="/receptionist",
            name="getReceptionist",
            summary="Settings of the receptionist at the edge",
            scope="receptionist:read",
            handler=api.get,
            tag="receptionist",
            response=Receptionist,
        ),
        Operation(
            method="PUT",
            path="/receptionist",
            name="putReceptionist",
            summary="Set the receptionist at the edge",
            scope="receptionist:write",
            handler=api.put,
            tag="receptionist",
            request=Receptionist,
            response=Receptionist,
            errors=(422,),
        ),
        Operation(
            method="POST",
            path="/receptionist/try",
            name="tryReceptionist",
            summary="What the receptionist would answer, and why",
            description="One turn of a call. Nobody is called, and nothing is recorded. The built-in matcher answers "
            "where no chat model is set or it does not answer in time.",
            scope="receptionist:read",
            handler=api.try_out,
            tag="receptionist",
            request=Trial,
            response=TrialAnswer,
            errors=(422,),
        ),
        Operation(
            method="GET",
            path="/receptionist/voicemails",
            name="listHeldVoicemails",
            summary="Messages that the office does not have yet",
            scope="receptionist:read",
            handler=api.held,
            tag="receptionist",
            query=ListQuery,
            response=HeldVoicemails,
        ),
        Operation(
            method="GET",
            path="/receptionist/voicemails/{id}/audio",
            name="hearHeldVoicemail",
            summary="The sound of such a message",
            scope="receptionist:read",
            handler=api.audio,
            tag="receptionist",
            response_type="audio/wav",
            errors=(404,),
        ),
        Operation(
            method="POST",
            path="/receptionist/voicemails/{id}/again",
            name="retryHeldVoicemail",
            summary="Try again what could not be fetched or was refused",
            scope="receptionist:write",
            handler=api.again,
            tag="receptionist",
            status=204,
            errors=(404,),
        ),
        Operation(
            method="DELETE",
            path="/receptionist/voicemails/{id}",
            name="dropHeldVoicemail",
            summary="Give up a message that can never be fetched",
            scope="receptionist:write",
            handler=api.delete,
            tag="receptionist",
            status=204,
            errors=(404, 409),
        ),
    ]


def _trial(answer: Answer, heard: Heard, synced_at: int | None) -> TrialAnswer:
    does, intent = answer.does, heard.intent
    words: Mapping[type, Literal["listens", "calls", "records", "hangs_up"]] = {
        Ask: "listens",
        Ring: "calls",
        Take: "records",
        HangUp: "hangs_up",
    }
    led_to = (each for each in answer.happened if each.kind in ("ringing", "recording"))
    return TrialAnswer(
        says=answer.says,
        does=words[type(does)],
        target=next((each.name or each.extension for each in led_to), ""),
        numbers=does.numbers if isinstance(does, Ring) else (),
        state="" if isinstance(does, HangUp) else does.then.text(),
        understood=intent.kind if intent is not None else "",
        by=intent.by if intent is not None else "",
        confidence=round(intent.confidence, 3) if intent is not None else 0.0,
        why=answer.why,
        directory_from=synced_at,
    )


def _held(one: Recorded, refusal: str) -> HeldVoicemail:
    return HeldVoicemail(
        id=one.id,
        extension=one.extension,
        from_number=one.caller,
        to_number=one.called,
        received_at=one.recorded_at,
        duration_s=one.duration_s,
        state="refused" if refusal else _STATES.get(one.state, "waiting"),
        transcript=one.transcript,
        attempts=one.attempts,
        error=refusal or one.error,
    )
