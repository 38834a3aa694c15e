"""Notices in the language of the office. They are written in English where they arise; others go by their code.

A code is the fact `what`, or the kind where there is none; the facts are all that a sentence may need. What a language
lacks stays in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pbx.model.notice import NoticeKind

__all__ = ["Facts", "Sentences", "code_of", "in_language"]

Facts = Mapping[str, str]
Sentences = Mapping[str, Callable[[Facts], tuple[str, str]]]
"""By code: title and text."""

BY_KIND = frozenset({"emergency", "limit", "test"})
"""Their fact `what`, where they have one, is something else."""


def code_of(kind: NoticeKind, facts: Facts) -> str:
    """What happened."""
    return kind if kind in BY_KIND else facts.get("what", kind)


def in_language(language: str, kind: NoticeKind, title: str, text: str, facts: Facts) -> tuple[str, str]:
    """Title and text."""
    sentence = _sentences(language).get(code_of(kind, facts))
    if sentence is None:
        return title, text
    try:
        return sentence(facts)
    except KeyError:  # a fact of another version
        return title, text


def _sentences(language: str) -> Sentences:
    if language.partition("-")[0].lower() == "de":
        from pbx.notify.words_de import GERMAN

        return GERMAN
    return {}
