"""What goes wrong: with who asks (`PushError`), or with how the gateway was set up (`SetupError`)."""

from __future__ import annotations


class PushError(Exception):
    """A request that is refused; it becomes a problem of RFC 9457."""

    def __init__(self, status: int, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


class SetupError(Exception):
    """A setting or a key file that cannot work; the text says which, and what is needed."""
