from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pbx.core.config import NodeConfig
from pbx.core.config_sources import CONFIG_VARIABLE, load, nearest, settings
from pbx.core.errors import StartupError


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_anything_the_defaults_hold() -> None:
    assert load({}, {}) == NodeConfig()


@pytest.mark.parametrize(
    ("toml", "environment", "option", "port"),
    [
        (None, None, None, 8080),
        (1001, None, None, 1001),
        (None, "1002", None, 1002),
        (None, None, "1003", 1003),
        (1001, "1002", None, 1002),
        (1001, None, "1003", 1003),
        (None, "1002", "1003", 1003),
        (1001, "1002", "1003", 1003),
    ],
)
def test_the_command_line_wins_over_environment_over_file_over_default(
    toml: int | None, environment: str | None, option: str | None, port: int
) -> None:
    if toml is not None:
        Path("pbx.toml").write_text(f"http_port = {toml}\n")
    config = load(
        {"http_port": option} if option else {}, {"PBX_HTTP_PORT": environment} if environment else {}
    )
    assert config.http_port == port


def test_settings_of_several_sources_come_together() -> None:
    Path("pbx.toml").write_text('realm = "office"\ndigest_algorithms = ["SHA-256"]\n')
    config = load({"sip_port": "5070"}, {"PBX_LOG_FORMAT": "json", "HOME": "/"})
    assert (config.realm, config.digest_algorithms, config.sip_port, config.log_format) == (
        "office",
        ("SHA-256",),
        5070,
        "json",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("on", True), ("0", False), ("false", False), ("NO", False)],
)
def test_flags_are_understood_as_people_write_them(text: str, value: bool) -> None:
    assert load({}, {"PBX_DEMO": text}).demo is value


def test_lists_are_separated_by_commas_and_keep_their_order() -> None:
    assert load({}, {"PBX_DIGEST_ALGORITHMS": "SHA-256, MD5"}).digest_algorithms == ("SHA-256", "MD5")


def test_paths_are_paths() -> None:
    config = load({"data_dir": "x/y"}, {"PBX_SITE_DIR": "/srv/site"})
    assert (config.data_dir, config.site_dir) == (Path("x/y"), Path("/srv/site"))


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(StartupError, match=r"PBX_HTTP_PROT is not a setting. Did you mean PBX_HTTP_PORT\?"):
        load({}, {"PBX_HTTP_PROT": "1"})


def test_an_unknown_key_is_refused_with_the_nearest_name() -> None:
    Path("pbx.toml").write_text("sipport = 5060\n")
    with pytest.raises(
        StartupError, match=r"'sipport' in pbx.toml is not a setting. Did you mean sip_port\?"
    ):
        load({}, {})


def test_a_wholly_strange_name_points_to_the_documentation() -> None:
    with pytest.raises(StartupError, match="pbx serve --help"):
        load({}, {"PBX_QQQQQQQQ": "1"})


def test_known_variables_that_are_no_settings_are_let_through() -> None:
    load({}, {"PBX_ENCRYPTION_KEY": "x"})


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("http_port", "eighty", "--http-port: Expected `int`"),
        ("http_port", "65536", "--http-port: Expected `int` <= 65535"),
        ("sip_port", "-1", "--sip-port"),
        ("rtp_port_min", "80", ">= 1024"),
        ("log_format", "xml", "Invalid enum value"),
        ("digest_algorithms", "SHA-1", "--digest-algorithms"),
        ("digest_algorithms", "", "--digest-algorithms"),
        ("rtp_timeout_s", "0", "> 0.0"),
        ("realm", 'a"b', "--realm"),
        ("data_dir", "", "--data-dir"),
        ("external_ip", "office.example", "external_ip is no IP address"),
        ("host", "localhost", "host is no IP address"),
        ("http_port", "5060", "both 5060"),
        ("sip_port", "10001", "lies between"),
        ("rtp_port_max", "10002", "too small for one call"),
        ("turn_server", "turn:t.example:3478", "turn_server needs the secret"),
    ],
)
def test_an_impossible_value_is_refused_where_it_came_from(name: str, value: str, text: str) -> None:
    with pytest.raises(StartupError) as caught:
        load({name: value}, {})
    assert text in str(caught.value)


def test_an_impossible_value_names_variable_or_file() -> None:
    with pytest.raises(StartupError, match="environment variable PBX_HTTP_PORT"):
        load({}, {"PBX_HTTP_PORT": "x"})
    Path("pbx.toml").write_text('http_port = "8080"\n')
    with pytest.raises(StartupError, match=r"pbx.toml: http_port: Expected `int`, got `str`"):
        load({}, {})


def test_port_zero_lets_the_system_choose_both() -> None:
    config = load({"http_port": "0", "sip_port": "0"}, {})
    assert (config.http_port, config.sip_port) == (0, 0)


def test_the_file_may_be_named_by_option_or_variable() -> None:
    Path("a.toml").write_text("http_port = 1001\n")
    Path("b.toml").write_text("http_port = 1002\n")
    assert load({}, {CONFIG_VARIABLE: "a.toml"}).http_port == 1001
    assert load({}, {CONFIG_VARIABLE: "a.toml"}, Path("b.toml")).http_port == 1002


def test_a_named_file_must_exist_and_be_toml() -> None:
    with pytest.raises(StartupError, match="does not exist"):
        load({}, {}, Path("gone.toml"))
    Path("bad.toml").write_text("http_port =\n")
    with pytest.raises(StartupError, match="cannot be read"):
        load({}, {}, Path("bad.toml"))


def test_every_setting_is_documented() -> None:
    assert all(setting.description for setting in settings().values())
    assert set(settings()) == set(NodeConfig.__struct_fields__)


@pytest.mark.parametrize(("word", "guess"), [("htp-port", "http-port"), ("zzz", None)])
def test_nearest(word: str, guess: str | None) -> None:
    assert nearest(word, ["http-port", "sip-port"]) == guess


def test_the_command_line_imports_nothing_heavy() -> None:
    """A node must answer within half a second of its start."""
    program = "import sys, pbx.app.cli; print(*[name for name in sys.modules if '.' not in name])"
    loaded: Any = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.split()
    assert not {"asyncio", "aiohttp", "cryptography", "argon2", "aiosqlite", "sqlite3", "segno"} & set(loaded)
