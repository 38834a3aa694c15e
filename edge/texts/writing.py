"""What people, flows and programs of an office send: replies and new texts, all through the outbox."""

from __future__ import annotations

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.texts import Author, ConversationReply, SmsSend, TextMessage
from edge.offices import Offices
from edge.store import Row, Statements, Store
from edge.texts.consent import ConsentRecords
from edge.texts.conversations import Pair, hold, require, said
from edge.texts.live import Live
from edge.texts.messages import Draft, with_media
from edge.texts.outbox import Outbox
from edge.texts.pictures import Pictures

__all__ = ["Writing"]


class Writing:
    """Everything it takes is queued when a call returns; what becomes of it is told live and stands in the message."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        offices: Offices,
        *,
        consent: ConsentRecords,
        outbox: Outbox,
        pictures: Pictures,
        live: Live,
    ) -> None:
        self._store = store
        self._clock = clock
        self._offices = offices
        self._consent = consent
        self._outbox = outbox
        self._pictures = pictures
        self._live = live

    async def reply(self, pair: Pair, actor: str, reply: ConversationReply) -> TextMessage:
        """From now on a person has the thread. Raises `EdgeError` 404, 409 (with who was first), 422."""
        _something(reply.text, reply.media)
        draft = self._draft(pair, reply.text, reply.media, actor=actor)
        async with self._store.transaction() as statements:
            await hold(statements, pair)
            row = await require(statements, pair)
            if not reply.anyway:
                await self._collision(statements, pair, row, actor, reply.seen)
            await self._put(statements, pair, draft)
        return await self._done(pair, draft)

    async def send(self, office: str, actor: str, write: SmsSend) -> TextMessage:
        """A text to anybody. Raises `EdgeError` 409 for who has opted out, 422."""
        _something(write.text, write.media)
        pair = Pair(office, write.from_ or await self._from(office, write.to), write.to)
        await self._check_ours(office, pair.ours)
        id = f"{office}.{write.id}" if write.id else ""
        if id and (known := await self._known(id)) is not None:
            return known
        draft = self._draft(pair, write.text, write.media, actor=actor, author=write.author, id=id)
        async with self._store.transaction() as statements:
            await hold(statements, pair)
            await self._put(statements, pair, draft)
        return await self._done(pair, draft)

    async def again(self, office: str, actor: str, id: str) -> TextMessage:
        """Send once more what failed, or what nobody knows of. Raises `EdgeError` 404, 409."""
        row = await self._store.one(
            "SELECT * FROM text_message WHERE id = $1 AND office = $2 AND direction = 'out'", id, office
        )
        if row is None:
            raise EdgeError(404, "There is no such text.")
        if row["state"] not in {"failed", "uncertain"}:
            raise EdgeError(
                409, f"This text is {row['state']}; only one that failed or is uncertain is sent again."
            )
        if row["campaign"]:
            raise EdgeError(409, "This text belongs to a campaign.")
        pair = Pair(office, row["ours"], row["theirs"])
        media = await self._store.all("SELECT * FROM text_media WHERE message = $1 ORDER BY place", id)
        async with self._store.transaction() as statements:
            await hold(statements, pair)
            copies = [await _copy(statements, each, self._clock.now_ms()) for each in media]
            draft = self._draft(pair, row["body"], tuple(copies), actor=actor)
            await self._put(statements, pair, draft)
        return await self._done(pair, draft)

    # -- below -------------------------------------------------------------------------------------------------------

    def _draft(
        self,
        pair: Pair,
        text: str,
        media: tuple[str, ...],
        *,
        actor: str,
        author: Author = "person",
        id: str = "",
    ) -> Draft:
        return Draft(
            id=id or new_id(self._clock.now_ms()), office=pair.office, ours=pair.ours, theirs=pair.theirs,
            body=text.replace("\0", ""), author=author, actor=actor, media=media,
        )  # fmt: skip

    async def _put(self, statements: Statements, pair: Pair, draft: Draft) -> None:
        if await self._consent.is_out(statements, pair.office, pair.ours, pair.theirs):
            raise EdgeError(
                409, f"{pair.theirs} has opted out of texts from {pair.ours}. They can come back with START."
            )
        if not await self._outbox.put(statements, draft):
            return
        await self._pictures.attach(statements, pair.office, draft.id, draft.media)
        person = draft.author == "person"
        await said(
            statements, pair, id=draft.id, at=self._clock.now_ms(), text=draft.body,
            writer=draft.actor if person else "", mode="person" if person else None,
        )  # fmt: skip

    async def _done(self, pair: Pair, draft: Draft) -> TextMessage:
        self._outbox.wake()
        rows = await self._store.all("SELECT * FROM text_message WHERE id = $1", draft.id)
        (message,) = await with_media(self._store, rows)
        await self._live.tell(pair, "message", message)
        return message

    async def _known(self, id: str) -> TextMessage | None:
        rows = await self._store.all("SELECT * FROM text_message WHERE id = $1", id)
        return next(iter(await with_media(self._store, rows)), None)

    async def _collision(self, statements: Statements, pair: Pair, row: Row, actor: str, seen: str) -> None:
        """Raises `EdgeError` 409 when somebody else was first."""
        if row["typing_until"] > self._clock.now_ms() and row["typing_by"] not in {"", actor}:
            raise EdgeError(409, f"{row['typing_by']} is writing an answer just now.")
        if not seen or seen == row["last_id"]:
            return
        known = await statements.one(
            "SELECT at, id FROM text_message WHERE id = $1 AND office = $2 AND ours = $3 AND theirs = $4",
            seen, pair.office, pair.ours, pair.theirs,
        )  # fmt: skip
        if known is None:
            raise EdgeError(422, "There is no such message in this conversation.", field="$.seen")
        later = await statements.one(
            "SELECT actor FROM text_message WHERE office = $1 AND ours = $2 AND theirs = $3 AND author = 'person'"
            " AND actor <> $4 AND (at > $5 OR (at = $5 AND id > $6)) ORDER BY at DESC, id DESC LIMIT 1",
            pair.office, pair.ours, pair.theirs, actor, known["at"], known["id"],
        )  # fmt: skip
        if later is not None:
            raise EdgeError(409, f"{later['actor'] or 'Somebody else'} has answered since you looked.")

    async def _from(self, office: str, to: str) -> str:
        """The number they last wrote to, else the office's first."""
        row = await self._store.one(
            "SELECT ours FROM text_conversation WHERE office = $1 AND theirs = $2 ORDER BY last_at DESC LIMIT 1",
            office, to,
        )  # fmt: skip
        if row is not None:
            return str(row["ours"])
        numbers = await self._offices.numbers(office)
        if not numbers:
            raise EdgeError(422, "The office has no number yet that could send a text.", field="$.from")
        return numbers[0].e164

    async def _check_ours(self, office: str, ours: str) -> None:
        """Twilio refuses what is not the account's; but the account may be shared by several offices."""
        number = await self._offices.number(ours)
        if number is not None and number.office == office:
            return
        row = await self._store.one(
            "SELECT ours FROM text_conversation WHERE office = $1 AND ours = $2 LIMIT 1", office, ours
        )
        if row is None:
            raise EdgeError(422, f"{ours} is no number of the office.", field="$.from")


def _something(text: str, media: tuple[str, ...]) -> None:
    if not text.strip() and not media:
        raise EdgeError(422, "A text or a picture is needed.", field="$.text")


async def _copy(statements: Statements, row: Row, now: int) -> str:
    """A picture for another message."""
    id = new_id(now)
    await statements.run(
        "INSERT INTO text_media (id, office, message, place, state, type, size, body, url, reason, attempts, due_at,"
        " created_at) SELECT $1, office, '', place, state, type, size, body, '', '', 0, 0, $2 FROM text_media"
        " WHERE id = $3",
        id, now, row["id"],
    )  # fmt: skip
    return id
