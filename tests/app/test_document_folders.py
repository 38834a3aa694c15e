"""`pbx export --folder` and `pbx import FOLDER`, as people run them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.app.test_cli import FLOW, OFFICE, Pbx, _document, pbx

__all__ = ["pbx"]

GROUP = {"number": "600", "name": "Sales", "members": ["101"]}


def files(folder: Path) -> dict[str, str]:
    return {
        each.relative_to(folder).as_posix(): each.read_text() for each in folder.rglob("*") if each.is_file()
    }


def test_a_folder_holds_what_the_document_holds(pbx: Pbx, tmp_path: Path) -> None:
    whole = OFFICE | {"ring_groups": [GROUP], "flows": [FLOW]}
    pbx("import", _document(tmp_path, whole))
    assert "3 files" in pbx("export", "--folder", "office").stderr
    assert set(files(tmp_path / "office")) == {
        "extensions/101.json",
        "ring_groups/600.json",
        f"flows/{FLOW['number']}.json",
    }
    assert pbx("import", "office", "--prune").stdout == "nothing to change\n"
    before = files(tmp_path / "office")
    pbx("export", "--folder", "office")
    assert files(tmp_path / "office") == before


def test_a_change_of_one_record_is_a_change_of_one_file(pbx: Pbx, tmp_path: Path) -> None:
    pbx("import", _document(tmp_path, OFFICE | {"ring_groups": [GROUP]}))
    pbx("export", "--folder", "office")
    (tmp_path / "office" / "README.md").write_text("Ours.")
    before = files(tmp_path / "office")
    pbx("import", "-", stdin=json.dumps({"ring_groups": [GROUP | {"name": "Trade"}]}))
    pbx("export", "--folder", "office")
    after = files(tmp_path / "office")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"ring_groups/600.json"}
    lines = zip(
        before["ring_groups/600.json"].splitlines(), after["ring_groups/600.json"].splitlines(), strict=True
    )
    assert [old for old, new in lines if old != new] == ['  "name": "Sales",']
    pbx("import", "-", "--prune", stdin=json.dumps({"ring_groups": []}))
    pbx("export", "--folder", "office")
    assert "ring_groups/600.json" not in files(tmp_path / "office")
    assert "README.md" in files(tmp_path / "office")


def test_errors_name_the_file(pbx: Pbx, tmp_path: Path) -> None:
    pbx("import", _document(tmp_path))
    pbx("export", "--folder", "office")
    group = tmp_path / "office" / "ring_groups" / "600.json"
    group.parent.mkdir()
    group.write_text(json.dumps(GROUP | {"members": ["101", "199"]}))
    refused = pbx("import", "office")
    assert refused.returncode == 1
    assert "ring_groups/600.json: $.members[1]: there is no extension 199" in refused.stderr
    group.write_text(json.dumps(GROUP | {"membres": []}))
    assert "ring_groups/600.json: $.membres" in pbx("import", "office").stderr


def test_a_site_fills_in_its_values(pbx: Pbx, tmp_path: Path) -> None:
    office = tmp_path / "office"
    for name, value in {
        "extensions/reception.json": {
            "number": "{{site.prefix}}01",
            "name": "Reception {{site.city}}",
            "ring_timeout_s": "{{site.ring}}",
            "sip_password": "reception-password",
        },
        "sites/berlin.json": {"prefix": "3", "city": "Berlin", "ring": 25},
        "sites/paris.json": {"prefix": "4", "city": "Paris"},
    }.items():
        (office / name).parent.mkdir(parents=True, exist_ok=True)
        (office / name).write_text(json.dumps(value))
    assert "Say which site with --site" in pbx("import", "office").stderr
    assert (
        "extensions/reception.json: $.ring_timeout_s: the site has no value ring"
        in pbx("import", "office", "--site", "paris").stderr
    )
    assert "there is no site rome" in pbx("import", "office", "--site", "rome").stderr
    assert pbx("import", "office", "--site", "berlin").stdout == "created 1 extension: 301\n"
    (extension,) = json.loads(pbx("export").stdout)["extensions"]
    assert (extension["name"], extension["ring_timeout_s"]) == ("Reception Berlin", 25)
