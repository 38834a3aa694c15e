"""How commands are put together: groups, options that are settings, and the configuration that is given with them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pbx.core.config import NodeConfig
from pbx.core.config_sources import CONFIG_VARIABLE, Setting, load, nearest

__all__ = [
    "Commands",
    "Parser",
    "add_office_settings",
    "add_settings",
    "command",
    "config_of",
    "given",
    "group",
]

OFFICE_SETTINGS = ("data_dir",)
"""What commands that only read or write the database need."""


class Parser(argparse.ArgumentParser):
    """Names the nearest option when one is not known. Its settings are made when it is the command that was typed: all
    of all commands would be a twentieth of a start.
    """

    wanted: Sequence[Setting] = ()

    def complete(self) -> None:
        """Add the settings."""
        wanted, self.wanted = self.wanted, ()
        if wanted:
            _add_options(self, wanted)

    def parse_known_args(  # type: ignore[override]  # argparse's overloads are of no use here
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        self.complete()
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
    Commands = argparse._SubParsersAction[Parser]


def group(commands: Commands, name: str, text: str) -> Commands:
    parser = commands.add_parser(name, help=text, description=_sentence(text), allow_abbrev=False)
    return parser.add_subparsers(required=True, metavar="COMMAND")


def command(
    commands: Commands,
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int],
    epilog: str | None = None,
) -> Parser:
    parser = commands.add_parser(
        name,
        help=text,
        description=_sentence(text),
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_office_settings(made: Iterable[Parser], known: Mapping[str, Setting]) -> None:
    for each in made:
        add_settings(each, [known[name] for name in OFFICE_SETTINGS])


def add_settings(parser: Parser, wanted: Iterable[Setting]) -> None:
    """One option a setting; its documentation is the setting's own. What is not given stays out of the
    namespace.
    """
    parser.wanted = tuple(wanted)


def _add_options(parser: Parser, wanted: Iterable[Setting]) -> None:
    options = parser.add_argument_group("settings")
    options.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help=f"configuration file (default pbx.toml if there is one) [{CONFIG_VARIABLE}]",
    )
    for setting in wanted:
        text = f"{setting.description} (default {_default(setting)}) [{setting.variable}]".replace("%", "%%")
        if setting.is_flag:
            options.add_argument(
                setting.option,
                dest=setting.name,
                action=argparse.BooleanOptionalAction,
                default=argparse.SUPPRESS,
                help=text,
            )
        else:
            options.add_argument(
                setting.option,
                dest=setting.name,
                metavar=_metavar(setting),
                default=argparse.SUPPRESS,
                help=text,
            )


def config_of(arguments: argparse.Namespace) -> NodeConfig:
    return load(given(arguments), os.environ, arguments.config)


def given(arguments: argparse.Namespace) -> dict[str, object]:
    return {name: value for name, value in vars(arguments).items() if name in NodeConfig.__struct_fields__}


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
