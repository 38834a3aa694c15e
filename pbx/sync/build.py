"""From a folder of documents to a bundle: one document for each office, with the values of its site filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.core.errors import UserError
from pbx.feature.document_folder import Joined, in_file, joined, sites_of
from pbx.feature.document_values import filled
from pbx.feature.documents import decode
from pbx.model.kinds import KINDS
from pbx.sync.bundle import BUNDLE, LARGEST_DOCUMENT, Manifest, document_name, entry_of, sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["OfficeDocumentOf", "bundle_of", "documents_of", "located"]

ONLY_OFFICE = "office"


class OfficeDocumentOf(msgspec.Struct, frozen=True):
    """The document of one office, and the folder that it is made from."""

    office: str
    data: bytes
    folder: Joined
    site: str = ""


def documents_of(
    files: Mapping[str, bytes], wanted: Sequence[str] = (), *, with_secrets: bool = False
) -> list[OfficeDocumentOf]:
    """One for each site of the folder, or each wanted one; without sites there is one office, called as is wanted.

    Raises `UserError` with all that is wrong, by file. Passwords are refused: a web host shows them to everybody.
    """
    folder, sites = joined(files), sites_of(files)
    values: dict[str, Mapping[str, Any] | None] = {**sites}
    if not sites:
        values = dict.fromkeys(wanted[:1] or (ONLY_OFFICE,))
    if unknown := [each for each in wanted if each not in values]:
        raise UserError(
            f"there is no site {unknown[0]} in the folder",
            needed=f"one of: {', '.join(values)}",
            action="Write its values into a file of the folder sites",
        )
    found: list[OfficeDocumentOf] = []
    problems: list[UserError] = []
    for office in wanted or values:
        wrong: list[UserError] = []
        document = filled(folder.document, values[office], wrong)
        if not with_secrets:
            wrong += _secrets(document)
        made = OfficeDocumentOf(office, msgspec.json.encode(document), folder, office if sites else "")
        if not wrong:
            wrong += _unreadable(made.data)
        problems += [located(made, each) for each in wrong]
        found.append(made)
    if problems:
        raise UserError("no bundle was made", http_status=422, problems=tuple(problems))
    return found


def bundle_of(
    documents: Sequence[OfficeDocumentOf],
    key: Ed25519PrivateKey,
    *,
    sequence: int,
    created: datetime,
    prune: bool,
) -> dict[str, bytes]:
    """The files of the bundle by name; the last one makes it complete."""
    entries = {each.office: entry_of(each.office, each.data) for each in documents}
    files = {document_name(entries[each.office]): each.data for each in documents}
    manifest = Manifest(
        format=1, sequence=sequence, created=created, prune=prune, offices=tuple(entries.values())
    )
    return {**files, BUNDLE: sign(manifest, key)}


def located(document: OfficeDocumentOf, error: UserError) -> UserError:
    """An error of this document with the file it comes from, and the site."""
    found = document.folder.located(error)
    if document.site and found.path:
        found.path = in_file(f"site {document.site}", found.path)
    return found


def _unreadable(data: bytes) -> Iterator[UserError]:
    if len(data) > LARGEST_DOCUMENT:
        yield UserError("the document is too large", got=len(data), needed=f"≤ {LARGEST_DOCUMENT} bytes")
        return
    try:
        decode(data)
    except UserError as error:
        yield from error.problems or (error,)


def _secrets(document: Any) -> Iterator[UserError]:
    for kind in KINDS:
        for index, record in enumerate(document.get(kind.plural) or ()):
            for name in kind.secrets:
                if isinstance(record, dict) and record.get(name):
                    yield UserError(
                        "a bundle is no place for secrets",
                        path=f"$.{kind.plural}[{index}].{name}",
                        action="Leave it out: a node keeps the one it has, and makes up passwords of new extensions",
                    )
