from __future__ import annotations

from pbx.core.errors import PbxError, PeerError, StartupError, UserError


def test_peer_error_carries_what_to_answer() -> None:
    error = PeerError(503, "Service Unavailable", headers=(("Retry-After", "5"),))
    assert (error.sip_status, error.reason, error.headers) == (
        503,
        "Service Unavailable",
        (("Retry-After", "5"),),
    )
    assert str(error) == "503 Service Unavailable"


def test_user_error_says_path_got_needed_and_what_to_do() -> None:
    error = UserError("not a number", path="$.a[3].b", got="x", needed="digits", action="Use digits")
    assert str(error) == "$.a[3].b: not a number (got 'x', needed digits). Use digits"


def test_user_error_lists_its_problems_one_a_line() -> None:
    error = UserError("two errors", problems=(UserError("one", path="$.a"), UserError("two", path="$.b")))
    assert str(error) == "two errors\n  $.a: one\n  $.b: two"


def test_a_falsy_value_is_still_shown_as_what_was_got() -> None:
    assert "got 0" in str(UserError("too small", got=0, needed="≥ 1"))


def test_startup_error_is_the_users_and_everything_has_one_root() -> None:
    assert issubclass(StartupError, UserError)
    assert issubclass(PeerError, PbxError)
