"""What no single record can know: that what it names exists, and that nothing that is dialled means two things."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.code_check import code_faults, number_faults
from pbx.feature.opening import zone_of
from pbx.model.feature_code import FeatureCode
from pbx.model.kind import Kind, references
from pbx.model.kinds import KINDS, SPEED_DIAL, kind_named
from pbx.model.speed_dial import SpeedDial

__all__ = ["OfficeRecords", "User", "check_record", "users_of"]

OfficeRecords = Mapping[str, Sequence[Any]]
"""All records of an office by the name of their kind."""


class User(msgspec.Struct, frozen=True):
    """A record that names another one, and where."""

    kind: Kind
    key: str
    path: str


def users_of(office: OfficeRecords, kind: Kind, key: str) -> Iterator[User]:
    """Every record that names this one."""
    for each in KINDS:
        for record in office.get(each.name, ()):
            for found in references(record):
                if (found.kind, found.key) == (kind.name, key):
                    yield User(each, each.key_of(record), found.path)


def check_record(
    office: OfficeRecords,
    kind: Kind,
    record: msgspec.Struct,
    path: str = "$",
    *,
    emergency: Collection[str] = (),
) -> Iterator[UserError]:
    """What is wrong with `record`, which is (or is to be) a part of `office`. `emergency` numbers are nobody's."""
    for found in references(record, path):
        if not _has(office, found.kind, found.key):
            yield UserError(
                f"there is no {kind_named(found.kind).words} {found.key}",
                http_status=422,
                path=found.path,
                got=found.key,
                action="Create it first, or choose another",
            )
    for field, why in getattr(record, "contradictions", tuple)():
        yield UserError(
            why,
            http_status=422,
            path=f"{path}.{field}",
            got=str(getattr(record, field)),
            action="Change one of them",
        )
    zone = getattr(record, "time_zone", None)
    if zone is not None and zone_of(zone) is None:
        yield UserError(
            f"there is no time zone {zone}",
            http_status=422,
            path=f"{path}.time_zone",
            got=zone,
            needed="a name of the tz database, such as Europe/Berlin",
        )
    country = getattr(record, "holiday_country", None)
    if country is not None and public_holidays.loaded():
        region = getattr(record, "holiday_region", "")
        field = "holiday_region" if public_holidays.supports(country) else "holiday_country"
        if not public_holidays.supports(country, region):
            yield UserError(
                f"{country} has no part {region} with holidays of its own"
                if field == "holiday_region"
                else f"the public holidays of {country} are not known",
                http_status=422,
                path=f"{path}.{field}",
                got=region if field == "holiday_region" else country,
                action="Choose another, or leave it empty",
            )
    if kind.numbered:
        key = kind.key_of(record)
        for other in KINDS:
            if other.numbered and other is not kind and _has(office, other.name, key):
                yield UserError(
                    f"the number {key} is that of {other.a_one} already",
                    http_status=409,
                    path=f"{path}.{kind.key}",
                    got=key,
                    action="Choose another number",
                )
        yield from number_faults(office, kind, key, path, emergency=emergency)
    if isinstance(record, FeatureCode):
        yield from code_faults(office, record, path, emergency=emergency)
    if isinstance(record, SpeedDial):
        yield from _speed_dial_faults(office, record, path)


def _speed_dial_faults(office: OfficeRecords, record: SpeedDial, path: str) -> Iterator[UserError]:
    for other in office.get(SPEED_DIAL.name, ()):
        if other.id != record.id and (other.code, other.extension) == (record.code, record.extension):
            yield UserError(
                f"the short code {record.code} is that of {other.name} already",
                http_status=409,
                path=f"{path}.code",
                got=record.code,
                action="Choose another short code",
            )


def _has(office: OfficeRecords, name: str, key: str) -> bool:
    kind = kind_named(name)
    return any(kind.key_of(each) == key for each in office.get(name, ()))
