"""What can go wrong with the database while the node runs. Each is told to the caller whose work it hit."""

from __future__ import annotations

from pbx.core.errors import PbxError


class StoreError(PbxError):
    """The database could not do it; nothing of this piece of work was stored."""


class DiskFullError(StoreError):
    """No room for this write. Later and smaller ones may fit."""


class StoreBusyError(StoreError):
    """Too many writes wait already, or another process holds the database for too long."""


class StoreClosedError(StoreError):
    """The database has been closed."""
