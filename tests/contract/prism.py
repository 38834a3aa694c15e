"""Stoplight Prism between the client and the simulated Twilio: it holds both against Twilio's published description.

What it finds wrong, in a question or in an answer, becomes an answer of its own (`sl-violations`, 4xx or 500), so the
client's call fails. It lets unknown parameters pass; `Description.unknown` finds those.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["Description", "Prism", "free_port", "with_relative_pages"]

HERE = Path(__file__).parent
COMMAND = HERE / "node_modules/.bin/prism"
START_S = 90.0


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def with_relative_pages(node: Any) -> Any:
    """The description without one fault: it says that `next_page_uri` and the like are whole addresses. Twilio sends
    paths, in its own examples too, and Prism would refuse them."""
    if isinstance(node, list):
        return [with_relative_pages(one) for one in node]
    if not isinstance(node, dict):
        return node
    mended = {name: with_relative_pages(value) for name, value in node.items()}
    for name in ("uri", "first_page_uri", "next_page_uri", "previous_page_uri"):
        if isinstance(mended.get(name), dict) and mended[name].get("format") == "uri":
            del mended[name]["format"]
    return mended


class Prism:
    """One `prism` process, a proxy before `upstream`."""

    def __init__(self, description: Path, upstream: str) -> None:
        node = shutil.which("node") or str(HERE.parents[1] / ".venv/bin/node")
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        options = ["--errors", "--port", str(self._port), "--host", "127.0.0.1", "--verboseLevel", "warn"]
        assert COMMAND.exists(), "Prism is not installed: `npm --prefix tests/contract ci` does that"
        self._process = subprocess.Popen(
            [node, str(COMMAND), "proxy", str(description), upstream, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self._process.poll() is None, f"prism ended with {self._process.returncode}"
            with suppress(urllib.error.URLError, ConnectionError):
                try:
                    urllib.request.urlopen(self.url, timeout=5).close()
                except urllib.error.HTTPError as answered:
                    answered.close()
                return
            time.sleep(0.1)
        raise AssertionError(f"prism did not start within {START_S:g} s")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Description:
    """Twilio's OpenAPI document, asked which parameters an operation knows."""

    def __init__(self, file: Path) -> None:
        self._paths: Mapping[str, Any] = json.loads(file.read_text())["paths"]
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace(".", r"\."))), path) for path in self._paths
        ]

    def example(self, method: str, path: str) -> tuple[int, object]:
        """Status and document of the first good answer; Twilio made the examples from its own tests."""
        answers = self._found(method, path)["responses"]
        status = next(one for one in answers if one.startswith("2"))
        for content in answers[status].get("content", {}).values():
            for example in content.get("examples", {}).values():
                return int(status), example["value"]
        return int(status), None

    def unknown(self, method: str, path: str, names: Iterable[str]) -> Sequence[str]:
        """Parameters that the operation does not have."""
        operation = self._found(method, path)
        known = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        for content in operation.get("requestBody", {}).get("content", {}).values():
            known |= set(content["schema"].get("properties", {}))
        return sorted(set(names) - known)

    def _found(self, method: str, path: str) -> Mapping[str, Any]:
        """The operation; a path with fewer wildcards goes first."""
        matching = [template for pattern, template in self._patterns if pattern.fullmatch(path)]
        matching = [one for one in matching if method.lower() in self._paths[one]]
        assert matching, f"Twilio's description has no {method} {path}"
        found: Mapping[str, Any] = self._paths[min(matching, key=lambda one: one.count("{"))][method.lower()]
        return found
