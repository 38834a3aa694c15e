"""Links of the guide lead somewhere, and the options, variables and commands that it names exist."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import EdgeConfig
from mobile_push.config import PushConfig
from pbx.app.cli import _parser
from pbx.app.command_line import Parser
from pbx.core.config_sources import OTHER_VARIABLES, settings
from tests.guide.pages import DOCS, blocks, links, pages

ROOT = DOCS.parents[1]
DOCUMENTS = [*pages(), *sorted(DOCS.glob("*.md")), ROOT / "README.md"]

OF_OTHERS = {
    "--hours",
    "--sanitize",
    "--quick",
    "--only",
    "--seconds",
    "--uninstall",
    "--purge",
    "--yes",
    "--network",
}
"""Options of programs that have their own help: the fuzzer, the benchmark, the install script, Docker."""


def slug(heading: str) -> str:
    """As GitHub makes the anchor of a heading."""
    text = re.sub(r"`|\*|\[|\]|\([^)]*\)", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {slug(found[1]) for found in re.finditer(r"^#+ (.+)$", path.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for link in links(path):
        target, _, anchor = link.partition("#")
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        place = (path.parent / target).resolve() if target else path
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            dead.append(link)
    assert not dead


def parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    if isinstance(parser, Parser):
        parser.complete()
    yield "", parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from ((f"{name} {rest}".strip(), one) for rest, one in parsers(inner))


COMMANDS = dict(parsers(_parser()))


def options() -> set[str]:
    found = {
        option for one in COMMANDS.values() for action in one._actions for option in action.option_strings
    }
    for config in (EdgeConfig, PushConfig):
        found |= {"--" + name.replace("_", "-") for name in config.__struct_fields__}
    return found


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_what_is_named_exists(path: Path) -> None:
    text = path.read_text()
    named = set(re.findall(r"`(--[a-z][a-z0-9-]+)", text))
    assert named - options() - OF_OTHERS == set(), "options"
    variables = {each.variable for each in settings().values()} | OTHER_VARIABLES
    variables |= {f"PBX_{name.upper()}" for name in EdgeConfig.__struct_fields__}
    assert set(re.findall(r"\bPBX_[A-Z0-9_]+\b", text)) - variables == set(), "variables"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_pbx_is_called_as_it_wants_to_be(path: Path) -> None:
    spoken = [line for block in blocks(path) for line in block.text.replace("\\\n", " ").splitlines()]
    spoken += re.findall(r"`(pbx [^`\n]+)`", path.read_text())
    for line in spoken:
        for call in re.findall(r"(?:^|[;|(]|\bbin/|sudo )\s*pbx ((?:[^|;)#\n])+)", line):
            words = call.split()
            name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in COMMANDS), "")
            if words[0].startswith("-"):
                continue
            assert name, f"there is no command: pbx {call}"
            known = {option for action in COMMANDS[name]._actions for option in action.option_strings}
            used = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
            assert used <= known, f"pbx {call}"


def test_settings_files_of_the_guide_are_understood() -> None:
    import tomllib

    for path in (*pages(), ROOT / "pbx/deploy/debian/pbx.toml"):
        texts = re.findall(r"```toml\n(.*?)```", path.read_text(), re.DOTALL) if path.suffix == ".md" else []
        if path.suffix == ".toml":
            texts = [re.sub(r"^# (?=\w+ = )", "", path.read_text(), flags=re.MULTILINE)]
        for text in texts:
            table = tomllib.loads(text)
            assert set(table) <= set(settings()), path.name
