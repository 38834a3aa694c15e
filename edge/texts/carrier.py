"""Twilio as the outbox sees it: hands texts over, and says what is known of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlencode

from edge.campaigns.segments import count_segments
from edge.texts.sending import FAULT, Accepted, Outcome, Outgoing, Refused, Seen, SendingError, Unknown
from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError

__all__ = ["STATUS_PATH", "TwilioSender"]

log = logging.getLogger(__name__)

STATUS_PATH = "/twilio/sms/status"
LISTED = 50


class TwilioSender:
    """Implements `Sender`. `base` is the edge's public address, without a slash at its end."""

    def __init__(self, client: TwilioClient, base: str) -> None:
        self._client = client
        self._base = base

    async def send(self, message: Outgoing) -> Outcome:
        callback = f"{self._base}{STATUS_PATH}?{urlencode({'id': message.id})}"
        try:
            sid = await self._client.send_message(
                message.ours, message.theirs, message.body, message.media, callback
            )
        except TwilioError as error:
            if error.uncertain:
                return Unknown(error.words, FAULT if error.status >= 500 else 0)
            return Refused(error.code or 0, error.words, again=error.again)
        return Accepted(sid, 1 if message.media else count_segments(message.body).segments)

    async def seen(self, ours: str, theirs: str, *, since_ms: int) -> Sequence[Seen]:
        """Without a date in the question: Twilio compares it with when a text was sent, which a waiting one was not."""
        try:
            listed = await self._client.messages(from_=ours, to=theirs, limit=LISTED)
        except TwilioError as error:
            raise SendingError(error.words) from error
        return [
            Seen(each.sid, each.body, each.status, each.error_code or 0, each.created_ms)
            for each in sorted(listed, key=lambda one: one.created_ms)
            if each.created_ms >= since_ms
        ]
