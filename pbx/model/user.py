"""People who use the node: what they may do, and the sessions they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber, Password, Username

__all__ = ["ROLES", "Code", "Login", "Role", "Session", "User", "UserPatch", "UserWrite"]

Role = Annotated[
    Literal["owner", "admin", "supervisor", "user"],
    Meta(
        title="Role",
        description="owner: everything. admin: everything but owners. supervisor: watches and steers calls, hears "
        "recordings. user: only what belongs to their own extension.",
    ),
]
ROLES: tuple[Role, ...] = ("owner", "admin", "supervisor", "user")

_Extension = Annotated[
    Annotated[ExtensionNumber, ref("extension")] | None,
    Meta(title="Extension", description="Whose phone is theirs. The role user needs one."),
]
_Enabled = Annotated[bool, Meta(title="Enabled", description="Off: nobody gets in with this account.")]

Code = Annotated[
    str,
    Meta(
        max_length=40,
        title="Code",
        description="Of the second factor, or a recovery code; only asked for where one is set up.",
    ),
]


class User(Record, frozen=True, kw_only=True):
    """Somebody who can sign in. The password's hash never leaves the store."""

    id: str
    username: Username
    created_at: datetime
    role: Role = "owner"
    extension: _Extension = None
    enabled: _Enabled = True
    second_factor: Annotated[bool, Meta(title="Second factor", description="Asked for a code too.")] = False


class Login(Record, frozen=True, kw_only=True):
    """What the log-in form sends."""

    username: str
    password: Annotated[str, Meta(extra_json_schema={"x-widget": "password", "writeOnly": True})]
    code: Code | None = None


class UserWrite(Record, frozen=True, kw_only=True):
    """A new user."""

    username: Username
    password: Password
    role: Role = "user"
    extension: _Extension = None
    enabled: _Enabled = True


class UserPatch(Record, frozen=True, kw_only=True):
    """What can be changed of a user; what is left out stays."""

    role: Role | None = None
    extension: _Extension | UnsetType = UNSET
    enabled: bool | None = None
    password: Password | None = None
    second_factor: Annotated[
        Literal[False] | None, Meta(description="false takes it away from somebody who has lost theirs.")
    ] = None


class Session(Record, frozen=True, kw_only=True):
    """A logged-in browser. `csrf_token` must come back in a header with everything that changes something."""

    user: User
    csrf_token: str
    expires_at: datetime
