"""What all tests share: a deterministic hypothesis profile (the default looks for flakiness in time), and an order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories in a browser come first: begun last, they keep one worker busy while the other has nothing to do."""
    items.sort(key=lambda item: "tests/site/" not in item.path.as_posix())
