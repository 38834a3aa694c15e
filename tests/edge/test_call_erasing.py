"""What the edge has of a person's calls goes when they ask for it; calls under way and other people's stay."""

from __future__ import annotations

from edge.store import Store
from edge.voice.erasing import CallEraser

WHO, OTHER, OURS = "+13105550123", "+131055501234", "+12025550100"


async def test_calls_that_are_over_go(store: Store) -> None:
    calls = [(WHO, OURS, "done"), (WHO, OURS, "live"), (OTHER, OURS, "done"), (OURS, WHO, "lost")]
    for n, (caller, called, state) in enumerate(calls):
        await store.run(
            "INSERT INTO voice_call (id, office, call_sid, direction, caller, called, name, mode, state, cause,"
            " token_hash, made_at) VALUES ($1, 'o', $1, 'inbound', $2, $3, '', 'stream', $4, '', '', 1)",
            f"c{n}", caller, called, state,
        )  # fmt: skip
    async with store.transaction() as statements:
        assert await CallEraser().erase(statements, "p", WHO) == {"calls": 0}
        assert await CallEraser().erase(statements, "o", WHO) == {"calls": 2}
    left = await store.all("SELECT id FROM voice_call ORDER BY id")
    assert [row["id"] for row in left] == ["c1", "c2"]
