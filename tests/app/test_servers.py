"""Servers that an administrator names while the node runs: used at once, their passwords sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from pbx.app.listening import Hearing
from pbx.app.servers import KEY, Servers
from pbx.core.config import NodeConfig
from pbx.core.events import EventBus
from pbx.core.secret import SecretBox
from pbx.core.tasks import cancelled
from pbx.model.server_settings import MailSettings
from pbx.model.settings import OfficeSettings
from pbx.notify.mail import Mailer, SmtpServer
from pbx.store.database import Database
from pbx.store.settings import SettingStore
from pbx.store.state import StateStore

START = NodeConfig(smtp_host="old.example", smtp_from="old@office.example")


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_mail_server_counts_from_the_next_mail_on(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "x.sqlite3", poll_s=0) as database:
        bus, box, state = EventBus(), SecretBox(bytes(32)), StateStore(database)
        settings, mailer = SettingStore(database, bus), Mailer(None)
        servers = Servers(START, mailer, Hearing(START), state=state, box=box)
        following = asyncio.ensure_future(servers.follow(settings))
        await soon(lambda: mailer.sender == "old@office.example")
        mail = MailSettings(host="new.example", port=465, security="tls", username="me@office.example")
        await settings.put(OfficeSettings(mail=mail))
        await soon(lambda: mailer.sender == "me@office.example")
        await servers.set_mail_password("geheim")
        wanted = SmtpServer("new.example", 465, "tls", "me@office.example", "geheim", "", None)
        assert mailer._server == wanted
        sealed = await state.get(KEY, str)
        assert sealed is not None
        assert "geheim" not in sealed
        await cancelled(following)

        later = Mailer(None)
        again = Servers(START, later, Hearing(START), state=state, box=box)
        following = asyncio.ensure_future(again.follow(settings))
        await soon(lambda: later._server == wanted)
        await cancelled(following)

        stranger = Mailer(None)
        other_key = Servers(START, stranger, Hearing(START), state=state, box=SecretBox(bytes(31) + b"x"))
        following = asyncio.ensure_future(other_key.follow(settings))
        await soon(lambda: stranger._server is not None)
        assert stranger._server is not None
        assert stranger._server.password == ""
        await settings.put(OfficeSettings())
        await soon(lambda: stranger.sender == "old@office.example")
        await cancelled(following)


async def test_a_chat_model_is_asked_from_the_next_caller_on() -> None:
    hearing = Hearing(NodeConfig())

    def asks() -> bool:
        return hearing.understanding._chat is not None

    seen = [asks()]
    await hearing.use_chat("http://127.0.0.1:1/v1", "small")
    seen.append(asks())
    before = hearing.understanding
    await hearing.use_chat("http://127.0.0.1:1/v1", "small")
    assert hearing.understanding is before, "nothing has changed"
    await hearing.use_chat("", "")
    seen.append(asks())
    await hearing.close()
    assert seen == [False, True, False]
