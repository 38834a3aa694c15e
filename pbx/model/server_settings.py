"""Servers elsewhere that the node uses, where an administrator names them while it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["AiSettings", "EdgeKey", "MailPassword", "MailSettings"]

_PLAIN = r"^[^\x00-\x1f\x7f]*$(?!\n)"


class MailSettings(Record, frozen=True, kw_only=True):
    """Who takes the node's mail. Without a server here, the one of the startup settings does."""

    host: Annotated[
        str,
        Meta(
            max_length=253,
            pattern=r"^[A-Za-z0-9.:_-]*$(?!\n)",
            title="Mail server",
            examples=["mail.office.example"],
        ),
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65535, title="Port")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(title="Encryption", description="starttls: mostly port 587; tls: mostly port 465."),
    ] = "starttls"
    username: Annotated[str, Meta(max_length=200, pattern=_PLAIN, title="User name")] = ""
    sender: Annotated[
        str,
        Meta(
            max_length=254,
            pattern=r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189})?$(?!\n)",
            title="Mail comes from",
            description="Without one, from the user name if that is an address.",
        ),
    ] = ""


class MailPassword(Record, frozen=True, kw_only=True):
    """The password at the mail server; it is never read again."""

    password: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=_PLAIN,
            title="Password",
            description="Empty: none.",
            extra_json_schema={"x-widget": "password", "writeOnly": True},
        ),
    ]


class EdgeKey(Record, frozen=True, kw_only=True):
    """What this office shows to its edges; it is never read again."""

    key: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=r"^([A-Za-z0-9]{1,64}\.[A-Za-z0-9_-]{16,128})?$(?!\n)",
            title="Key",
            description="As the edge printed it: office.key. Empty: none.",
            extra_json_schema={"x-widget": "password", "writeOnly": True},
        ),
    ]


class AiSettings(Record, frozen=True, kw_only=True):
    """The chat model that understands what callers want. Without a server here, the one of the startup settings."""

    chat_url: Annotated[
        str,
        Meta(
            max_length=500,
            pattern=r"^(https?://[!-~]+)?$(?!\n)",
            title="Address",
            description="Of a server that speaks OpenAI's chat API.",
            examples=["http://127.0.0.1:11434/v1"],
        ),
    ] = ""
    chat_model: Annotated[str, Meta(max_length=200, pattern=_PLAIN, title="Model")] = ""
