"""A new key for everything that is sealed, whole or not at all, wherever the process ends.

    1  secret.key.new              the new key, on the disk
    2  one transaction             every sealed field opened and sealed anew; `key check` says with which key
    3  secret.key.before-<time>    the old key: backups from before need it
    4  secret.key.new → secret.key

`settle` finishes or forgets what was interrupted: the database says with which of the two keys it is sealed. No node
and no command may hold the old key meanwhile, so both keep locks.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_BYTES, KEY_FILE, KEY_VARIABLE, SealBrokenError, SecretBox, load_key, write_key
from pbx.store.database import FILE_NAME
from pbx.store.flow_secrets import FlowSecrets
from pbx.store.lock import DataDirLock

__all__ = ["SEALED", "Rotated", "in_use", "rotate", "settle", "settled_key"]

NEW = "secret.key.new"
CHECK = "key check"


class Sealed(msgspec.Struct, frozen=True):
    """A column of sealed fields. `context` is made of the columns `keys`, which also find the row."""

    table: str
    column: str
    context: str
    keys: tuple[str, ...]


SEALED = (
    Sealed("records", "secret", "{}:{}", ("kind", "key")),
    Sealed("users", "totp_secret", "totp:{}", ("id",)),
    Sealed("grants", "push_token", "push:{}", ("id",)),
    Sealed("push_phones", "push_token", "push:{}", ("id",)),
    Sealed("sync_revisions", "undo", "sync:{}", ("sequence",)),
)


class Rotated(msgspec.Struct, frozen=True):
    """What was done. `before` is where the old key is kept."""

    fields: int
    before: Path


def settled_key(data_dir: Path, environ: Mapping[str, str] = os.environ, *, locked: bool = False) -> bytes:
    """The node's key, after an interrupted change of keys has been settled. `locked`: the caller is the node."""
    settle(data_dir, locked=locked)
    return load_key(data_dir / KEY_FILE, environ)


@contextmanager
def in_use(data_dir: Path) -> Iterator[None]:
    """While a command seals and opens beside a node: the key does not change. Raises `StartupError`."""
    settle(data_dir)
    with _lock(data_dir, fcntl.LOCK_SH, "the key is just being changed", "Try again in a moment"):
        yield


def rotate(
    data_dir: Path,
    now: datetime,
    *,
    environ: Mapping[str, str] = os.environ,
    passed: Callable[[str], None] = lambda _: None,
) -> Rotated:
    """Make a new key and seal everything anew. `passed` is told each point where the process may end.

    Raises `StartupError`, and then nothing has changed.
    """
    if environ.get(KEY_VARIABLE):
        raise StartupError(
            f"the key is in the environment variable {KEY_VARIABLE}, where it cannot be changed from here",
            action=f"Write it into {data_dir / KEY_FILE} (mode 0600), take the variable away, and repeat this",
        )
    if not (data_dir / FILE_NAME).exists() or not (data_dir / KEY_FILE).exists():
        raise StartupError(
            f"there is no office in {data_dir}", action="Name the right folder with --data-dir"
        )
    lock = DataDirLock.take(data_dir)
    try:
        settle(data_dir, locked=True)
        busy = "another pbx command is using the key"
        with _lock(data_dir, fcntl.LOCK_EX, busy, "Let it end, and repeat this"):
            old = load_key(data_dir / KEY_FILE, environ)
            new = secrets.token_bytes(KEY_BYTES)
            write_key(data_dir / NEW, new)
            passed("the new key is written")
            fields = _reseal(data_dir, SecretBox(old), new, passed)
            passed("everything is sealed anew")
            return Rotated(fields, _put_in_place(data_dir, now, passed))
    finally:
        lock.release()


def settle(data_dir: Path, *, locked: bool = False) -> None:
    """Finish or forget a change of keys that was interrupted. Raises `StartupError` while one goes on."""
    path = data_dir / NEW
    if not path.exists():
        return
    lock = None if locked else DataDirLock.take(data_dir)
    try:
        if not path.exists():  # it has just ended
            return
        try:
            new = load_key(path, {})
        except StartupError:  # it was being written
            new = b""
        if new and _check(data_dir) == _mark(new):
            _put_in_place(data_dir, datetime.fromtimestamp(path.stat().st_mtime).astimezone())
        else:
            path.unlink()
            _sync(data_dir)
    finally:
        if lock is not None:
            lock.release()


def _reseal(data_dir: Path, old: SecretBox, key: bytes, passed: Callable[[str], None]) -> int:
    count, new = 0, SecretBox(key)
    with closing(sqlite3.connect(data_dir / FILE_NAME, isolation_level=None, timeout=10)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # nothing that the old key opens stays behind
        connection.execute("BEGIN IMMEDIATE")
        try:
            for place in SEALED:
                count += _reseal_column(connection, place, old, new)
            count += _reseal_state(connection, old, new)
            count += FlowSecrets(old).work(connection, FlowSecrets(new))
            # Answers to requests that may be repeated, of the last day.
            connection.execute("DELETE FROM answers")
            connection.execute(
                "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
                (CHECK, msgspec.json.encode(_mark(key)).decode()),
            )
            passed("all is written, nothing is kept")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            (data_dir / NEW).unlink(missing_ok=True)
            raise
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _reseal_column(connection: sqlite3.Connection, place: Sealed, old: SecretBox, new: SecretBox) -> int:
    table, column = place.table, place.column
    query = f"SELECT {', '.join(place.keys)}, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
    where = " AND ".join(f"{key}=?" for key in place.keys)
    rows = connection.execute(query).fetchall()
    for *values, sealed in rows:
        context = place.context.format(*values)
        try:
            text = old.open(bytes(sealed), context=context)
        except SealBrokenError as error:
            raise StartupError(
                f"{error}, so nothing was changed",
                action="Put the right secret.key back, or delete what it names",
            ) from None
        connection.execute(
            f"UPDATE {table} SET {column}=? WHERE {where}",  # noqa: S608  our own words
            (new.seal(text, context=context), *values),
        )
    return len(rows)


def _reseal_state(connection: sqlite3.Connection, old: SecretBox, new: SecretBox) -> int:
    """What the node keeps for itself: a sealed value is a base64 string, its context is its key."""
    count = 0
    for key, text in connection.execute("SELECT key, value FROM state").fetchall():
        try:
            sealed = base64.b64decode(msgspec.json.decode(text, type=str), validate=True)
            clear = old.open(sealed, context=key)
        except (msgspec.MsgspecError, binascii.Error, ValueError, SealBrokenError):
            continue
        again = base64.b64encode(new.seal(clear, context=key)).decode()
        connection.execute("UPDATE state SET value=? WHERE key=?", (msgspec.json.encode(again).decode(), key))
        count += 1
    return count


def _put_in_place(data_dir: Path, now: datetime, passed: Callable[[str], None] = lambda _: None) -> Path:
    path = data_dir / KEY_FILE
    before = data_dir / f"{KEY_FILE}.before-{now:%Y%m%dT%H%M%S}"
    if not before.exists():
        os.link(path, before)
    passed("the old key is kept")
    (data_dir / NEW).replace(path)
    passed("the new key is in place")
    _sync(data_dir)
    return before


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mark(key: bytes) -> str:
    """Says which key it is, and nothing about it."""
    return hmac.digest(key, b"bellwire key check", "sha256").hex()[:32]


def _check(data_dir: Path) -> str:
    """The mark of the key that the database was last sealed anew with; "" for the first."""
    uri = f"{(data_dir / FILE_NAME).absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
        row = connection.execute("SELECT value FROM state WHERE key=?", (CHECK,)).fetchone()
    return "" if row is None else msgspec.json.decode(row[0], type=str)


@contextmanager
def _lock(data_dir: Path, how: int, words: str, action: str) -> Iterator[None]:
    """On the key file itself; nothing where the key is elsewhere, since it does not change there."""
    try:
        descriptor = os.open(data_dir / KEY_FILE, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartupError(words, action=action) from None
        yield
    finally:
        os.close(descriptor)
