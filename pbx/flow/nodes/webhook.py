"""Ask another program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template, ValueName
from pbx.flow.node import FAILED, Exit, ExitEach, Node
from pbx.flow.ports import WebRequest
from pbx.flow.template import NAME, fill, written
from pbx.model.base import Record

Path = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,80}(?:\.[A-Za-z0-9_-]{1,80}){0,9}$(?!\n)",
        title="Field",
        description="Of the answer's JSON object; inner ones with dots, members of a list by their place from 0.",
        examples=["customer.name"],
    ),
]
_SLOT = re.compile(r"\{\{\s*(" + NAME + r")\s*\}\}")


class SentField(Record, frozen=True, kw_only=True):
    """A field of what is sent."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,80}$(?!\n)", title="Field")]
    value: Annotated[Template, Meta(title="Value")] = ""


class TakenField(Record, frozen=True, kw_only=True):
    """A field of the answer that is kept for later nodes."""

    field: Path
    into: ValueName


class AnswerExit(Record, frozen=True, kw_only=True):
    """An exit for one value of the field that decides."""

    value: Annotated[str, Meta(min_length=1, max_length=80, title="Value")]
    name: Annotated[str, Meta(max_length=80, title="Name")] = ""


class StatusExit(Record, frozen=True, kw_only=True):
    """An exit for one status of the answer."""

    status: Annotated[int, Meta(ge=100, le=599, title="Status", examples=[404])]
    name: Annotated[str, Meta(max_length=80, title="Name")] = ""


class Webhook(Node, frozen=True, kw_only=True, tag="webhook"):
    """Ask another program over HTTP, and go on by its answer.

    A POST carries a JSON object: the fields below, or, where there are none, all values of the call. With a key it is
    signed: X-Bellwire-Signature is t=<seconds since 1970>,v1=<hex of HMAC-SHA256(key, "<t>.<body>")>. No answer in
    time, or one that is larger than 64 KiB, is the exit "Failed". Redirects are not followed.
    """

    title = "Webhook"
    group = "logic"
    exits = (
        ExitEach("answers", "value", ("value", "name")),
        ExitEach("statuses", "status", ("status", "name")),
        Exit("done", "Answered"),
        Exit("error", "Error answer"),
    )
    url: Annotated[
        str,
        Meta(
            min_length=8,
            max_length=1000,
            title="Address",
            description="http or https. {{names}} may stand after the host; they are encoded.",
            examples=["https://crm.example.com/callers/{{caller.number}}"],
        ),
    ]
    method: Annotated[Literal["GET", "POST"], Meta(title="Method")] = "POST"
    send: Annotated[tuple[SentField, ...], Meta(max_length=100, title="What is sent")] = ()
    signing_key: Annotated[
        str,
        Meta(
            max_length=512,
            pattern=r"^[\x21-\x7e]*$(?!\n)",
            title="Signing key",
            description="Kept sealed: what stands here after saving opens on this node alone.",
            extra_json_schema={"x-widget": "password"},
        ),
    ] = ""
    timeout_s: Annotated[
        float, Meta(ge=0.5, le=30, title="Longest wait", extra_json_schema={"x-unit": "s"})
    ] = 5.0
    decides: Annotated[
        Path | None,
        Meta(title="Field that decides", description="Whose value chooses among the exits below."),
    ] = None
    answers: Annotated[tuple[AnswerExit, ...], Meta(max_length=50, title="Exits by that field")] = ()
    statuses: Annotated[
        tuple[StatusExit, ...],
        Meta(
            max_length=20,
            title="Exits by status",
            description="Others than 200 to 299 leave by Error answer.",
        ),
    ] = ()
    take: Annotated[tuple[TakenField, ...], Meta(max_length=50, title="What is kept of the answer")] = ()

    def faults(self) -> Iterator[tuple[str, str]]:
        head = self.url.partition("{{")[0]
        parts = urlsplit(head)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield "url", "an address begins with http:// or https:// and a host"
        elif head != self.url and not (parts.path or parts.query):
            yield "url", "a value may stand only after the host and a /"
        elif "@" in parts.netloc:
            yield "url", "a user name or password does not belong into an address"
        if self.answers and self.decides is None:
            yield "decides", "say which field decides"
        names = [*(each.value for each in self.answers), *(str(each.status) for each in self.statuses)]
        for name, times in Counter([*names, "done", "error", FAILED.name]).items():
            if times > 1:
                yield "answers", f"the exit {name} is there more than once"
        if self.method == "GET" and (self.send or self.signing_key):
            yield "method", "a GET sends nothing that could be signed: put values into the address, or POST"

    async def run(self, context: Context) -> str:
        answer = await context.web.request(
            WebRequest(
                method=self.method,
                url=_SLOT.sub(lambda slot: quote(context.value(slot[1]), safe=""), self.url),
                body=self._body(context) if self.method == "POST" else None,
                signing_key=self.signing_key,
                timeout_s=self.timeout_s,
            )
        )
        context.set("webhook.status", answer.status)
        for each in self.take:
            context.set(each.into, _text(_at(answer.fields, each.field)))
        if any(each.status == answer.status for each in self.statuses):
            return str(answer.status)
        if not 200 <= answer.status < 300:
            return "error"
        value = _text(_at(answer.fields, self.decides)) if self.decides is not None else ""
        wanted = written(value)
        return wanted if any(each.value == wanted for each in self.answers) else "done"

    def _body(self, context: Context) -> Mapping[str, object]:
        if self.send:
            return {each.name: fill(each.value, context.values) for each in self.send}
        return dict(context.values)


def _at(fields: object, path: str) -> object:
    """What stands there; None for nothing."""
    found = fields
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _text(found: object) -> str | bool | int | float:
    """A value of the call: an object or a list is none."""
    return found if isinstance(found, str | bool | int | float) else ""
