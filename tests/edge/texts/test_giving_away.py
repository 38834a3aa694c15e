"""Hostile texters against a whole edge that holds secrets of others: what leaves it holds none of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator

import pytest

from edge.ai.chat import ChatServer, ChatSettings
from edge.store import Store
from tests.edge.clock import TestClock
from tests.edge.hostile import Hostile, completion, http
from tests.edge.texts.hostile_texts import HOSTILE
from tests.edge.texts.office import (
    ADDRESS,
    HAND_OVER,
    HOURS,
    OTHER,
    OURS,
    PARKING,
    THEIRS,
    TextEdge,
    text_edge,
)

SECRETS = (
    "KX-9902",
    "garage code 9876",
    "+13105550124",
    "owes us 80 dollars",
    "Zoe Confidential",
    "stranger-only",
)
MAY = {HOURS, PARKING, ADDRESS, HAND_OVER, "Hello, this is Miller. How can we help you?"}


async def _plant(edge: TextEdge) -> None:
    """Another customer's conversation, notes about this one and about others, templates, another office."""
    await edge.chat("My reference is KX-9902 and the garage code 9876", from_=OTHER)
    answer = {"from": OTHER, "to": OURS, "text": "Thank you, Zoe Confidential."}
    assert (await edge.ask("POST", "/conversations/reply", answer)).status == 201
    for who in (OTHER, THEIRS):
        await edge.hear("hello", from_=who)
        note = await edge.ask("POST", f"/conversations/{who}/{OURS}/notes", {"text": "owes us 80 dollars"})
        assert note.status == 201
    await edge.ask("POST", "/texts/templates", {"name": "x", "text": "stranger-only"})
    await edge.ask("POST", "/texts/templates", {"name": "x", "text": "stranger-only"}, office=edge.stranger)
    await edge.work()


def _may_be_said(text: str) -> bool:
    for piece in sorted(MAY, key=len, reverse=True):
        text = text.replace(piece, "", 1)
    return not text.strip()


async def test_no_hostile_text_gets_anything_but_facts(edge: TextEdge) -> None:
    await _plant(edge)
    for number, body in enumerate(HOSTILE):
        await edge.hear(body.replace("\0", ""), from_=f"+1415555{number:04d}")
    for body in HOSTILE[:12]:
        await edge.hear(body, from_=THEIRS)
    for _ in range(30):
        await edge.work()
    strangers = [message for message in edge.twilio.sent() if message.to != OTHER]
    assert len(strangers) > 40
    for message in strangers:
        assert _may_be_said(message.body), message.body
        assert not any(secret.lower() in message.body.lower() for secret in SECRETS)


@pytest.fixture
async def modelled(store: Store, clock: TestClock) -> AsyncIterator[tuple[TextEdge, Hostile]]:
    """A model that gives the texter whatever it was told, as prose and as ids."""

    count = itertools.count()

    def respond(body: bytes) -> bytes:
        told = json.loads(body)["messages"][1]["content"]
        chosen = json.dumps({"ids": ["f3"], "confidence": 1})
        odd = (
            told,
            json.dumps({"ids": ["f1", "f2"], "confidence": 1, "text": told}),
            '{"ids": ["f99"], "confidence": 1}',
        )
        number = next(count)
        return http(completion(chosen if number % 2 else odd[number // 2 % 3]))

    async with Hostile(respond) as server:
        model = ChatServer(ChatSettings(server.url, "m", time_limit_s=60.0))
        async with text_edge(store, clock, model=model) as edge:
            yield edge, server
        await model.close()


async def test_a_model_that_has_been_talked_over_can_give_nothing_away(
    modelled: tuple[TextEdge, Hostile],
) -> None:
    edge, server = modelled
    await _plant(edge)
    server.requests.clear()
    for number, body in enumerate(HOSTILE[:30]):
        await edge.hear(body.replace("\0", ""), from_=f"+1415555{number:04d}")
    for _ in range(12):
        await edge.work()
    assert len(server.requests) > 15
    assert not any(
        secret.encode() in request for request in server.requests for secret in SECRETS if secret != OTHER
    )
    for message in edge.twilio.sent():
        if message.to != OTHER:
            assert _may_be_said(message.body), message.body
