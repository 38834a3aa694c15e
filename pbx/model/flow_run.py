"""What came of a call that was walked through a flow without a phone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pbx.model.base import Record

__all__ = ["Deed", "FlowTestResult", "Heard", "Simulation", "Step"]


class Step(Record, frozen=True, kw_only=True):
    """A node that was walked through: left by `exit` ("" where nothing follows), `detail` says why it failed."""

    flow: str
    node: str
    kind: str
    at_s: float
    exit: str | None = None
    detail: str = ""


class Heard(Record, frozen=True, kw_only=True):
    """Something that the caller heard: the text, the key of the prompt, or the sentence of the system, whose name is
    `name`. `step` is where in the path, from 0."""

    at_s: float
    step: int
    kind: Literal["prompt", "text", "phrase", "music", "tone"]
    what: str
    name: str = ""


class Deed(Record, frozen=True, kw_only=True):
    """Something that the flow did: whom it rang and what became of it, a key that was pressed, a mail that went out.

    `question` is where the script's `keys` (its `said` where somebody listens) has what the caller does here, from 0,
    though there be nothing.
    """

    at_s: float
    step: int
    what: str
    to: str = ""
    result: str = ""
    question: int | None = None


class Simulation(Record, frozen=True, kw_only=True):
    """The whole walk. `revision` 0 is the draft. `status` is the SIP status of a call that was refused unanswered."""

    flow: str
    revision: int
    started_at: datetime
    path: tuple[Step, ...]
    heard: tuple[Heard, ...]
    deeds: tuple[Deed, ...]
    end: Literal["hung_up", "caller_hung_up", "connected", "failed"]
    status: int
    answered: bool
    duration_s: float
    values: dict[str, str | int | float | bool]


class FlowTestResult(Record, frozen=True, kw_only=True):
    """How a test went. `differences` say in plain words what was other than expected: none when it passed."""

    name: str
    passed: bool
    differences: tuple[str, ...] = ()
    node: str | None = None
    simulation: Simulation | None = None
