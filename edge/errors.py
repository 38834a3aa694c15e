"""What goes wrong at the edge, as those who asked are told."""

from __future__ import annotations

__all__ = ["EdgeError", "StartError"]


class EdgeError(Exception):
    """An answer other than the one hoped for: an HTTP status, a plain sentence, and the field it is about."""

    def __init__(
        self, status: int, detail: str, *, field: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.headers = headers or {}


class StartError(Exception):
    """The edge cannot start; `action` says what to do."""

    def __init__(self, message: str, *, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action
