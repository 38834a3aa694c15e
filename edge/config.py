"""What the edge needs to start: command line > environment (PBX_PUBLIC_URL) > default."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.errors import StartError

__all__ = ["EdgeConfig", "add_options", "read_config"]

PREFIX = "PBX_"
Port = Annotated[int, Meta(ge=0, le=65535)]


class EdgeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one edge. Each description is its documentation in `python -m edge serve --help`."""

    host: Annotated[str, Meta(description="address to listen on")] = "0.0.0.0"  # noqa: S104  Twilio and offices call
    port: Annotated[Port, Meta(description="port of HTTP; a proxy in front of it speaks HTTPS")] = 8090
    data_dir: Annotated[Path, Meta(description="folder of the database and of files")] = Path("edge-data")
    db_dsn: Annotated[
        str,
        Meta(description="postgres://… when several edges share one store; without it, SQLite in the folder"),
    ] = ""
    public_url: Annotated[
        str,
        Meta(
            description="address that Twilio and the offices reach this edge at, such as https://edge.example.com",
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        ),
    ] = ""
    fallback_url: Annotated[
        str,
        Meta(
            description="address of another edge, which Twilio asks when this one does not answer",
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        ),
    ] = ""
    twilio_account_sid: Annotated[str, Meta(description="Twilio account SID (AC…)")] = ""
    twilio_auth_token: Annotated[
        str, Meta(description="Twilio auth token; others can read options, so set PBX_TWILIO_AUTH_TOKEN")
    ] = ""
    twilio_api_url: Annotated[
        str, Meta(description="address of Twilio's API in place of https://api.twilio.com")
    ] = ""
    country: Annotated[
        str,
        Meta(
            description="country of numbers that are written without one (ISO 3166-1)", pattern="^[A-Z]{2}$"
        ),
    ] = "US"
    chat_url: Annotated[
        str, Meta(description="OpenAI-compatible server of the language model; none: without")
    ] = ""
    chat_model: Annotated[str, Meta(description="name of the language model")] = ""
    chat_key_file: Annotated[Path | None, Meta(description="file with the key of that server")] = None
    speech_url: Annotated[
        str, Meta(description="OpenAI-compatible server that writes down what was said")
    ] = ""
    speech_model: Annotated[str, Meta(description="name of its model")] = "whisper-1"
    speech_key_file: Annotated[Path | None, Meta(description="file with the key of that server")] = None
    smtp_host: Annotated[str, Meta(description="mail server; without one no mail is sent")] = ""
    smtp_port: Annotated[Port, Meta(description="port of the mail server")] = 587
    smtp_security: Annotated[
        str, Meta(description="starttls, tls or none", pattern="^(starttls|tls|none)$")
    ] = "starttls"
    smtp_username: Annotated[str, Meta(description="user name at the mail server")] = ""
    smtp_password: Annotated[str, Meta(description="password there; set PBX_SMTP_PASSWORD")] = ""
    smtp_from: Annotated[str, Meta(description="mail address that mail comes from")] = ""

    def __repr__(self) -> str:
        return f"EdgeConfig(public_url={self.public_url!r}, twilio_account_sid={self.twilio_account_sid!r})"

    @property
    def base(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url.rstrip("/")


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each setting."""
    for field in msgspec.structs.fields(EdgeConfig):
        described = msgspec.inspect.type_info(field.type)
        text = getattr(described, "extra_json_schema", None) or {}
        parser.add_argument(
            "--" + field.name.replace("_", "-"), dest=field.name, default=None, help=text.get("description", ""),
            metavar="…",
        )  # fmt: skip


def read_config(given: Mapping[str, str | None], environment: Mapping[str, str] | None = None) -> EdgeConfig:
    """The settings from options and environment. Raises `StartError` with the name of what is wrong."""
    environ = os.environ if environment is None else environment
    values: dict[str, str] = {}
    for field in msgspec.structs.fields(EdgeConfig):
        value = given.get(field.name)
        text = value if value is not None else environ.get(PREFIX + field.name.upper())
        if text is not None:
            values[field.name] = text
    try:
        return msgspec.convert(values, EdgeConfig, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise StartError(
            f"a setting is wrong: {error}", action="python -m edge serve --help lists all"
        ) from None


def missing(config: EdgeConfig) -> Sequence[str]:
    """Names of the settings without which Twilio cannot be used."""
    needed = ("public_url", "twilio_account_sid", "twilio_auth_token")
    return [name for name in needed if not getattr(config, name)]


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError
