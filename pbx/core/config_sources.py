"""Where each setting comes from.

    command line  >  environment (PBX_HTTP_PORT)  >  pbx.toml (http_port)  >  default

A key that nobody knows is refused with the nearest name that exists, so that a typing error never goes unnoticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from pbx.core.config import NodeConfig
from pbx.core.config_check import check
from pbx.core.errors import StartupError
from pbx.core.secret import KEY_VARIABLE

PREFIX = "PBX_"
CONFIG_VARIABLE = "PBX_CONFIG"
CONFIG_FILE = "pbx.toml"
OTHER_VARIABLES = frozenset({KEY_VARIABLE, CONFIG_VARIABLE})
"""Variables with our prefix that are no setting of `NodeConfig`."""

SECRET_ENDINGS = ("_password", "_token", "_key", "_secret")
"""How a setting that is a secret is named. Files of keys are told by their path, public keys come in lists."""


class Setting(msgspec.Struct, frozen=True):
    """One field of `NodeConfig`, as the command line and the documentation need it."""

    name: str
    type: object
    default: object
    description: str

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_flag(self) -> bool:
        return _plain(self.type) is bool

    @property
    def is_secret(self) -> bool:
        """Whether its value is shown to nobody."""
        return _plain(self.type) is str and self.name.endswith(SECRET_ENDINGS)

    @property
    def is_list(self) -> bool:
        return get_origin(_plain(self.type)) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, if it is one of a few."""
        plain = _plain(self.type)
        return get_args(plain) if get_origin(plain) is Literal else ()


def settings() -> dict[str, Setting]:
    """All settings by name, in the order of `NodeConfig`."""
    return {
        field.name: Setting(field.name, field.type, field.default, _description(field.type))
        for field in msgspec.structs.fields(NodeConfig)
    }


def load(
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> NodeConfig:
    """Put the settings together. `options` are those given on the command line, by field name.

    The file is `file`, else the one `PBX_CONFIG` names, else `pbx.toml` in the working directory if there is
    one. Raises `StartupError`, which names where a wrong value came from.
    """
    known = settings()
    values: dict[str, object] = {}
    for given, is_text in (
        (_from_file(known, environ, file), False),
        (_from_environment(known, environ), True),
        (_from_options(known, options or {}), True),
    ):
        for setting, value, origin in given:
            values[setting.name] = _converted(setting, value, origin, is_text=is_text)
    config = NodeConfig(**values)  # type: ignore[arg-type]  # each value has just been converted to its field's type
    check(config)
    return config


def origins(
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> dict[str, str]:
    """Of each setting that is set, by what: "file", "environment" or "option"; the same order as in `load`."""
    known = settings()
    return {
        setting.name: source
        for source, given in (
            ("file", _from_file(known, environ, file)),
            ("environment", _from_environment(known, environ)),
            ("option", _from_options(known, options or {})),
        )
        for setting, _, _ in given
    }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name a typing error probably meant."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


_Given = Iterable[tuple[Setting, object, str]]


def _from_file(known: Mapping[str, Setting], environ: Mapping[str, str], file: Path | None) -> _Given:
    named = file or (Path(name) if (name := environ.get(CONFIG_VARIABLE)) else None)
    path = named or Path(CONFIG_FILE)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if named is None:
            return
        raise StartupError(f"the configuration file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"the configuration file {path} cannot be read: {error}") from None
    import tomllib  # most nodes have no such file

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StartupError(f"the configuration file {path} cannot be read: {error}") from None
    for key, value in table.items():
        if key not in known:
            raise _unknown(f"the key {key!r} in {path}", key, known)
        yield known[key], value, f"{path}: {key}"


def _from_environment(known: Mapping[str, Setting], environ: Mapping[str, str]) -> _Given:
    by_variable = {setting.variable: setting for setting in known.values()}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        if variable not in by_variable:
            raise _unknown(f"the environment variable {variable}", variable, {*by_variable, *OTHER_VARIABLES})
        yield by_variable[variable], text, f"environment variable {variable}"


def _from_options(known: Mapping[str, Setting], options: Mapping[str, object]) -> _Given:
    for name, value in options.items():
        yield known[name], value, known[name].option


def _unknown(what: str, word: str, known: Iterable[str]) -> StartupError:
    guess = nearest(word, known)
    return StartupError(
        f"{what} is not a setting", action=f"Did you mean {guess}?" if guess else "See: pbx serve --help"
    )


def _converted(setting: Setting, value: object, origin: str, *, is_text: bool) -> object:
    """The value as its field wants it. Variables and options are text, whatever they mean; TOML has types."""
    if is_text and isinstance(value, str):
        value = _understood(setting, value)
    try:
        return msgspec.convert(value, setting.type, strict=not is_text, dec_hook=_path)
    except msgspec.ValidationError as error:
        got = "(hidden)" if setting.is_secret else value
        raise StartupError(f"{origin}: {error}", got=got, needed=setting.description) from None


def _understood(setting: Setting, text: str) -> object:
    if setting.is_list:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if setting.is_flag:
        return {"yes": True, "on": True, "no": False, "off": False}.get(text.lower(), text)
    return text


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("Expected the path of a folder")


def _plain(kind: object) -> object:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _description(kind: object) -> str:
    metas = [meta for meta in get_args(kind)[1:] if isinstance(meta, Meta)]
    return next((meta.description for meta in reversed(metas) if meta.description), "")
