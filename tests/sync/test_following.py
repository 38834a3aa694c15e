"""A node that follows a bundle: what it applies, and that nothing hostile or unlucky changes anything."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import UserError
from pbx.model.kinds import EXTENSION
from pbx.sync.bundle import BUNDLE, LARGEST_BUNDLE, LARGEST_DOCUMENT, document_name, entry_of
from pbx.sync.service import pause_s
from tests.flow.conftest import decides
from tests.sync.office import (
    ALICE,
    ANOTHER_KEY,
    BOB,
    KEY,
    Follower,
    bundle,
    following,
    office_document,
    signed,
)

DOCUMENT = office_document(ALICE)
Files = dict[str, bytes]


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Follower]:
    async with following(tmp_path) as opened:
        yield opened


async def names(node: Follower) -> list[str]:
    return [each.name for each in await node.records.all(EXTENSION)]


# -- applying ----------------------------------------------------------------------------------------------------------


async def test_a_new_bundle_is_applied_and_told(node: Follower) -> None:
    state = await node.offer(bundle(7, DOCUMENT, b"{}"))
    assert (state.sequence, state.trouble, state.error) == (7, "", "")
    assert (await names(node), await node.records.secret(EXTENSION, "101")) == (["Alice"], "made-up-password")
    ((title, text, facts),) = node.notices
    assert (title, text) == ("Configuration bundle 7 was applied", "1 created.")
    assert facts == {
        "sequence": "7",
        "office": "berlin",
        "changes": "1",
        "what": "bundle_applied",
        "result": "applied",
    }
    assert state.revisions[0].changes == 1


async def test_flows_are_published_with_it(node: Follower) -> None:
    await node.offer(bundle(1, msgspec.json.encode({"flows": [decides()]})))
    assert (await node.flows.live())["500"].document == decides()


async def test_the_same_bundle_is_fetched_once(node: Follower) -> None:
    files = bundle(7, DOCUMENT)
    await node.offer(files)
    await node.sync.check()
    await node.sync.check()
    document = next(name for name in files if name != BUNDLE)
    assert node.host.asked == [(BUNDLE, 200), (document, 200), (BUNDLE, 304), (BUNDLE, 304)]
    assert len(node.notices) == 1


async def test_an_equal_sequence_is_ignored_whatever_is_in_it(node: Follower) -> None:
    await node.offer(bundle(7, DOCUMENT))
    state = await node.offer(bundle(7, office_document(BOB)))
    assert (await names(node), state.trouble) == (["Alice"], "")


async def test_each_office_gets_its_own_document(tmp_path: Path) -> None:
    files = bundle(7, office_document(ALICE), office_document(BOB))
    (tmp_path / "b").mkdir()
    async with (
        following(tmp_path, office="berlin") as berlin,
        following(tmp_path / "b", office="paris") as paris,
    ):
        await berlin.offer(files)
        await paris.offer(files)
        assert (await names(berlin), await names(paris)) == (["Alice"], ["Bob"])
        assert len(berlin.host.asked) == 2, "the other office's document is not fetched"


async def test_records_go_only_when_the_bundle_says_so(node: Follower) -> None:
    await node.offer(bundle(1, office_document(ALICE, BOB)))
    await node.offer(bundle(2, DOCUMENT))
    assert await names(node) == ["Alice", "Bob"]
    await node.offer(bundle(3, DOCUMENT, prune=True))
    assert await names(node) == ["Alice"]


async def test_a_new_key_is_trusted_beside_the_old_one(tmp_path: Path) -> None:
    async with following(tmp_path, keys=(KEY, ANOTHER_KEY)) as node:
        assert (await node.offer(bundle(1, DOCUMENT))).sequence == 1
        assert (await node.offer(bundle(2, DOCUMENT, key=ANOTHER_KEY))).sequence == 2


# -- refusing ----------------------------------------------------------------------------------------------------------


def _flip(data: bytes) -> bytes:
    return data.replace(b"Alice", b"Alicf")


def _resign(**changes: Any) -> Callable[[Files], Files]:
    """By somebody with the key."""

    def change(files: Files) -> Files:
        manifest = json.loads(json.loads(files[BUNDLE])["signed"])
        return files | {BUNDLE: signed(manifest | changes)}

    return change


def _envelope(**changes: Any) -> Callable[[Files], Files]:
    return lambda files: files | {BUNDLE: msgspec.json.encode(json.loads(files[BUNDLE]) | changes)}


def _entry(**changes: Any) -> Callable[[Files], Files]:
    entry = msgspec.to_builtins(entry_of("berlin", DOCUMENT)) | changes
    return _resign(offices=[entry])


def _rewritten(files: Files) -> Files:
    """The manifest says something else, the signature is the old one."""
    envelope = json.loads(files[BUNDLE])
    envelope["signed"] = envelope["signed"].replace('"sequence":7', '"sequence":8')
    return files | {BUNDLE: msgspec.json.encode(envelope)}


HOSTILE: dict[str, tuple[Callable[[Files], Files], str]] = {
    "another key": (lambda _: bundle(7, DOCUMENT, key=ANOTHER_KEY), "refused"),
    "no signature": (_envelope(signature=""), "refused"),
    "signature of zeros": (_envelope(signature=base64.b64encode(bytes(64)).decode()), "refused"),
    "signature is no base64": (_envelope(signature="!"), "incomplete"),
    "manifest rewritten": (_rewritten, "refused"),
    "signature of the manifest for another purpose": (
        lambda files: (
            files
            | {
                BUNDLE: msgspec.json.encode(
                    {
                        "signed": json.loads(files[BUNDLE])["signed"],
                        "signature": base64.b64encode(
                            KEY.sign(json.loads(files[BUNDLE])["signed"].encode())
                        ).decode(),
                    }
                )
            }
        ),
        "refused",
    ),
    "unknown field beside the signature": (_envelope(more=1), "incomplete"),
    "document tampered with": (
        lambda files: {name: data if name == BUNDLE else _flip(data) for name, data in files.items()},
        "incomplete",
    ),
    "document cut short": (
        lambda files: {name: data if name == BUNDLE else data[:-1] for name, data in files.items()},
        "incomplete",
    ),
    "document longer than it says": (
        lambda files: {name: data if name == BUNDLE else data + b" " for name, data in files.items()},
        "unreachable",
    ),
    "document missing": (lambda files: {BUNDLE: files[BUNDLE]}, "incomplete"),
    "bundle cut short": (lambda files: files | {BUNDLE: files[BUNDLE][:-20]}, "incomplete"),
    "bundle is a page": (lambda files: files | {BUNDLE: b"<html>"}, "incomplete"),
    "bundle too large": (lambda files: files | {BUNDLE: b" " * (LARGEST_BUNDLE + 1)}, "unreachable"),
    "deeply nested": (lambda files: files | {BUNDLE: b"[" * 500_000}, "incomplete"),
    "nested in the manifest": (
        lambda files: files | {BUNDLE: _raw_signed(b'{"format":1,"sequence":7,"offices":' + b"[" * 100_000)},
        "refused",
    ),
    "path in place of a hash": (_entry(sha256="../../etc/passwd"), "refused"),
    "address in place of a hash": (_entry(sha256="https://evil.example/" + "a" * 43), "refused"),
    "line feed after the hash": (_entry(sha256=entry_of("berlin", DOCUMENT).sha256 + "\n"), "refused"),
    "document too large by its entry": (_entry(bytes=LARGEST_DOCUMENT + 1), "refused"),
    "length that is none": (_entry(bytes=-1), "refused"),
    "two documents for the office": (
        _resign(offices=[msgspec.to_builtins(entry_of("berlin", DOCUMENT))] * 2),
        "refused",
    ),
    "not for this office": (
        _resign(offices=[msgspec.to_builtins(entry_of("rome", DOCUMENT))]),
        "refused",
    ),
    "no office": (_resign(offices=[]), "refused"),
    "a newer format": (_resign(format=2), "refused"),
    "an unknown field": (_resign(run="rm -rf /"), "refused"),
    "sequence 0": (_resign(sequence=0), "refused"),
    "sequence beyond all": (_resign(sequence=1 << 60), "refused"),
    "older": (lambda _: bundle(4, DOCUMENT), "refused"),
}


def _raw_signed(plain: bytes) -> bytes:
    signature = KEY.sign(b"bellwire configuration bundle\n" + plain)
    return msgspec.json.encode({"signed": plain.decode(), "signature": base64.b64encode(signature).decode()})


@pytest.mark.parametrize(("change", "trouble"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_nothing_hostile_changes_anything(
    node: Follower, change: Callable[[Files], Files], trouble: str
) -> None:
    await node.offer(bundle(5, office_document(BOB)))
    before, writes, told = await node.everything(), node.database.counts.writes, len(node.notices)
    state = await node.offer(change(bundle(7, DOCUMENT)))
    assert (state.trouble, state.sequence) == (trouble, 5)
    assert state.error
    assert (await node.everything(), node.database.counts.writes) == (before, writes)
    assert len(node.notices) == told + (trouble == "refused")
    state = await node.offer(bundle(8, DOCUMENT))
    assert (state.sequence, state.trouble, state.error) == (8, "", ""), "and the next good one is applied"


BAD_DOCUMENTS = {
    "$.extensions[0].number": office_document(ALICE | {"number": "x"}),
    "$.extensions[1].number": office_document(ALICE, ALICE),
    "$.ring_groups[0].members[0]": office_document(
        ALICE, ring_groups=[{"number": "600", "name": "Sales", "members": ["199"]}]
    ),
    "$.feature_codes[0].code": office_document(ALICE, feature_codes=[{"code": "112", "feature": "echo"}]),
    "$.flows[0].wires.who.no": msgspec.json.encode(
        {
            "extensions": [ALICE],
            "flows": [msgspec.to_builtins(decides()) | {"wires": {"who": {"yes": "over"}}}],
        }
    ),
    "$.extension": b'{"extension":[]}',
    "$": b"[]",
}


@pytest.mark.parametrize(("path", "document"), BAD_DOCUMENTS.items(), ids=BAD_DOCUMENTS.keys())
async def test_a_document_that_cannot_be_applied_changes_nothing_and_is_shown(
    node: Follower, path: str, document: bytes
) -> None:
    await node.offer(bundle(5, office_document(BOB)))
    before = await node.everything()
    state = await node.offer(bundle(7, document))
    assert (state.trouble, state.sequence) == ("refused", 5)
    assert path in [each.path for each in state.faults]
    assert await node.everything() == before
    assert "Nothing was changed" in node.notices[-1][1]


async def test_what_is_refused_here_is_tried_again_when_the_office_has_changed(node: Follower) -> None:
    group = {"number": "600", "name": "Sales", "members": ["102"]}
    files = bundle(7, msgspec.json.encode({"ring_groups": [group]}))
    assert (await node.offer(files)).trouble == "refused"
    await node.sync.check()
    assert len(node.notices) == 1, "the same is told once"
    await node.documents.apply(office_document(BOB | {"sip_password": "bob-password"}))
    assert (await node.sync.check()).sequence == 7


async def test_documents_that_are_no_json_are_refused(node: Follower) -> None:
    for sequence, data in enumerate((b"{]", b"\xff\xfe", b"[" * 100_000), 1):
        state = await node.offer(bundle(sequence, data))
        assert (state.trouble, state.sequence) == ("refused", None)


async def test_replaying_an_old_bundle_is_refused_also_after_rolling_back(node: Follower) -> None:
    first, second = bundle(1, DOCUMENT), bundle(2, office_document(BOB))
    await node.offer(first)
    await node.offer(second)
    await node.sync.roll_back()
    assert (await node.offer(first)).trouble == "refused"
    state = await node.offer(second)
    assert (state.trouble, state.sequence, await names(node)) == ("", 1, ["Alice"])


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_they_are_refused(data: bytes) -> None:
    from pbx.sync.bundle import verify
    from pbx.sync.errors import SyncError
    from pbx.sync.keys import public_text

    with pytest.raises(SyncError):
        verify(data, [public_text(KEY)])


# -- hosts -------------------------------------------------------------------------------------------------------------


async def test_a_bundle_that_is_replaced_while_it_is_fetched_is_never_half_applied(node: Follower) -> None:
    old, new = bundle(6, office_document(ALICE, BOB)), bundle(7, DOCUMENT)
    node.host.after = [new]
    state = await node.offer(old)
    assert (state.trouble, state.sequence, await names(node)) == ("incomplete", None, [])
    assert node.notices == [], "it is not told before it has lasted"
    assert (await node.sync.check()).sequence == 7
    assert await names(node) == ["Alice"]


async def test_what_lasts_is_told_once(node: Follower) -> None:
    for _ in range(5):
        assert (await node.offer({})).trouble == "incomplete"
    assert [each[0] for each in node.notices] == ["The configuration bundle was not applied"]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (web.Response(status=500), "answered 500"),
        (web.Response(status=301, headers={"Location": "/elsewhere"}), "leads elsewhere"),
        (web.Response(status=304), "answered 304"),
        (web.Response(status=206, body=b"{"), "answered 206"),
    ],
)
async def test_odd_answers_change_nothing(node: Follower, answer: web.Response, word: str) -> None:
    node.host.answers[BUNDLE] = answer
    state = await node.offer(bundle(1, DOCUMENT))
    assert state.trouble == "unreachable"
    assert word in state.error
    assert await names(node) == []


async def test_a_compressed_answer_is_not_unpacked(node: Follower) -> None:
    import gzip

    node.host.answers[BUNDLE] = web.Response(
        body=gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"}
    )
    assert (await node.offer(bundle(1, DOCUMENT))).trouble == "incomplete"


async def test_a_host_that_is_away_is_unreachable(tmp_path: Path) -> None:
    async with following(tmp_path) as node:
        await node.offer(bundle(1, DOCUMENT))
        node.host.answers[BUNDLE] = web.Response(status=503)
        assert (await node.sync.check()).trouble == "unreachable"
        state = await node.sync.check()
        assert (state.trouble, state.sequence) == ("", 1)


@given(st.integers(0, 1000), st.floats(1, 1e5), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_stay_bounded_and_differ(failures: int, interval_s: float, random: float) -> None:
    pause = pause_s(failures, interval_s, random)
    assert interval_s * 0.9 <= pause <= max(3600.0, interval_s) * 1.1
    assert pause <= pause_s(failures + 1, interval_s, random)
    assert pause_s(failures, interval_s, 0.0) < pause_s(failures, interval_s, 0.99)


# -- back --------------------------------------------------------------------------------------------------------------


async def test_rolling_back_leads_to_the_bundle_before_and_then_to_before_all(node: Follower) -> None:
    await node.documents.apply(office_document(BOB | {"sip_password": "bob-password"}))
    before = await node.everything()
    await node.offer(bundle(1, office_document(ALICE, BOB | {"name": "Robert"}), prune=True))
    between = await node.everything()
    second = msgspec.json.encode({"extensions": [ALICE], "flows": [decides()]})
    state = await node.offer(bundle(2, second, prune=True))
    assert state.can_roll_back
    assert state.previous is not None
    assert state.previous.sequence == 1
    state = await node.sync.roll_back()
    assert (await node.everything(), state.sequence, await node.flows.live()) == (between, 1, {})
    state = await node.sync.roll_back()
    assert (await node.everything(), state.sequence, state.can_roll_back) == (before, None, False)
    with pytest.raises(UserError, match="no bundle that can be rolled back"):
        await node.sync.roll_back()
    assert (await node.offer(bundle(3, DOCUMENT))).sequence == 3


async def test_rolling_back_is_refused_when_the_office_would_not_be_whole(node: Follower) -> None:
    await node.offer(bundle(1, DOCUMENT))
    await node.documents.apply(
        msgspec.json.encode({"ring_groups": [{"number": "600", "name": "Sales", "members": ["101"]}]})
    )
    before = await node.everything()
    with pytest.raises(UserError, match="would not be whole"):
        await node.sync.roll_back()
    assert await node.everything() == before
    assert (await node.sync.state()).can_roll_back


async def test_what_leads_back_is_kept_sealed(node: Follower) -> None:
    await node.documents.apply(office_document(BOB | {"sip_password": "bob-password"}))
    await node.offer(bundle(1, office_document(BOB | {"name": "Robert", "sip_password": "a-new-password"})))
    rows = await node.database.read(lambda c: c.execute("SELECT undo FROM sync_revisions").fetchall())
    assert rows[0][0]
    assert b"bob-password" not in rows[0][0]
    await node.sync.roll_back()
    assert await node.records.secret(EXTENSION, "102") == "bob-password"


async def test_two_looks_at_once_apply_once(node: Follower) -> None:
    node.host.files = bundle(1, DOCUMENT)
    await asyncio.gather(*(node.sync.check() for _ in range(4)))
    assert len(node.notices) == 1


async def test_the_audit_log_says_which_bundle_it_was(node: Follower) -> None:
    await node.offer(bundle(3, DOCUMENT))
    rows = await node.database.read(
        lambda c: c.execute("SELECT actor, action, kind, key FROM audit").fetchall()
    )
    assert rows == [("bundle 3", "create", "extension", "101")]


async def test_figures_say_how_it_went(node: Follower) -> None:
    await node.offer(bundle(3, DOCUMENT))
    await node.sync.check()
    await node.offer(bundle(2, DOCUMENT))
    text = node.metrics.expose()
    assert 'pbx_sync_checks_total{result="applied"} 1' in text
    assert 'pbx_sync_checks_total{result="unchanged"} 1' in text
    assert 'pbx_sync_checks_total{result="refused"} 1' in text
    assert "pbx_sync_sequence 3" in text


def test_a_document_is_called_what_it_hashes_to() -> None:
    entry = entry_of("berlin", b"{}")
    assert document_name(entry) == (
        "documents/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json"
    )
