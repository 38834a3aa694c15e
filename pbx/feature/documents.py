"""The office as one JSON document: read strictly, compared with what is there, applied in one transaction.

    bytes ─ decode ─► OfficeDocument ─ plan(have, want) ─► Plan ─ apply ─► stored, all or nothing

`decode` and `plan` collect every error they can find, each with the path of the field, before anything
changes. Applying the same document twice changes nothing the second time. Passwords in a document are plain
text, therefore an export has none unless asked; a record without one keeps the password it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pbx.core.errors import UserError
from pbx.model.document import OfficeDocument
from pbx.model.extension import ExtensionWrite
from pbx.model.validate import problems_of
from pbx.store.extensions import ExtensionStore

LARGEST_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document would change. `kept` are extensions that it does not name and that stay."""

    create: tuple[ExtensionWrite, ...] = ()
    change: tuple[ExtensionWrite, ...] = ()
    remove: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.change or self.remove)


def decode(data: bytes) -> OfficeDocument:
    """Read a document. Raises `UserError` whose `problems` name every wrong field by its path."""
    if len(data) > LARGEST_BYTES:
        raise UserError(
            "the document is too large", http_status=413, got=len(data), needed=f"≤ {LARGEST_BYTES} bytes"
        )
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"the document is not JSON: {error}") from None
    found = problems_of(raw, OfficeDocument)
    if not found:
        document = msgspec.convert(raw, OfficeDocument)
        found = _duplicates(document.extensions or ())
    if found:
        raise _invalid(found)
    return document


def plan(have: Sequence[ExtensionWrite], want: OfficeDocument, *, prune: bool = False) -> Plan:
    """Compare. `have` are all extensions with their passwords; with `prune`, those that the document does not
    name go.

    Raises `UserError` when a new extension has no password.
    """
    if want.extensions is None:
        return Plan(kept=tuple(one.number for one in have))
    existing = {one.number: one for one in have}
    create: list[ExtensionWrite] = []
    change: list[ExtensionWrite] = []
    unchanged: list[str] = []
    lacking: list[UserError] = []
    for index, wanted in enumerate(want.extensions):
        old = existing.get(wanted.number)
        if old is None and wanted.sip_password is None:
            lacking.append(_needs_password(index, wanted.number))
        elif old is None:
            create.append(wanted)
        elif (new := _with_password_of(old, wanted)) != old:
            change.append(new)
        else:
            unchanged.append(wanted.number)
    if lacking:
        raise _invalid(lacking)
    named = {wanted.number for wanted in want.extensions}
    unnamed = tuple(one.number for one in have if one.number not in named)
    return Plan(
        create=tuple(create),
        change=tuple(change),
        remove=unnamed if prune else (),
        unchanged=tuple(unchanged),
        kept=() if prune else unnamed,
    )


async def apply(store: ExtensionStore, changes: Plan) -> None:
    """Store the plan in one transaction; returns when it would survive a power cut."""
    if not changes.is_empty:
        await store.apply((*changes.create, *changes.change), changes.remove)


async def import_document(
    store: ExtensionStore, data: bytes, *, prune: bool = False, dry_run: bool = False
) -> Plan:
    """Decode, plan and (unless `dry_run`) apply. Raises `UserError`, and then nothing has changed."""
    want = decode(data)
    changes = plan(await store.everything(), want, prune=prune)
    if not dry_run:
        await apply(store, changes)
    return changes


async def export_document(store: ExtensionStore, *, with_secrets: bool = False) -> bytes:
    """The office as `decode` reads it, indented for people and version control; same office, same bytes."""
    records = [_shown(one, with_secrets=with_secrets) for one in await store.everything()]
    return msgspec.json.format(msgspec.json.encode({"extensions": records}), indent=2) + b"\n"


def _shown(extension: ExtensionWrite, *, with_secrets: bool) -> dict[str, object]:
    fields = msgspec.structs.asdict(extension)
    if not with_secrets:
        del fields["sip_password"]
    return fields


def _with_password_of(old: ExtensionWrite, wanted: ExtensionWrite) -> ExtensionWrite:
    if wanted.sip_password is not None:
        return wanted
    return msgspec.structs.replace(wanted, sip_password=old.sip_password)


def _duplicates(extensions: Sequence[ExtensionWrite]) -> list[UserError]:
    first: dict[str, int] = {}
    found: list[UserError] = []
    for index, extension in enumerate(extensions):
        earlier = first.setdefault(extension.number, index)
        if earlier != index:
            found.append(
                UserError(
                    "this number stands in the document twice",
                    path=f"$.extensions[{index}].number",
                    got=extension.number,
                    needed=f"another number than $.extensions[{earlier}].number",
                )
            )
    return found


def _needs_password(index: int, number: str) -> UserError:
    return UserError(
        f"extension {number} is new and needs a password",
        path=f"$.extensions[{index}].sip_password",
        needed="8 to 128 printable ASCII characters",
    )


def _invalid(found: Sequence[UserError]) -> UserError:
    count = "1 error" if len(found) == 1 else f"{len(found)} errors"
    return UserError(
        f"the document has {count}, nothing has been changed", http_status=422, problems=tuple(found)
    )
