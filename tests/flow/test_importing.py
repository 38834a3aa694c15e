"""An office's document publishes its flows, or is refused with what is wrong with them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.feature.documents import Beside, Documents, Options
from pbx.flow.importing import FlowImport
from pbx.model.flow import Flow, FlowNode
from pbx.model.flow_script import FlowExpectation, FlowTest
from pbx.model.kinds import FLOW
from tests.flow.conftest import FlowOffice, decides, goes_to


def document(*flows: Flow, **more: Any) -> bytes:
    return msgspec.json.encode({"flows": flows, **more})


def documents(office: FlowOffice) -> Documents:
    return Documents(office.records, FlowImport(office.records, office.publishing, office.store))


async def load(office: FlowOffice, data: bytes, *, prune: bool = False, override: bool = False) -> Beside:
    options = Options(prune=prune, override_tests=override)
    return (await documents(office).apply(data, options)).beside


async def exported(office: FlowOffice) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(await documents(office).export())
    return found


async def test_an_imported_flow_is_published_once(office: FlowOffice) -> None:
    first = await load(office, document(decides()))
    again = await load(office, document(decides()))
    assert (first.published, again.published) == (("500",), ())
    live = (await office.store.live())["500"]
    assert (live.revision, live.author) == (1, "import")


async def test_flows_that_name_each_other_come_together(office: FlowOffice) -> None:
    await load(office, document(goes_to("500"), decides()))
    assert set(await office.store.live()) == {"500", "501"}


async def test_a_faulty_flow_refuses_the_whole_document(office: FlowOffice) -> None:
    broken = msgspec.structs.replace(decides(number="502"), wires={})
    data = document(decides(), broken)
    with pytest.raises(UserError) as refused:
        await load(office, data)
    assert {each.path for each in refused.value.problems} >= {"$.flows[1].wires.who.yes"}
    assert await office.records.all(FLOW) == []
    assert await office.store.live() == {}


async def test_a_red_test_refuses_unless_overridden(office: FlowOffice) -> None:
    test = FlowTest(name="never", expect=FlowExpectation(end="connected"))
    data = document(decides(tests=(test,)))
    with pytest.raises(UserError, match="never fails"):
        await load(office, data)
    await load(office, data, override=True)
    assert (await office.store.live())["500"].overridden == ("never",)


async def test_an_export_says_what_is_live_where_that_is_not_the_draft_and_imports_the_same(
    office: FlowOffice,
) -> None:
    await load(office, document(decides()))
    assert "live_flows" not in await exported(office)
    unfinished = msgspec.structs.replace(decides(number="503"), entry=None)
    await office.draft(decides("true"))
    await office.draft(unfinished)
    data = await exported(office)
    assert data["live_flows"]["503"] is None
    assert msgspec.convert(data["live_flows"]["500"], Flow) == decides()
    await office.records.delete(FLOW, "500")
    data.pop("extensions")
    done = await load(office, msgspec.json.encode(data))
    assert done.published == ("500",)
    assert (await office.store.live())["500"].document == decides()
    assert await office.publishing.state_of("500", "draft") == decides("true")
    assert set(await office.store.live()) == {"500"}


async def test_null_unpublishes_and_strays_are_refused(office: FlowOffice) -> None:
    await load(office, document(decides()))
    done = await load(office, document(decides(), live_flows={"500": None}))
    assert done.unpublished == ("500",)
    assert await office.store.live() == {}
    with pytest.raises(UserError, match=r"\$.live_flows.509"):
        await load(office, document(decides(), live_flows={"509": None}))
    with pytest.raises(UserError, match="another number"):
        await load(office, document(decides(), live_flows={"500": decides(number="501")}))


async def test_pruning_what_a_live_flow_names_is_refused(office: FlowOffice) -> None:
    await load(office, document(decides(), goes_to("500")))
    changed = msgspec.structs.replace(goes_to("500"), nodes={"on": FlowNode(type="hang_up")})
    stays = msgspec.to_builtins(goes_to("500"))
    with pytest.raises(UserError, match="the live flow 501 names the flow 500"):
        await load(office, document(changed, live_flows={"501": stays}), prune=True)
    await load(office, document(changed), prune=True)
    assert set(await office.store.live()) == {"501"}


async def test_pruned_flows_take_no_more_calls(office: FlowOffice) -> None:
    await load(office, document(decides(), decides(number="502")))
    await load(office, document(decides()), prune=True)
    assert set(await office.store.live()) == {"500"}
