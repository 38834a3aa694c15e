"""A simulated Twilio and a client that speaks with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from edge.twilio.client import TwilioClient
from tests.fakes.twilio import FakeTwilio


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def client(twilio: FakeTwilio) -> AsyncIterator[TwilioClient]:
    made = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url)
    yield made
    await made.close()
