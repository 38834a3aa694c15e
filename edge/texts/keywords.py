"""The words by which people end, resume and question what an office sends them.

A keyword counts when it is the whole text. Case, accents, full-width letters, punctuation, quotes, signs without width
and surrounding blanks do not matter, which is a little more than carriers forgive: they take one word in any case.
`carrier` tells whether they took it too, because then they have answered it and a second answer would come from us.

Beyond the list there are a few sentences that mean nothing else (47 CFR 64.1200(a)(10): consent may be revoked "in any
reasonable manner"). What is neither is conversation: a person or the AI reads it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["HELPS", "STARTS", "STOPS", "Keyword", "KeywordKind", "keyword_of", "plain"]

KeywordKind = Literal["stop", "start", "yes", "help"]

STOPS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
STARTS = frozenset({"start", "unstop"})
YES = "yes"
"""Resumes for somebody who is opted out; from everybody else it is conversation."""
HELPS = frozenset({"help", "info"})

SENTENCES = frozenset(
    (
        "stop it", "stop now", "please stop", "stop please", "stop texting", "stop messaging", "stop sending",
        "stop texting me", "stop messaging me", "stop sending me texts", "stop sending me messages",
        "stop sending texts", "stop sending messages", "stop these texts", "stop these messages",
        "do not text me", "do not text", "dont text me", "dont text", "do not message me", "dont message me",
        "never text me again", "no more texts", "no more messages", "no texts", "opt me out", "unsubscribe me",
        "remove me", "remove my number", "take me off", "take me off your list", "remove me from your list",
        "take me off the list", "remove me from the list", "i want to opt out", "i opt out",
        "i want to unsubscribe", "leave me alone",
    )
)  # fmt: skip
"""Whole texts, "please" before or after them, that can only mean STOP."""

_KINDS: Mapping[str, KeywordKind] = {
    **dict.fromkeys(STOPS, "stop"),
    **dict.fromkeys(STARTS, "start"),
    YES: "yes",
    **dict.fromkeys(HELPS, "help"),
}
_CARRIER: Mapping[str, KeywordKind] = {"STOP": "stop", "START": "start", "HELP": "help"}
MOST_LETTERS = 80
_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc\u00b4\uff07]")
_BETWEEN = re.compile(r"[\W_]+")
_PLEASE = re.compile(r"^(?:please|pls) | (?:please|pls)$")


@dataclass(frozen=True, slots=True)
class Keyword:
    """What somebody wants. `carrier`: the carrier knows this form, and has answered it where it answers at all."""

    kind: KeywordKind
    carrier: bool


def keyword_of(body: str, opt_out_type: str = "") -> Keyword | None:
    """The keyword that a text is, or None for conversation.

    `opt_out_type` is Twilio's OptOutType: STOP, START or HELP where a messaging service has taken the text as such, by
    a word of its own list perhaps, and has answered it.
    """
    if (taken := _CARRIER.get(opt_out_type.strip().upper())) is not None:
        return Keyword(taken, carrier=True)
    if len(body) > MOST_LETTERS * 4:
        return None
    words = plain(body)
    if not words or len(words) > MOST_LETTERS:
        return None
    joined = words.replace(" ", "")
    if (kind := _KINDS.get(joined)) is not None:
        return Keyword(kind, carrier=_single(body, joined))
    if words in SENTENCES or _PLEASE.sub("", words) in SENTENCES | STOPS | {"opt out", "stop all"}:
        return Keyword("stop", carrier=False)
    return None


def plain(body: str) -> str:
    """Small letters and digits with one blank between words: " Don’t  STOP! " is "dont stop"."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", body).casefold())
    seen = "".join(
        letter
        for letter in apart
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
    return _BETWEEN.sub(" ", _APOSTROPHES.sub("", seen)).strip()


def _single(body: str, word: str) -> bool:
    """Carriers take one word, with blanks around it, in any case."""
    return body.strip().casefold() == word
