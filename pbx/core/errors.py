"""The one error tree, with three branches: the peer's fault, the user's fault, and ours.

An error says what to answer, so that the layer that catches it needs no table: a `PeerError` carries the SIP
status, a `UserError` the HTTP status and the path of the field. Busy and no-answer are values, not errors.
"""

from __future__ import annotations


class PbxError(Exception):
    """Anything this program raises on purpose."""


class PeerError(PbxError):
    """A phone or trunk asked for something we refuse: answer `sip_status`, `reason`, extra `headers`."""

    def __init__(self, sip_status: int, reason: str, *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{sip_status} {reason}")
        self.sip_status = sip_status
        self.reason = reason
        self.headers = headers


class UserError(PbxError):
    """A person, or a program they wrote, asked for something impossible.

    `path` is the JSON path of the field ("$.extensions[3].number"), `got` and `needed` say what stood there
    and what should, `action` says what to do about it. `problems` holds several errors found in one pass.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int = 400,
        path: str = "",
        got: object = None,
        needed: object = None,
        action: str = "",
        problems: tuple[UserError, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.path = path
        self.got = got
        self.needed = needed
        self.action = action
        self.problems = problems

    def __str__(self) -> str:
        """One line, or one line per problem: path, message, what was got and needed, what to do."""
        lines = [self._line(), *(f"  {problem}" for problem in self.problems)]
        return "\n".join(lines)

    def _line(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        details = [
            f"{word} {value!r}" if word == "got" else f"{word} {value}"
            for word, value in (("got", self.got), ("needed", self.needed))
            if value is not None
        ]
        if details:
            text += f" ({', '.join(details)})"
        return f"{text}. {self.action}" if self.action else text


class StartupError(UserError):
    """The program cannot start as it was asked to; printed plainly, exit status 1."""


class InternalError(PbxError):
    """Our own fault: ends the call or the request it happened in, never the node."""
