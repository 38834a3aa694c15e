"""The command `pbx`: reads the command line, puts the configuration together, and hands over.

Every command imports what it needs when it runs: the node must answer its first packet within half a second.
Exit status: 0 done, 1 refused or failed (with a plain message), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pbx.app import key_commands, replica_commands
from pbx.core.config import NodeConfig
from pbx.core.config_sources import CONFIG_VARIABLE, Setting, load, nearest, origins, settings
from pbx.core.errors import StartupError, UserError
from pbx.core.secret import KEY_VARIABLE

OFFICE_SETTINGS = ("data_dir",)
"""What commands that only read or write the database need."""
ROLES = ("owner", "admin", "supervisor", "user")


class _Parser(argparse.ArgumentParser):
    """Names the nearest option when one is not known."""

    def parse_known_args(  # type: ignore[override]  # argparse's overloads are of no use here
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        known, rest = super().parse_known_args(args, namespace)
        for word in rest:
            if word.startswith("-"):
                self._refuse(word.split("=", maxsplit=1)[0])
        return known, rest

    def _refuse(self, word: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        guess = nearest(word, options)
        self.error(f"there is no option {word}" + (f"; did you mean {guess}?" if guess else ""))


if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[_Parser]


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


def _parser() -> _Parser:
    parser = _Parser(prog="pbx", description="Bellwire, an office phone system.", allow_abbrev=False)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    known = settings()

    serve = _command(commands, "serve", "run the node", _serve, epilog=_precedence())
    _add_settings(serve, known.values())

    importing = _command(commands, "import", "apply a JSON document of the office", _import)
    importing.add_argument(
        "file", metavar="FILE", help="the document, or a folder of them; - reads standard input"
    )
    importing.add_argument("--site", metavar="NAME", default="", help="fill in the values of sites/NAME.json")
    importing.add_argument("--prune", action="store_true", help="delete what the document does not name")
    importing.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    importing.add_argument(
        "--override-tests", action="store_true", help="publish flows although some of their tests fail"
    )

    exporting = _command(commands, "export", "write the office as a JSON document", _export)
    exporting.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="where to; without, standard output"
    )
    exporting.add_argument(
        "--folder", action="store_true", help="FILE is a folder: write one file for each record"
    )
    exporting.add_argument("--with-secrets", action="store_true", help="include SIP passwords in plain text")

    simulating = _command(commands, "simulate", "walk a made-up call through a flow", _simulate)
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

    token = _group(commands, "token", "bearer tokens for programs")
    creating = _command(token, "create", "make a token and print it once", _token_create)
    creating.add_argument("name", metavar="NAME", help="what it is for")
    creating.add_argument(
        "--scope", action="append", default=[], help="what it may do (repeat it); without, everything"
    )
    creating.add_argument("--days", type=int, help="how long it lasts; without, for ever")
    listing = _command(token, "list", "list the tokens", _token_list)
    deleting = _command(token, "delete", "delete a token", _token_delete)
    deleting.add_argument("id", metavar="ID", help="as the list shows it")

    users = _admin_commands(commands)

    _add_sync(commands, known)
    key = _group(commands, "key", "the key that opens what is sealed")
    key_commands.add(key, _command, _add_settings, [known[name] for name in OFFICE_SETTINGS], _config)

    schema = _command(commands, "schema", "write the JSON schemas that the admin site is built from", _schema)
    schema.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    schema.add_argument(
        "--dir", metavar="PATH", type=Path, help="where to; without, site/schema of this source tree"
    )

    replica_commands.add(partial(_command, commands), _add_settings, known, _config)

    upgrading = _command(
        commands, "upgrade", "bring the data directory to this version, as a start does", _upgrade
    )
    upgrading.add_argument(
        "--check", action="store_true", help="change nothing: say what it does, try it on a copy"
    )
    rolling = _command(commands, "rollback", "put back what was kept before the last upgrade", _rollback)
    rolling.add_argument("--yes", action="store_true", help="do not ask")
    for command in (upgrading, rolling):
        _add_settings(command, [known[key] for key in OFFICE_SETTINGS])

    doctor = _command(commands, "doctor", "check this machine and say what to fix", _doctor)
    _add_settings(doctor, known.values())

    for command in (importing, exporting, simulating, creating, listing, deleting, *users):
        _add_settings(command, [known[key] for key in OFFICE_SETTINGS])
    return parser


def _admin_commands(commands: _Commands) -> list[_Parser]:
    admin = _group(commands, "admin", "the users of the admin site and their roles")
    making = _command(admin, "create", "make a user", _admin_create)
    password = _command(admin, "password", "change a user's password and end their sessions", _admin_password)
    changing = _command(
        admin, "change", "change a user's role or extension, or switch them off", _admin_change
    )
    deleting = _command(admin, "delete", "delete a user", _admin_delete)
    for command in (making, password, changing, deleting):
        command.add_argument("user", metavar="USER", help="the user name")
    for command in (making, password):
        command.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
    for command in (making, changing):
        command.add_argument("--role", choices=ROLES, help="what they may do (a new user: owner)")
        command.add_argument("--extension", metavar="NUMBER", help="whose phone is theirs")
    changing.add_argument(
        "--enabled", action=argparse.BooleanOptionalAction, help="whether they can sign in", default=None
    )
    changing.add_argument(
        "--no-second-factor", action="store_true", help="for somebody who has lost theirs: ask for no code"
    )
    return [making, password, changing, deleting, _command(admin, "list", "list the users", _admin_list)]


def _add_sync(commands: _Commands, known: Mapping[str, Setting]) -> None:
    sync = _group(commands, "sync", "configuration bundles that nodes follow")
    key = _command(sync, "key", "make a key pair for bundles, or show the public key of one", _sync_key)
    key.add_argument("file", metavar="FILE", type=Path, help="the private key")

    build = _command(sync, "build", "make a signed bundle of a folder of documents", _sync_build)
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

    back = _command(sync, "rollback", "put back what the last bundle has changed", _sync_rollback)
    _add_settings(back, [known[key] for key in OFFICE_SETTINGS])


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    group = commands.add_parser(name, help=text, description=_sentence(text), allow_abbrev=False)
    return group.add_subparsers(required=True, metavar="COMMAND")


def _command(
    commands: _Commands,
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int],
    epilog: str | None = None,
) -> _Parser:
    command = commands.add_parser(
        name,
        help=text,
        description=_sentence(text),
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _add_settings(command: argparse.ArgumentParser, wanted: Iterable[Setting]) -> None:
    """One option a setting; its documentation is the setting's own. What is not given stays out of the
    namespace.
    """
    group = command.add_argument_group("settings")
    group.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help=f"configuration file (default pbx.toml if there is one) [{CONFIG_VARIABLE}]",
    )
    for setting in wanted:
        text = f"{setting.description} (default {_default(setting)}) [{setting.variable}]".replace("%", "%%")
        if setting.is_flag:
            group.add_argument(
                setting.option,
                dest=setting.name,
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            group.add_argument(
                setting.option,
                dest=setting.name,
                metavar=_metavar(setting),
                default=argparse.SUPPRESS,
                help=text,
            )


def _config(arguments: argparse.Namespace) -> NodeConfig:
    return load(_given(arguments), os.environ, arguments.config)


def _given(arguments: argparse.Namespace) -> dict[str, object]:
    return {name: value for name, value in vars(arguments).items() if name in NodeConfig.__struct_fields__}


def _serve(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    given = origins(_given(arguments), os.environ, arguments.config)
    gc.disable()  # a start makes much and drops nothing: the node collects, and enables it, when all is there
    from pbx.app.node import run

    return run(config, given)


def _import(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
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
    config = _config(arguments)
    from pbx.app import office

    if arguments.folder and arguments.file == "-":
        raise UserError("--folder needs the name of a folder")
    return office.run(
        office.export(config, arguments.file, with_secrets=arguments.with_secrets, folder=arguments.folder)
    )


def _simulate(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
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
    config = _config(arguments)
    from pbx.app import office, sync_commands

    return office.run(sync_commands.roll_back(config))


def _token_create(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.create_token(config, arguments.name, arguments.scope, arguments.days))


def _token_list(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.list_tokens(config))


def _token_delete(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.delete_token(config, arguments.id))


def _admin_create(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    password = office.ask_password(from_stdin=arguments.password_stdin)
    return office.run(
        accounts.create_user(config, arguments.user, password, arguments.role or "owner", arguments.extension)
    )


def _admin_password(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    password = office.ask_password(from_stdin=arguments.password_stdin)
    return office.run(accounts.change_password(config, arguments.user, password))


def _admin_change(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    given = {name: getattr(arguments, name) for name in ("role", "extension", "enabled")}
    changes = {name: value for name, value in given.items() if value is not None}
    if arguments.no_second_factor:
        changes["second_factor"] = False
    return office.run(accounts.change_user(config, arguments.user, changes))


def _admin_delete(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.delete_user(config, arguments.user))


def _admin_list(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.list_users(config))


def _schema(arguments: argparse.Namespace) -> int:
    from pbx.app import schema

    folder = arguments.dir or schema.FOLDER
    return schema.check(folder) if arguments.check else schema.write(folder)


def _upgrade(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import upgrade

    return upgrade.check(config) if arguments.check else upgrade.upgrade(config)


def _rollback(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from pbx.app import upgrade

    return upgrade.roll_back(config, sure=arguments.yes)


def _doctor(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
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


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise StartupError(f"{name} cannot be read: {error.strerror}") from None


def _precedence() -> str:
    return (
        "Each setting comes from the command line, else from the environment variable in [brackets], else from\n"
        "pbx.toml (the same name with underscores: http_port = 8080), else it is the default.\n"
        f"The key that seals SIP passwords is the file secret.key in the data directory, or {KEY_VARIABLE}."
    )


def _default(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        return "on" if setting.default else "off"
    if isinstance(setting.default, tuple):
        return ",".join(map(str, setting.default))
    if isinstance(setting.default, float):
        return f"{setting.default:g}"
    return "none" if setting.default is None else str(setting.default)


def _metavar(setting: Setting) -> str:
    if setting.choices:
        return f"{{{','.join(setting.choices)}}}"
    return setting.name.rsplit("_", maxsplit=1)[-1].upper()


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
