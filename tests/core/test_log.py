from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from pbx.core import log


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _logged(form: str, level: str = "info") -> tuple[io.StringIO, logging.Logger]:
    out = io.StringIO()
    log.setup(level, form, out)  # type: ignore[arg-type]  # the parametrised word
    return out, logging.getLogger("pbx.test")


def test_text_is_one_line_with_fields_and_context() -> None:
    out, logger = _logged("text")
    with log.context(call="C1", leg="a"):
        logger.info("call answered", extra={"extension": "101", "name_": "Alice B"})
    logger.info("idle")
    first, second = out.getvalue().splitlines()
    assert first.endswith('INFO    pbx.test call answered extension=101 name_="Alice B" call=C1 leg=a')
    assert second.endswith("pbx.test idle")


def test_what_a_line_says_of_itself_counts() -> None:
    out, logger = _logged("text")
    with log.context(call="C1", leg="a"):
        logger.info("a call begins", extra={"call": "C2"})
    assert out.getvalue().endswith("a call begins call=C2 leg=a\n")


def test_json_is_one_object_a_line() -> None:
    out, logger = _logged("json")
    with log.context(site="berlin"):
        logger.warning("no room", extra={"free": 0, "path": object})
    line = json.loads(out.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("warning", "pbx.test", "no room")
    assert (line["free"], line["site"]) == (0, "berlin")
    assert line["at"].endswith("+00:00")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_peer_cannot_forge_a_line(form: str) -> None:
    out, logger = _logged(form)
    logger.info("refused", extra={"user_agent": "x\n2026-01-01 INFO forged\x1b[31m"})
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_kept(form: str) -> None:
    out, logger = _logged(form)
    try:
        int("deep")
    except ValueError:
        logger.exception("failed")
    assert "ValueError: invalid literal" in out.getvalue()


def test_levels_are_obeyed_and_chatty_libraries_are_quiet() -> None:
    out, logger = _logged("text", "debug")
    logging.getLogger("aiosqlite").debug("executing")
    logger.debug("shown")
    assert "shown" in out.getvalue()
    assert "executing" not in out.getvalue()


def test_setup_twice_does_not_double_lines() -> None:
    _logged("text")
    out, logger = _logged("text")
    logger.info("once")
    assert out.getvalue().count("once") == 1
