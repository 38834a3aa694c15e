"""A PostgreSQL server for tests: Debian's, in a temporary folder, reached over a socket there, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["postgres_server"]

USER = "postgres"
"""PostgreSQL refuses to run as root."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """The DSN of an empty server, without a database's name: add `?` options as you like."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = pwd.getpwnam(USER) if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()} if user is not None else {}

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, **as_user)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr or done.stdout

    data = str(folder / "data")
    run(
        str(programs / "initdb"),
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    )
    options = (
        f"-c listen_addresses='' -c fsync=off -c unix_socket_directories='{folder}' -c max_connections=60"
    )
    run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://{USER}@/postgres?host={folder}"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
