"""What a node hears and understands with: who recognises speech, who writes it down, and who knows what is meant.

All of it is made when the first caller needs it: a node whose flows have no receptionist pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.app.wishes import Wishes
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.flow.live_listening import LiveListening
from pbx.media.recognition import RATE_HZ

if TYPE_CHECKING:
    from edge.ai.understanding import Understanding
    from pbx.call.call import Call
    from pbx.flow.ports import Chat, Line, Listening
    from pbx.media.engine import MediaEngine
    from pbx.media.recognition import Recogniser
    from pbx.media.recognition_server import SpeechServer
    from pbx.media.tap import Tap

__all__ = ["Hearing", "read_key"]


class Hearing:
    """Raises `StartupError` for a key file that cannot be read."""

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self._speech_key = read_key(config.speech_key_file)
        self._chat_key = read_key(config.chat_key_file)
        self._chat = (config.chat_url, config.chat_model)

    async def use_chat(self, url: str, model: str) -> None:
        """Ask this chat model from now on; "" for the one of the start. Who is being understood falls back on words."""
        wanted = (url, model) if url and model else (self._config.chat_url, self._config.chat_model)
        if wanted != self._chat:
            self._chat = wanted
            made = vars(self).pop("understanding", None)
            if made is not None:
                await made.close()

    @cached_property
    def recogniser(self) -> Recogniser:
        """Of a caller's words: the speech server where there is one, else PocketSphinx."""
        from pbx.media.recognition_sphinx import Sphinx

        return self.transcriber or Sphinx()

    @cached_property
    def transcriber(self) -> SpeechServer | None:
        """Of messages; without a speech server there is none."""
        if not self._config.speech_url:
            return None
        from pbx.media.recognition_server import SpeechServer, SpeechSettings

        return SpeechServer(
            SpeechSettings(self._config.speech_url, self._config.speech_model, self._speech_key)
        )

    @cached_property
    def understanding(self) -> Understanding:
        """Of what is wanted: the chat model where there is one, with the matcher behind it."""
        from edge.ai.understanding import Understanding

        url, model = self._chat
        if not url:
            return Understanding()
        from edge.ai.chat import ChatServer, ChatSettings

        settings = ChatSettings(url, model, self._chat_key, self._config.chat_time_limit_s)
        return Understanding(ChatServer(settings))

    def chat(self) -> Chat:
        """What flows ask what a caller wants."""
        return Wishes(lambda: self.understanding)

    def listening(self, media: MediaEngine) -> Callable[[Call, Line], Listening]:
        """What makes the ears of one call."""

        def tap(stream: Any) -> Tap:
            return media.tap(stream, rate_hz=RATE_HZ)

        return lambda call, line: LiveListening(call, line, recogniser=lambda: self.recogniser, tap=tap)

    async def close(self) -> None:
        """End processes and connections, of what was made."""
        made = vars(self)
        for name in ("recogniser", "transcriber", "understanding"):
            if (part := made.get(name)) is not None:
                await part.close()


def read_key(path: Path | None) -> str:
    """The one word of the file, "" without one. Raises `StartupError`."""
    if path is None:
        return ""
    try:
        lines = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"the key file {path} cannot be read: {error}") from None
    if len(lines) != 1:
        raise StartupError(f"the key file {path} holds no key", needed="one word and nothing else")
    return lines[0]
