"""Conditions over a call's values, such as `caller.number starts_with "+49" and not night`.

    or         a or b                          lowest
    and        a and b
    not        not a
    compare    == != < <= > >= contains starts_with ends_with
    value      "text"  'text'  12.5  true  false  caller.name  (…)

Nothing is executed: there are no calls, no attributes and no loops. Two values that look like numbers compare as
numbers, others as texts without regard to capitals; a name without a value is "". Texts, 0 and false count as false
when they are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from pbx.flow.template import NAME, Value, written

__all__ = ["Expression", "ExpressionError", "compile_expression"]

LONGEST = 500
DEEPEST = 30
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>==|!=|<=|>=|<|>|\(|\))"
    r"|(?P<name>" + NAME + r"))"
)
_END = ("end", "")

Values = Mapping[str, Value]
Part = Callable[[Values], Value]


class ExpressionError(ValueError):
    """The text is no condition; `at` is where, counted from 0."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class Expression(msgspec.Struct, frozen=True):
    """A condition, and the names that it looks at."""

    text: str
    names: frozenset[str]
    _part: Part

    def holds(self, values: Values) -> bool:
        return _truth(self._part(values))


def compile_expression(text: str) -> Expression:
    """Raises `ExpressionError`."""
    if len(text) > LONGEST:
        raise ExpressionError(f"a condition has at most {LONGEST} characters", LONGEST)
    parser = _Parser(text)
    part = parser.disjunction(0)
    if parser.token != _END:
        raise ExpressionError(f"{parser.token[1]} does not belong here", parser.at)
    return Expression(text, frozenset(parser.names), part)


class _Parser:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = 0
        self.at = 0
        self.names: set[str] = set()
        self.token = _END
        self._advance()

    def _advance(self) -> None:
        rest = self._text[self._next :]
        self.at = self._next + len(rest) - len(rest.lstrip())
        if not rest.strip():
            self.token = _END
            return
        found = _TOKEN.match(self._text, self._next)
        if found is None:
            raise ExpressionError(f"{rest.strip()[0]} does not belong here", self.at)
        self._next = found.end()
        kind = found.lastgroup or ""
        self.token = (kind, found[kind])

    def _takes(self, *words: str) -> str:
        """The word that stands here, if it is one of these, gone past."""
        kind, text = self.token
        if kind in ("name", "sign") and text in words:
            self._advance()
            return text
        return ""

    def disjunction(self, depth: int) -> Part:
        if depth > DEEPEST:
            raise ExpressionError("too many parentheses", self.at)
        left = self._conjunction(depth)
        while self._takes("or"):
            left = _either(left, self._conjunction(depth))
        return left

    def _conjunction(self, depth: int) -> Part:
        left = self._negation(depth)
        while self._takes("and"):
            left = _both(left, self._negation(depth))
        return left

    def _negation(self, depth: int) -> Part:
        turns = 0
        while self._takes("not"):
            turns += 1
        inner = self._comparison(depth)
        return inner if turns == 0 else _negated(inner, turns % 2 == 1)

    def _comparison(self, depth: int) -> Part:
        left = self._value(depth)
        sign = self._takes(*_COMPARE)
        return _compared(_COMPARE[sign], left, self._value(depth)) if sign else left

    def _value(self, depth: int) -> Part:
        kind, text = self.token
        if self._takes("("):
            inner = self.disjunction(depth + 1)
            if not self._takes(")"):
                raise ExpressionError("a ) is missing", self.at)
            return inner
        if kind not in ("number", "text", "name") or text in _RESERVED:
            raise ExpressionError(f"a value is missing before {text or 'the end'}", self.at)
        self._advance()
        if kind == "name" and text not in ("true", "false"):
            self.names.add(text)
            return lambda values: values.get(text, "")
        literal: Value = text[1:-1] if kind == "text" else float(text) if kind == "number" else text == "true"
        return lambda _: literal


def _either(a: Part, b: Part) -> Part:
    return lambda values: _truth(a(values)) or _truth(b(values))


def _both(a: Part, b: Part) -> Part:
    return lambda values: _truth(a(values)) and _truth(b(values))


def _negated(inner: Part, on: bool) -> Part:
    return lambda values: _truth(inner(values)) is not on


def _compared(compare: Callable[[Value, Value], bool], a: Part, b: Part) -> Part:
    return lambda values: compare(a(values), b(values))


def _truth(value: Value) -> bool:
    return bool(value)


def _number(value: Value) -> float | None:
    """Of "12" too, but not of "+4930": a telephone number is a text."""
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", value) else None
    return float(value)


def _order(a: Value, b: Value) -> int:
    x, y = _number(a), _number(b)
    if x is not None and y is not None:
        return (x > y) - (x < y)
    s, t = _folded(a), _folded(b)
    return (s > t) - (s < t)


def _folded(value: Value) -> str:
    return written(value).casefold()


_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "==": lambda a, b: _order(a, b) == 0,
    "!=": lambda a, b: _order(a, b) != 0,
    "<": lambda a, b: _order(a, b) < 0,
    "<=": lambda a, b: _order(a, b) <= 0,
    ">": lambda a, b: _order(a, b) > 0,
    ">=": lambda a, b: _order(a, b) >= 0,
    "contains": lambda a, b: _folded(b) in _folded(a),
    "starts_with": lambda a, b: _folded(a).startswith(_folded(b)),
    "ends_with": lambda a, b: _folded(a).endswith(_folded(b)),
}
_RESERVED = frozenset(_COMPARE) | {"and", "or", "not", ")"}
