"""What happens to a caller who is made up: who calls and when, what is pressed and said, and what becomes of whoever
is rung. With a script, a flow is walked without a phone; a test is a script and what is to come of it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from pbx.model.base import Record
from pbx.model.scalars import DisplayName

__all__ = [
    "FlowExpectation",
    "FlowScript",
    "FlowTest",
    "Keys",
    "PressedAt",
    "ScriptedAnswer",
    "ScriptedReach",
]

Keys = Annotated[str, Meta(pattern=r"^[0-9*#]{0,40}$(?!\n)", examples=["1"])]
Heard = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(max_length=80)]
ScriptedReach = Literal["talked", "no_answer", "busy", "unreachable", "refused", "left"]


class PressedAt(Record, frozen=True, kw_only=True):
    """Keys pressed so long after the call has begun."""

    at_s: Annotated[float, Meta(ge=0, le=86_400)]
    keys: Keys


class ScriptedAnswer(Record, frozen=True, kw_only=True):
    """What a web server answers; `status` 0: nothing, until the time is over. `url` is a part of the address."""

    url: Annotated[str, Meta(max_length=200)] = ""
    status: Annotated[int, Meta(ge=0, le=599)] = 200
    fields: Annotated[dict[str, Any], Meta(max_length=50)] = field(default_factory=dict)


class FlowScript(Record, frozen=True, kw_only=True):
    """A caller who is made up, and the office that they find."""

    at: Annotated[
        datetime | None,
        Meta(
            title="Time",
            description="When the call comes. Without a time zone it is in that of the office; without one at all it "
            "is Monday, 5 January 2026, 10:00.",
        ),
    ] = None
    caller: Annotated[str, Meta(max_length=40, title="Caller's number")] = "+12025550123"
    caller_name: Annotated[str, Meta(max_length=80, title="Caller's name")] = ""
    caller_extension: Annotated[
        Short | None, Meta(title="Caller's extension", description="Without one, they call from outside.")
    ] = None
    called: Annotated[
        str, Meta(max_length=40, title="Called number", description="Without one, the flow's.")
    ] = ""
    keys: Annotated[
        tuple[Keys, ...],
        Meta(
            max_length=200,
            title="Keys",
            description="What is pressed at each question, one after the other; an empty text is nothing.",
        ),
    ] = ()
    pressed: Annotated[
        tuple[PressedAt, ...],
        Meta(max_length=200, title="Keys by time", description="What is pressed whatever is being said."),
    ] = ()
    said: Annotated[
        tuple[Annotated[str, Meta(max_length=500)], ...],
        Meta(
            max_length=200, title="Words", description="What the caller says each time when somebody listens."
        ),
    ] = ()
    hangs_up_at_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400, extra_json_schema={"x-unit": "s"})] | None,
        Meta(title="Hangs up after"),
    ] = None
    reached: Annotated[
        dict[Short, ScriptedReach],
        Meta(
            max_length=200,
            title="Who is reached",
            description="What becomes of it, by number, a mailbox as `voicemail 101`. Whoever is not named here "
            "answers and talks; an extension that is named as busy or unreachable shows so on its lamp.",
        ),
    ] = field(default_factory=dict)
    web: Annotated[
        tuple[ScriptedAnswer, ...],
        Meta(
            max_length=50,
            title="Answers of web servers",
            description="The first whose address fits; else there is none.",
        ),
    ] = ()
    flags: Annotated[
        dict[Short, bool],
        Meta(max_length=50, title="Switches", description="Those that are not named are off."),
    ] = field(default_factory=dict)
    holidays: Annotated[
        dict[date, Short],
        Meta(
            max_length=50,
            title="Holidays",
            description="Days that are public holidays, beside those that are.",
        ),
    ] = field(default_factory=dict)
    caller_list: Annotated[
        Literal["allow", "block", "vip", ""] | None,
        Meta(
            title="Caller list",
            description="What the office's rules say of the caller; without it, they are asked.",
        ),
    ] = None


class FlowExpectation(Record, frozen=True, kw_only=True):
    """What is to come of a script. What is left out is not looked at."""

    path: Annotated[
        Annotated[tuple[Annotated[str, Meta(max_length=120)], ...], Meta(max_length=1000)] | None,
        Meta(
            title="Path",
            description="The nodes in their order, each alone or with its exit: `menu:1`; those of another flow with "
            "its number before them: `501/menu:1`.",
        ),
    ] = None
    end: Annotated[
        Literal["hung_up", "caller_hung_up", "connected", "failed"] | None,
        Meta(
            title="End",
            description="The flow hangs up, the caller does, the caller was given to somebody for good, or the flow "
            "could not go on.",
        ),
    ] = None
    reaches: Annotated[
        Annotated[tuple[Short, ...], Meta(max_length=200)] | None,
        Meta(title="Reaches", description="The numbers that are tried, in their order."),
    ] = None
    hears: Annotated[
        tuple[Heard, ...],
        Meta(max_length=100, title="Hears", description="Parts of what the caller hears, in their order."),
    ] = ()
    values: Annotated[dict[Short, str], Meta(max_length=50, title="Values")] = field(default_factory=dict)


class FlowTest(Record, frozen=True, kw_only=True):
    """A script, and what is to come of it. A flow is not published while one of its tests fails."""

    name: DisplayName
    script: FlowScript = FlowScript()
    expect: FlowExpectation = FlowExpectation()
