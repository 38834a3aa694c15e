"""How much an office, a trunk or an extension may call outside: what a stolen password can cost."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.opening import Opening, TimeZone
from pbx.model.scalars import Label, Slug

__all__ = ["AREAS", "Breach", "Limit", "Region", "Subject", "standard_limits"]

Subject = Literal["office", "trunk", "extension"]
Breach = Literal[
    "calls_at_once",
    "calls_per_hour",
    "calls_per_day",
    "minutes_per_hour",
    "minutes_per_day",
    "minutes_per_call",
    "country",
    "premium",
    "prefix",
    "hours",
]
"""Which part of a limit was reached."""

Region = Annotated[
    str,
    Meta(
        pattern=r"^(?:[A-Z]{2}|001)$(?!\n)",
        title="Country",
        description="Two letters (ISO 3166-1); 001 is for numbers of no country, such as satellite phones.",
        examples=["DE"],
    ),
]
_Prefix = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,14}$(?!\n)", examples=["+4918"])]
_Calls = Annotated[int, Meta(ge=0, le=1_000_000)]
_Minutes = Annotated[int, Meta(ge=0, le=10_000_000, extra_json_schema={"x-unit": "min"})]


class Limit(Record, frozen=True, kw_only=True):
    """A limit of calls to outside numbers. Emergency numbers are never counted and never refused.

    `counts` says for whom: the office as a whole, each trunk, or each extension for itself. A limit that names
    extensions or trunks replaces, for those, the ones that name none. null: not limited.
    """

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    counts: Annotated[Subject, Meta(title="Counted for", description="Each extension or trunk by itself.")]
    extensions: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(max_length=1000, title="Only these extensions", description="None: all."),
    ] = ()
    trunks: Annotated[
        tuple[Annotated[Slug, ref("trunk")], ...],
        Meta(max_length=100, title="Only these trunks", description="None: all."),
    ] = ()
    calls_at_once: Annotated[_Calls | None, Meta(title="Calls at once")] = None
    calls_per_hour: Annotated[_Calls | None, Meta(title="Calls in an hour")] = None
    calls_per_day: Annotated[_Calls | None, Meta(title="Calls in a day")] = None
    minutes_per_hour: Annotated[_Minutes | None, Meta(title="Minutes in an hour")] = None
    minutes_per_day: Annotated[_Minutes | None, Meta(title="Minutes in a day")] = None
    minutes_per_call: Annotated[_Minutes | None, Meta(title="Longest call")] = None
    end_calls: Annotated[
        bool,
        Meta(
            title="End calls",
            description="A call that uses up the minutes is ended; off: it may go on, only new ones are refused.",
        ),
    ] = True
    warn_s: Annotated[
        int,
        Meta(
            ge=0,
            le=600,
            title="Warn before",
            description="Both sides hear a tone this long before the call is ended; 0: no warning.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 60
    countries: Annotated[
        Annotated[tuple[Region, ...], Meta(max_length=250)] | None,
        Meta(title="Countries", description="Only numbers of these; null: of all."),
    ] = None
    premium: Annotated[
        bool, Meta(title="Premium numbers", description="Whether numbers that cost extra may be called.")
    ] = True
    refused_prefixes: Annotated[
        tuple[_Prefix, ...],
        Meta(max_length=500, title="Refused numbers", description="How they begin, with the country code."),
    ] = ()
    hours: Annotated[
        tuple[Opening, ...],
        Meta(max_length=50, title="Hours", description="When outside numbers may be called. None: always."),
    ] = ()
    time_zone: Annotated[TimeZone | None, Meta(description="Of the hours; null: the node's own.")] = None


EUROPEAN_ECONOMIC_AREA = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO",
)  # fmt: skip
AREAS: tuple[frozenset[str], ...] = (
    frozenset(EUROPEAN_ECONOMIC_AREA),
    frozenset({"US", "CA"}),
    frozenset({"GB", "IE", "GG", "JE", "IM"}),
    frozenset({"CH", "LI"}),
    frozenset({"AU", "NZ"}),
)
"""Countries between which calls cost about as much as at home. In the European Economic Area a law caps their price for
consumers (Regulation (EU) 2015/2120, Article 5a), so they are worth little to a thief. The Caribbean shares +1 with the
USA and is left out.
"""


def standard_limits(country: str) -> tuple[Limit, ...]:
    """What is in force in a new office of this country. A stored limit with the same `id` takes its place."""
    countries = frozenset({country}).union(*(area for area in AREAS if country in area))
    return (
        Limit(
            id="office",
            name="The whole office",
            counts="office",
            calls_at_once=10,
            calls_per_hour=200,
            calls_per_day=1000,
            minutes_per_hour=600,
            minutes_per_day=3000,
            countries=tuple(sorted(countries)),
            premium=False,
        ),
        Limit(
            id="each-extension",
            name="Each extension",
            counts="extension",
            calls_at_once=4,
            calls_per_hour=60,
            calls_per_day=300,
            minutes_per_hour=120,
            minutes_per_day=600,
        ),
    )
