"""`pbx token` and `pbx admin`: who may use the API and the admin site."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pbx.app.command_line import add_office_settings, command, config_of, group

if TYPE_CHECKING:
    from pbx.app.command_line import Commands
    from pbx.core.config_sources import Setting

__all__ = ["add"]

ROLES = ("owner", "admin", "supervisor", "user")


def add(commands: Commands, known: Mapping[str, Setting]) -> None:
    _add_tokens(commands, known)
    _add_users(commands, known)


def _add_tokens(commands: Commands, known: Mapping[str, Setting]) -> None:
    token = group(commands, "token", "bearer tokens for programs")
    creating = command(token, "create", "make a token and print it once", _token_create)
    creating.add_argument("name", metavar="NAME", help="what it is for")
    creating.add_argument(
        "--scope", action="append", default=[], help="what it may do (repeat it); without, everything"
    )
    creating.add_argument("--days", type=int, help="how long it lasts; without, for ever")
    listing = command(token, "list", "list the tokens", _token_list)
    deleting = command(token, "delete", "delete a token", _token_delete)
    deleting.add_argument("id", metavar="ID", help="as the list shows it")
    add_office_settings((creating, listing, deleting), known)


def _add_users(commands: Commands, known: Mapping[str, Setting]) -> None:
    admin = group(commands, "admin", "the users of the admin site and their roles")
    making = command(admin, "create", "make a user", _admin_create)
    password = command(admin, "password", "change a user's password and end their sessions", _admin_password)
    changing = command(
        admin, "change", "change a user's role or extension, or switch them off", _admin_change
    )
    deleting = command(admin, "delete", "delete a user", _admin_delete)
    for each in (making, password, changing, deleting):
        each.add_argument("user", metavar="USER", help="the user name")
    for each in (making, password):
        each.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
    for each in (making, changing):
        each.add_argument("--role", choices=ROLES, help="what they may do (a new user: owner)")
        each.add_argument("--extension", metavar="NUMBER", help="whose phone is theirs")
    changing.add_argument(
        "--enabled", action=argparse.BooleanOptionalAction, help="whether they can sign in", default=None
    )
    changing.add_argument(
        "--no-second-factor", action="store_true", help="for somebody who has lost theirs: ask for no code"
    )
    listing = command(admin, "list", "list the users", _admin_list)
    add_office_settings((making, password, changing, deleting, listing), known)


def _token_create(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.create_token(config, arguments.name, arguments.scope, arguments.days))


def _token_list(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.list_tokens(config))


def _token_delete(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.delete_token(config, arguments.id))


def _admin_create(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    password = office.ask_password(from_stdin=arguments.password_stdin)
    return office.run(
        accounts.create_user(config, arguments.user, password, arguments.role or "owner", arguments.extension)
    )


def _admin_password(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    password = office.ask_password(from_stdin=arguments.password_stdin)
    return office.run(accounts.change_password(config, arguments.user, password))


def _admin_change(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    given = {name: getattr(arguments, name) for name in ("role", "extension", "enabled")}
    changes = {name: value for name, value in given.items() if value is not None}
    if arguments.no_second_factor:
        changes["second_factor"] = False
    return office.run(accounts.change_user(config, arguments.user, changes))


def _admin_delete(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.delete_user(config, arguments.user))


def _admin_list(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    from pbx.app import accounts, office

    return office.run(accounts.list_users(config))
