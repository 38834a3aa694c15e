"""A feature code: what is dialled for a feature."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.feature import FEATURES, FeatureName

__all__ = ["DEFAULT_CODES", "FeatureCode"]


class FeatureCode(Record, frozen=True, kw_only=True):
    """Dialling it runs a feature for whoever dialled."""

    code: Annotated[
        str,
        Meta(
            pattern=r"^[0-9*#]{1,10}(NUMBER[0-9*#]{0,6})?$(?!\n)",
            title="Code",
            description="Digits, * and #. The word NUMBER stands for what is dialled in that place, as in *21*NUMBER#.",
            examples=["*72NUMBER"],
        ),
    ]
    feature: Annotated[FeatureName, Meta(title="Feature", description="What the code does.")]
    argument: Annotated[
        str,
        Meta(
            max_length=40,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            title="Argument",
            description="What the feature is given when the code has no NUMBER in it.",
        ),
    ] = ""
    enabled: Annotated[
        bool, Meta(title="Enabled", description="Off: the code is no code, and may be a number.")
    ] = True


DEFAULT_CODES: tuple[FeatureCode, ...] = tuple(
    FeatureCode(code=code, feature=each.name) for each in FEATURES for code in each.codes
)
"""What an office has that has stored none."""
