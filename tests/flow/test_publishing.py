"""Drafts, revisions and what is live, on a real database."""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.flow.flows import Flows, loaded
from pbx.flow.publishing import FlowRefused
from pbx.model.flow import FlowNode
from pbx.model.flow_script import FlowExpectation, FlowScript, FlowTest
from pbx.model.kinds import EXTENSION, FLOW
from tests.flow.conftest import NOW, FlowOffice, decides, goes_to

CALLER_1_IS_BUSY = FlowTest(
    name="caller 1 hears busy",
    script=FlowScript(caller="1"),
    expect=FlowExpectation(path=("who:yes", "over"), end="hung_up"),
)
CALLER_2_IS_BUSY = FlowTest(
    name="caller 2 hears busy",
    script=FlowScript(caller="2"),
    expect=FlowExpectation(path=("who:yes", "over")),
)


async def test_an_edited_draft_does_not_touch_what_is_live(office: FlowOffice) -> None:
    await office.draft(decides())
    first = await office.publishing.publish("500", author="admin", comment="first")
    await office.draft(decides("caller.number == '2'"))
    live = (await office.store.live())["500"]
    assert live == first
    assert live.document == decides()
    (state,) = await office.publishing.states()
    assert (state.live and state.live.revision, state.changed) == (1, True)


async def test_revisions_are_numbered_for_each_flow_and_know_who_and_why(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.draft(decides(number="502"))
    one = await office.publishing.publish("500", author="ann", comment="begin")
    other = await office.publishing.publish("502", author="ann")
    await office.draft(decides("true"))
    two = await office.publishing.publish("500", author="bob", comment="for all")
    assert [one.revision, other.revision, two.revision] == [1, 1, 2]
    assert (two.author, two.comment, two.at) == ("bob", "for all", NOW)
    page, total = await office.publishing.revisions("500", limit=10, offset=0)
    assert ([each.revision for each in page], total) == ([2, 1], 2)
    assert all(each.document is None for each in page)
    assert (await office.publishing.revision("500", "1")).document == decides()


async def test_a_flow_with_faults_is_refused_with_all_of_them_and_nothing_changes(office: FlowOffice) -> None:
    broken = msgspec.structs.replace(
        decides("caller.number =="),
        nodes={
            **decides("caller.number ==").nodes,
            "lost": FlowNode(type="hang_up"),
            "odd": FlowNode(type="no_such"),
            "on": FlowNode(type="go_to", parameters={"flow": "999"}),
        },
        wires={"who": {"yes": "over"}},
    )
    await office.draft(broken)
    with pytest.raises(FlowRefused) as refused:
        await office.publishing.publish("500", author="admin", override=True)
    found = {(each.node, each.exit, each.parameter) for each in refused.value.faults}
    assert {
        ("who", None, "condition"),
        ("who", "no", None),
        ("lost", None, None),
        ("odd", None, None),
        ("on", None, "flow"),
    } <= found
    paths = {each.path for each in refused.value.problems}
    assert {"$.nodes.who.parameters.condition", "$.wires.who.no", "$.nodes.odd"} <= paths
    assert await office.store.live() == {}


async def test_a_red_test_refuses_and_can_be_overridden_which_is_recorded(office: FlowOffice) -> None:
    await office.draft(decides(tests=(CALLER_1_IS_BUSY, CALLER_2_IS_BUSY)))
    with pytest.raises(FlowRefused) as refused:
        await office.publishing.publish("500", author="admin")
    (fault,) = refused.value.faults
    assert (fault.test, fault.node) == ("caller 2 hears busy", "who")
    assert fault.text == "step 1 of the path is who:no, not who:yes"
    made = await office.publishing.publish("500", author="admin", override=True)
    assert made.overridden == ("caller 2 hears busy",)
    assert (await office.publishing.revision("500", "1")).overridden == made.overridden


async def test_what_is_live_already_is_not_published_again(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.publishing.publish("500", author="admin")
    with pytest.raises(UserError, match="live already") as refused:
        await office.publishing.publish("500", author="admin")
    assert refused.value.http_status == 409


async def test_rolling_back_makes_an_old_document_the_newest_revision(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.publishing.publish("500", author="admin")
    await office.draft(decides("true"))
    await office.publishing.publish("500", author="admin")
    back = await office.publishing.roll_back("500", 1, author="admin", comment="oops")
    assert (back.revision, back.rolled_back_to, back.document) == (3, 1, decides())
    assert await office.publishing.state_of("500", "draft") == decides("true")
    assert (await office.store.live())["500"].revision == 3
    with pytest.raises(UserError, match="no revision 9"):
        await office.publishing.roll_back("500", 9, author="admin")


async def test_rolling_back_to_what_has_faults_by_now_is_refused(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.draft(goes_to("500"))
    await office.publishing.publish("500", author="admin")
    await office.publishing.publish("501", author="admin")
    await office.draft(decides(number="501"))
    await office.publishing.publish("501", author="admin")
    await office.records.delete(FLOW, "500")
    with pytest.raises(FlowRefused) as refused:
        await office.publishing.roll_back("501", 1, author="admin")
    assert [(each.node, each.parameter) for each in refused.value.faults] == [("on", "flow")]


async def test_a_deleted_flow_is_not_live_and_a_new_one_goes_on_counting(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.publishing.publish("500", author="admin")
    await office.records.delete(FLOW, "500")
    assert await office.store.live() == {}
    assert (await office.publishing.revision("500", "1")).document == decides()
    await office.draft(decides("true"))
    assert (await office.publishing.publish("500", author="admin")).revision == 2


async def test_a_flow_that_another_leads_to_stays_published(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.draft(goes_to("500"))
    await office.publishing.publish("500", author="admin")
    await office.publishing.publish("501", author="admin")
    with pytest.raises(UserError, match="501 leads calls"):
        await office.publishing.unpublish("500")
    await office.publishing.unpublish("501")
    await office.publishing.unpublish("500")
    assert await office.store.live() == {}
    with pytest.raises(UserError, match="not published"):
        await office.publishing.unpublish("500")


async def test_who_names_a_record_is_known_of_drafts_and_of_what_is_live(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.draft(goes_to("500"))
    await office.publishing.publish("500", author="admin")
    await office.publishing.publish("501", author="admin")
    await office.draft(decides(number="501"))
    users = await office.publishing.users_of(FLOW, "500")
    assert [(each.key, each.path) for each in users] == [("501", "$.nodes.on.parameters.flow")]
    assert await office.publishing.users_of(EXTENSION, "101") == []


async def test_flows_that_lead_to_each_other_at_once_are_refused_and_an_unpublished_target_is_a_warning(
    office: FlowOffice,
) -> None:
    await office.draft(goes_to("502", "501"))
    await office.draft(goes_to("501", "502"))
    (warning,) = await office.publishing.check("501")
    assert warning.warning
    assert "not published yet" in warning.text
    await office.publishing.publish("501", author="admin")
    with pytest.raises(FlowRefused, match="1 fault "):
        await office.publishing.publish("502", author="admin")


async def test_a_difference_tells_moves_parameters_wires_and_nodes_apart(office: FlowOffice) -> None:
    before = decides()
    await office.draft(before)
    await office.publishing.publish("500", author="admin")
    who, over = before.nodes["who"], before.nodes["over"]
    after = msgspec.structs.replace(
        before,
        name="Renamed",
        nodes={
            "who": msgspec.structs.replace(who, x=40),
            "over": msgspec.structs.replace(over, parameters={"reason": "declined"}),
            "more": FlowNode(type="hang_up"),
        },
        wires={"who": {"yes": "over", "no": "more"}},
    )
    await office.draft(after)
    difference = await office.publishing.difference("500", "live", "draft")
    assert [
        (each.what, each.change, each.name, each.field, each.old, each.new) for each in difference.changes
    ] == [
        ("setting", "changed", "name", "", "Flow 500", "Renamed"),
        ("node", "added", "more", "", None, {"type": "hang_up", "parameters": {}}),
        ("node", "changed", "over", "reason", "busy", "declined"),
        ("node", "moved", "who", "", [0, 0], [40, 0]),
        ("wire", "changed", "who", "no", "", "more"),
    ]
    assert (await office.publishing.difference("500", "1", "live")).changes == ()
    with pytest.raises(UserError):
        await office.publishing.difference("500", "7", "live")


async def test_a_published_revision_cannot_be_written_twice(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.draft(decides(number="502"))
    both = await asyncio.gather(
        *(office.publishing.publish(number, author="admin") for number in ("500", "502"))
    )
    assert [each.revision for each in both] == [1, 1]
    with pytest.raises(sqlite3.IntegrityError):
        await office.database.write(
            lambda connection: connection.execute(
                "INSERT INTO flow_revisions SELECT * FROM flow_revisions WHERE flow='500'"
            )
        )


async def test_what_this_program_cannot_read_takes_no_calls_and_is_told(office: FlowOffice) -> None:
    await office.draft(decides())
    await office.publishing.publish("500", author="admin")
    await office.database.write(
        lambda connection: connection.execute("UPDATE flow_revisions SET document='{\"later\": 1}'")
    )
    live, problems = loaded(await office.store.live())
    assert live == {}
    assert "cannot be read" in problems["500"]


async def test_the_flows_in_memory_are_swapped_as_a_whole(office: FlowOffice) -> None:
    flows = Flows(office.store, open_ports=lambda _: pytest.fail("no call here"))
    await office.draft(decides())
    await office.publishing.publish("500", author="admin")
    assert not flows.has("500")
    await flows.reload()
    before = flows.live["500"]
    await office.draft(decides("true"))
    await office.publishing.publish("500", author="admin")
    await flows.reload()
    assert (before.revision, flows.live["500"].revision) == (1, 2)
    await office.publishing.unpublish("500")
    await flows.reload()
    assert not flows.has("500")
