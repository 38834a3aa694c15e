"""What the gateway needs to start: command line > environment (PBX_PUSH_APNS_KEY) > default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

import msgspec
from msgspec import Meta

from mobile_push.errors import SetupError

PREFIX = "PBX_PUSH_"


class PushConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one gateway. Each description is its documentation in `--help`."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(description="port of HTTP; put a proxy with TLS before it", ge=0, le=65535)] = (
        8090
    )
    data_dir: Annotated[Path, Meta(description="folder of the SQLite database and the Web Push key")] = Path(
        "push-data"
    )
    db_dsn: Annotated[str, Meta(description="PostgreSQL in place of SQLite, such as postgresql:///push")] = ""
    rate: Annotated[
        float, Meta(description="pushes per second of one office in the long run; 0 sets no limit", ge=0)
    ] = 20.0
    apns_key: Annotated[Path | None, Meta(description="Apple's signing key (.p8)")] = None
    apns_key_id: Annotated[str, Meta(description="its Key ID")] = ""
    apns_team: Annotated[str, Meta(description="the Team ID at Apple")] = ""
    apns_apps: Annotated[
        tuple[str, ...],
        Meta(description="bundles of the apps that this key may send to, such as org.example.phone"),
    ] = ()
    apns_sandbox: Annotated[bool, Meta(description="send everything to Apple's sandbox")] = False
    apns_url: Annotated[str, Meta(description="address of Apple's service")] = "https://api.push.apple.com"
    apns_sandbox_url: Annotated[str, Meta(description="address of its sandbox")] = (
        "https://api.sandbox.push.apple.com"
    )
    apns_trust: Annotated[Path | None, Meta(description="CA certificates (PEM) in place of the system's")] = (
        None
    )
    fcm_account: Annotated[Path | None, Meta(description="Google's service account (JSON)")] = None
    fcm_url: Annotated[str, Meta(description="address of Google's service")] = "https://fcm.googleapis.com"
    webpush_contact: Annotated[
        str, Meta(description="mailto: or https: address that push services may write to")
    ] = "mailto:postmaster@example.org"
    webpush_hosts: Annotated[
        tuple[str, ...], Meta(description="more push services of browsers that may be sent to")
    ] = ()


def read_config(arguments: Mapping[str, str], environ: Mapping[str, str]) -> PushConfig:
    """Raises `SetupError`."""
    values: dict[str, object] = {}
    for name, kind in get_type_hints(PushConfig).items():
        text = arguments.get(name) or environ.get(PREFIX + name.upper())
        if text:
            values[name] = text.split(",") if tuple in _origins(kind) else text
    try:
        config = msgspec.convert(values, PushConfig, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise SetupError(str(error)) from error
    check(config)
    return config


def check(config: PushConfig) -> None:
    """What no single setting can know. Raises `SetupError`."""
    if config.apns_key is not None and not (config.apns_key_id and config.apns_team and config.apns_apps):
        raise SetupError("apns_key needs apns_key_id, apns_team and apns_apps")


def _origins(kind: object) -> list[object]:
    return [getattr(each, "__origin__", each) for each in (kind, *get_args(kind))]


def description(name: str) -> str:
    """The documentation of a setting."""
    kind = get_type_hints(PushConfig, include_extras=True)[name]
    return next((each.description or "" for each in get_args(kind)[1:] if isinstance(each, Meta)), "")
