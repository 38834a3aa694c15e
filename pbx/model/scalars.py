"""The small types records are made of. Each carries its own rule and the words the form shows."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

# Patterns end in `$(?!\n)`: Python's `$` would let a final line feed pass, and JavaScript knows no `\Z`.

ExtensionNumber = Annotated[
    str,
    Meta(
        pattern=r"^(?!(112|911)$)[0-9]{2,10}$(?!\n)",
        title="Number",
        description="What is dialled to reach it: 2 to 10 digits; not 112 or 911, which call for help.",
        examples=["101"],
    ),
]

DisplayName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        title="Name",
        description="The name phones show. No control characters.",
        examples=["Alice Example"],
    ),
]

SipPassword = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=128,
        pattern=r"^[\x20-\x7e]*$(?!\n)",
        title="SIP password",
        description="What the phone authenticates with: 8 to 128 printable ASCII characters.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]

RingSeconds = Annotated[
    int,
    Meta(
        ge=5,
        le=300,
        title="Ring time",
        description="How long the phones ring before the call counts as not answered.",
        extra_json_schema={"x-unit": "s"},
    ),
]

Username = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$(?!\n)",
        title="User name",
        description="What one logs in with: up to 64 letters, digits and . _ @ + -, no spaces.",
        examples=["admin"],
    ),
]

Password = Annotated[
    str,
    Meta(
        min_length=10,
        max_length=256,
        title="Password",
        description="At least 10 characters.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]

Label = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        title="Name",
        description="What it is for, in words.",
        examples=["monitoring"],
    ),
]

Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$(?!\n)",
        title="Short name",
        description="Names it in addresses and documents: 1 to 40 small letters, digits and hyphens.",
        examples=["provider"],
    ),
]

E164 = Annotated[
    str,
    Meta(
        pattern=r"^\+[1-9][0-9]{4,14}$(?!\n)",
        title="Number",
        description="An outside number with its country code (E.164).",
        examples=["+12025550123"],
    ),
]

Destination = Annotated[
    str,
    Meta(
        pattern=r"^[0-9*#+]{1,32}$(?!\n)",
        title="Destination",
        description="Where the call goes: what an extension would dial to get there.",
        examples=["101"],
        extra_json_schema={"x-widget": "destination"},
    ),
]

HostName = Annotated[
    str,
    Meta(
        pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?"
        r"|\[?[0-9A-Fa-f:]+\]?)$(?!\n)",
        max_length=253,
        title="Server",
        description="A host name or an IP address; the port has a field of its own.",
        examples=["sip.provider.example"],
    ),
]

CountryCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}$(?!\n)",
        title="Country",
        description="Two letters (ISO 3166-1).",
        examples=["US"],
    ),
]

PickupGroup = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        title="Pickup group",
        description="Extensions with the same word here may pick up each other's calls.",
    ),
]
