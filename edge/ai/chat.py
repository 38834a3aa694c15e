"""A chat model behind the address of an OpenAI-compatible server: Ollama, llama.cpp, Workers AI and many others.

POST {base}/chat/completions, the answer forced into a JSON schema where the server can. The server is not trusted: its
time, its size and its words are limited, and it may not send us elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import msgspec

from edge.ai.directory import Directory, Intent, Turn
from edge.ai.prompt import AnswerError, Question, question, read_answer

__all__ = ["ChatError", "ChatServer", "ChatSettings", "endpoint"]

MOST_BYTES = 64 << 10
MOST_TOKENS = 400
AT_ONCE = 4
"""More questions wait for their turn, within their time."""


class ChatError(Exception):
    """No answer that can be used; the text says why, without the caller's words."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """`url` is the server's base, with or without /v1. `time_limit_s` covers all of one question."""

    url: str
    model: str
    key: str = ""
    time_limit_s: float = 4.0

    def __repr__(self) -> str:
        return f"ChatSettings({self.url!r}, {self.model!r})"


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message


class _Completion(msgspec.Struct, frozen=True):
    choices: list[_Choice]


class _SchemaRefusedError(Exception):
    """The server knows no such response_format."""


class ChatServer:
    """Asks the model; `close` ends its connections."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self._url = endpoint(settings.url, "chat/completions")
        self._session: aiohttp.ClientSession | None = None
        self._seats = asyncio.Semaphore(AT_ONCE)
        self._knows_schema = True

    async def ask(self, turns: Sequence[Turn], directory: Directory) -> Intent:
        """What the model makes of the conversation. Raises `ChatError`, at the latest when the time is over."""
        asked = await asyncio.to_thread(question, turns, directory)
        words = await self.complete(asked)
        try:
            return read_answer(words, asked.meanings)
        except AnswerError as error:
            raise ChatError(str(error)) from None

    async def complete(self, asked: Question) -> str:
        """The model's words, whatever they are. Raises `ChatError`, at the latest when the time is over."""
        try:
            async with asyncio.timeout(self.settings.time_limit_s), self._seats:
                return await self._complete(asked)
        except TimeoutError:
            raise ChatError(f"no answer within {self.settings.time_limit_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ChatError(f"{type(error).__name__}: {error}"[:200]) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _complete(self, asked: Question) -> str:
        """The model's words. A server that refuses the schema is asked again without, and not offered it any more."""
        if self._knows_schema:
            try:
                return await self._post(asked, with_schema=True)
            except _SchemaRefusedError:
                self._knows_schema = False
        return await self._post(asked, with_schema=False)

    async def _post(self, asked: Question, *, with_schema: bool) -> str:
        if self._session is None:
            self._session = _session(self.settings.key)
        async with self._session.post(
            self._url, data=_body(self.settings.model, asked, with_schema=with_schema), allow_redirects=False
        ) as response:
            if with_schema and response.status in (400, 422):
                raise _SchemaRefusedError
            if response.status != 200:
                raise ChatError(f"the server answered {response.status}")
            body = await _bounded(response)
        try:
            completion = msgspec.json.decode(body, type=_Completion)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ChatError(f"the server's answer is no completion: {error}") from None
        if not completion.choices or not completion.choices[0].message.content:
            raise ChatError("the server's answer is empty")
        return completion.choices[0].message.content


def endpoint(base: str, path: str) -> str:
    """Where to ask: `base` may be the server's root, or end in /v1 or in another version's folder."""
    base = base.rstrip("/")
    if base.endswith(path):
        return base
    last = base.rpartition("/")[2]
    versioned = last[:1] == "v" and last[1:2].isdigit()
    return f"{base}/{path}" if versioned else f"{base}/v1/{path}"


def _session(key: str) -> aiohttp.ClientSession:
    """No cookies, no compression, no proxy from the environment; the time limit is ours."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return aiohttp.ClientSession(
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
    )


def _body(model: str, asked: Question, *, with_schema: bool) -> bytes:
    body: dict[str, object] = {
        "model": model,
        "messages": asked.messages,
        "temperature": 0,
        "max_tokens": MOST_TOKENS,
        "stream": False,
    }
    if with_schema:
        body["response_format"] = _response_format(asked.schema)
    return msgspec.json.encode(body)


def _response_format(schema: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "wish", "strict": True, "schema": schema}}


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(8192):
        body += piece
        if len(body) > MOST_BYTES:
            raise ChatError(f"the server's answer is longer than {MOST_BYTES} bytes")
    return bytes(body)
