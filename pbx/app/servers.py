"""The servers that the settings of the office name, in place of those of the start."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from pbx.app.guarding import smtp_server
from pbx.core.secret import SealBrokenError
from pbx.model.settings import OfficeSettings
from pbx.notify.mail import SmtpServer
from pbx.store.settings import TOPIC

if TYPE_CHECKING:
    from pbx.app.listening import Hearing
    from pbx.core.config import NodeConfig
    from pbx.core.events import EventBus
    from pbx.core.secret import SecretBox
    from pbx.model.server_settings import MailSettings
    from pbx.notify.mail import Mailer
    from pbx.store.settings import SettingStore
    from pbx.store.state import StateStore

__all__ = ["Servers"]

KEY = "mail password"


class Servers:
    """`follow` them for ever: a change counts for the next mail and the next caller."""

    def __init__(
        self, config: NodeConfig, mailer: Mailer, hearing: Hearing, *, state: StateStore, box: SecretBox
    ) -> None:
        self._config = config
        self._mailer = mailer
        self._hearing = hearing
        self._state = state
        self._box = box
        self._settings = OfficeSettings()
        self._changing = asyncio.Lock()

    async def set_mail_password(self, password: str) -> None:
        """Sealed, and used from now on; "" for none."""
        sealed = self._box.seal(password, context=KEY)
        await self._state.put(KEY, base64.b64encode(sealed).decode())
        await self._use(self._settings)

    async def follow(self, settings: SettingStore, bus: EventBus) -> None:
        with bus.subscribe(TOPIC) as changes:
            await self._use(await settings.get())
            async for published in changes:
                if isinstance(published.event, OfficeSettings):
                    await self._use(published.event)

    async def _use(self, settings: OfficeSettings) -> None:
        async with self._changing:
            self._settings = settings
            self._mailer.use(await self._mail_server(settings.mail))
            await self._hearing.use_chat(settings.ai.chat_url, settings.ai.chat_model)

    async def _mail_server(self, mail: MailSettings) -> SmtpServer | None:
        if not mail.host:
            return smtp_server(self._config)
        return SmtpServer(
            mail.host,
            mail.port,
            mail.security,
            mail.username,
            await self._password(),
            mail.sender,
            self._config.tls_trust,
        )

    async def _password(self) -> str:
        sealed = await self._state.get(KEY, str)
        try:
            return self._box.open(base64.b64decode(sealed), context=KEY) if sealed else ""
        except (SealBrokenError, ValueError):  # another key file: it has to be typed again
            return ""
