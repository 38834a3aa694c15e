"""What callers of an office may ask for, as `edge.ai` wants it, and what became of that."""

from __future__ import annotations

from edge.ai.directory import Choice, Directory, Fact, Intent
from edge.ai.facts import facts_from_text
from edge.ai.folding import fold
from edge.ai.matcher import ranked
from edge.offline.hours import hours_in_words
from edge.offline.state import Target
from edge.offline.view import View

__all__ = ["about", "facts_of", "hints_of", "target_of", "wishes_of"]

MOST_HINTS = 100
LETTERS = 80


def wishes_of(view: View) -> Directory:
    """Everybody who is listed, their departments, the front desk, and the facts."""
    people = [
        Choice("extension", (each.name,), each.number)
        for each in view.directory.extensions
        if each.listed and each.name
    ]
    departments = dict.fromkeys(each.department for each in view.directory.extensions if each.department)
    ways = (
        Choice("person", view.words.operator),
        Choice("voicemail", view.words.voicemail, kind="voicemail"),
        Choice("goodbye", view.words.goodbye, kind="goodbye"),
    )
    return Directory(
        (*people, *(Choice("department", (each,), each) for each in departments), *ways), facts_of(view)
    )


def facts_of(view: View) -> tuple[Fact, ...]:
    """Those of the office; the opening hours of its directory too, unless one of its facts tells them."""
    facts = facts_from_text(view.settings.facts)
    topics = {word for each in facts for word in fold(each.topic).split()}
    hours = hours_in_words(view.directory, view.words)
    if hours and not topics & {fold(each).split()[-1] for each in view.words.hours_topic}:
        facts = (*facts, Fact(view.words.hours_topic[0], hours))
    return facts


def hints_of(view: View) -> tuple[str, ...]:
    """What callers will probably say: Twilio hears it better then."""
    wishes = wishes_of(view)
    names = [name for each in wishes.choices for name in each.names] + [each.topic for each in wishes.facts]
    plain = (" ".join(each.replace(",", " ").split())[:LETTERS] for each in names)
    return tuple(dict.fromkeys(each for each in plain if each))[:MOST_HINTS]


def target_of(choice: Choice | None) -> Target | None:
    """None for what is nobody: voicemail and goodbye."""
    if choice is None or choice.kind != "transfer":
        return None
    if choice.exit == "extension":
        return Target("extension", choice.target)
    return Target("department", choice.target) if choice.exit == "department" else Target()


def about(speech: str, intent: Intent, wishes: Directory) -> Intent:
    """A message "for Alice" names her too: she becomes the first of its candidates."""
    if intent.kind != "voicemail":
        return intent
    people = [each for each, _ in ranked(speech, wishes) if isinstance(each, Choice) and target_of(each)]
    named = tuple(each for each in people if each.exit != "person")[:1]
    return Intent(intent.kind, intent.choice, None, intent.confidence, named, intent.by)
