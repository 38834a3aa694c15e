"""What is wrong with a feature code beside the numbers and codes that an office has already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pbx.core.errors import UserError
from pbx.feature.code_pattern import pattern_of
from pbx.model.feature import NUMBER, feature_named
from pbx.model.feature_code import FeatureCode
from pbx.model.kind import Kind
from pbx.model.kinds import FEATURE_CODE, KINDS

__all__ = ["code_faults", "number_faults"]

DESTINATION = re.compile(r"[0-9*#+]{1,32}")


def code_faults(
    office: Mapping[str, Sequence[Any]], code: FeatureCode, path: str, *, emergency: Iterable[str]
) -> Iterator[UserError]:
    """A disabled code may say what it likes, since nobody can dial it."""
    if not code.enabled:
        return
    yield from _argument_faults(code, path)
    pattern = pattern_of(code.code)
    for number in emergency:
        if pattern.argument(number) is not None:
            yield _conflict(path, code, f"{number} calls for help and nothing else")
    for kind in KINDS:
        for record in office.get(kind.name, ()) if kind.numbered else ():
            if pattern.argument(kind.key_of(record)) is not None:
                yield _conflict(path, code, f"{kind.key_of(record)} is the number of {kind.a_one} already")
    for other in office.get(FEATURE_CODE.name, ()):
        theirs = pattern_of(other.code)
        if other.enabled and other.code != code.code and (pattern.hides(theirs) or theirs.hides(pattern)):
            title = feature_named(other.feature).title
            yield _conflict(
                path, code, f"dialling it could also mean the code {other.code} ({title}), or the reverse"
            )


def _taking(office: Mapping[str, Sequence[Any]], number: str) -> FeatureCode | None:
    """The feature code that somebody who dials this number would reach."""
    for code in office.get(FEATURE_CODE.name, ()):
        if code.enabled and pattern_of(code.code).argument(number) is not None:
            found: FeatureCode = code
            return found
    return None


def number_faults(
    office: Mapping[str, Sequence[Any]], kind: Kind, number: str, path: str, *, emergency: Iterable[str]
) -> Iterator[UserError]:
    """What is wrong with a number that somebody is to be reached under."""
    if number in emergency:
        yield UserError(
            f"the number {number} calls for help",
            http_status=409,
            path=f"{path}.{kind.key}",
            got=number,
            action="Choose another number",
        )
    code = _taking(office, number)
    if code is not None:
        yield UserError(
            f"who dials {number} reaches the feature code {code.code} ({feature_named(code.feature).title})",
            http_status=409,
            path=f"{path}.{kind.key}",
            got=number,
            action="Choose another number, or change or disable the code",
        )


def _argument_faults(code: FeatureCode, path: str) -> Iterator[UserError]:
    feature = feature_named(code.feature)
    takes = pattern_of(code.code).takes
    if feature.argument == "none" and (takes or code.argument):
        yield UserError(
            f"“{feature.title}” is given nothing",
            http_status=422,
            path=f"{path}.{'code' if takes else 'argument'}",
            got=code.code if takes else code.argument,
            needed=f"a code without {NUMBER}, and no argument",
        )
    elif takes and code.argument:
        yield UserError(
            f"the argument is what is dialled for {NUMBER}, so none can be given here",
            http_status=422,
            path=f"{path}.argument",
            got=code.argument,
            needed="nothing",
        )
    elif feature.argument == "number" and not takes and not DESTINATION.fullmatch(code.argument):
        yield UserError(
            f"“{feature.title}” needs a number",
            http_status=422,
            path=f"{path}.code",
            got=code.code,
            needed=f"{NUMBER} in the code, or a number to dial as the argument",
        )


def _conflict(path: str, code: FeatureCode, why: str) -> UserError:
    return UserError(
        f"the code {code.code} is not free: {why}",
        http_status=409,
        path=f"{path}.code",
        got=code.code,
        action="Choose another code",
    )
