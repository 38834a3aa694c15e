"""Who may be sent a text. STOP holds for the number it was sent to; campaigns ask about all of the office's numbers.

    texts       ours → theirs is silent after STOP from theirs to ours, until START from theirs to ours
    campaigns   nobody who is opted out of any number of the office gets one

A person who stopped one number of an office wants no advertising of that office from another; who stopped a clinic's
reminders may go on texting with its front desk. Twilio blocks by pair of numbers too (error 21610).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from edge.clock import Clock
from edge.model.base import new_id
from edge.store import Row, Statements, Store

__all__ = ["Consent", "ConsentRecords", "How"]

How = Literal["keyword", "carrier", "office"]
"""They wrote it; the carrier refused a text for it (21610); somebody of the office has entered it."""
AT_ONCE = 200
"""Numbers in one question."""


class Consent(Protocol):
    """What senders ask. The answer is the store's at this moment; the outbox asks once more in its claim."""

    async def opted_out(self, office: str, ours: str, theirs: str) -> bool:
        """Whether this number of the office may send nothing to that number."""
        ...

    async def opted_out_of_any(self, office: str, theirs: Collection[str]) -> frozenset[str]:
        """Those that are opted out of at least one number of the office: what campaigns skip."""
        ...


class ConsentRecords:
    """Implements `Consent`, and keeps the trail of who changed it and how."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def opted_out(self, office: str, ours: str, theirs: str) -> bool:
        return await self.is_out(self._store, office, ours, theirs)

    async def opted_out_of_any(self, office: str, theirs: Collection[str]) -> frozenset[str]:
        numbers = list(theirs)
        found: set[str] = set()
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            places = ", ".join(f"${place}" for place in range(2, len(some) + 2))
            rows = await self._store.all(
                "SELECT DISTINCT theirs FROM text_consent"  # noqa: S608  places only
                f" WHERE office = $1 AND opted_out = 1 AND theirs IN ({places})",
                office, *some,
            )  # fmt: skip
            found.update(str(row["theirs"]) for row in rows)
        return frozenset(found)

    @staticmethod
    async def is_out(statements: Statements, office: str, ours: str, theirs: str) -> bool:
        row = await statements.one(
            "SELECT opted_out FROM text_consent WHERE office = $1 AND ours = $2 AND theirs = $3",
            office, ours, theirs,
        )  # fmt: skip
        return row is not None and bool(row["opted_out"])

    async def change(
        self,
        statements: Statements,
        office: str,
        ours: str,
        theirs: str,
        *,
        opted_out: bool,
        how: How,
        actor: str = "",
    ) -> bool:
        """Inside the transaction of what caused it. Returns whether anything is different now."""
        before = await self.is_out(statements, office, ours, theirs)
        if before == opted_out:
            return False
        now, out = self._clock.now_ms(), int(opted_out)
        await statements.run(
            "INSERT INTO text_consent (office, ours, theirs, opted_out, at, how) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (office, ours, theirs)"
            " DO UPDATE SET opted_out = excluded.opted_out, at = excluded.at, how = excluded.how",
            office, ours, theirs, out, now, how,
        )  # fmt: skip
        await statements.run(
            "INSERT INTO text_consent_change (office, id, ours, theirs, opted_out, at, how, actor)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            office, new_id(now), ours, theirs, out, now, how, actor,
        )  # fmt: skip
        return True

    async def list(
        self, office: str, *, number: str = "", limit: int, offset: int
    ) -> tuple[Sequence[Row], int]:
        """Those that are opted out, the latest first; with a number, what is known of it either way."""
        where, values = ("theirs = $2", [number]) if number else ("opted_out = $2", [1])
        total = await self._store.one(
            f"SELECT COUNT(*) AS n FROM text_consent WHERE office = $1 AND {where}",  # noqa: S608  fixed words
            office, *values,
        )  # fmt: skip
        rows = await self._store.all(
            f"SELECT * FROM text_consent WHERE office = $1 AND {where}"  # noqa: S608  fixed words
            " ORDER BY at DESC, theirs, ours LIMIT $3 OFFSET $4",
            office, *values, limit, offset,
        )  # fmt: skip
        return rows, int(total["n"]) if total is not None else 0
