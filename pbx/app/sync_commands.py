"""`pbx sync`: make keys and bundles, and put back what a bundle has changed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pbx.app.document_files import files_in
from pbx.app.installed import BUILT_SITE
from pbx.app.office import opened
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.core.ids import new_sip_password
from pbx.feature.documents import Options
from pbx.sync.build import OfficeDocumentOf, bundle_of, documents_of, located
from pbx.sync.bundle import BUNDLE, DOCUMENTS, LARGEST_BUNDLE
from pbx.sync.keys import make_key, public_text, read_key
from pbx.sync.service import Sync

FOLDER = "bundle"
"""Of the site: the bundle stands beside the pages."""


def key(path: Path) -> None:
    """Make a key, or read the one that is there; print what goes into the setting sync_key of nodes."""
    if path.exists():
        print(public_text(read_key(path)))
        return
    print(public_text(make_key(path)))
    print(
        f"pbx: {path} is the private key: whoever has it decides what the offices do. Above is the public key: "
        "start nodes with --sync-key",
        file=sys.stderr,
    )


async def build(
    folder: Path,
    key_file: Path,
    out: Path,
    *,
    offices: list[str],
    sequence: int | None,
    prune: bool,
    with_secrets: bool,
    partial: bool,
    site: bool,
) -> None:
    """Make the bundle, beside the built site; nothing is written unless all of it is well."""
    signing = read_key(key_file)
    documents = documents_of(files_in(folder), offices, with_secrets=with_secrets)
    faults = [fault for each in documents if not partial for fault in await _faults(each)]
    if faults:
        raise UserError(
            "no bundle was made",
            http_status=422,
            action="If what is missing stands at the nodes, say --partial",
            problems=tuple(faults),
        )
    number = sequence if sequence is not None else max(_last(out) + 1, int(datetime.now(UTC).timestamp()))
    if number <= _last(out):
        raise StartupError(
            f"sequence {number} is not higher than the last one", got=number, needed=_last(out) + 1
        )
    files = bundle_of(documents, signing, sequence=number, created=datetime.now(UTC), prune=prune)
    try:
        if site:
            _copy_site(out)
        _write(out / FOLDER, files)
    except OSError as error:
        raise StartupError(f"{error.filename or out} cannot be written: {error.strerror}") from None
    names = ", ".join(each.office for each in documents[:10])
    print(
        f"bundle {number} for {len(documents)} office{'s' * (len(documents) != 1)} ({names}) in {out / FOLDER}"
    )
    print(f"public key {public_text(signing)}")


async def roll_back(config: NodeConfig) -> None:
    async with opened(config, make=False) as office:
        sync = Sync(office.documents, office.sync, SystemClock(), new_secret=new_sip_password)
        before = (await sync.state()).sequence
        after = (await sync.roll_back()).sequence
    print(
        f"bundle {before} was rolled back; "
        + (f"bundle {after} is back" if after else "the office is as before it")
    )


async def _faults(document: OfficeDocumentOf) -> list[UserError]:
    """What a node with an empty office would say: of records, flows and the tests of flows."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(NodeConfig(data_dir=Path(folder))) as office:
            plan = await office.documents.plan(document.data, Options(new_secret=new_sip_password))
    return [located(document, each) for each in plan.faults]


def _last(out: Path) -> int:
    """The sequence of the bundle that is there; 0 without one."""
    return _peek(out)[0]


def _peek(out: Path) -> tuple[int, set[str]]:
    """Its sequence and documents. It is ours, so its signature is not looked at."""
    try:
        data = (out / FOLDER / BUNDLE).read_bytes()[: LARGEST_BUNDLE + 1]
        manifest = msgspec.json.decode(msgspec.json.decode(data)["signed"])
        return int(manifest["sequence"]), {f"{each['sha256']}.json" for each in manifest["offices"]}
    except FileNotFoundError:
        return 0, set()
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise StartupError(f"{out / FOLDER / BUNDLE} is no bundle", action="Choose another --out") from None


def _copy_site(out: Path) -> None:
    if not (BUILT_SITE / "index.html").exists():
        raise StartupError("the site is not built", action="Say --no-site to make the bundle alone")
    shutil.copytree(BUILT_SITE, out, dirs_exist_ok=True)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Documents first, then `bundle.json` in one step. Documents of the bundle before stay: somebody may be
    in the middle of fetching it."""
    _, before = _peek(folder.parent)
    (folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        beside = path.with_name(f".{path.name}.new")
        beside.write_bytes(data)
        beside.replace(path)
    wanted = {name.rpartition("/")[2] for name in files} | before
    for old in (folder / DOCUMENTS).glob("*.json"):
        if old.name not in wanted:
            old.unlink()
