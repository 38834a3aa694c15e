"""What is planned is what happens, what was done can be undone, and nobody's change is lost in between."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.core.errors import UserError
from pbx.feature.document_view import plan_view
from pbx.feature.documents import Documents, Options, Plan, Undo, everything
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.store.records import RecordStore
from pbx.store.thread import Work
from tests.feature.random_documents import documents
from tests.feature.test_documents import ALICE, BOB, document, office

FILLED = Options(new_secret=lambda: "made-up-password")
"""Offices grow from nothing; which of the later documents lack a password is left to chance."""


async def _outcome(office_of: Documents, wanted: bytes, options: Options) -> tuple[str, Any]:
    try:
        return "applied", plan_view(await office_of.apply(wanted, options))
    except UserError as error:
        return "refused", [(each.path, each.message) for each in error.problems]


@settings(deadline=None, max_examples=25)
@given(documents, documents, st.booleans())
async def test_a_plan_says_exactly_what_applying_does(first: bytes, second: bytes, prune: bool) -> None:
    async with office() as (store, database):
        here, options = Documents(store), Options(prune=prune)
        await _outcome(here, first, FILLED)
        before, writes = await everything(store), database.counts.writes
        planned = await here.plan(second, options)
        assert (await everything(store), database.counts.writes) == (before, writes)
        said = plan_view(planned)
        done, what = await _outcome(here, second, options)
        if planned.faults:
            assert (done, what) == ("refused", [(each.path, each.message) for each in said.faults])
            assert await everything(store) == before
            return
        assert (done, what) == ("applied", said)
        after = await everything(store)
        assert _counted(before, after) == said.changes
        assert plan_view(await here.plan(second, options)).changes == 0


@settings(deadline=None, max_examples=25)
@given(documents, documents, st.booleans())
async def test_undoing_leads_back(first: bytes, second: bytes, prune: bool) -> None:
    async with office() as (store, _):
        here = Documents(store)
        await _outcome(here, first, FILLED)
        before = await everything(store)
        kept: list[Undo] = []

        def keep(_: Plan, undo: Undo) -> list[Work[Any]]:
            kept.append(undo)
            return []

        try:
            await here.apply(second, Options(prune=prune, new_secret=lambda: "x" * 8), also=keep)
        except UserError:
            assert await everything(store) == before
            return
        await here.undo(kept[-1])
        assert await everything(store) == before


async def test_undoing_leaves_alone_what_others_have_made_since() -> None:
    async with office() as (store, _):
        here = Documents(store)
        undo = await _kept(here, document(ALICE))
        await store.create(EXTENSION, msgspec.convert(BOB, ExtensionWrite))
        await here.undo(undo)
        assert [each.number for each in await store.all(EXTENSION)] == ["102"]


async def test_undoing_is_refused_when_something_new_needs_it() -> None:
    async with office() as (store, _):
        here = Documents(store)
        undo = await _kept(here, document(ALICE))
        await here.apply(
            msgspec.json.encode({"ring_groups": [{"number": "600", "name": "A", "members": ["101"]}]})
        )
        before = await everything(store)
        with pytest.raises(UserError, match="there is no extension 101"):
            await here.undo(undo)
        assert await everything(store) == before


async def test_a_change_by_somebody_else_meanwhile_is_seen_and_kept() -> None:
    async with office() as (store, _):
        meanwhile = _Meanwhile(store, [document(BOB)])
        changes = await Documents(meanwhile).apply(document(ALICE), Options(prune=True))
        assert changes.of(EXTENSION).remove == ("102",), "planned anew, with Bob there"
        assert [each.number for each in await store.all(EXTENSION)] == ["101"]


async def test_an_office_that_never_rests_is_told() -> None:
    async with office() as (store, _):
        others = [document(BOB | {"name": f"Bob {index}"}) for index in range(20)]
        with pytest.raises(UserError, match="others change the office all the time"):
            await Documents(_Meanwhile(store, others)).apply(document(ALICE))
        assert [each.number for each in await store.all(EXTENSION)] == ["102"]


async def test_a_missing_password_is_made_where_that_is_wanted() -> None:
    async with office() as (store, _):
        await Documents(store).apply(document({"number": "101", "name": "Alice"}), FILLED)
        assert await store.secret(EXTENSION, "101") == "made-up-password"
        again = await Documents(store).plan(document({"number": "101", "name": "Alice"}), FILLED)
        assert again.is_empty


async def test_what_is_shown_names_fields_and_hides_secrets() -> None:
    async with office() as (store, _):
        here = Documents(store)
        await here.apply(document(ALICE))
        shown = plan_view(
            await here.plan(document(ALICE | {"name": "Alicia", "sip_password": "quite-another"}, BOB))
        )
        (section,) = shown.sections
        assert (section.create, section.change[0].fields) == (("102",), ("name", "sip_password"))
        assert "quite-another" not in repr(shown)


async def _kept(here: Documents, wanted: bytes) -> Undo:
    kept: list[Undo] = []

    def keep(_: Plan, undo: Undo) -> list[Work[Any]]:
        kept.append(undo)
        return []

    await here.apply(wanted, also=keep)
    return kept[-1]


def _counted(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> int:
    """How many records differ; an oracle that knows no plan."""
    total = 0
    for kind, records in after.items():
        old = {each.number: each for each in before[kind]}
        new = {each.number: each for each in records}
        total += sum(1 for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return total


class _Meanwhile(RecordStore):
    """A store in which somebody else applies a document between every plan and its writing."""

    def __init__(self, store: RecordStore, theirs: list[bytes]) -> None:
        self.__dict__.update(store.__dict__)
        self._store = store
        self._theirs = theirs

    async def apply(self, *arguments: Any, **named: Any) -> None:
        if self._theirs:
            await Documents(self._store).apply(self._theirs.pop(0))
        await super().apply(*arguments, **named)
