"""The command `pbx`: reads the command line, puts the configuration together, and hands over.

Every command imports what it needs when it runs: the node must answer its first packet within half a second.
Exit status: 0 done, 1 refused or failed (with a plain message), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pbx.app import account_commands, document_commands, key_commands, replica_commands
from pbx.app.command_line import Parser, add_office_settings, add_settings, command, config_of, given
from pbx.core.config_sources import origins, settings
from pbx.core.errors import UserError
from pbx.core.secret import KEY_VARIABLE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except UserError as error:
        print(f"pbx: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of a pipe went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> Parser:
    parser = Parser(prog="pbx", description="Bellwire, an office phone system.", allow_abbrev=False)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    known = settings()

    serve = command(commands, "serve", "run the node", _serve, epilog=_precedence())
    add_settings(serve, known.values())

    document_commands.add(commands, known)
    account_commands.add(commands, known)
    document_commands.add_sync(commands, known)
    key_commands.add(commands, known)

    schema = command(commands, "schema", "write the JSON schemas that the admin site is built from", _schema)
    schema.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    schema.add_argument(
        "--dir", metavar="PATH", type=Path, help="where to; without, site/schema of this source tree"
    )

    replica_commands.add(commands, known)

    upgrading = command(
        commands, "upgrade", "bring the data directory to this version, as a start does", _upgrade
    )
    upgrading.add_argument(
        "--check", action="store_true", help="change nothing: say what it does, try it on a copy"
    )
    rolling = command(commands, "rollback", "put back what was kept before the last upgrade", _rollback)
    rolling.add_argument("--yes", action="store_true", help="do not ask")
    add_office_settings((upgrading, rolling), known)

    doctor = command(commands, "doctor", "check this machine and say what to fix", _doctor)
    add_settings(doctor, known.values())
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    sources = origins(given(arguments), os.environ, arguments.config)
    gc.collect()  # the parser; what comes now takes its place
    gc.disable()  # a start makes much and drops nothing: the node collects, and enables it, when all is there
    from pbx.app.node import run

    return run(config, sources)


def _schema(arguments: argparse.Namespace) -> int:
    from pbx.app import schema

    folder = arguments.dir or schema.FOLDER
    return schema.check(folder) if arguments.check else schema.write(folder)


def _upgrade(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import upgrade

    return upgrade.check(config) if arguments.check else upgrade.upgrade(config)


def _rollback(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import upgrade

    return upgrade.roll_back(config, sure=arguments.yes)


def _doctor(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import doctor

    return doctor.run(config)


class _Version(argparse.Action):
    """Looks the version up only when asked: package metadata is slow to read."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"bellwire {version('bellwire')}")
        except PackageNotFoundError:
            print("bellwire, not installed")
        parser.exit()


def _precedence() -> str:
    return (
        "Each setting comes from the command line, else from the environment variable in [brackets], else from\n"
        "pbx.toml (the same name with underscores: http_port = 8080), else it is the default.\n"
        f"The key that seals SIP passwords is the file secret.key in the data directory, or {KEY_VARIABLE}."
    )
