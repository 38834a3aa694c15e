"""The office as one JSON document: read strictly, compared with what is there, applied in one transaction.

    bytes ─ decode ─► OfficeDocument ─ plan(have, want) ─► Plan ─ apply ─► stored, all or nothing

The command line, the API and configuration bundles all go this way, so what one of them says would happen is what
another one does. `decode` and `plan` collect every error they can find, each with the path of the field, before
anything changes. Applying the same document twice changes nothing the second time. Passwords in a document are plain
text, therefore an export has none unless asked; a record without one keeps the password it has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from pbx.core.errors import UserError
from pbx.feature import public_holidays
from pbx.feature.document_format import FIELD, FORMAT, brought_up
from pbx.feature.office_check import OfficeRecords, check_record
from pbx.model.document import OfficeDocument
from pbx.model.flow import Flow
from pbx.model.kind import Kind
from pbx.model.kinds import KINDS, SCHEDULE
from pbx.model.validate import problems_of
from pbx.store.mark import OfficeMovedError, still
from pbx.store.records import RecordStore, missing_secret
from pbx.store.thread import Work

__all__ = [
    "LARGEST_BYTES",
    "Beside",
    "Documents",
    "FlowsOfDocument",
    "Options",
    "Plan",
    "Section",
    "Source",
    "Undo",
    "decode",
    "plan",
]

LARGEST_BYTES = 32 << 20
ATTEMPTS = 5


class Section(msgspec.Struct, frozen=True):
    """What a document would change of one kind. `kept` are records that it does not name and that stay; `fields` are
    those that differ, by the key of a changed record."""

    kind: Kind
    create: tuple[Any, ...] = ()
    change: tuple[Any, ...] = ()
    remove: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.change or self.remove)


class Beside(msgspec.Struct, frozen=True):
    """What a document changes beside records: the flows that it publishes. `live` are those that took calls before."""

    works: tuple[Work[Any], ...] = ()
    faults: tuple[UserError, ...] = ()
    published: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    live: Mapping[str, Flow] = msgspec.field(default_factory=dict)


class Plan(msgspec.Struct, frozen=True):
    """What a document would change: a section for each kind, and flows. With faults it cannot be applied."""

    sections: tuple[Section, ...] = ()
    beside: Beside = Beside()
    faults: tuple[UserError, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.beside.works and all(each.is_empty for each in self.sections)

    def of(self, kind: Kind) -> Section:
        return next((each for each in self.sections if each.kind is kind), Section(kind))

    def refusal(self) -> UserError:
        """All faults as one error."""
        count = "1 error" if len(self.faults) == 1 else f"{len(self.faults)} errors"
        return UserError(
            f"the document has {count}, nothing has been changed", http_status=422, problems=self.faults
        )


class FlowsOfDocument(Protocol):
    """Publishes the flows of a document. It stands above this layer (`pbx.flow.importing`)."""

    async def consider(
        self, document: msgspec.Struct, before: OfficeRecords, after: OfficeRecords, *, override_tests: bool
    ) -> Beside: ...

    async def applied(self, beside: Beside) -> None:
        """What was considered is stored: the next call is to find it."""
        ...

    async def section(self, opened: Callable[[Flow], Flow] | None = None) -> dict[str, object]:
        """What an export says of live flows; `opened` puts their secrets in clear."""
        ...


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a document is applied. With `prune`, records that a section does not name go; `remove` names more of them, by
    kind. With `new_secret`, a new record whose secret is missing gets one; without, that is a fault."""

    prune: bool = False
    override_tests: bool = False
    new_secret: Callable[[], str] | None = None
    remove: Mapping[str, Collection[str]] = msgspec.field(default_factory=dict)


class Undo(msgspec.Struct, frozen=True):
    """What leads back: `document` with the secrets of changed and deleted records, and what was made."""

    document: bytes
    remove: Mapping[str, tuple[str, ...]]


Source = bytes | msgspec.Struct
"""A document as JSON, or decoded."""


class Documents:
    """The office as documents. `flows` None is for a place without flows; `emergency` numbers are nobody's."""

    def __init__(
        self,
        store: RecordStore,
        flows: FlowsOfDocument | None = None,
        *,
        emergency: Collection[str] = (),
    ) -> None:
        self._store = store
        self._flows = flows
        self._emergency = emergency

    async def export(self, *, with_secrets: bool = False) -> bytes:
        """The office as `decode` reads it, indented for people and version control; same office, same bytes."""
        office = await everything(self._store)
        document: dict[str, object] = {FIELD: FORMAT} | {
            kind.plural: [
                _shown(kind, self._opened(each) if with_secrets else each, with_secrets=with_secrets)
                for each in office[kind.name]
            ]
            for kind in KINDS
            if office[kind.name] or kind is KINDS[0]
        }
        if self._flows is not None:
            document.update(await self._flows.section(self._opened if with_secrets else None))
        return indented(document)

    def _opened(self, record: Any) -> Any:
        return self._store.flow_secrets.opened(record) if isinstance(record, Flow) else record

    async def plan(self, wanted: Source, options: Options | None = None) -> Plan:
        """What applying would do, with all faults. Raises `UserError` for what cannot be read as a document at all."""
        want = decode(wanted) if isinstance(wanted, bytes) else wanted
        return (await self._planned(want, options or Options()))[0]

    async def apply(
        self,
        wanted: Source,
        options: Options | None = None,
        *,
        also: Callable[[Plan, Undo], Sequence[Work[Any]]] | None = None,
    ) -> Plan:
        """Do it, in one transaction; returns when it would survive a power cut. `also` is done in the same transaction,
        even if nothing else is.

        Raises `UserError`, and then nothing has changed. When somebody else changes the office meanwhile, all is
        planned anew.
        """
        want = decode(wanted) if isinstance(wanted, bytes) else wanted
        for attempt in range(ATTEMPTS):
            mark = await self._store.mark()
            changes, have = await self._planned(want, options or Options())
            if changes.faults:
                raise changes.refusal()
            more = () if also is None else also(changes, undo_of(changes, have))
            if changes.is_empty and not more:
                return changes
            try:
                await self._store.apply(
                    [
                        (each.kind, write)
                        for each in changes.sections
                        for write in (*each.create, *each.change)
                    ],
                    [(each.kind, key) for each in changes.sections for key in each.remove],
                    (*changes.beside.works, *more),
                    first=(still(mark),),
                )
            except OfficeMovedError:
                if attempt == ATTEMPTS - 1:
                    raise UserError(
                        "others change the office all the time, nothing has been changed",
                        http_status=409,
                        action="Try again in a moment",
                    ) from None
                continue
            if self._flows is not None:
                await self._flows.applied(changes.beside)
            return changes
        raise AssertionError("unreachable")

    async def undo(
        self, undo: Undo, *, also: Callable[[Plan, Undo], Sequence[Work[Any]]] | None = None
    ) -> Plan:
        """Put back what `apply` has changed, and only that. Raises `UserError` when the office would not be whole."""
        options = Options(remove=undo.remove, override_tests=True)
        return await self.apply(undo.document, options, also=also)

    async def _planned(self, want: msgspec.Struct, options: Options) -> tuple[Plan, dict[str, list[Any]]]:
        have = await everything(self._store)
        want = _sealed(want, self._store.flow_secrets.sealed)
        await public_holidays.needed((), getattr(want, SCHEDULE.plural) or ())
        changes = plan(have, want, options, emergency=self._emergency)
        if self._flows is not None and not changes.faults:
            beside = await self._flows.consider(
                want, have, _after(changes, have), override_tests=options.override_tests
            )
            changes = replace(changes, beside=beside, faults=beside.faults)
        return changes, have


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
    raw = brought_up(raw)
    found = problems_of(raw, OfficeDocument)
    if found:
        raise Plan(faults=tuple(found)).refusal()
    document = msgspec.convert(raw, OfficeDocument)
    if found := list(_all_duplicates(document)):
        raise Plan(faults=tuple(found)).refusal()
    return document


def plan(
    have: Mapping[str, Sequence[Any]],
    want: msgspec.Struct,
    options: Options | None = None,
    *,
    emergency: Collection[str] = (),
) -> Plan:
    """Compare. `have` are all records by kind, with their secrets.

    It is a fault when a new record lacks its secret, or when the office that would come out is not whole.
    """
    options = options or Options()
    found = list(_all_duplicates(want))
    sections = tuple(
        _plan_section(kind, have.get(kind.name, ()), _section(want, kind), found, options) for kind in KINDS
    )
    changes = Plan(sections)
    if not found:
        found = list(_faults(changes, have, want, emergency))
    return replace(changes, faults=tuple(found))


def undo_of(changes: Plan, have: Mapping[str, Sequence[Any]]) -> Undo:
    """What leads back from a plan to `have`."""
    document: dict[str, object] = {}
    remove: dict[str, tuple[str, ...]] = {}
    flows: set[str] = {*changes.beside.published, *changes.beside.unpublished}
    for section in changes.sections:
        kind = section.kind
        touched = {*section.remove, *(kind.key_of(each) for each in section.change)}
        made = tuple(kind.key_of(each) for each in section.create)
        if kind.record is Flow:
            touched = flows = (flows | touched) - set(made)
        if made:
            remove[kind.name] = made
        if before := [each for each in have.get(kind.name, ()) if kind.key_of(each) in touched]:
            document[kind.plural] = before
    if flows:
        document["live_flows"] = {number: changes.beside.live.get(number) for number in sorted(flows)}
    return Undo(msgspec.json.encode(document), remove)


def indented(document: Mapping[str, object]) -> bytes:
    """JSON as it is exported: two spaces, a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


async def everything(store: RecordStore) -> dict[str, list[Any]]:
    """All stored records by kind, with their secrets."""
    return {kind.name: await store.everything(kind) for kind in KINDS}


def _sealed(document: msgspec.Struct, seal: Callable[[Flow], Flow]) -> msgspec.Struct:
    """With its flows as they are stored: what is compared, and what is published."""
    flows: Sequence[Flow] | None = getattr(document, "flows", None)
    live: Mapping[str, Flow | None] | None = getattr(document, "live_flows", None)
    changes: dict[str, object] = {}
    if flows:
        changes["flows"] = tuple(seal(each) for each in flows)
    if live:
        changes["live_flows"] = {number: each and seal(each) for number, each in live.items()}
    return msgspec.structs.replace(document, **changes) if changes else document


def _section(document: msgspec.Struct, kind: Kind) -> tuple[Any, ...] | None:
    section: tuple[Any, ...] | None = getattr(document, kind.plural)
    return section


def _plan_section(
    kind: Kind,
    have: Sequence[Any],
    want: tuple[Any, ...] | None,
    found: list[UserError],
    options: Options,
) -> Section:
    existing = {kind.key_of(one): one for one in have}
    create: list[Any] = []
    change: dict[str, Any] = {}
    fields: dict[str, tuple[str, ...]] = {}
    unchanged: list[str] = []
    for index, wanted in enumerate(want or ()):
        key = kind.key_of(wanted)
        if (old := existing.get(key)) is not None:
            new = _with_secret_of(kind, old, wanted)
            if new == old:
                unchanged.append(key)
            else:
                change[key], fields[key] = new, _differing(old, new)
        else:
            create.append(_with_secret(kind, wanted, f"$.{kind.plural}[{index}]", found, options))
    named = {kind.key_of(wanted) for wanted in want or ()}
    unnamed = [key for key in existing if key not in named]
    gone = set(unnamed) if options.prune and want is not None else set(options.remove.get(kind.name, ()))
    return Section(
        kind,
        create=tuple(create),
        change=tuple(change.values()),
        remove=tuple(key for key in unnamed if key in gone),
        unchanged=tuple(unchanged),
        kept=tuple(key for key in unnamed if key not in gone),
        fields=fields,
    )


def _with_secret(kind: Kind, wanted: Any, path: str, found: list[UserError], options: Options) -> Any:
    """A new record; with a secret, if it needs one and may be given one."""
    if not kind.secret_needed or kind.secret_of(wanted) is not None:
        return wanted
    if options.new_secret is None:
        found.append(missing_secret(kind, path))
        return wanted
    return msgspec.structs.replace(wanted, **{str(kind.secret): options.new_secret()})


def _differing(old: Any, new: Any) -> tuple[str, ...]:
    return tuple(name for name in old.__struct_fields__ if getattr(old, name) != getattr(new, name))


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


def _all_duplicates(document: msgspec.Struct) -> Iterator[UserError]:
    for kind in KINDS:
        yield from _duplicates(kind, _section(document, kind) or ())


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
