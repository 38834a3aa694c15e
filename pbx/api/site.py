"""Serves the built admin site: files, compressed where that helps, and index.html for the addresses its router knows.

Files whose name holds a hash never change and are kept for a year; everything else is asked for again each time (and
answered with 304 while it is the same). Knows nothing of the API.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import OrderedDict
from pathlib import Path

import msgspec
from aiohttp import web

__all__ = ["StaticSite"]

TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
_TEXT = frozenset({".html", ".js", ".mjs", ".css", ".json", ".map", ".webmanifest", ".svg", ".txt", ".wasm"})
_HASHED = re.compile(r"^assets/.+-[A-Za-z0-9_-]{8}\.\w+$")
_SMALLEST_GZIP = 1024
_CACHE_BYTES = 8 << 20

NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bellwire</title></head>
<body><h1>The admin site is not built</h1>
<p>This node is running and answers phones and its API, but the folder of the admin site is empty.</p>
<p>Build it with <code>make build</code> and load this page again, or point <code>--site-dir</code> at a built site.</p>
</body></html>
"""


class _File(msgspec.Struct, frozen=True):
    """One file as it is sent."""

    path: Path
    name: str
    content_type: str
    etag: str
    plain: bytes
    packed: bytes | None

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.packed or b"")


class StaticSite:
    """The files below `root`; None or a folder without index.html answers with a page that says what to do."""

    def __init__(self, root: Path | None) -> None:
        self._root = root.resolve() if root is not None else None
        self._cache: OrderedDict[Path, _File] = OrderedDict()

    async def respond(self, request: web.Request) -> web.Response:
        """The answer to a GET or HEAD of `request.path`."""
        path = request.path.lstrip("/")
        file = await self._file(path or "index.html")
        if file is None and not path.startswith("assets/"):
            file = await self._file("index.html")
            if file is None:
                return web.Response(
                    body=NOT_BUILT,
                    status=503,
                    content_type="text/html",
                    headers={"Cache-Control": "no-store"},
                )
        if file is None:
            return web.Response(
                text="There is no such file.\n", status=404, headers={"Cache-Control": "no-store"}
            )
        return _answer(request, file)

    async def _file(self, name: str) -> _File | None:
        """The file called `name`. Only the loop changes what is kept in memory: many are read at a time."""
        file = await asyncio.to_thread(self._find, name)
        if file is not None and self._cache.get(file.path) is not file:
            self._keep(file)
        return file

    def _find(self, name: str) -> _File | None:
        """The file called `name`, from memory if it is still the same. Runs on a thread."""
        path = self._locate(name)
        if path is None or self._root is None:
            return None
        try:
            stat = path.stat()
            etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
            known = self._cache.get(path)
            if known is not None and known.etag == etag:
                return known
            plain = path.read_bytes()
        except OSError:
            return None
        packed = (
            gzip.compress(plain, 6, mtime=0)
            if path.suffix in _TEXT and len(plain) >= _SMALLEST_GZIP
            else None
        )
        return _File(
            path=path,
            name=path.relative_to(self._root).as_posix(),
            content_type=TYPES.get(path.suffix, "application/octet-stream"),
            etag=etag,
            plain=plain,
            packed=packed,
        )

    def _locate(self, name: str) -> Path | None:
        """The path of a file below the root, None for anything else: no way up, no hidden files, no links out."""
        if self._root is None or "\0" in name or "\\" in name:
            return None
        if any(part.startswith(".") for part in name.split("/")):
            return None
        try:
            path = (self._root / name).resolve()
            return path if path.is_relative_to(self._root) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def _keep(self, file: _File) -> None:
        self._cache.pop(file.path, None)
        self._cache[file.path] = file
        while sum(each.size for each in self._cache.values()) > _CACHE_BYTES:
            self._cache.popitem(last=False)


def _answer(request: web.Request, file: _File) -> web.Response:
    hashed = _HASHED.match(file.name) is not None
    headers = {
        "ETag": file.etag,
        "Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache",
        "Vary": "Accept-Encoding",
    }
    given = request.headers.get("If-None-Match", "")
    if given and file.etag in [one.strip().removeprefix("W/") for one in given.split(",")]:
        return web.Response(status=304, headers=headers)
    body = file.plain
    if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    charset = "utf-8" if file.content_type.startswith("text/") else None
    return web.Response(body=body, content_type=file.content_type, charset=charset, headers=headers)
