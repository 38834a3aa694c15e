"""The nodes of mailboxes: what they ask for, and the exit that each outcome leaves by."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pbx.flow.context import Context
from pbx.flow.nodes.check_voicemail import CheckVoicemail
from pbx.flow.nodes.voicemail import Voicemail
from pbx.flow.ports import Reached
from pbx.model.kind import references


class FakeReach:
    """Answers `outcome`, and remembers what was asked."""

    def __init__(self, outcome: Reached) -> None:
        self.outcome = outcome
        self.asked: list[tuple[object, ...]] = []

    async def voicemail(self, mailbox: str, *, greeting: bool = True) -> Reached:
        self.asked.append((mailbox, greeting))
        return self.outcome

    async def check_voicemail(self, mailbox: str | None) -> Reached:
        self.asked.append((mailbox,))
        return self.outcome


def context(reach: FakeReach) -> Context:
    ports: Any = type("Ports", (), {"reach": reach})()
    return Context(ports)


@pytest.mark.parametrize("outcome", get_args(Reached))
@pytest.mark.parametrize(
    ("node", "asked"),
    [
        (Voicemail(mailbox="900"), ("900", True)),
        (Voicemail(mailbox="900", greeting=False), ("900", False)),
        (CheckVoicemail(), (None,)),
        (CheckVoicemail(mailbox="900"), ("900",)),
    ],
)
async def test_each_outcome_has_its_exit(node: Any, asked: tuple[object, ...], outcome: Reached) -> None:
    reach = FakeReach(outcome)
    left_by = await node.run(context(reach))
    assert reach.asked == [asked]
    assert left_by == ("done" if outcome in ("talked", "left") else "refused")
    assert left_by in {each.name for each in node.ways()}


def test_they_name_their_mailbox() -> None:
    for node in (Voicemail(mailbox="900"), CheckVoicemail(mailbox="900")):
        assert [(each.kind, each.key) for each in references(node)] == [("mailbox", "900")]
    assert list(references(CheckVoicemail())) == []
