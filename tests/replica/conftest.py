"""Litestream of both lines, and real places for a replica: a folder, an SSH server, servers that speak S3, Azure
Blob and Google's storage."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pbx.store.replica_files import ReplicaFiles, files_at
from pbx.store.replica_url import Credentials, ReplicaUrl, parse
from tests.replica import emulators
from tests.replica.ports import free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
LINES = ("0.3", "0.5")


def litestream_program(line: str) -> str:
    """Fetched by `make .make/litestream`; the older line is not to be had for ARM."""
    path = ROOT / ".make" / f"litestream-{line}" / "litestream"
    if line == "0.3" and platform.machine() not in ("x86_64", "amd64"):
        pytest.skip("Litestream 0.3 is not to be had for this machine")
    assert path.exists(), "run: make .make/litestream"
    return str(path)


ONE_IS_SLOW = (pytest.param("0.3", marks=pytest.mark.slow), "0.5")
"""For stories that run on the newer line every time, and on the older one in the longer run."""


@pytest.fixture(params=LINES)
def program(request: pytest.FixtureRequest) -> str:
    return litestream_program(str(request.param))


class Place:
    """Somewhere a replica can be kept, and how to get in."""

    def __init__(self, url: str, credentials: Credentials, options: list[str]) -> None:
        self.text = url
        self.url: ReplicaUrl = parse(url)
        self.credentials = credentials
        self.options = options
        """What `pbx serve` needs besides the address."""

    def files(self) -> ReplicaFiles:
        return files_at(self.url, self.credentials)


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    (tmp_path / "mounted").mkdir()
    return Place(f"file://{tmp_path}/mounted/office", Credentials(environment=os.environ), [])


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path, str]]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@contextmanager
def running_sshd(folder: Path) -> Iterator[tuple[int, Path, str]]:
    """OpenSSH's server as this user: its port, a key that it lets in, and the line of its own key."""
    server = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    assert server, "openssh-server is not installed: make .make/system-test"
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "client.pub", folder / "authorized")
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # its own rule when root starts it
    log = (folder / "log").open("wb")
    process = subprocess.Popen([server, "-D", "-e", "-f", folder / "config"], stderr=log)
    try:
        wait_for(port, process)
        yield port, folder / "client", (folder / "host.pub").read_text().rsplit(" ", 1)[0]
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture
def sftp_place(sshd: tuple[int, Path, str], tmp_path: Path) -> Place:
    port, key, host_key = sshd
    credentials = Credentials(environment=os.environ, ssh_key=key, host_key=host_key)
    url = f"sftp://{getpass.getuser()}@127.0.0.1:{port}{tmp_path}/far/office"
    (tmp_path / "far").mkdir()
    return Place(url, credentials, ["--replica-ssh-key", str(key)])


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """moto's server as a process of its own; its buckets are in memory."""
    port = free_port()
    with (tmp_path_factory.mktemp("moto") / "log").open("wb") as log:
        words = [
            sys.executable,
            "-c",
            "from moto.server import main; main()",
            "-H",
            "127.0.0.1",
            "-p",
            str(port),
        ]
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def s3_place(s3_server: int, tmp_path: Path) -> Place:
    import boto3  # type: ignore[import-untyped]  # it came with moto

    name = f"b{abs(hash(str(tmp_path))) % 10**10}"
    boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_server}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    ).create_bucket(Bucket=name)
    file = tmp_path / "credentials"
    file.write_text("AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=secret\n")
    file.chmod(0o600)
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    url = f"s3://{name}/our office?endpoint=http://127.0.0.1:{s3_server}"
    return Place(url, Credentials(environment=environment), ["--replica-credentials", str(file)])


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with emulators.azurite(tmp_path_factory.mktemp("azurite")) as port:
        yield port


@pytest.fixture
def azure_place(azurite: int, tmp_path: Path) -> Place:
    """A container of its own, and the key in a file."""
    name = f"b{abs(hash(str(tmp_path))) % 10**10}"
    emulators.make_container(azurite, name)
    file = tmp_path / "credentials"
    file.write_text(f"AZURE_STORAGE_KEY={emulators.AZURE_KEY}\n")
    file.chmod(0o600)
    endpoint = f"http://127.0.0.1:{azurite}/{emulators.AZURE_ACCOUNT}"
    url = f"abs://{emulators.AZURE_ACCOUNT}@{name}/our office?endpoint={endpoint}"
    environment = {**os.environ, "AZURE_STORAGE_KEY": emulators.AZURE_KEY}
    return Place(url, Credentials(environment=environment), ["--replica-credentials", str(file)])


@pytest.fixture(scope="session")
def fake_gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with emulators.fake_gcs(tmp_path_factory.mktemp("gcs")) as port:
        yield port


@pytest.fixture
def gcs_place(fake_gcs: int, tmp_path: Path) -> Place:
    name = f"b{abs(hash(str(tmp_path))) % 10**10}"
    emulators.make_bucket(fake_gcs, name)
    file = tmp_path / "credentials"
    file.write_text(f"STORAGE_EMULATOR_HOST=127.0.0.1:{fake_gcs}\n")
    file.chmod(0o600)
    environment = {**os.environ, "STORAGE_EMULATOR_HOST": f"127.0.0.1:{fake_gcs}"}
    credentials = Credentials(environment=environment)
    return Place(f"gs://{name}/our office", credentials, ["--replica-credentials", str(file)])


EMULATED = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("azure", "gcs")]


@pytest.fixture(params=["folder", "sftp", "s3", *EMULATED])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found
