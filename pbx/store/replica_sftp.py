"""Files at an SSH server, by SFTP version 3 (draft-ietf-secsh-filexfer-02), which every one speaks.

The server's key is checked: against the one that was set, else against the one it showed first.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.core.names import Lookup, addresses_of, system_lookup
from pbx.store.replica_files import CHUNK, ReplicaFilesError
from pbx.store.replica_url import Credentials, ReplicaUrl

if TYPE_CHECKING:
    import asyncssh

__all__ = ["SftpFiles"]

CONNECT_S = 15.0


class SftpFiles:
    """One connection, made when it is first needed and again when it has broken."""

    def __init__(
        self,
        url: ReplicaUrl,
        credentials: Credentials,
        learned: Callable[[str], None] | None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._lookup = lookup
        self._url = url
        self._credentials = credentials
        self._learned = learned
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()
        self._made: set[str] = set()

    async def get(self, name: str) -> bytes | None:
        import asyncssh

        async with self._using() as sftp:
            try:
                async with sftp.open(self._path(name), "rb") as file:
                    return _bytes(await file.read())
            except asyncssh.SFTPNoSuchFile:
                return None

    async def put(self, name: str, content: bytes) -> None:
        async with self._using() as sftp:
            draft = await self._write(sftp, name, content)
            await sftp.posix_rename(draft, self._path(name))

    async def create(self, name: str, content: bytes) -> bool:
        """A plain rename of version 3 refuses to replace a file."""
        import asyncssh

        async with self._using() as sftp:
            draft = await self._write(sftp, name, content)
            try:
                await sftp.rename(draft, self._path(name))
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                await sftp.remove(draft)
                if await sftp.exists(self._path(name)):
                    return False
                raise
            return True

    async def list(self, folder: str) -> Mapping[str, int]:
        async with self._using() as sftp:
            found: dict[str, int] = {}
            await self._walk(sftp, folder, found)
            return found

    async def _walk(self, sftp: asyncssh.SFTPClient, folder: str, found: dict[str, int]) -> None:
        import asyncssh

        with suppress(asyncssh.SFTPNoSuchFile):
            for entry in await sftp.readdir(self._path(folder)):
                name = str(entry.filename)
                if name in (".", "..") or name.startswith(".draft-"):
                    continue
                if stat.S_ISDIR(entry.attrs.permissions or 0):
                    await self._walk(sftp, f"{folder}/{name}", found)
                else:
                    found[f"{folder}/{name}"] = entry.attrs.size or 0

    async def upload(self, path: Path, name: str, sha256: str) -> None:
        async with self._using() as sftp:
            draft = await self._draft(sftp, name)
            await sftp.put(str(path), draft)
            await sftp.posix_rename(draft, self._path(name))

    async def download(self, name: str, path: Path) -> str:
        digest = hashlib.sha256()
        async with self._using() as sftp, sftp.open(self._path(name), "rb") as source:
            with await asyncio.to_thread(path.open, "wb") as target:
                while data := _bytes(await source.read(CHUNK)):
                    digest.update(data)
                    await asyncio.to_thread(target.write, data)
        return digest.hexdigest()

    async def delete(self, name: str) -> None:
        import asyncssh

        async with self._using() as sftp:
            with suppress(asyncssh.SFTPNoSuchFile):
                await sftp.remove(self._path(name))

    async def close(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await connection.wait_closed()

    def _path(self, name: str) -> str:
        return f"{self._url.path}/{name}"

    async def _draft(self, sftp: asyncssh.SFTPClient, name: str) -> str:
        folder = posixpath.dirname(self._path(name))
        if folder not in self._made:
            await sftp.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        return f"{folder}/.draft-{secrets.token_hex(6)}"

    async def _write(self, sftp: asyncssh.SFTPClient, name: str, content: bytes) -> str:
        draft = await self._draft(sftp, name)
        async with sftp.open(draft, "wb") as file:
            await file.write(content)
        return draft

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[asyncssh.SFTPClient]:
        import asyncssh

        try:
            async with self._connecting:
                if self._sftp is None:
                    self._sftp = await self._connect()
                sftp = self._sftp
            yield sftp
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, OSError, TimeoutError) as error:
            await self.close()
            raise ReplicaFilesError(
                f"{self._url.host} cannot be reached: {str(error) or 'no answer'}"
            ) from error
        except asyncssh.SFTPError as error:
            raise ReplicaFilesError(f"{self._url.host} refuses: {error.reason}") from error
        except asyncssh.HostKeyNotVerifiable as error:
            raise ReplicaFilesError(
                f"{self._url.host} shows another key than before; if that is right, remove replica/host_key"
            ) from error
        except asyncssh.Error as error:
            raise ReplicaFilesError(f"{self._url.host} lets nobody in: {error.reason}") from error

    async def _connect(self) -> asyncssh.SFTPClient:
        import asyncssh

        known = self._credentials.host_key
        key = self._credentials.ssh_key
        async with asyncio.timeout(CONNECT_S):
            address, *_ = await addresses_of(self._url.host, self._lookup)
            name = address if self._url.port == 22 else f"[{address}]:{self._url.port}"
            self._connection = await asyncssh.connect(
                address,
                self._url.port,
                username=self._url.user,
                client_keys=[str(key)] if key is not None else None,
                password=self._credentials.sftp_password or None,
                known_hosts=asyncssh.import_known_hosts(f"{name} {known}\n") if known else None,
                server_host_key_algs=[known.split()[0]] if known and not known.startswith("ssh-rsa") else (),
                agent_path=None,
                config=None,
                keepalive_interval=15,
            )
            if not known and self._learned is not None:
                shown = self._connection.get_server_host_key()
                if shown is not None:
                    self._learned(shown.export_public_key().decode().strip())
            self._made.clear()
            return await self._connection.start_sftp_client()


def _bytes(read: str | bytes) -> bytes:
    """What was opened as binary is bytes."""
    assert isinstance(read, bytes)
    return read
