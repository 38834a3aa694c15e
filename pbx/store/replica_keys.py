"""The key files of an office, locked with the recovery passphrase, so that the replica alone can become a node.

Without the passphrase they say nothing. With it, and the replica, everything is there: whoever runs the phones keeps it
where a fire in the office does not reach.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE
from pbx.store.lockbox import LockedReader, LockedWriter, LockError

__all__ = ["KEYS_NAME", "KEY_FILES", "key_files", "lock_keys", "open_keys", "read_passphrase"]

KEYS_NAME = "keys.locked"
KEY_FILES = (KEY_FILE, "dtls.pem", "tls/*", "acme/*", "push/*.key", "push/*.pem", "edge/*.key")
MOST_BYTES = 1 << 20


def key_files(data_dir: Path) -> list[Path]:
    """Small files that make this node the one that phones know."""
    found = {path for pattern in KEY_FILES for path in data_dir.glob(pattern) if path.is_file()}
    return sorted(path for path in found if path.stat().st_size <= MOST_BYTES)


def lock_keys(data_dir: Path, passphrase_file: Path) -> bytes:
    """Raises `StartupError` when the passphrase cannot be read or is too short."""
    out = io.BytesIO()
    writer = LockedWriter(out, read_passphrase(passphrase_file))
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in key_files(data_dir):
            tar.add(path, path.relative_to(data_dir).as_posix(), recursive=False)
    writer.finish()
    return out.getvalue()


def open_keys(sealed: bytes, passphrase_file: Path) -> Mapping[str, bytes]:
    """Their contents by their names. Raises `StartupError`."""
    try:
        reader = LockedReader(io.BytesIO(sealed), read_passphrase(passphrase_file))
        with tarfile.open(fileobj=io.BufferedReader(reader), mode="r|") as tar:
            found: dict[str, bytes] = {}
            for member in tar:
                content = tar.extractfile(member)
                if content is None or member.name.startswith("/") or ".." in member.name.split("/"):
                    raise StartupError(f"the locked keys have something strange in them: {member.name}")
                found[member.name] = content.read()
            return found
    except (LockError, tarfile.TarError) as error:
        raise StartupError(
            f"the key file in the replica does not open: {error}",
            action=f"Write the right recovery passphrase into {passphrase_file}, or put {KEY_FILE} there yourself",
        ) from error


def read_passphrase(file: Path) -> str:
    """The first line of a file. Raises `StartupError`."""
    try:
        text = file.read_text("utf-8").split("\n", 1)[0].strip()
        mode = file.stat().st_mode & 0o777
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"the passphrase file {file} cannot be read: {error}") from None
    if mode & 0o077:
        raise StartupError(
            f"{file} is open to other users (mode {mode:04o})", action=f"Run: chmod 600 {file}"
        )
    if len(text) < 8:
        raise StartupError(f"the passphrase in {file} is too short", needed="at least 8 characters")
    return text
