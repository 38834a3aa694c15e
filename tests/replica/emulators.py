"""Servers that speak as Azure Blob Storage and Google Cloud Storage do: Microsoft's Azurite, and fake-gcs-server.

`make .make/emulators` fetches both; without, the tests that need them are skipped. Azurite checks the signature of each
request; fake-gcs-server lets everybody in, so `test_gcs.py` checks the token on its own.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from pbx.store.replica_azure import signature
from tests.replica.ports import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
AZURITE = ROOT / ".make/emulators/node_modules/azurite/dist/src/blob/main.js"
FAKE_GCS = ROOT / ".make/emulators/fake-gcs-server"
MISSING = "run: make .make/emulators"

AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of the account that every Azurite has; it stands in its manual."""


@contextmanager
def azurite(folder: Path) -> Iterator[int]:
    node = shutil.which("node", path=f"{ROOT}/.venv/bin:/usr/local/bin:/usr/bin")
    if node is None or not AZURITE.exists():
        pytest.skip(MISSING)
    words = [node, str(AZURITE), "--blobHost", "127.0.0.1", "--location", str(folder / "data")]
    with _running(
        folder, [*words, "--silent", "--skipApiVersionCheck", "--disableTelemetry"], "--blobPort"
    ) as port:
        yield port


@contextmanager
def fake_gcs(folder: Path) -> Iterator[int]:
    if not FAKE_GCS.exists():
        pytest.skip(MISSING)
    words = [str(FAKE_GCS), "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
    with _running(folder, words, "-port") as port:
        yield port


def make_container(port: int, name: str) -> None:
    path, query = f"/{AZURE_ACCOUNT}/{name}", {"restype": "container"}
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    signed = signature("PUT", AZURE_ACCOUNT, path, query, headers, base64.b64decode(AZURE_KEY))
    headers |= {"Authorization": f"SharedKey {AZURE_ACCOUNT}:{signed}", "Content-Length": "0"}
    url = f"http://127.0.0.1:{port}{path}?restype=container"
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers)).close()


def make_bucket(port: int, name: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/storage/v1/b",
        data=json.dumps({"name": name}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


@contextmanager
def _running(folder: Path, words: list[str], port_option: str) -> Iterator[int]:
    port = free_port()
    words = [*words, port_option, str(port)]
    if port_option == "-port":
        words += ["-public-host", f"127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)
