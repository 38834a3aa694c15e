"""A bundle: the documents of one or many offices, and one signed file that vouches for all of them.

    bundle.json           {"signed": "<the manifest, as text>", "signature": "<Ed25519, base64>"}
    documents/<sha256>.json   one for each office, called what its bytes hash to

The signature is over the very bytes of the text, so nothing has to be written in a canonical way, and manifest and
signature are replaced together. A manifest names no paths, only hashes: there is nothing in it that could lead out of
the folder. Nothing is compressed. Here are bytes only: who fetches or writes them is not known. Ed25519 is RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Slug
from pbx.sync.errors import SyncError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "BUNDLE",
    "DOCUMENTS",
    "LARGEST_BUNDLE",
    "LARGEST_DOCUMENT",
    "Manifest",
    "OfficeEntry",
    "check_document",
    "document_name",
    "entry_for",
    "entry_of",
    "sign",
    "verify",
]

BUNDLE = "bundle.json"
DOCUMENTS = "documents"
FORMAT = 1
LARGEST_BUNDLE = 1 << 20
LARGEST_DOCUMENT = 8 << 20
MOST_OFFICES = 1000
_PURPOSE = b"bellwire configuration bundle\n"
"""Signed with the manifest, so that a signature made for anything else is none here."""


class OfficeEntry(Record, frozen=True, kw_only=True):
    """One office of a bundle and its document."""

    office: Slug
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    bytes: Annotated[int, Meta(ge=2, le=LARGEST_DOCUMENT)]


class Manifest(Record, frozen=True, kw_only=True):
    """What is in a bundle. Of two, the one with the higher sequence is the newer. With `prune`, records that a section
    of a document does not name are deleted."""

    format: int
    sequence: Annotated[int, Meta(ge=1, le=(1 << 53) - 1)]
    created: Annotated[datetime, Meta(tz=True)]
    prune: bool = False
    offices: Annotated[tuple[OfficeEntry, ...], Meta(min_length=1, max_length=MOST_OFFICES)]


class _Envelope(Record, frozen=True, kw_only=True):
    signed: str
    signature: str


class _Format(msgspec.Struct, frozen=True):
    format: int


def entry_of(office: str, document: bytes) -> OfficeEntry:
    return OfficeEntry(office=office, sha256=hashlib.sha256(document).hexdigest(), bytes=len(document))


def document_name(entry: OfficeEntry) -> str:
    """Where the document stands, from the folder of the bundle."""
    return f"{DOCUMENTS}/{entry.sha256}.json"


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """The bytes of `bundle.json`."""
    text = msgspec.json.encode(manifest)
    signature = base64.b64encode(key.sign(_PURPOSE + text)).decode()
    envelope = _Envelope(signed=text.decode(), signature=signature)
    return msgspec.json.format(msgspec.json.encode(envelope), indent=1) + b"\n"


def verify(data: bytes, public_keys: Sequence[str]) -> Manifest:
    """The manifest in `bundle.json`, if one of these keys has signed it. Raises `SyncError`."""
    from pbx.sync.keys import is_signed

    if len(data) > LARGEST_BUNDLE:
        raise SyncError("refused", f"The bundle is larger than {LARGEST_BUNDLE} bytes.")
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        signature = base64.b64decode(envelope.signature, validate=True)
        signed = envelope.signed.encode()
    except (msgspec.DecodeError, UnicodeError, RecursionError, binascii.Error):
        raise SyncError("incomplete", "What is at the address is no bundle, or only a part of one.") from None
    if not any(is_signed(_PURPOSE + signed, signature, each) for each in public_keys):
        raise SyncError(
            "refused", "The signature of the bundle is not by the key that this node trusts (sync_key)."
        )
    return _manifest(signed)


def entry_for(manifest: Manifest, office: str) -> OfficeEntry:
    """The entry of an office; "" is the only one. Raises `SyncError`."""
    names = ", ".join(each.office for each in manifest.offices[:10])
    if not office and len(manifest.offices) == 1:
        return manifest.offices[0]
    if not office:
        raise SyncError(
            "refused", f"The bundle is for several offices ({names}): set sync_office to one of them."
        )
    found = next((each for each in manifest.offices if each.office == office), None)
    if found is None:
        raise SyncError("refused", f"The bundle is not for the office {office}, but for: {names}.")
    return found


def check_document(data: bytes, entry: OfficeEntry) -> None:
    """Raises `SyncError` when this is not the document that the manifest means."""
    if len(data) != entry.bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise SyncError(
            "incomplete", f"The document of the office {entry.office} is not the one that was signed."
        )


def _manifest(signed: bytes) -> Manifest:
    try:
        if (found := msgspec.json.decode(signed, type=_Format).format) != FORMAT:
            raise SyncError(
                "refused",
                f"The bundle has format {found}, this node knows format {FORMAT}: install the newer version.",
            )
        manifest = msgspec.json.decode(signed, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SyncError("refused", f"The manifest of the bundle cannot be read: {error}.") from None
    names = [each.office for each in manifest.offices]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SyncError("refused", f"The bundle has two documents for the office {twice[0]}.")
    return manifest
