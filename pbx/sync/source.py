"""Where bundles come from: a folder on a web host, asked politely and read with limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from pbx.notify.errors import SendError
from pbx.notify.http_client import HttpAnswer
from pbx.sync.bundle import (
    BUNDLE,
    LARGEST_BUNDLE,
    Manifest,
    OfficeEntry,
    check_document,
    document_name,
    verify,
)
from pbx.sync.errors import SyncError

__all__ = ["BundleSource", "Client", "address_of"]

TIMEOUT_S = 30.0
NOT_MODIFIED = 304
MISSING = frozenset({403, 404, 410})


class Client(Protocol):
    """`pbx.notify.http_client.HttpClient`."""

    async def fetch(self, url: str, *, etag: str = "", timeout_s: float, most_bytes: int) -> HttpAnswer: ...


class BundleSource:
    """The bundle at an address. The ETag of the last one is remembered when it is told that it has been dealt with."""

    def __init__(self, client: Client, url: str, keys: Sequence[str]) -> None:
        self._client = client
        self._url = address_of(url)
        self._keys = keys
        self._seen = ""
        self._known = ""

    async def manifest(self) -> Manifest | None:
        """What is offered, if it is signed; None when it is the one that was dealt with. Raises `SyncError`."""
        answer = await self._fetch(self._url, LARGEST_BUNDLE, etag=self._known)
        if answer.status == NOT_MODIFIED and self._known:
            return None
        self._expect(answer, self._url)
        manifest = verify(answer.body, self._keys)
        self._seen = answer.etag
        return manifest

    async def document(self, entry: OfficeEntry) -> bytes:
        """Raises `SyncError`, also when it is another one than was signed."""
        url = urljoin(self._url, document_name(entry))
        answer = await self._fetch(url, entry.bytes)
        self._expect(answer, url)
        check_document(answer.body, entry)
        return answer.body

    def dealt_with(self) -> None:
        """The last manifest needs not be fetched again."""
        self._known = self._seen

    def forget(self) -> None:
        """Fetch the manifest anew, whatever it is."""
        self._known = ""

    async def _fetch(self, url: str, most_bytes: int, *, etag: str = "") -> HttpAnswer:
        try:
            return await self._client.fetch(url, etag=etag, timeout_s=TIMEOUT_S, most_bytes=most_bytes)
        except SendError as error:
            raise SyncError("unreachable", f"{_host(url)}: {error}") from error

    @staticmethod
    def _expect(answer: HttpAnswer, url: str) -> None:
        if answer.status == 200:
            return
        if 300 <= answer.status < 400 and answer.status != NOT_MODIFIED:
            text = f"{url} leads elsewhere ({answer.status}): set sync_url to the address that it leads to."
            raise SyncError("unreachable", text)
        trouble = "incomplete" if answer.status in MISSING else "unreachable"
        raise SyncError(trouble, f"{url} answered {answer.status}.")  # type: ignore[arg-type]  # one of two words


def address_of(url: str) -> str:
    """The address of `bundle.json`; a folder will do."""
    if urlsplit(url).path.endswith(".json"):
        return url
    return f"{url.rstrip('/')}/{BUNDLE}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
