"""The office as one JSON document: read strictly, compared with what is there, applied in one transaction.

    bytes ─ decode ─► OfficeDocument ─ plan(have, want) ─► Plan ─ apply ─► stored, all or nothing

`decode` and `plan` collect every error they can find, each with the path of the field, before anything changes.
Applying the same document twice changes nothing the second time. Passwords in a document are plain text, therefore an
export has none unless asked; a record without one keeps the password it has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.office_check import OfficeRecords, check_record
from pbx.model.document import OfficeDocument
from pbx.model.kind import Kind
from pbx.model.kinds import KINDS, SCHEDULE
from pbx.model.validate import problems_of
from pbx.store.records import RecordStore, missing_secret
from pbx.store.thread import Work

__all__ = ["Along", "Plan", "Section", "apply", "decode", "export_document", "import_document", "plan"]

LARGEST_BYTES = 32 << 20

Along = Callable[[msgspec.Struct, OfficeRecords, OfficeRecords], Awaitable[Sequence[Work[Any]]]]
"""What else a document changes, in the same transaction: given the document, and the office before and after. Raises
`UserError`, and then nothing is changed. (Flows that it publishes.)"""


@dataclass(frozen=True, slots=True)
class Section:
    """What a document would change of one kind. `kept` are records that it does not name and that stay."""

    kind: Kind
    create: tuple[Any, ...] = ()
    change: tuple[Any, ...] = ()
    remove: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.change or self.remove)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document would change: a section for each kind."""

    sections: tuple[Section, ...] = ()

    @property
    def is_empty(self) -> bool:
        return all(each.is_empty for each in self.sections)

    def of(self, kind: Kind) -> Section:
        return next((each for each in self.sections if each.kind is kind), Section(kind))


def decode(data: bytes) -> msgspec.Struct:
    """Read an `OfficeDocument`. Raises `UserError` whose `problems` name every wrong field by its path."""
    if len(data) > LARGEST_BYTES:
        raise UserError(
            "the document is too large", http_status=413, got=len(data), needed=f"≤ {LARGEST_BYTES} bytes"
        )
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"the document is not JSON: {error}") from None
    found = problems_of(raw, OfficeDocument)
    document = OfficeDocument()
    if not found:
        document = msgspec.convert(raw, OfficeDocument)
        found = [each for kind in KINDS for each in _duplicates(kind, _section(document, kind) or ())]
    if found:
        raise _invalid(found)
    return document


def plan(
    have: Mapping[str, Sequence[Any]],
    want: msgspec.Struct,
    *,
    prune: bool = False,
    emergency: Collection[str] = (),
) -> Plan:
    """Compare. `have` are all records by kind, with their secrets; with `prune`, those that a section does not name go.

    Raises `UserError` when a new record lacks its secret, or when the office that would come out is not whole.
    """
    found: list[UserError] = []
    sections = tuple(
        _plan_section(kind, have.get(kind.name, ()), _section(want, kind), found, prune=prune)
        for kind in KINDS
    )
    changes = Plan(sections)
    if not found:
        found = list(_faults(changes, have, want, emergency))
    if found:
        raise _invalid(found)
    return changes


async def apply(store: RecordStore, changes: Plan, also: Sequence[Work[Any]] = ()) -> None:
    """Store the plan in one transaction; returns when it would survive a power cut."""
    if not changes.is_empty or also:
        await store.apply(
            [(each.kind, write) for each in changes.sections for write in (*each.create, *each.change)],
            [(each.kind, key) for each in changes.sections for key in each.remove],
            also,
        )


async def import_document(
    store: RecordStore,
    data: bytes,
    *,
    prune: bool = False,
    dry_run: bool = False,
    emergency: Collection[str] = (),
    along: Along | None = None,
) -> Plan:
    """Decode, plan and (unless `dry_run`) apply. Raises `UserError`, and then nothing has changed."""
    want = decode(data)
    have = await everything(store)
    await public_holidays.needed((), getattr(want, SCHEDULE.plural) or ())
    changes = plan(have, want, prune=prune, emergency=emergency)
    also = await along(want, have, _after(changes, have)) if along is not None else ()
    if not dry_run:
        await apply(store, changes, also)
    return changes


async def export_document(
    store: RecordStore, *, with_secrets: bool = False, also: Mapping[str, object] | None = None
) -> bytes:
    """The office as `decode` reads it, indented for people and version control; same office, same bytes.

    `also` are sections beside those of the kinds.
    """
    office = await everything(store)
    document: dict[str, object] = {
        kind.plural: [_shown(kind, each, with_secrets=with_secrets) for each in office[kind.name]]
        for kind in KINDS
        if office[kind.name] or kind is KINDS[0]
    }
    document.update(also or {})
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


async def everything(store: RecordStore) -> dict[str, list[Any]]:
    """All stored records by kind, with their secrets."""
    return {kind.name: await store.everything(kind) for kind in KINDS}


def _section(document: msgspec.Struct, kind: Kind) -> tuple[Any, ...] | None:
    section: tuple[Any, ...] | None = getattr(document, kind.plural)
    return section


def _plan_section(
    kind: Kind, have: Sequence[Any], want: tuple[Any, ...] | None, found: list[UserError], *, prune: bool
) -> Section:
    if want is None:
        return Section(kind, kept=tuple(kind.key_of(one) for one in have))
    existing = {kind.key_of(one): one for one in have}
    create: list[Any] = []
    change: list[Any] = []
    unchanged: list[str] = []
    for index, wanted in enumerate(want):
        old = existing.get(kind.key_of(wanted))
        if old is not None:
            new = _with_secret_of(kind, old, wanted)
            if new == old:
                unchanged.append(kind.key_of(wanted))
            else:
                change.append(new)
        elif kind.secret_needed and kind.secret_of(wanted) is None:
            found.append(missing_secret(kind, f"$.{kind.plural}[{index}]"))
        else:
            create.append(wanted)
    named = {kind.key_of(wanted) for wanted in want}
    unnamed = tuple(key for key in existing if key not in named)
    return Section(
        kind,
        create=tuple(create),
        change=tuple(change),
        remove=unnamed if prune else (),
        unchanged=tuple(unchanged),
        kept=() if prune else unnamed,
    )


def _faults(
    changes: Plan, have: Mapping[str, Sequence[Any]], want: msgspec.Struct, emergency: Collection[str]
) -> Iterator[UserError]:
    """What would be wrong with the office after the change, also with records that the document does not name."""
    after = _after(changes, have)
    for section in changes.sections:
        kind = section.kind
        places = {kind.key_of(one): index for index, one in enumerate(_section(want, kind) or ())}
        for record in after[kind.name]:
            key = kind.key_of(record)
            path = f"$.{kind.plural}[{places[key]}]" if key in places else f"$.{kind.plural}.{key}"
            yield from check_record(after, kind, record, path, emergency=emergency)


def _after(changes: Plan, have: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The office as it would be."""
    return {
        each.kind.name: each.kind.with_defaults(
            [
                *(
                    one
                    for one in have.get(each.kind.name, ())
                    if each.kind.key_of(one) in each.unchanged or each.kind.key_of(one) in each.kept
                ),
                *each.create,
                *each.change,
            ]
        )
        for each in changes.sections
    }


def _shown(kind: Kind, record: Any, *, with_secrets: bool) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(record)
    for secret in () if with_secrets else kind.secrets:
        del fields[secret]
    return fields


def _with_secret_of(kind: Kind, old: Any, wanted: Any) -> Any:
    kept = {name: getattr(old, name) for name in kind.secrets if getattr(wanted, name) is None}
    return msgspec.structs.replace(wanted, **kept) if kept else wanted


def _duplicates(kind: Kind, records: Sequence[Any]) -> Iterator[UserError]:
    first: dict[str, int] = {}
    for index, record in enumerate(records):
        earlier = first.setdefault(kind.key_of(record), index)
        if earlier != index:
            yield UserError(
                f"this {kind.key} stands in the document twice",
                path=f"$.{kind.plural}[{index}].{kind.key}",
                got=kind.key_of(record),
                needed=f"another {kind.key} than $.{kind.plural}[{earlier}].{kind.key}",
            )


def _invalid(found: Sequence[UserError]) -> UserError:
    count = "1 error" if len(found) == 1 else f"{len(found)} errors"
    return UserError(
        f"the document has {count}, nothing has been changed", http_status=422, problems=tuple(found)
    )
