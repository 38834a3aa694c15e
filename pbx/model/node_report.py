"""What the node says about its machine and its own start."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["DoctorCheck", "StartupSetting"]


class DoctorCheck(Record, frozen=True, kw_only=True):
    """One line of `pbx doctor`. `action` says what to do."""

    name: str
    grade: Literal["ok", "warning", "failure"]
    text: str
    action: str = ""


class StartupSetting(Record, frozen=True, kw_only=True):
    """Something that needs a restart to change, and where its value comes from."""

    name: str
    value: Annotated[str, Meta(description="As it counts now; a password is only said to be set.")]
    source: Annotated[
        Literal["option", "environment", "file", "default"],
        Meta(description="The command line, an environment variable, pbx.toml, or what nobody has set."),
    ]
    option: Annotated[str, Meta(examples=["--http-port"])]
    variable: Annotated[str, Meta(examples=["PBX_HTTP_PORT"])]
    description: str
