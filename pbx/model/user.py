"""People who administer the node, and the sessions they hold."""

from __future__ import annotations

from datetime import datetime

from pbx.model.base import Record
from pbx.model.scalars import Password, Username


class User(Record, frozen=True, kw_only=True):
    """An administrator. The password's hash never leaves the store."""

    id: str
    username: Username
    created_at: datetime


class Login(Record, frozen=True, kw_only=True):
    """What the log-in form sends."""

    username: str
    password: str


class UserWrite(Record, frozen=True, kw_only=True):
    """A new administrator, or the first one through the set-up link."""

    username: Username
    password: Password


class Session(Record, frozen=True, kw_only=True):
    """A logged-in browser. `csrf_token` must come back in a header with everything that changes something."""

    user: User
    csrf_token: str
    expires_at: datetime
