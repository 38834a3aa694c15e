"""A text has come in: opt-out words first, then the conversation, then what has to follow; all in one transaction.

    webhook ─▶ text_message (by Twilio's name: once) ─▶ STOP, START, HELP ─▶ conversation ─▶ answer wanted
                                                                              pictures wanted, e-mail wanted

What follows is wanted in the store, so a kill at any moment leaves either nothing of it or all of it. A repeated
webhook finds the message there and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from edge.clock import Clock
from edge.model.base import new_id
from edge.model.text_settings import TextSettings
from edge.store import Statements, Store
from edge.texts.consent import ConsentRecords
from edge.texts.conversations import Pair, heard, said
from edge.texts.keywords import Keyword, keyword_of
from edge.texts.knowledge import Knowledge, KnowledgeOf
from edge.texts.live import Live
from edge.texts.messages import Draft, with_media
from edge.texts.outbox import Outbox
from edge.texts.sentences import sentence
from edge.texts.settings import Settings
from edge.twilio.webhooks import EMPTY, Hook

__all__ = ["MOST_MEDIA", "Incoming"]

MOST_MEDIA = 10
MOST_BODY = 4000
MOST_NUMBER = 64

_Answered = Literal["stopped", "started", "help"]


@dataclass(frozen=True, slots=True)
class _Text:
    """What Twilio says of it."""

    sid: str
    pair: Pair
    body: str
    media: tuple[tuple[str, str], ...]
    keyword: Keyword | None


class Incoming:
    """`wake` is called when something waits for those who work in the background."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        consent: ConsentRecords,
        outbox: Outbox,
        settings: Settings,
        knowledge: KnowledgeOf,
        live: Live,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._consent = consent
        self._outbox = outbox
        self._settings = settings
        self._knowledge = knowledge
        self._live = live
        self._wake = wake

    async def take(self, hook: Hook) -> str:
        """The webhook of Twilio's. The answer is empty: replies go through the outbox."""
        text = _read(hook)
        if not text.sid or not text.pair.theirs or not text.pair.ours:
            return EMPTY
        knowledge = await self._knowledge(hook.office.id)
        async with self._store.transaction() as statements:
            id = await self._keep(statements, text)
            if id is not None:
                await self._follow(statements, id, text, knowledge)
        if id is not None:
            await self._tell(id, text.pair)
        return EMPTY

    async def reported(self, hook: Hook) -> str:
        """The status callback of a text of ours: our id rides in the address."""
        form = hook.form
        code = form.get("ErrorCode", "")
        await self._outbox.report(
            hook.query.get("id", ""),
            form.get("MessageSid", "") or form.get("SmsSid", ""),
            form.get("MessageStatus", "") or form.get("SmsStatus", ""),
            int(code) if code.isascii() and code.isdigit() and len(code) < 9 else 0,
        )
        return ""

    # -- below -------------------------------------------------------------------------------------------------------

    async def _keep(self, statements: Statements, text: _Text) -> str | None:
        """Its id with us; None when it is there already."""
        now = self._clock.now_ms()
        pair = text.pair
        row = await statements.one(
            "INSERT INTO text_message (id, office, ours, theirs, direction, author, actor, body, at, state, sid, code,"
            " reason, media, segments, campaign, last_word, answer, attempts, due_at, claimed_at, settled_at)"
            " VALUES ($1, $2, $3, $4, 'in', 'them', '', $5, $6, 'received', $7, 0, '', $8, 0, '', 0, '', 0, 0, 0, $6)"
            " ON CONFLICT (sid) WHERE sid <> '' DO NOTHING RETURNING id",
            new_id(now), pair.office, pair.ours, pair.theirs, text.body, now, text.sid, len(text.media),
        )  # fmt: skip
        if row is None:
            return None
        for place, (url, kind) in enumerate(text.media):
            await statements.run(
                "INSERT INTO text_media (id, office, message, place, state, type, size, body, url, reason, attempts,"
                " due_at, created_at) VALUES ($1, $2, $3, $4, 'wanted', $5, 0, NULL, $6, '', 0, $7, $7)",
                new_id(now), pair.office, row["id"], place, kind, url, now,
            )  # fmt: skip
        return str(row["id"])

    async def _follow(self, statements: Statements, id: str, text: _Text, knowledge: Knowledge) -> None:
        pair, now = text.pair, self._clock.now_ms()
        settings = await self._settings.of(pair.office, statements)
        was_out = await self._consent.is_out(statements, pair.office, pair.ours, pair.theirs)
        keyword = text.keyword
        if keyword is not None and keyword.kind == "yes" and not was_out:
            keyword = None
        await heard(statements, pair, id=id, at=now, text=text.body, unread=keyword is None)
        if keyword is not None:
            answer = await self._heed(statements, pair, keyword, was_out=was_out)
            if answer is not None and not (keyword.carrier and settings.keyword_answers == "carrier"):
                await self._answer(statements, pair, answer, _words(answer, settings, knowledge))
        elif not was_out:
            await statements.run("UPDATE text_message SET answer = 'wanted' WHERE id = $1", id)
        if keyword is None:
            await _forward(statements, pair, id, settings, now)

    async def _heed(
        self, statements: Statements, pair: Pair, keyword: Keyword, *, was_out: bool
    ) -> _Answered | None:
        """Do what a keyword says. Returns what is to be confirmed; what changes nothing is not."""
        if keyword.kind == "help":
            return None if was_out else "help"
        stops = keyword.kind == "stop"
        changed = await self._consent.change(
            statements, pair.office, pair.ours, pair.theirs, opted_out=stops, how="keyword"
        )
        return ("stopped" if stops else "started") if changed else None

    async def _answer(self, statements: Statements, pair: Pair, answer: _Answered, words: str) -> None:
        now = self._clock.now_ms()
        draft = Draft(
            id=new_id(now), office=pair.office, ours=pair.ours, theirs=pair.theirs, body=words,
            author="keyword", last_word=answer == "stopped",
        )  # fmt: skip
        await self._outbox.put(statements, draft)
        await said(statements, pair, id=draft.id, at=now, text=words)

    async def _tell(self, id: str, pair: Pair) -> None:
        self._outbox.wake()
        self._wake()
        rows = await self._store.all("SELECT * FROM text_message WHERE id = $1", id)
        for message in await with_media(self._store, rows):
            await self._live.tell(pair, "message", message)


def _words(answer: _Answered, settings: TextSettings, knowledge: Knowledge) -> str:
    own = {"stopped": settings.stop_answer, "help": settings.help_answer}.get(answer, "")
    return own or sentence(answer, knowledge)


async def _forward(statements: Statements, pair: Pair, id: str, settings: TextSettings, now: int) -> None:
    """By e-mail, to whoever wants the texts of this number so."""
    addresses = dict.fromkeys(
        each for one in settings.forward if one.number == pair.ours for each in one.addresses
    )
    for address in addresses:
        await statements.run(
            "INSERT INTO text_mail (id, office, message, address, attempts, due_at, created_at)"
            " VALUES ($1, $2, $3, $4, 0, $5, $5)",
            new_id(now), pair.office, id, address, now,
        )  # fmt: skip


def _read(hook: Hook) -> _Text:
    form = hook.form
    count = form.get("NumMedia", "0")
    most = min(int(count), MOST_MEDIA) if count.isascii() and count.isdigit() and len(count) < 4 else 0
    media = tuple(
        (form[f"MediaUrl{n}"], _clean(form.get(f"MediaContentType{n}", ""))[:100])
        for n in range(most)
        if form.get(f"MediaUrl{n}")
    )
    body = _clean(form.get("Body", ""))[:MOST_BODY]
    return _Text(
        sid=_sid(form),
        pair=Pair(hook.office.id, _clean(form.get("To", ""))[:MOST_NUMBER], _clean(form.get("From", ""))[:MOST_NUMBER]),
        body=body,
        media=media,
        keyword=None if media else keyword_of(body, form.get("OptOutType", "")),
    )  # fmt: skip


def _sid(form: Mapping[str, str]) -> str:
    return next((form[name] for name in ("MessageSid", "SmsMessageSid", "SmsSid") if form.get(name)), "")[:64]


def _clean(text: str) -> str:
    """Without what a database cannot hold: NUL, and halves of letters."""
    return text.replace("\0", "").encode(errors="replace").decode()
