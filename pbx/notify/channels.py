"""A notice to a target: as a mail, or as a webhook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from pbx.core.clock import Clock
from pbx.model.notice import Notice, NoticeTarget
from pbx.notify.mail import Mailer, compose
from pbx.notify.webhook import Webhooks

__all__ = ["Channels"]


class Channels:
    """`signing_key` finds a target's key by its id; `office_name` stands in the subject of mails."""

    def __init__(
        self,
        mailer: Mailer,
        webhooks: Webhooks,
        *,
        clock: Clock,
        signing_key: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self._mailer = mailer
        self._webhooks = webhooks
        self._clock = clock
        self._signing_key = signing_key

    async def deliver(self, target: NoticeTarget, notice: Notice) -> None:
        """Raises `SendError`."""
        if target.is_webhook:
            body = msgspec.json.encode(document(notice))
            key = await self._signing_key(target.id)
            at = int(self._clock.now().timestamp())
            await self._webhooks.send(target.address, body, id_=notice.id, key=key, at=at)
        else:
            await self._mailer.send(
                compose(
                    sender=self._mailer.sender,
                    to=target.address,
                    subject=notice.title,
                    text=text(notice),
                    at=notice.at,
                    id_=notice.id,
                )
            )


def document(notice: Notice) -> dict[str, object]:
    """What a webhook gets; how the notice fares elsewhere is not its business."""
    return {
        "id": notice.id,
        "at": notice.at,
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "facts": notice.facts,
    }


def text(notice: Notice) -> str:
    """The body of a mail."""
    facts = "".join(f"{name}: {value}\n" for name, value in notice.facts.items() if value)
    return f"{notice.text or notice.title}\n\nTime: {notice.at:%Y-%m-%d %H:%M:%S} UTC\n{facts}"
