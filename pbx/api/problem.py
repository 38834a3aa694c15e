"""Errors as RFC 9457 problem documents: what went wrong, where in the body, what stood there and what should.

`type` is a stable word a program can compare (`urn:bellwire:problem:validation`); `title` belongs to the type;
`detail` is about this one case. Nothing secret is ever echoed: see `PRIVATE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from msgspec import Meta

from pbx.core.errors import UserError
from pbx.flow.publishing import FlowRefused
from pbx.model.base import Record
from pbx.model.flow import Fault

PROBLEM_TYPE = "application/problem+json"
_URN = "urn:bellwire:problem:"

PRIVATE = ("password", "secret", "token", "pin")
"""Parts of field names whose values are never shown in an error."""


class FieldProblem(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong with what was sent."""

    path: Annotated[str, Meta(description="JSON path of the field: $.name, or query.limit for ?limit=.")]
    message: str
    got: Annotated[str | None, Meta(description="What stood there.")] = None
    needed: Annotated[str | None, Meta(description="What should stand there.")] = None
    action: Annotated[str | None, Meta(description="What to do about it.")] = None


class Problem(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer with an error status (RFC 9457)."""

    type: Annotated[str, Meta(description="A stable name of the kind of problem.")]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()
    faults: Annotated[
        tuple[Fault, ...], Meta(description="What is wrong with a flow that is not published, node by node.")
    ] = ()


class ApiError(Exception):
    """An answer other than the one that was hoped for; `slug` names its kind, `headers` go out with it."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str = "",
        *,
        errors: tuple[FieldProblem, ...] = (),
        faults: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {slug}: {detail}")
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = errors
        self.faults = faults
        self.headers = dict(headers or {})

    def problem(self) -> Problem:
        title = self.slug.replace("-", " ").capitalize()
        return Problem(
            type=_URN + self.slug,
            title=title,
            status=self.status,
            detail=self.detail,
            errors=self.errors,
            faults=self.faults,
        )


def plain_error(status: int, detail: str = "", *, headers: Mapping[str, str] | None = None) -> ApiError:
    """An error that HTTP already has a word for."""
    slug = HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")
    return ApiError(status, slug, detail, headers=headers)


def from_user_error(error: UserError) -> ApiError:
    """What a store or a feature refused, as an answer."""
    several = error.problems or ((error,) if error.path or error.action or error.needed is not None else ())
    slug = "validation" if error.http_status in (400, 422) else plain_error(error.http_status).slug
    return ApiError(
        error.http_status,
        slug,
        error.message,
        errors=tuple(field_problem(one) for one in several),
        faults=error.faults if isinstance(error, FlowRefused) else (),
    )


def field_problem(error: UserError) -> FieldProblem:
    return FieldProblem(
        path=error.path or "$",
        message=error.message,
        got=None if error.got is None else shown(error.path, error.got),
        needed=None if error.needed is None else str(error.needed),
        action=error.action or None,
    )


def shown(path: str, value: object, longest: int = 80) -> str:
    """`value` as an error may show it: short, and not at all where the field is private."""
    if any(word in path.lower() for word in PRIVATE):
        return "(hidden)"
    text = str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
