"""`pbx sync`, as people run it: keys, bundles, and what they refuse."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pbx.sync.bundle import verify
from tests.app.test_cli import FLOW, Pbx, pbx

__all__ = ["pbx"]

RECEPTION = {"number": "{{site.prefix}}01", "name": "Reception {{site.city}}"}
OFFICE = {
    "extensions/reception.json": RECEPTION,
    "sites/berlin.json": {"prefix": "3", "city": "Berlin"},
    "sites/paris.json": {"prefix": "4", "city": "Paris"},
}


def put(folder: Path, files: dict[str, Any]) -> None:
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value))


@pytest.fixture
def key(pbx: Pbx, tmp_path: Path) -> str:
    """The public key; the private one is `bundle.key`."""
    made = pbx("sync", "key", "bundle.key")
    assert stat.S_IMODE((tmp_path / "bundle.key").stat().st_mode) == 0o600
    assert pbx("sync", "key", "bundle.key").stdout == made.stdout, "the same key is shown again"
    return made.stdout.strip()


def built(out: Path) -> dict[str, bytes]:
    return {each.relative_to(out).as_posix(): each.read_bytes() for each in out.rglob("*") if each.is_file()}


def test_a_bundle_has_a_document_for_each_site(pbx: Pbx, tmp_path: Path, key: str) -> None:
    put(tmp_path / "office", OFFICE)
    done = pbx(
        "sync", "build", "office", "--key", "bundle.key", "--out", "web", "--no-site", "--sequence", "5"
    )
    assert done.stdout == f"bundle 5 for 2 offices (berlin, paris) in web/bundle\npublic key {key}\n"
    files = built(tmp_path / "web" / "bundle")
    manifest = verify(files["bundle.json"], [key])
    documents = {
        each.office: msgspec.json.decode(files[f"documents/{each.sha256}.json"]) for each in manifest.offices
    }
    assert (manifest.sequence, manifest.prune) == (5, False)
    assert documents["berlin"]["extensions"] == [{"number": "301", "name": "Reception Berlin"}]
    assert documents["paris"]["extensions"] == [{"number": "401", "name": "Reception Paris"}]
    assert set(files) == {"bundle.json", *(f"documents/{each.sha256}.json" for each in manifest.offices)}


def test_sequences_grow_and_the_last_documents_stay_for_a_while(pbx: Pbx, tmp_path: Path, key: str) -> None:
    def build(name: str, *more: str) -> int:
        put(tmp_path / "office", {"extensions/101.json": {"number": "101", "name": name}})
        done = pbx("sync", "build", "office", "--key", "bundle.key", "--out", "web", "--no-site", *more)
        assert done.returncode == 0, done.stderr
        return verify((tmp_path / "web/bundle/bundle.json").read_bytes(), [key]).sequence

    first = build("Alice")
    assert first > 1_700_000_000
    assert build("Alicia") > first
    assert build("Ali", "--prune") > first + 1
    assert len(list((tmp_path / "web/bundle/documents").iterdir())) == 2
    again = pbx(
        "sync", "build", "office", "--key", "bundle.key", "--out", "web", "--no-site", "--sequence", "3"
    )
    assert "is not higher than the last one" in again.stderr


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"extensions/x.json": RECEPTION | {"name": "{{site.nope}}"}}, "the site has no value nope"),
        ({"extensions/x.json": RECEPTION | {"colour": 1}}, "site berlin: extensions/x.json: $.colour"),
        (
            {"extensions/x.json": RECEPTION | {"sip_password": "a-password"}},
            "no place for secrets",
        ),
        (
            {"ring_groups/600.json": {"number": "600", "name": "A", "members": ["199"]}},
            "site paris: ring_groups/600.json: $.members[0]: there is no extension 199",
        ),
        ({f"flows/{FLOW['number']}.json": FLOW | {"wires": {}}}, f"flows/{FLOW['number']}.json: $.wires"),
        ({"sites/Rome.json": {}}, "a site cannot be called that"),
        ({"extension/101.json": {}}, "Did you mean extensions/?"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    pbx: Pbx, tmp_path: Path, key: str, files: dict[str, Any], words: str
) -> None:
    put(tmp_path / "office", OFFICE | files)
    done = pbx("sync", "build", "office", "--key", "bundle.key", "--out", "web", "--no-site")
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "web").exists()


def test_a_part_of_an_office_is_built_when_that_is_said(pbx: Pbx, tmp_path: Path, key: str) -> None:
    put(tmp_path / "office", {"ring_groups/600.json": {"number": "600", "name": "A", "members": ["199"]}})
    words = ("sync", "build", "office", "--key", "bundle.key", "--no-site")
    assert "--partial" in pbx(*words).stderr
    assert pbx(*words, "--partial").returncode == 0
    assert (tmp_path / "dist/bundle/bundle.json").exists()


def test_keys_are_checked_and_never_overwritten(pbx: Pbx, tmp_path: Path, key: str) -> None:
    put(tmp_path / "office", OFFICE)
    (tmp_path / "other").write_text("-----BEGIN NOTHING-----")
    assert "no private key" in pbx("sync", "build", "office", "--key", "other").stderr
    assert "no private key" in pbx("sync", "key", "other").stderr
    assert "cannot be read" in pbx("sync", "build", "office", "--key", "missing").stderr
    assert "sync_key is no public key" in pbx("serve", "--sync-url", "http://x/", "--sync-key", "abc").stderr
    assert "needs the public key" in pbx("serve", "--sync-url", "http://x/").stderr


def test_nothing_to_roll_back_is_said(pbx: Pbx, tmp_path: Path) -> None:
    pbx("import", "-", stdin="{}")
    assert "no bundle that can be rolled back" in pbx("sync", "rollback").stderr
