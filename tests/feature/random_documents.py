"""Offices at random, right and wrong: extensions, and groups that name them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

NUMBERS = ("101", "102", "103", "104")
GROUPS = ("600", "601")

_extension = st.fixed_dictionaries(
    {"name": st.sampled_from(["Alice", "Bob", "Köln {{x}}"]), "ring_timeout_s": st.integers(5, 9)},
    optional={
        "sip_password": st.sampled_from(["first-password", "second-password"]),
        "enabled": st.booleans(),
    },
)
_group = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Sales", "Support"]),
        "members": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True),
    }
)


def _keyed(numbers: tuple[str, ...], records: st.SearchStrategy[dict[str, Any]]) -> Any:
    return st.dictionaries(st.sampled_from(numbers), records, max_size=len(numbers)).map(
        lambda found: [{"number": number, **record} for number, record in sorted(found.items())]
    )


documents = st.fixed_dictionaries(
    {},
    optional={
        "extensions": _keyed(NUMBERS, _extension),
        "ring_groups": _keyed(GROUPS, _group),
    },
).map(msgspec.json.encode)
"""Some of them cannot be applied: passwords are missing, or members."""
