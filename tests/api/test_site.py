"""The built site: files, compression, caching, the router's own addresses, and nothing outside the folder."""

from __future__ import annotations

import asyncio
import gzip
import sys
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from pbx.api.site import StaticSite
from tests.api.conftest import Node, StartNode

SCRIPT = b"console.log('hello');" * 200
INDEX = b"<!doctype html><title>Bellwire</title>"


@pytest.fixture
async def served(start_node: StartNode, tmp_path: Path) -> Node:
    site = tmp_path / "dist"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_bytes(INDEX)
    (site / "assets/index-Ab3_dE5g.js").write_bytes(SCRIPT)
    (site / "favicon.svg").write_bytes(b"<svg/>")
    (site / ".hidden").write_bytes(b"secret")
    (tmp_path / "outside.txt").write_bytes(b"secret")
    (site / "link.txt").symlink_to(tmp_path / "outside.txt")
    return await start_node(site_dir=site)


async def test_hashed_file_is_kept_for_ever_and_compressed(served: Node) -> None:
    async with served.browser().get(
        "/assets/index-Ab3_dE5g.js", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert int(answer.headers["Content-Length"]) == len(gzip.compress(SCRIPT, 6, mtime=0))
        assert await answer.read() == SCRIPT
    async with served.browser().get(
        "/assets/index-Ab3_dE5g.js", headers={"Accept-Encoding": "identity"}
    ) as answer:
        assert "Content-Encoding" not in answer.headers
        assert await answer.read() == SCRIPT


@pytest.mark.parametrize(
    "path", ["/", "/calls", "/extensions/101/edit", "/setup", "/no/such.page", "/apiary"]
)
async def test_addresses_of_the_router_get_index_html(served: Node, path: str) -> None:
    async with served.browser().get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert await answer.read() == INDEX


async def test_missing_asset_is_404_not_html(served: Node) -> None:
    async with served.browser().get("/assets/index-00000000.js") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/.hidden",
        "/link.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/..%2f..%2foutside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/..%5coutside.txt",
        "/index.html%00",
        "/" + "a" * 4000,
    ],
)
async def test_nothing_outside_the_site_is_served(served: Node, path: str) -> None:
    async with served.browser().get(URL(served.base + path, encoded=True)) as answer:
        body = await answer.read()
        assert answer.status in (200, 404)
        assert b"secret" not in body
        assert b"root:" not in body


async def test_unchanged_file_is_304_and_a_changed_one_is_sent(served: Node, tmp_path: Path) -> None:
    async with served.browser().get("/") as answer:
        etag = answer.headers["ETag"]
    async with served.browser().get("/calls", headers={"If-None-Match": f'"x", W/{etag}'}) as answer:
        assert answer.status == 304
        assert answer.headers["Content-Security-Policy"]
    (tmp_path / "dist/index.html").write_bytes(b"new" + INDEX)
    async with served.browser().get("/", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200
        assert await answer.read() == b"new" + INDEX


async def test_head_has_headers_and_no_body(served: Node) -> None:
    async with served.browser().head("/favicon.svg") as answer:
        assert answer.status == 200
        assert answer.content_type == "image/svg+xml"
        assert await answer.read() == b""


async def test_policy_forbids_eval_inline_and_framing(served: Node) -> None:
    async with served.browser().get("/") as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"


async def test_other_methods_find_nothing(served: Node) -> None:
    async with served.browser().post("/calls") as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("folder", [None, "nowhere"])
async def test_site_that_is_not_built_says_what_to_do_and_the_api_works(
    start_node: StartNode, tmp_path: Path, folder: str | None
) -> None:
    node = await start_node(site_dir=tmp_path / folder if folder else None)
    async with node.browser().get("/") as answer:
        assert answer.status == 503
        assert answer.content_type == "text/html"
        assert "make build" in await answer.text()
    async with node.browser().get("/api/v1/health") as answer:
        assert answer.status == 200


async def test_many_files_asked_for_at_once_all_come(tmp_path: Path) -> None:
    """A page in a browser that has none of them yet, on a machine whose threads take turns at any moment."""
    (tmp_path / "index.html").write_text("<!doctype html>")
    names = [f"{number}.txt" for number in range(400)]
    for name in names:
        (tmp_path / name).write_text(name)
    site, often = StaticSite(tmp_path), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        answers = await asyncio.gather(
            *(site.respond(make_mocked_request("GET", f"/{name}")) for name in names)
        )
    finally:
        sys.setswitchinterval(often)
    assert [answer.body for answer in answers] == [name.encode() for name in names]
