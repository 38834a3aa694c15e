"""Business facts as they are typed: one a line, "Opening hours: Monday to Friday, 9 to 5"."""

from __future__ import annotations

from edge.ai.directory import Fact

__all__ = ["MOST_FACTS", "MOST_LETTERS", "facts_from_text"]

MOST_FACTS = 40
MOST_LETTERS = 400
"""Of one fact: about half a minute of talking."""


def facts_from_text(text: str) -> tuple[Fact, ...]:
    """A line without a topic belongs to the one above it; what is said is the whole line."""
    facts: list[Fact] = []
    for line in text.splitlines():
        words = " ".join(line.split())
        topic, colon, rest = words.partition(":")
        if topic.strip() and colon and rest and len(topic) <= 60:
            facts.append(Fact(topic.strip(), words[:MOST_LETTERS]))
        elif words and facts:
            last = facts.pop()
            facts.append(Fact(last.topic, f"{last.text} {words}"[:MOST_LETTERS]))
        elif words:
            facts.append(Fact(words[:60], words[:MOST_LETTERS]))
    return tuple(facts[:MOST_FACTS])
