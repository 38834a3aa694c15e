"""What phones can do by dialling a code: the features, and the codes they have unless the office says otherwise.

A feature is one row here, and one function that is registered under its name (`pbx.feature.features`). Its codes are
records (`feature_code`) that exist without being stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

__all__ = ["FEATURES", "NUMBER", "FeatureInfo", "FeatureName", "feature_named"]

NUMBER = "NUMBER"
"""Stands in a code for what is dialled in that place."""

Argument = Literal["none", "number", "optional"]


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """`codes` are its defaults. `argument`: what it is given; "number" is something to dial, "optional" any word.

    A feature that `reaches` somebody is dialled again by redial, others are not.
    """

    name: str
    title: str
    codes: tuple[str, ...]
    argument: Argument = "none"
    reaches: bool = False


FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("echo", "Echo test", ("*43",)),
    FeatureInfo("tone", "Test tone", ("*44",)),
)


def feature_named(name: str) -> FeatureInfo:
    """Raises `KeyError`."""
    for each in FEATURES:
        if each.name == name:
            return each
    raise KeyError(name)


if TYPE_CHECKING:
    FeatureName = str
else:
    FeatureName = Literal[tuple(each.name for each in FEATURES)]
