from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pbx.app import doctor
from pbx.app.doctor import Grade, examine
from pbx.app.doctor_internet import clock_offset, graded
from pbx.core.config import NodeConfig
from pbx.core.secret import load_key
from pbx.media import loop_setting
from pbx.model.binding import Binding
from pbx.store.bindings import BindingStore
from pbx.store.database import Database, lock_data_dir
from pbx.transport.certificate import ensure


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    return NodeConfig(
        data_dir=tmp_path / "data", host="127.0.0.1", sip_port=_free_port(), http_port=_free_port(),
        rtp_port_min=40000, rtp_port_max=40100,
        sip_tls_port=_free_port(), https_port=_free_port(), stun_server="none",
    )  # fmt: skip


def _found(config: NodeConfig) -> dict[str, tuple[Grade, str]]:
    return {one.name: (one.grade, f"{one.text} {one.action}") for one in examine(config)}


def test_a_fresh_machine_is_well_and_nothing_is_made(config: NodeConfig) -> None:
    found = _found(config)
    assert {name for name, (grade, _) in found.items() if grade is Grade.FAILURE} <= {"audio engine"}
    assert not config.data_dir.exists()


async def test_a_used_data_directory_is_well(config: NodeConfig) -> None:
    config.data_dir.mkdir()
    load_key(config.data_dir / "secret.key", {})
    async with await Database.open(config.data_dir / "pbx.sqlite3"):
        found = _found(config)
    assert found["database"][0] is found["key"][0] is Grade.OK


def test_ports_in_use_are_named_with_their_setting(config: NodeConfig) -> None:
    with socket.socket() as http, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        http.bind((config.host, config.http_port))
        http.listen()
        sip.bind((config.host, config.sip_port))
        found = _found(config)
    assert found["HTTP"][0] is found["SIP over UDP"][0] is Grade.FAILURE
    assert "--http-port" in found["HTTP"][1]
    assert found["SIP over TCP"][0] is Grade.OK


def test_beside_a_running_node_its_ports_are_its_own(config: NodeConfig) -> None:
    lock = lock_data_dir(config.data_dir)
    with socket.socket() as http:
        http.bind((config.host, config.http_port))
        found = _found(config)
    lock.release()
    assert found["ports"][0] is Grade.OK
    assert "HTTP" not in found


def test_a_foreign_address_is_said(config: NodeConfig) -> None:
    found = _found(NodeConfig(data_dir=config.data_dir, host="192.0.2.1", stun_server="none"))
    assert "this machine has no address 192.0.2.1" in found["HTTP"][1]


def test_an_open_key_and_a_broken_database_are_failures(config: NodeConfig) -> None:
    config.data_dir.mkdir()
    load_key(config.data_dir / "secret.key", {})
    (config.data_dir / "secret.key").chmod(0o644)
    (config.data_dir / "pbx.sqlite3").write_bytes(b"x" * 5000)
    found = _found(config)
    assert "chmod 600" in found["key"][1]
    assert "restore a backup" in found["database"][1]
    assert found["key"][0] is found["database"][0] is Grade.FAILURE


def test_a_data_directory_that_cannot_be_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = _found(NodeConfig(data_dir=tmp_path / "file" / "data", host="127.0.0.1", stun_server="none"))
    assert found["data directory"][0] is Grade.FAILURE


@pytest.mark.parametrize(("year", "grade"), [(1970, Grade.FAILURE), (2020, Grade.FAILURE), (2030, Grade.OK)])
def test_a_clock_from_before_the_program_is_wrong(config: NodeConfig, year: int, grade: Grade) -> None:
    assert doctor._clock(config, datetime(year, 6, 1, tzinfo=UTC)).grade is grade


def test_the_exit_status_says_whether_something_must_be_fixed(
    config: NodeConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_audio_engine", lambda _: doctor.Finding(Grade.OK, "audio engine", "there"))
    assert doctor.run(config) == 0
    config.data_dir.mkdir()
    (config.data_dir / "pbx.sqlite3").write_bytes(b"x" * 5000)
    assert doctor.run(config) == 1
    out = capsys.readouterr().out
    assert "FAIL  database" in out
    assert "→" in out


def test_the_way_that_audio_takes_is_told(config: NodeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"packets by {loop_setting.loop_for('auto')}" in _found(config)["audio engine"][1]
    monkeypatch.setattr(loop_setting, "io_uring_refusal", lambda: "forbidden here")
    assert "packets by epoll (no io_uring: forbidden here)" in _found(config)["audio engine"][1]
    asked = msgspec.structs.replace(config, rtp_loop="epoll")
    assert "packets by epoll (--rtp-loop says so)" in _found(asked)["audio engine"][1]
    wanted = msgspec.structs.replace(config, rtp_loop="io_uring")
    grade, text = _found(wanted)["audio engine"]
    assert grade is Grade.FAILURE
    assert "forbidden here" in text


def test_the_certificate_is_looked_at(config: NodeConfig, tmp_path: Path) -> None:
    assert _found(config)["certificate"][0] is Grade.OK
    now = datetime.now(UTC)
    for days, grade in ((0, Grade.OK), (-390, Grade.WARNING), (-400, Grade.FAILURE)):
        given = ensure(tmp_path / str(days), ["office"], now + timedelta(days=days))
        named = msgspec.structs.replace(config, tls_cert=given.certificate, tls_key=given.key)
        assert _found(named)["certificate"][0] is grade
    named = msgspec.structs.replace(config, tls_cert=tmp_path / "none", tls_key=tmp_path / "none")
    grade, text = _found(named)["certificate"]
    assert grade is Grade.FAILURE
    assert "--tls-cert" in text


def test_an_external_address_that_is_not_found_is_a_warning(config: NodeConfig) -> None:
    assert _found(config)["external address"][0] is Grade.OK
    lost = msgspec.structs.replace(config, stun_server="127.0.0.1:9")
    grade, text = _found(lost)["external address"]
    assert grade is Grade.WARNING
    assert "--external-ip" in text


@pytest.fixture
def time_server() -> Iterator[tuple[int, Callable[[float], None]]]:
    """An SNTP server on this machine whose clock can be wrong (RFC 4330)."""
    ahead = [0.0]
    served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    served.bind(("127.0.0.1", 0))
    served.settimeout(10)

    def serve() -> None:
        with suppress(OSError):
            while True:
                asked, client = served.recvfrom(64)
                now = time.time() + ahead[0] + 2_208_988_800
                stamp = struct.pack("!II", int(now) & 0xFFFFFFFF, int(now % 1 * (1 << 32)))
                served.sendto(bytes([0x24, 2, 0, 0]) + bytes(20) + asked[40:48] + stamp * 2, client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield served.getsockname()[1], lambda seconds: ahead.__setitem__(0, seconds)
    served.close()


def test_the_clock_is_compared_with_a_time_server(time_server: tuple[int, Callable[[float], None]]) -> None:
    port, set_ahead = time_server
    for offset_s, grade in ((0.0, "ok"), (-30.0, "warn"), (3600.0, "FAIL"), (4 * 86_400 * 365, "FAIL")):
        set_ahead(offset_s)
        found = clock_offset("127.0.0.1", port)
        assert found is not None
        assert found == pytest.approx(offset_s, abs=0.5)
        assert graded("here", found)[0] == grade
    assert clock_offset("127.0.0.1", _free_port()) is None


async def test_a_router_that_meddles_and_codecs_that_nobody_outside_speaks_are_named(
    config: NodeConfig,
) -> None:
    config.data_dir.mkdir()
    binding = Binding(
        extension="107", contact_uri="sip:107@10.0.0.7", transport="UDP", source_host="192.0.2.7", source_port=5060,
        expires_at=4e9, call_id="x", cseq=1, registered_at=1.0, rewritten=True,
    )  # fmt: skip
    async with await Database.open(config.data_dir / "pbx.sqlite3") as database:
        await BindingStore(database).apply([binding], [])
    found = _found(msgspec.structs.replace(config, codecs=("G722",)))
    assert (found["SIP ALG"][0], "107" in found["SIP ALG"][1]) == (Grade.WARNING, True)
    assert (found["codecs"][0], "G.711" in found["codecs"][1]) == (Grade.WARNING, True)
    assert _found(config)["codecs"][0] is Grade.OK


def test_a_replica_without_its_program_is_told(config: NodeConfig) -> None:
    replica = msgspec.structs.replace(config, replica_url="file:///tmp/x", litestream="no-such-program")
    assert _found(replica)["second copy"][0] is Grade.WARNING
    assert _found(config)["second copy"][0] is Grade.OK
