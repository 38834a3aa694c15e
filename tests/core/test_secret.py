from __future__ import annotations

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_VARIABLE, SealBrokenError, SecretBox, fingerprint, key_mode_problem, load_key

KEY = bytes(range(32))


@settings(deadline=None)
@given(st.text())
def test_what_is_sealed_opens(text: str) -> None:
    box = SecretBox(KEY)
    assert box.open(box.seal(text, context="a"), context="a") == text


def test_each_seal_differs_and_hides_the_text() -> None:
    box = SecretBox(KEY)
    first, second = box.seal("sip-password", context="a"), box.seal("sip-password", context="a")
    assert first != second
    assert b"sip-password" not in first


def test_a_seal_does_not_open_elsewhere_or_with_another_key() -> None:
    sealed = SecretBox(KEY).seal("x", context="extension:101")
    with pytest.raises(SealBrokenError, match="extension:102"):
        SecretBox(KEY).open(sealed, context="extension:102")
    with pytest.raises(SealBrokenError):
        SecretBox(bytes(32)).open(sealed, context="extension:101")


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_seal_does_not_open(position: int, flip: int) -> None:
    box = SecretBox(KEY)
    sealed = bytearray(box.seal("some password", context="a"))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SealBrokenError):
        box.open(bytes(sealed), context="a")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 28])
def test_a_seal_cut_short_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBrokenError, match="damaged"):
        SecretBox(KEY).open(sealed, context="a")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes, needed 32"):
        SecretBox(bytes(16))


def test_the_key_file_is_made_once_with_mode_0600(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = load_key(path, {})
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, {}) == key
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_many_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda _: load_key(path, {}), range(64)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_open_to_others_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    load_key(path, {})
    path.chmod(mode)
    with pytest.raises(StartupError, match=r"chmod 600"):
        load_key(path, {})
    assert key_mode_problem(path) is not None


@pytest.mark.parametrize("content", ["", "short", "zz" * 32, base64.b64encode(bytes(31)).decode()])
def test_a_key_file_with_something_else_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(StartupError, match="holds no key"):
        load_key(path, {})
    assert path.read_text() == content


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.b64encode(KEY).decode().rstrip("="),
        base64.urlsafe_b64encode(KEY).decode(),
        f" {KEY.hex()}\n",
    ],
)
def test_the_environment_wins_over_the_file(tmp_path: Path, text: str) -> None:
    assert load_key(tmp_path / "secret.key", {KEY_VARIABLE: text}) == KEY
    assert not (tmp_path / "secret.key").exists()


def test_url_safe_base64_is_understood(tmp_path: Path) -> None:
    key = b"\xfb\xff" * 16
    assert load_key(tmp_path / "k", {KEY_VARIABLE: base64.urlsafe_b64encode(key).decode()}) == key


def test_a_malformed_key_in_the_environment_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(StartupError) as caught:
        load_key(tmp_path / "secret.key", {KEY_VARIABLE: "hunter2hunter2"})
    assert "hunter2" not in str(caught.value)
    assert KEY_VARIABLE in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_key_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    load_key(path, {})
    path.chmod(0o000)
    with pytest.raises(StartupError, match="cannot be read"):
        load_key(path, {})


def test_a_fingerprint_is_sha256() -> None:
    assert fingerprint("abc").hex().startswith("ba7816bf")
