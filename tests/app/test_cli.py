"""The command as people run it: a process, its output and its exit status."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pbx.core.config_sources import settings
from pbx.model.prompt import PromptAudio
from pbx.store.database import Database, lock_data_dir

ROOT = Path(__file__).parents[2]
REST = {
    "may_call": "international",
    "do_not_disturb": False,
    "call_waiting": True,
    "wake_timeout_s": 15,
    "forward": {"always": None, "busy": None, "no_answer": None, "unreachable": None},
    "follow_me": {
        "enabled": False,
        "strategy": "in_order",
        "own_phones": True,
        "confirm": True,
        "caller_hears": "ringback",
        "numbers": [],
    },
    "pickup_group": None,
    "mailbox": None,
    "outside_number": None,
    "record": "default",
    "record_keep_days": None,
    "location": "",
    "department": "",
    "forward_to": None,
}
OFFICE = {"extensions": [{"number": "101", "name": "Alice", "sip_password": "alice-password"}]}

Pbx = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pbx(tmp_path: Path) -> Pbx:
    def run(*words: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PBX_")}
        return subprocess.run(
            [sys.executable, "-m", "pbx", *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT)} | variables,
        )

    return run


def _document(folder: Path, content: object = OFFICE) -> str:
    path = folder / "office.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_import_then_export(pbx: Pbx, tmp_path: Path) -> None:
    first = pbx("import", _document(tmp_path))
    assert (first.returncode, first.stdout, first.stderr) == (0, "created 1 extension: 101\n", "")
    assert pbx("import", _document(tmp_path)).stdout == "nothing to change\n"
    exported = json.loads(pbx("export").stdout)
    assert exported == {
        "format": 1,
        "extensions": [{"number": "101", "name": "Alice", "enabled": True, "ring_timeout_s": 30, **REST}],
    }
    secret = pbx("export", "--with-secrets", "secret.json")
    assert "plain text" in secret.stderr
    assert (
        json.loads((tmp_path / "secret.json").read_text())["extensions"][0]["sip_password"]
        == "alice-password"
    )
    assert (tmp_path / "secret.json").stat().st_mode & 0o777 == 0o600


def test_sounds_of_prompts_do_not_travel_and_that_is_said(pbx: Pbx, tmp_path: Path) -> None:
    prompts = [{"id": "closed", "name": "Closed"}, {"id": "open", "name": "Open", "text": "We are open."}]
    document = json.dumps({"prompts": prompts})
    imported = pbx("import", "-", stdin=document)
    assert "1 prompt has neither a sound nor a text" in imported.stderr
    assert "closed" in imported.stderr
    assert "open" not in imported.stderr
    kept = PromptAudio(
        prompt="closed", source="recorded", made_at=datetime(2026, 1, 1, tzinfo=UTC), seconds=1
    )
    (tmp_path / "data" / "prompts").mkdir()
    (tmp_path / "data" / "prompts" / "closed.json").write_bytes(msgspec.json.encode(kept))
    exported = pbx("export")
    assert "copy the folder data/prompts as well" in exported.stderr
    assert "(closed)" in exported.stderr
    assert {each["text"] for each in json.loads(exported.stdout)["prompts"]} == {"", "We are open."}
    assert pbx("import", "-", stdin=exported.stdout).stderr == ""


FLOW = {
    "number": "500",
    "name": "Main",
    "entry": "who",
    "nodes": {
        "who": {"type": "condition", "parameters": {"condition": "caller.number == '1'"}},
        "over": {"type": "hang_up", "parameters": {"reason": "busy"}},
    },
    "wires": {"who": {"yes": "over", "no": ""}},
    "tests": [
        {"name": "busy", "script": {"caller": "1"}, "expect": {"path": ["who:yes", "over"], "end": "hung_up"}}
    ],
}


def test_a_flow_is_imported_published_and_walked(pbx: Pbx, tmp_path: Path) -> None:
    done = pbx("import", _document(tmp_path, {"flows": [FLOW]}))
    assert done.stdout == "created 1 flow: 500\npublished 1 flow: 500\n"
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"caller": "1"}))
    told = pbx("simulate", "500", str(script), "--live").stdout
    assert told.startswith("Flow 500 (revision 1), Monday 05 January 2026 10:00")
    assert "who [condition]" in told
    assert "→ yes" in told
    assert told.endswith("The flow hangs up, SIP status 486.\n")
    walked = json.loads(pbx("simulate", "500", "-", "--json", stdin='{"caller": "2"}').stdout)
    assert [(each["node"], each["exit"]) for each in walked["path"]] == [("who", "no")]
    assert pbx("simulate", "500", "--tests").stdout == "passed  busy\n"
    assert "$.calller" in pbx("simulate", "500", "-", stdin='{"calller": "1"}').stderr
    assert "there is no flow 509" in pbx("simulate", "509").stderr


def test_a_faulty_flow_is_not_imported_and_a_red_test_can_be_overridden(pbx: Pbx, tmp_path: Path) -> None:
    refused = pbx("import", _document(tmp_path, {"flows": [{**FLOW, "wires": {}}]}))
    assert refused.returncode == 1
    assert "$.flows[0].wires.who.yes: the exit Yes leads nowhere" in refused.stderr
    red = {**FLOW, "wires": {"who": {"yes": "", "no": "over"}}}
    assert "the test busy fails" in pbx("import", _document(tmp_path, {"flows": [red]})).stderr
    done = pbx("import", _document(tmp_path, {"flows": [red]}), "--override-tests")
    assert "published 1 flow: 500" in done.stdout
    tested = pbx("simulate", "500", "--tests")
    assert (tested.returncode, tested.stdout.splitlines()[0]) == (1, "FAILED  busy")
    exported = json.loads(pbx("export").stdout)
    assert "live_flows" not in exported


def test_import_reads_standard_input_and_can_prune_and_try(pbx: Pbx, tmp_path: Path) -> None:
    pbx("import", _document(tmp_path))
    other = json.dumps({"extensions": [{"number": "102", "name": "Bob", "sip_password": "bob-password"}]})
    tried = pbx("import", "-", "--prune", "--dry-run", stdin=other)
    assert tried.stdout == "would be created 1 extension: 102\nwould be deleted 1 extension: 101\n"
    assert pbx("import", "-", stdin=other).stdout.splitlines() == [
        "created 1 extension: 102",
        "not in the document and kept: 1 extension 101 (--prune deletes them)",
    ]
    assert pbx("import", "-", "--prune", stdin=other).stdout == "deleted 1 extension: 101\n"


def test_a_wrong_document_names_each_path_and_changes_nothing(pbx: Pbx, tmp_path: Path) -> None:
    wrong = {"extensions": [*OFFICE["extensions"], {"number": "1", "name": ""}]}
    result = pbx("import", _document(tmp_path, wrong))
    assert result.returncode == 1
    assert result.stdout == ""
    assert "$.extensions[1].number" in result.stderr
    assert "$.extensions[1].name" in result.stderr
    assert "Traceback" not in result.stderr
    assert json.loads(pbx("export").stdout) == {"format": 1, "extensions": []}


async def test_import_beside_a_running_node_is_noticed_by_it(pbx: Pbx, tmp_path: Path) -> None:
    pbx("export")
    pbx("token", "create", "x")
    lock = lock_data_dir(tmp_path / "data")
    async with await Database.open(tmp_path / "data" / "pbx.sqlite3", poll_s=0.02) as database:
        noticed: list[int] = []
        database.on_foreign_change(lambda: noticed.append(1))
        assert pbx("import", _document(tmp_path)).returncode == 0
        rows = await database.write(lambda c: c.execute("SELECT key FROM records").fetchall())
        assert rows == [("101",)]
        import asyncio

        await asyncio.sleep(0.1)
        assert noticed
    lock.release()


def test_a_token_is_printed_alone_and_once(pbx: Pbx, tmp_path: Path) -> None:
    result = pbx("token", "create", "monitoring")
    assert result.returncode == 0
    assert re.fullmatch(r"pbx_[A-Za-z0-9_-]{43}\n", result.stdout)
    assert "shown once" in result.stderr
    assert result.stdout.strip().encode() not in (tmp_path / "data" / "pbx.sqlite3").read_bytes()


def test_an_administrator_is_made_from_a_password_on_standard_input(pbx: Pbx, tmp_path: Path) -> None:
    assert pbx("admin", "create", "root", "--password-stdin", stdin="correct horse\n").returncode == 0
    with closing(sqlite3.connect(tmp_path / "data" / "pbx.sqlite3")) as connection:
        ((name, hashed),) = connection.execute("SELECT username, password_hash FROM users")
    assert name == "root"
    assert hashed.startswith("$argon2id$")
    again = pbx("admin", "create", "ROOT", stdin="correct horse\n")
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    short = pbx("admin", "create", "other", stdin="short\n")
    assert short.returncode == 1
    assert "$.password" in short.stderr
    assert "'short'" not in short.stderr
    assert pbx("admin", "password", "root", stdin="another horse\n").returncode == 0
    assert pbx("admin", "password", "nobody", stdin="another horse\n").returncode == 1


def test_users_get_roles_and_the_last_owner_stays(pbx: Pbx, tmp_path: Path) -> None:
    assert pbx("import", _document(tmp_path)).returncode == 0
    assert pbx("admin", "create", "root", stdin="correct horse\n").stdout == "Owner root created.\n"
    alone = pbx("admin", "create", "alice", "--role", "user", stdin="correct horse\n")
    assert (alone.returncode, "needs an extension" in alone.stderr) == (1, True)
    made = pbx("admin", "create", "alice", "--role", "user", "--extension", "101", stdin="correct horse\n")
    assert made.returncode == 0, made.stderr
    assert pbx("admin", "list").stdout == "alice  user  101\nroot  owner  -\n"
    assert pbx("admin", "change", "alice", "--role", "supervisor", "--no-enabled").returncode == 0
    assert "alice  supervisor  101  disabled" in pbx("admin", "list").stdout
    last = pbx("admin", "change", "root", "--role", "admin")
    assert (last.returncode, "last owner" in last.stderr) == (1, True)
    assert pbx("admin", "delete", "alice").returncode == 0
    assert "Did you mean root?" in pbx("admin", "delete", "rot").stderr
    with closing(sqlite3.connect(tmp_path / "data" / "pbx.sqlite3")) as connection:
        told = connection.execute("SELECT action, kind, key, source FROM audit ORDER BY rowid").fetchall()
    assert told[:3] == [
        ("create", "extension", "101", "command line"),
        ("create", "user", "root", "command line"),
        ("create", "user", "alice", "command line"),
    ]
    assert told[-1] == ("delete", "user", "alice", "command line")


def test_a_token_may_do_less_and_can_be_taken_back(pbx: Pbx) -> None:
    assert pbx("token", "create", "board", "--scope", "calls:read", "--days", "7").returncode == 0
    wrong = pbx("token", "create", "board", "--scope", "call:read")
    assert (wrong.returncode, "Did you mean calls:read?" in wrong.stderr) == (1, True)
    listed = pbx("token", "list").stdout
    assert re.fullmatch(r"[0-9A-Z]{26}  board  calls:read  never used  until 2\S+ \S+\n", listed)
    assert pbx("token", "delete", listed.split()[0]).returncode == 0
    assert pbx("token", "list").stdout == ""


def test_serve_help_documents_every_setting(pbx: Pbx) -> None:
    text = " ".join(pbx("serve", "--help").stdout.split())
    for setting in settings().values():
        assert setting.option in text
        assert setting.variable in text
        assert setting.description.replace("--", "") in text.replace("- ", "-") or setting.description in text


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (("serve", "--htp-port", "1"), "did you mean --http-port?"),
        (("serve", "--sip_port=1"), "did you mean --sip-port?"),
        (("export", "--dat-dir", "x"), "did you mean --data-dir?"),
        (("export", "--with"), "did you mean --with-secrets?"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest(pbx: Pbx, words: tuple[str, ...], guess: str) -> None:
    result = pbx(*words)
    assert result.returncode == 2
    assert guess in result.stderr


def test_configuration_reaches_commands_from_everywhere(pbx: Pbx, tmp_path: Path) -> None:
    (tmp_path / "pbx.toml").write_text('data_dir = "from-file"\n')
    assert pbx("token", "create", "x").returncode == 0
    assert pbx("token", "create", "x", PBX_DATA_DIR="from-environment").returncode == 0
    assert (
        pbx("token", "create", "x", "--data-dir", "from-option", PBX_DATA_DIR="from-environment").returncode
        == 0
    )
    for name in ("from-file", "from-environment", "from-option"):
        assert (tmp_path / name / "pbx.sqlite3").exists()


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"PBX_DATADIR": "x"}, "Did you mean PBX_DATA_DIR?"),
        ({"PBX_HTTP_PORT": "x"}, "environment variable PBX_HTTP_PORT"),
        ({"PBX_ENCRYPTION_KEY": "short"}, "PBX_ENCRYPTION_KEY holds no key"),
    ],
)
def test_a_wrong_environment_is_refused_plainly(pbx: Pbx, variables: dict[str, str], text: str) -> None:
    result = pbx("token", "create", "x", **variables)
    assert result.returncode == 1
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_export_of_nothing_says_where_it_looked(pbx: Pbx) -> None:
    result = pbx("export", "--data-dir", "nowhere")
    assert (result.returncode, "there is no office in nowhere" in result.stderr) == (1, True)


def test_a_broken_database_is_refused_plainly_by_every_command(pbx: Pbx, tmp_path: Path) -> None:
    pbx("token", "create", "x")
    path = tmp_path / "data" / "pbx.sqlite3"
    path.write_bytes(b"garbage" * 1000)
    for words in (("export",), ("import", _document(tmp_path)), ("token", "create", "y")):
        result = pbx(*words)
        assert result.returncode == 1
        assert "is damaged" in result.stderr
        assert "Traceback" not in result.stderr
    assert path.read_bytes() == b"garbage" * 1000


def test_a_missing_file_and_a_full_pipe_end_plainly(pbx: Pbx) -> None:
    assert "cannot be read" in pbx("import", "missing.json").stderr
    assert "cannot be written" in pbx("token", "create", "x").stderr + pbx("export", "/proc/nope").stderr


def test_version_and_usage(pbx: Pbx) -> None:
    assert pbx("--version").stdout.startswith("bellwire")
    assert pbx().returncode == 2
    assert pbx("imprt").returncode == 2
