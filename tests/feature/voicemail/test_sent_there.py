"""Which codes of mailboxes a caller from outside may be sent to by what was called."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from pbx.core.errors import PeerError
from pbx.feature.dialplan import Dialplan
from pbx.feature.features import Features
from pbx.model.party import Party


@pytest.fixture
def plan() -> tuple[Dialplan, dict[str, AsyncMock]]:
    features = Features()
    ran = {name: AsyncMock() for name in ("voicemail", "voicemail_check", "voicemail_leave")}
    for name, feature in ran.items():
        features.register(name, feature)
    return Dialplan(features=features, directory=Mock(), extensions=Mock()), ran


def outsider() -> Any:
    return Mock(party=Party("+12025550123"), events=[])


async def test_a_forwarding_leads_to_leaving_a_message(plan: Any) -> None:
    dialplan, ran = plan
    call = outsider()
    assert await dialplan.inward(call, "*99102")
    ran["voicemail_leave"].assert_awaited_once_with(call, "102")


@pytest.mark.parametrize("code", ["*97", "*98", "*98102"])
async def test_and_not_to_hearing_messages(plan: Any, code: str) -> None:
    dialplan, ran = plan
    with pytest.raises(PeerError, match="403"):
        await dialplan.inward(outsider(), code)
    assert not any(each.await_count for each in ran.values())
