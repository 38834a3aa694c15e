"""What callers hear, and how they say yes and no, in each language. A new language is a new entry of `WORDS`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge.ai.folding import fold
from edge.ai.words import OPERATORS

__all__ = ["WORDS", "Words", "words_of"]


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `say` holds the sentences; the rest is what callers say."""

    locales: Mapping[str, str]
    """The tag for speech by country; the one of "" is for all others."""
    say: Mapping[str, str]
    days: tuple[str, ...]
    yes: frozenset[str]
    no: frozenset[str]
    negations: frozenset[str]
    voicemail: tuple[str, ...]
    goodbye: tuple[str, ...]
    operator: tuple[str, ...]
    hours_topic: tuple[str, ...]
    """The first is the topic of the fact; a fact of the office with one of them takes its place."""

    def __call__(self, name: str, /, **values: str) -> str:
        return self.say[name].format(**values)

    def locale(self, country: str) -> str:
        return self.locales.get(country, self.locales[""])

    def is_yes(self, speech: str) -> bool:
        """Yes, and nothing that takes it back."""
        said = set(fold(speech).split())
        return bool(said & self.yes) and not said & (self.no | self.negations)

    def is_no(self, speech: str) -> bool:
        """A bare no: "no, Alice" says more than that."""
        said = fold(speech).split()
        return bool(said) and set(said) <= self.no | _FILLERS and bool(set(said) & self.no)

    def denies(self, speech: str) -> bool:
        """Whether something is not wanted. The matcher reads no grammar, so that is asked back."""
        return bool(set(fold(speech).split()) & (self.negations | self.no))


_FILLERS = frozenset(
    ("thank", "thanks", "you", "that", "is", "its", "it", "wrong", "danke", "das", "ist", "bitte")
)

_EN = Words(
    locales={"": "en-US", "GB": "en-GB", "AU": "en-AU", "IN": "en-IN", "IE": "en-GB", "NZ": "en-AU"},
    say={
        "welcome": "Hello, you have reached {office}.",
        "welcome_nameless": "Hello.",
        "closed": "We are closed at the moment.",
        "menu": "If you know the extension, please dial it now. For the receptionist, press 0. "
        "To hear this again, press 9 or wait.",
        "menu_keys": "If you know the extension, please dial it now. To speak to somebody, "
        "or to leave a message, press 0. To hear this again, press 9 or wait.",
        "no_extension": "There is no extension {digits}.",
        "ask": "Please say who you would like to speak to, or what you would like to know. "
        "You can also dial an extension, or press 0 for a person.",
        "ask_keys": "Please dial the extension that you would like to reach, or press 0 for a person.",
        "more": "What else can I do for you? If that was all, just say goodbye.",
        "again": "I am sorry, I did not understand that. Please say a name, dial an extension, "
        "or press 0 for a person.",
        "unheard": "I did not hear anything.",
        "confirm_transfer": "Did you say {name}? For yes, say yes or press 1. For no, say no or press 2.",
        "confirm_voicemail": "Would you like to leave a message for {name}? For yes, say yes or press 1. "
        "For no, say no or press 2.",
        "confirm_voicemail_nobody": "Would you like to leave a message? For yes, say yes or press 1. "
        "For no, say no or press 2.",
        "choose_one": "For {name}, press {key}.",
        "choose_rest": "For anybody else, press 0.",
        "connecting": "One moment please, I am connecting you to {name}.",
        "connecting_person": "One moment please, I am connecting you.",
        "not_reached": "{name} cannot be reached at the moment.",
        "nobody_reached": "I am sorry, nobody can be reached at the moment.",
        "leave_message": "Please leave a message for {name} after the tone. When you are done, press the pound key "
        "or hang up.",
        "leave_message_nobody": "Please leave a message after the tone. When you are done, press the pound key "
        "or hang up.",
        "recorded": "Thank you. Your message has been recorded.",
        "not_recorded": "I did not hear a message.",
        "goodbye": "Goodbye.",
        "trouble": "I am sorry, something is wrong with our telephone system at the moment.",
        "hours": "{topic}: {spans}.",
        "hours_never": "{topic}: we are closed at the moment.",
        "span": "{days} from {start} to {end}",
        "all_day": "{days} all day",
        "day_range": "{first} to {last}",
        "and": "and",
    },
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    yes=frozenset(("yes", "yeah", "yep", "yup", "correct", "right", "sure", "ok", "okay", "exactly", "one")),
    no=frozenset(("no", "nope", "nah", "wrong", "two")),
    negations=frozenset(("not", "dont", "never", "nobody", "except", "without", "but", "isnt", "wasnt")),
    voicemail=("leave a message", "voicemail"),
    goodbye=("goodbye", "nothing", "that is all"),
    operator=OPERATORS,
    hours_topic=("Opening hours", "hours", "open"),
)

_DE = Words(
    locales={"": "de-DE", "AT": "de-AT", "CH": "de-CH"},
    say={
        "welcome": "Guten Tag, Sie sind verbunden mit {office}.",
        "welcome_nameless": "Guten Tag.",
        "closed": "Wir haben im Moment geschlossen.",
        "menu": "Wenn Sie die Durchwahl kennen, wählen Sie sie bitte jetzt. Für den Empfang drücken Sie die 0. "
        "Um das noch einmal zu hören, drücken Sie die 9 oder warten Sie.",
        "menu_keys": "Wenn Sie die Durchwahl kennen, wählen Sie sie bitte jetzt. Um mit jemandem zu sprechen oder "
        "eine Nachricht zu hinterlassen, drücken Sie die 0. Um das noch einmal zu hören, drücken Sie die 9 oder "
        "warten Sie.",
        "no_extension": "Die Durchwahl {digits} gibt es nicht.",
        "ask": "Bitte sagen Sie, mit wem Sie sprechen oder was Sie wissen möchten. Sie können auch eine Durchwahl "
        "wählen, oder die 0 drücken, um mit einem Menschen zu sprechen.",
        "ask_keys": "Bitte wählen Sie die Durchwahl, die Sie erreichen möchten, oder drücken Sie die 0, um mit einem "
        "Menschen zu sprechen.",
        "more": "Was kann ich noch für Sie tun? Wenn das alles war, sagen Sie einfach auf Wiederhören.",
        "again": "Das habe ich leider nicht verstanden. Bitte sagen Sie einen Namen, wählen Sie eine Durchwahl, "
        "oder drücken Sie die 0, um mit einem Menschen zu sprechen.",
        "unheard": "Ich habe nichts gehört.",
        "confirm_transfer": "Sagten Sie {name}? Wenn ja, sagen Sie ja oder drücken Sie die 1. Wenn nicht, sagen Sie "
        "nein oder drücken Sie die 2.",
        "confirm_voicemail": "Möchten Sie eine Nachricht für {name} hinterlassen? Wenn ja, sagen Sie ja oder drücken "
        "Sie die 1. Wenn nicht, sagen Sie nein oder drücken Sie die 2.",
        "confirm_voicemail_nobody": "Möchten Sie eine Nachricht hinterlassen? Wenn ja, sagen Sie ja oder drücken Sie "
        "die 1. Wenn nicht, sagen Sie nein oder drücken Sie die 2.",
        "choose_one": "Für {name} drücken Sie die {key}.",
        "choose_rest": "Für jemand anderen drücken Sie die 0.",
        "connecting": "Einen Moment bitte, ich verbinde Sie mit {name}.",
        "connecting_person": "Einen Moment bitte, ich verbinde Sie.",
        "not_reached": "{name} ist im Moment nicht zu erreichen.",
        "nobody_reached": "Leider ist im Moment niemand zu erreichen.",
        "leave_message": "Bitte hinterlassen Sie nach dem Ton eine Nachricht für {name}. Wenn Sie fertig sind, drücken "
        "Sie die Rautetaste oder legen Sie auf.",
        "leave_message_nobody": "Bitte hinterlassen Sie nach dem Ton eine Nachricht. Wenn Sie fertig sind, drücken "
        "Sie die Rautetaste oder legen Sie auf.",
        "recorded": "Vielen Dank. Ihre Nachricht ist gespeichert.",
        "not_recorded": "Ich habe keine Nachricht gehört.",
        "goodbye": "Auf Wiederhören.",
        "trouble": "Leider ist unsere Telefonanlage im Moment gestört.",
        "hours": "{topic}: {spans}.",
        "hours_never": "{topic}: Wir haben im Moment geschlossen.",
        "span": "{days} von {start} bis {end} Uhr",
        "all_day": "{days} ganztägig",
        "day_range": "{first} bis {last}",
        "and": "und",
    },
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    yes=frozenset(("ja", "jawohl", "genau", "richtig", "gerne", "gern", "stimmt", "ok", "okay", "jo", "eins")),
    no=frozenset(("nein", "ne", "nee", "falsch", "no", "zwei")),
    negations=frozenset(("nicht", "kein", "keine", "keinen", "niemand", "ausser", "ohne", "sondern", "nie")),
    voicemail=("Nachricht hinterlassen", "Nachricht", "Anrufbeantworter", "Mailbox", "aufsprechen"),
    goodbye=("auf Wiederhören", "auf Wiedersehen", "tschüss", "das war alles", "nein danke", "nichts", "auflegen"),
    operator=(
        "Empfang", "Zentrale", "Vermittlung", "Mensch", "Mitarbeiter", "Mitarbeiterin", "jemand", "irgendjemand",
        "Sekretariat", "Telefonzentrale",
    ),
    hours_topic=("Öffnungszeiten", "geöffnet", "offen"),
)  # fmt: skip

WORDS: Mapping[str, Words] = {"en": _EN, "de": _DE}

_TAG = re.compile(r"^([A-Za-z]{2,3})")


def words_of(*languages: str) -> Words:
    """Those of the first language that there are words for, "de" for "de-AT"; else English."""
    for language in languages:
        found = _TAG.match(language)
        if found and (words := WORDS.get(found[1].lower())) is not None:
            return words
    return _EN
