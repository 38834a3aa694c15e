"""The files of mailboxes: messages as they are spoken, and greetings. Everything here blocks; call it in a thread.

<root>/<box>/<message id>.wav or .ogg
<root>/<box>/greeting-custom.wav, greeting-name.wav
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import get_args

from pbx.media.sound_copy import duration_s, write_wav
from pbx.media.sound_error import SoundError
from pbx.model.voicemail import GreetingName, Voicemail

__all__ = ["Files", "append"]

LONGEST_GREETING_S = 300.0
SPARE_BYTES = 16 << 20
"""So much stays free for what the node itself has to write."""
SUFFIXES = {"wav": ".wav", "opus": ".ogg"}


class Files:
    """`root` is made when it is first written to."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, message: Voicemail) -> Path:
        return self._root / message.mailbox / f"{message.id}{SUFFIXES[message.sound_format]}"

    def greeting(self, box: str, name: GreetingName) -> Path:
        return self._root / box / f"greeting-{name}.wav"

    def draft(self, box: str, id_: str) -> Path:
        """Where something is recorded that is nobody's message yet."""
        return self._root / box / f"draft-{id_}.wav"

    def workshop(self, box: str) -> Path:
        """A folder for what is not finished. Raises `OSError`."""
        self.prepare(box)
        return Path(mkdtemp(prefix="draft-", dir=self._root / box)).absolute()

    def prepare(self, box: str) -> None:
        """Make the folder of a box. Raises `OSError` when that fails, or the disk is full."""
        folder = self._root / box
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < SPARE_BYTES:
            raise OSError(28, "the disk is full")

    def duration_s(self, message: Voicemail) -> float:
        """Of what there is; 0 when there is nothing."""
        try:
            return duration_s(self.path(message))
        except (SoundError, OSError):
            return 0.0

    def remove(self, message: Voicemail) -> None:
        self.path(message).unlink(missing_ok=True)

    def copy(self, message: Voicemail, into: Voicemail, comment: Path | None) -> float:
        """Make the sound of `into`: comment, then message; returns its seconds. Raises `SoundError`, `OSError`."""
        self.prepare(into.mailbox)
        sources = [each for each in (comment, self.path(message)) if each is not None]
        return write_wav(sources, self.path(into))

    def write(self, message: Voicemail, sound: bytes) -> float:
        """Make the sound of a message spoken elsewhere; returns its seconds. Raises `SoundError`, `OSError`."""
        self.prepare(message.mailbox)
        return write_wav([sound], self.path(message))

    def save_greeting(self, box: str, name: GreetingName, sound: bytes | Path) -> float:
        """Take a greeting, whatever was there before; returns its seconds. Raises `SoundError`, `OSError`."""
        self.prepare(box)
        return write_wav([sound], self.greeting(box, name), rate_hz=16000, longest_s=LONGEST_GREETING_S)

    def remove_greeting(self, box: str, name: GreetingName) -> bool:
        """Whether there was one."""
        path = self.greeting(box, name)
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def greetings(self) -> dict[str, frozenset[str]]:
        """What is recorded, by box."""
        names = get_args(GreetingName)
        found: dict[str, set[str]] = {}
        for path in self._root.glob("*/greeting-*.wav"):
            name = path.stem.removeprefix("greeting-")
            if name in names:
                found.setdefault(path.parent.name, set()).add(name)
        return {box: frozenset(each) for box, each in found.items()}

    def clear_drafts(self) -> None:
        """What a power cut has left of recordings that were nobody's message."""
        for pattern in ("*/draft-*", "*/.*.part"):
            for path in self._root.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def remove_box(self, box: str) -> None:
        """The greetings and the folder of a box that is gone, when no message is left in it."""
        for name in get_args(GreetingName):
            self.greeting(box, name).unlink(missing_ok=True)
        folder = self._root / box
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def append(path: Path, data: bytes) -> None:
    """Write at the end of a file, which is made when there is none."""
    with path.open("ab") as file:
        file.write(data)
