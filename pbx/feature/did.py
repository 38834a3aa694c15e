"""Outside numbers and blocks of them: which record a called number is, and where in the office it leads."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.model.inbound_number import InboundNumber

__all__ = ["destination_of", "number_of"]


def number_of(numbers: Sequence[InboundNumber], called: str, trunk: str | None) -> InboundNumber | None:
    """The record of a called number: the number itself before a block, a small block before a large one."""
    fitting = [each for each in numbers if each.trunk in (None, trunk) and _holds(each, called)]
    return min(fitting, key=_size, default=None)


def destination_of(number: InboundNumber, called: str) -> str:
    """Where the number leads: each X of the destination is one of the last digits of what was called."""
    wanted = number.destination.count("X")
    last = iter(called[len(called) - wanted :])
    return "".join(next(last, "") if each == "X" else each for each in number.destination)


def _holds(number: InboundNumber, called: str) -> bool:
    if number.last is None:
        return called == number.number
    return len(called) == len(number.number) and number.number <= called <= number.last


def _size(number: InboundNumber) -> int:
    return 0 if number.last is None else int(number.last) - int(number.number) + 1
