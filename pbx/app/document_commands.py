"""`pbx import`, `export`, `simulate` and `sync`: what an office is, as documents."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.app.command_line import add_office_settings, command, config_of, group
from pbx.core.errors import StartupError, UserError

if TYPE_CHECKING:
    from pbx.app.command_line import Commands
    from pbx.core.config_sources import Setting

__all__ = ["add", "add_sync"]


def add(commands: Commands, known: Mapping[str, Setting]) -> None:
    importing = command(commands, "import", "apply a JSON document of the office", _import)
    importing.add_argument(
        "file", metavar="FILE", help="the document, or a folder of them; - reads standard input"
    )
    importing.add_argument("--site", metavar="NAME", default="", help="fill in the values of sites/NAME.json")
    importing.add_argument("--prune", action="store_true", help="delete what the document does not name")
    importing.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    importing.add_argument(
        "--override-tests", action="store_true", help="publish flows although some of their tests fail"
    )

    exporting = command(commands, "export", "write the office as a JSON document", _export)
    exporting.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="where to; without, standard output"
    )
    exporting.add_argument(
        "--folder", action="store_true", help="FILE is a folder: write one file for each record"
    )
    exporting.add_argument("--with-secrets", action="store_true", help="include SIP passwords in plain text")

    simulating = command(commands, "simulate", "walk a made-up call through a flow", _simulate)
    simulating.add_argument("flow", metavar="FLOW", help="its number")
    simulating.add_argument(
        "script",
        metavar="SCRIPT",
        nargs="?",
        help="who calls, and what happens, as JSON; - reads standard input",
    )
    simulating.add_argument("--live", action="store_true", help="what is published, not the draft")
    simulating.add_argument("--tests", action="store_true", help="run the flow's own tests instead")
    simulating.add_argument("--json", action="store_true", help="print all that is known as JSON")
    add_office_settings((importing, exporting, simulating), known)


def add_sync(commands: Commands, known: Mapping[str, Setting]) -> None:
    sync = group(commands, "sync", "configuration bundles that nodes follow")
    key = command(sync, "key", "make a key pair for bundles, or show the public key of one", _sync_key)
    key.add_argument("file", metavar="FILE", type=Path, help="the private key")

    build = command(sync, "build", "make a signed bundle of a folder of documents", _sync_build)
    build.add_argument(
        "folder", metavar="FOLDER", type=Path, help="what pbx export --folder writes, and sites/"
    )
    build.add_argument("--key", metavar="FILE", type=Path, required=True, help="the private key")
    build.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("dist"),
        help="where to (default dist): the web host's files",
    )
    build.add_argument(
        "--office",
        metavar="NAME",
        action="append",
        default=[],
        help="only this site; may be given several times",
    )
    build.add_argument(
        "--sequence", metavar="N", type=int, help="number of the bundle (default: seconds since 1970)"
    )
    build.add_argument("--prune", action="store_true", help="nodes delete what the documents do not name")
    build.add_argument(
        "--partial", action="store_true", help="the documents name records that stand at the nodes only"
    )
    build.add_argument(
        "--with-secrets", action="store_true", help="passwords in the documents are meant to be there"
    )
    build.add_argument(
        "--site",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="copy the built admin site beside it",
    )

    back = command(sync, "rollback", "put back what the last bundle has changed", _sync_rollback)
    add_office_settings((back,), known)


def _import(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import document_files, office

    return office.run(
        office.import_(
            config,
            document_files.read_document(arguments.file, arguments.site),
            prune=arguments.prune,
            dry_run=arguments.dry_run,
            override_tests=arguments.override_tests,
        )
    )


def _export(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import office

    if arguments.folder and arguments.file == "-":
        raise UserError("--folder needs the name of a folder")
    return office.run(
        office.export(config, arguments.file, with_secrets=arguments.with_secrets, folder=arguments.folder)
    )


def _simulate(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    script = _read(arguments.script) if arguments.script else b"{}"
    from pbx.app import simulate

    return simulate.run(
        config, arguments.flow, script, live=arguments.live, tests=arguments.tests, as_json=arguments.json
    )


def _sync_key(arguments: argparse.Namespace) -> int:
    from pbx.app import sync_commands

    sync_commands.key(arguments.file)
    return 0


def _sync_build(arguments: argparse.Namespace) -> int:
    from pbx.app import office, sync_commands

    return office.run(
        sync_commands.build(
            arguments.folder,
            arguments.key,
            arguments.out,
            offices=arguments.office,
            sequence=arguments.sequence,
            prune=arguments.prune,
            with_secrets=arguments.with_secrets,
            partial=arguments.partial,
            site=arguments.site,
        )
    )


def _sync_rollback(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import office, sync_commands

    return office.run(sync_commands.roll_back(config))


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise StartupError(f"{name} cannot be read: {error.strerror}") from None
