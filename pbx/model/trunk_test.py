"""What a test of a trunk found out, step by step, in words for people."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

StepName = Literal["settings", "name", "connection", "answer", "registration", "call", "sound"]
Outcome = Literal["ok", "failed", "skipped"]


TestNumber = Annotated[
    str,
    Meta(
        pattern=r"^[0-9*#+]{1,32}$(?!\n)",
        title="Call this number",
        description="It is really called, and somebody should pick up: for a few seconds, which may cost money.",
        examples=["+12025550123"],
    ),
]


class TrunkTestOrder(Record, frozen=True, kw_only=True):
    """What to test. Without `number` nobody is called."""

    number: TestNumber | None = None


class TrunkTestStep(Record, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: StepName
    outcome: Outcome
    text: Annotated[str, Meta(description="What was found.")]
    action: Annotated[str, Meta(description="What to do about it; empty when nothing is wrong.")] = ""
    sip_status: int = 0


class TrunkTestReport(Record, frozen=True, kw_only=True):
    """The whole test. `ok` says that no step failed."""

    trunk: str
    ok: bool
    steps: tuple[TrunkTestStep, ...]
