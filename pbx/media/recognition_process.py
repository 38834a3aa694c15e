"""PocketSphinx in a process of its own: it holds Python's lock while it listens, and a call must not wait for that.

    standard input   length (4 bytes, network order), then a `Request` in MessagePack
    standard output  the same with a `Reply`

It knows nothing of the node, ends with its standard input, and is niced: calls go first.
"""

from __future__ import annotations

import os
import random
import struct
import sys
from array import array
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from pbx.media.pronunciation import pronounce

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LENGTH", "MOST_BYTES", "Reply", "Request"]

LENGTH = struct.Struct("!I")
MOST_BYTES = 8 << 20
NICER = 5
NOISE = 30
"""Peak of the comfort noise, of 32767. Sound of a telephone has nothing above 4 kHz, where the model listens too; a
little noise there, and the room's that it was trained with around the words, mend most of what is misheard."""
BEFORE_AND_AFTER_S = 0.4
RATE_HZ = 16000


class Request(msgspec.Struct, frozen=True):
    """Sound of 16 kHz, and the grammar it is to be heard with."""

    grammar: str
    words: tuple[str, ...]
    pcm: bytes


class Reply(msgspec.Struct, frozen=True):
    """The sentence, "" when it is none of the grammar; or why nothing could be heard."""

    text: str = ""
    error: str = ""


class _Listener:
    """One decoder, kept from one utterance to the next; so is the grammar, while it stays the same."""

    def __init__(self) -> None:
        import pocketsphinx  # type: ignore[import-untyped]  # it has no stubs

        model = f"{pocketsphinx.get_model_path()}/en-us"
        self._decoder: Any = pocketsphinx.Decoder(
            hmm=f"{model}/en-us",
            dict=f"{model}/cmudict-en-us.dict",
            lm=None,
            samprate=16000,
            loglevel="FATAL",
        )
        self._grammar = ""
        self._search = ""

    def hear(self, request: Request) -> str:
        if request.grammar != self._grammar:
            self._learn(request)
        self._decoder.start_utt()
        self._decoder.process_raw(in_a_room(request.pcm), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return str(found.hypstr) if found is not None else ""

    def _learn(self, request: Request) -> None:
        for word in request.words:
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, pronounce(word.replace("'", "")), False)
        self._search, old = ("two", "one") if self._search == "one" else ("one", "two")
        self._decoder.add_jsgf_string(self._search, request.grammar)
        self._decoder.activate_search(self._search)
        if self._grammar:
            self._decoder.remove_search(old)
        self._grammar = request.grammar


def in_a_room(pcm: bytes) -> bytes:
    """The utterance with comfort noise around and under it."""
    second = _second_of_noise()
    around = array("h", second[: int(RATE_HZ * BEFORE_AND_AFTER_S)])
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    mixed = (max(-32768, min(32767, each + hiss)) for each, hiss in zip(samples, cycle(second), strict=False))
    return (around + array("h", mixed) + around).tobytes()


@cache
def _second_of_noise() -> list[int]:
    chance = random.Random(1)  # noqa: S311  nobody is to be kept from guessing it
    return [chance.randint(-NOISE, NOISE) for _ in range(RATE_HZ)]


def main() -> None:
    """Answer until the node closes the pipe."""
    os.nice(NICER)
    listener: _Listener | None = None
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    for data in _requests(sys.stdin.buffer):
        try:
            listener = listener or _Listener()
            reply = Reply(text=listener.hear(msgspec.msgpack.decode(data, type=Request)))
        except (msgspec.MsgspecError, RuntimeError, ValueError, KeyError, ImportError, OSError) as error:
            listener = None
            reply = Reply(error=f"{type(error).__name__}: {error}")
        encoded = msgspec.msgpack.encode(reply)
        output.write(LENGTH.pack(len(encoded)) + encoded)
        output.flush()


def _requests(pipe: BinaryIO) -> Iterator[bytes]:
    while len(head := pipe.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        if size > MOST_BYTES or len(data := pipe.read(size)) < size:
            return
        yield data


if __name__ == "__main__":
    main()
