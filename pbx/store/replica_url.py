"""Where the replica lies: the address that an administrator writes, taken apart.

    file:///mnt/backup/office                      a folder, such as a mounted disk of another machine
    sftp://user@host:22/path/office                any SSH server; the path is absolute
    s3://bucket/office?endpoint=https://s3.example.org&region=eu-central-1
    abs://account@container/office                 Azure; ?endpoint= for one that is not the public cloud's
    gs://bucket/office                             Google

It never holds a password: those come from the environment or from a file, so that no list of processes shows them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from pbx.core.errors import StartupError

__all__ = ["Credentials", "ReplicaUrl", "Scheme", "parse", "read_credentials"]

Scheme = Literal["file", "sftp", "s3", "abs", "gs"]
EXAMPLES = "such as file:///mnt/backup/office, sftp://user@host/path/office or s3://bucket/office"
OPTIONS = {"s3": ("endpoint", "region"), "abs": ("endpoint",)}


class ReplicaUrl(msgspec.Struct, frozen=True, kw_only=True):
    """`path` has no slash at its end; `bucket` is that of S3 and Google, and Azure's container."""

    scheme: Scheme
    path: str
    host: str = ""
    port: int = 22
    user: str = ""
    bucket: str = ""
    endpoint: str = ""
    region: str = ""

    @property
    def shown(self) -> str:
        """As people are shown it."""
        if self.scheme == "file":
            return self.path
        if self.scheme == "sftp":
            return f"sftp://{self.user}@{self.host}{'' if self.port == 22 else f':{self.port}'}{self.path}"
        where = f"{self.scheme}://{self.bucket}/{self.path}"
        return f"{where} ({self.endpoint})" if self.endpoint else where

    def joined(self, *names: str) -> str:
        """The path of something below."""
        return "/".join(part for part in (self.path, *names) if part)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """`environment` is added to Litestream's; `host_key` is the line that the SSH server must show."""

    environment: Mapping[str, str]
    ssh_key: Path | None = None
    host_key: str = ""

    def of(self, *names: str) -> str:
        """The first that is set."""
        return next((value for name in names if (value := self.environment.get(name))), "")

    @property
    def access_key(self) -> str:
        return self.of("AWS_ACCESS_KEY_ID", "LITESTREAM_ACCESS_KEY_ID")

    @property
    def secret_key(self) -> str:
        return self.of("AWS_SECRET_ACCESS_KEY", "LITESTREAM_SECRET_ACCESS_KEY")

    @property
    def azure_key(self) -> str:
        return self.of("AZURE_STORAGE_KEY", "LITESTREAM_AZURE_ACCOUNT_KEY")

    @property
    def sftp_password(self) -> str:
        return self.of("SFTP_PASSWORD")


def parse(text: str) -> ReplicaUrl:
    """Raises `StartupError` that says what is wrong with it."""
    try:
        parts = urlsplit(text)
        port = parts.port or 22
    except ValueError as error:
        raise _wrong(text, str(error)) from None
    if parts.scheme not in get_args(Scheme):
        raise _wrong(text, "it begins with none of file://, sftp://, s3://, abs:// and gs://")
    if parts.password is not None:
        raise _wrong(text, "a password does not belong into it", "Put it into --replica-credentials")
    if parts.fragment or (parts.query and parts.scheme not in OPTIONS):
        raise _wrong(text, "there is something behind the path")
    path = unquote(parts.path).rstrip("/")
    if ".." in path.split("/"):
        raise _wrong(text, "a path with .. is not taken")
    if parts.scheme == "file":
        return _file(text, parts.netloc, path)
    host, user = parts.hostname or "", unquote(parts.username or "")
    if not host:
        raise _wrong(text, "the host or bucket is missing")
    if parts.scheme == "sftp":
        if not user or not path:
            raise _wrong(text, "the user or the path is missing")
        return ReplicaUrl(scheme="sftp", host=host, port=port, user=user, path=path)
    if parts.scheme == "abs":
        if not user:
            raise _wrong(text, "the account is missing", "Write abs://account@container/path")
        endpoint = _options(text, "abs", parts.query).get("endpoint", "")
        return ReplicaUrl(scheme="abs", user=user, bucket=host, path=path.lstrip("/"), endpoint=endpoint)
    if parts.scheme == "gs":
        return ReplicaUrl(scheme="gs", bucket=host, path=path.lstrip("/"))
    return _s3(text, parts.netloc, path.lstrip("/"), parts.query)


def _file(text: str, host: str, path: str) -> ReplicaUrl:
    if host or not path.startswith("/"):
        raise _wrong(text, "a folder is written with three slashes", "Write file:///path/of/the/folder")
    return ReplicaUrl(scheme="file", path=path)


def _s3(text: str, bucket: str, path: str, query: str) -> ReplicaUrl:
    options = _options(text, "s3", query)
    endpoint, region = options.get("endpoint", ""), options.get("region", "us-east-1")
    return ReplicaUrl(scheme="s3", bucket=bucket, path=path, endpoint=endpoint, region=region)


def _options(text: str, scheme: str, query: str) -> dict[str, str]:
    found = dict(parse_qsl(query))
    known = OPTIONS[scheme]
    if unknown := set(found) - set(known):
        raise _wrong(
            text, f"{sorted(unknown)[0]} is no option of it", f"{' and '.join(known)}: no others are known"
        )
    if endpoint := found.get("endpoint", "").rstrip("/"):
        found["endpoint"] = (
            endpoint if endpoint.startswith(("http://", "https://")) else f"https://{endpoint}"
        )
    return found


def read_credentials(
    file: Path | None, ssh_key: Path | None, environ: Mapping[str, str] = os.environ, host_key: str = ""
) -> Credentials:
    """Lines NAME=VALUE of `file` over the environment. Raises `StartupError`, also when others can read the file."""
    found = {name: value for name, value in environ.items() if not name.startswith("PBX_")}
    for path in (file, ssh_key):
        if path is not None:
            _require_private(path)
    if file is not None:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, equals, value = line.partition("=")
            if not equals or not name.strip().isidentifier():
                raise StartupError(f"{file}: line {number} is not NAME=VALUE")
            found[name.strip()] = value.strip()
    return Credentials(environment=found, ssh_key=ssh_key, host_key=host_key)


def _require_private(path: Path) -> None:
    try:
        mode = path.stat().st_mode & 0o777
        path.open("rb").close()
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise StartupError(
            f"{path} is open to other users (mode {mode:04o})", action=f"Run: chmod 600 {path}"
        )


def _wrong(text: str, why: str, action: str = "") -> StartupError:
    return StartupError(f"replica_url cannot be used: {why}", got=text, needed=EXAMPLES, action=action)
