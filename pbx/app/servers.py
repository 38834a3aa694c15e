"""The servers that the settings of the office name, in place of those of the start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.app.guarding import smtp_server
from pbx.model.settings import OfficeSettings
from pbx.notify.mail import SmtpServer
from pbx.store.sealed_state import SealedState

if TYPE_CHECKING:
    from pbx.app.listening import Hearing
    from pbx.core.config import NodeConfig
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
        self._password = SealedState(state, box, KEY)
        self._settings = OfficeSettings()
        self._changing = asyncio.Lock()

    async def set_mail_password(self, password: str) -> None:
        """Sealed, and used from now on; "" for none."""
        await self._password.put(password)
        await self._use(self._settings)

    async def follow(self, settings: SettingStore) -> None:
        await settings.follow(self._use)

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
            await self._password.get() or "",
            mail.sender,
            self._config.tls_trust,
        )
