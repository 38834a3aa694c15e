"""Who is kept out at the door, and whose sign-ins are refused, in words that people can act on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record

BanReason = Literal["wrong_credentials", "unknown_extensions", "unanswered_challenges", "by_hand"]

IpNetwork = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$(?!\n)",
        title="Address",
        description="An IP address, or a network as CIDR.",
        examples=["192.0.2.7", "198.51.100.0/24"],
    ),
]


class Ban(Record, frozen=True, kw_only=True):
    """An address that is not listened to."""

    address: IpNetwork
    reason: BanReason
    notice: Annotated[str, Meta(description="What happened and what to do, in plain words.")]
    since: datetime
    until: Annotated[datetime | None, Meta(description="When it ends by itself; null: when it is lifted.")]
    covers: Annotated[
        Literal["everybody", "strangers"],
        Meta(description="strangers: phones that have signed in from this address before are still heard."),
    ] = "everybody"
    local: Annotated[bool, Meta(description="Whether the address is in a local network.")] = False
    times: Annotated[int, Meta(ge=1, description="How many bans in a row; each lasts longer.")] = 1
    failures: Annotated[int, Meta(ge=0, description="What was counted when the ban began.")] = 0
    extensions: Annotated[
        tuple[str, ...], Meta(description="The extensions that were claimed, some of them at most.")
    ] = ()
    user_agent: Annotated[str, Meta(description="What the sender calls itself.")] = ""


class BanWrite(Record, frozen=True, kw_only=True):
    """A ban made by hand."""

    address: IpNetwork
    for_s: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=31_536_000,
                title="Lasts",
                description="Without it, until it is lifted.",
                extra_json_schema={"x-unit": "s"},
            ),
        ]
        | None
    ) = None
    note: Annotated[str, Meta(max_length=200, title="Why", pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""


class RefusedSignIn(Record, frozen=True, kw_only=True):
    """A phone, or somebody who would like to be one, that shows wrong credentials."""

    address: str
    extension: Annotated[str, Meta(description="The user name that was shown.")]
    failures: Annotated[int, Meta(ge=1)]
    last_at: datetime
    local: Annotated[bool, Meta(description="Whether the address is in a local network.")]
    known: Annotated[bool, Meta(description="Whether there is such an extension, and it is enabled.")]
    user_agent: Annotated[str, Meta(description="What the phone calls itself.")] = ""
    wait_s: Annotated[
        int, Meta(ge=0, description="How long its next try is put off.", extra_json_schema={"x-unit": "s"})
    ] = 0
    banned: Annotated[bool, Meta(description="Whether the address is banned.")] = False
    notice: Annotated[str, Meta(description="What is wrong and what to do, in plain words.")]


class Banned(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="banned"):
    """An address is not listened to from now on."""

    ban: Ban


class BanLifted(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ban_lifted"):
    """An address is listened to again."""

    address: str
    by: Literal["time", "hand"]


class SignInsRefused(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="sign_ins_refused"):
    """A phone shows wrong credentials again and again, and is slowed down. Told once for each."""

    refused: RefusedSignIn
