"""How often the right person is asked back: names said by three synthetic voices, heard by PocketSphinx, and matched.

python -m bench.recognition [directory sizes, such as 10 50 200]

Not part of `make bench`: it takes minutes. Synthetic voices are clear; people in cars are not.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import product

from edge.ai.directory import Choice, Directory
from edge.ai.matcher import understand
from pbx.media.recognition_sphinx import Sphinx
from tests.media.spoken import VOICES, spoken

FIRST = (
    "Alice", "Robert", "Caroline", "Michael", "Jennifer", "Thomas", "Sarah", "David", "Laura", "Kevin",
    "Andrea", "Daniel", "Emily", "Frank", "Grace", "Henry", "Isabel", "Jacob", "Karen", "Leon",
)  # fmt: skip
LAST = (
    "Anderson", "Baker", "Cooper", "Dietrich", "Evans", "Fischer", "Garcia", "Hoffman", "Ivanov",
    "Jones", "Kowalski", "Larsen", "Martinez", "Novak", "Olsen", "Petersen", "Quinn", "Rossi",
    "Schneider", "Thompson",
)  # fmt: skip
SAID = 20
"""Names of each directory that are said, by each voice."""
STRANGERS = (
    "Wolfgang Zimmer",
    "Patricia Holloway",
    "Boris Sokolov",
    "Nadia Haddad",
    "what is the weather like",
)
WISH = "i would like to speak to "
NOISE = 400
"""Peak of the noise in the noisy rows: about 20 dB under the voice."""


def directory(size: int) -> tuple[str, ...]:
    """The same for a size, in every run."""
    names = [f"{first} {last}" for first, last in product(FIRST, LAST)]
    return tuple(random.Random(7).sample(names, size))


def noisy(pcm: bytes) -> bytes:
    chance = random.Random(3)
    mixed = (max(-32768, min(32767, each + chance.randint(-NOISE, NOISE))) for each in array("h", pcm))
    return array("h", mixed).tobytes()


async def row(names: tuple[str, ...], said: Sequence[str], wish: str, *, telephone: bool, noise: bool) -> str:
    """One line: who was asked back, and the CPU of one utterance."""
    ears = Sphinx(answer_s=60)
    people = Directory(tuple(Choice("person", (name,), str(n)) for n, name in enumerate(names)))
    counts: Counter[str] = Counter()
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    spoken_cpu_s = 0.0
    for name, voice in product(said, VOICES):
        before_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        pcm = spoken(wish + name, voice=voice, telephone=telephone)
        spoken_cpu_s += resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_s
        heard = await ears.recognise(noisy(pcm) if noise else pcm, expected=names)
        intent = understand(heard.text, people)
        asked = [intent.choice] if intent.choice is not None else list(intent.candidates)
        right = any(each.names[0] == name for each in asked)
        counts["right" if right else "wrong" if asked else "nobody"] += 1
    await ears.close()
    total = sum(counts.values())
    cpu_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - cpu_s - spoken_cpu_s
    kind = f"{'8 kHz µ-law' if telephone else '16 kHz':12}{'noise' if noise else 'quiet':7}"
    how = "a stranger" if said[0] not in names else "in a sentence" if wish else "the name alone"
    shares = "".join(f"{counts[each]:4} {each}" for each in ("right", "wrong", "nobody"))
    return (
        f"{len(names):5} names  {kind}{how:16}{shares}  of {total}   {1000 * cpu_s / total:5.0f} ms CPU each"
    )


async def main(sizes: list[int]) -> None:
    for size, telephone in product(sizes, (False, True)):
        names = directory(size)
        for noise, wish in product((False, True), ("", WISH)):
            print(await row(names, names[:SAID], wish, telephone=telephone, noise=noise), flush=True)
        print(await row(names, STRANGERS, WISH, telephone=telephone, noise=False), flush=True)


if __name__ == "__main__":
    asyncio.run(main([int(each) for each in sys.argv[1:]] or [10, 50, 200]))
