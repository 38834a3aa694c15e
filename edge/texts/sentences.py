"""The sentences that the system itself says in texts. They promise nothing but what the system does."""

from __future__ import annotations

from collections.abc import Mapping

from edge.texts.knowledge import Knowledge, Tone

__all__ = ["LANGUAGES", "sentence", "sentences"]

_SAID: Mapping[str, Mapping[str, str]] = {
    "en": {
        "hello": "Hello, this is {name}. How can we help you?",
        "hello.formal": "Good day. This is {name}. What can we do for you?",
        "hello.brief": "{name} here. Yes?",
        "hello.nameless": "Hello. How can we help you?",
        "hand_over": "I have passed your message on to our team.",
        "hand_over.formal": "Your message has been passed on to our team.",
        "hand_over.brief": "Passed on to our team.",
        "open": "We are open now.",
        "closed": "We are closed now.",
        "stopped": "{name}: you have opted out and will get no more texts from this number. Reply START to resume.",
        "stopped.nameless": "You have opted out and will get no more texts from this number. Reply START to resume.",
        "started": "{name}: you can get texts from this number again. Reply HELP for help, STOP to end.",
        "started.nameless": "You can get texts from this number again. Reply HELP for help, STOP to end.",
        "help": "{name}: write to this number to reach us. Message and data rates may apply. Reply STOP to end.",
        "help.nameless": "Write to this number to reach us. Message and data rates may apply. Reply STOP to end.",
    },
    "de": {
        "hello": "Hallo, hier ist {name}. Wie können wir helfen?",
        "hello.formal": "Guten Tag, hier ist {name}. Was können wir für Sie tun?",
        "hello.brief": "Hier {name}. Ja bitte?",
        "hello.nameless": "Hallo. Wie können wir helfen?",
        "hand_over": "Ich habe Ihre Nachricht an unser Team weitergegeben.",
        "hand_over.formal": "Ihre Nachricht wurde an unser Team weitergegeben.",
        "hand_over.brief": "An unser Team weitergegeben.",
        "open": "Wir haben jetzt geöffnet.",
        "closed": "Wir haben jetzt geschlossen.",
        "stopped": "{name}: Sie sind abgemeldet und erhalten von dieser Nummer nichts mehr. Zurück mit START.",
        "stopped.nameless": "Sie sind abgemeldet und erhalten von dieser Nummer nichts mehr. Zurück mit START.",
        "started": "{name}: Sie können von dieser Nummer wieder SMS erhalten. HELP für Hilfe, STOP zum Beenden.",
        "started.nameless": "Sie können von dieser Nummer wieder SMS erhalten. HELP für Hilfe, STOP zum Beenden.",
        "help": "{name}: Sie erreichen uns unter dieser Nummer. Es gilt Ihr Tarif. STOP zum Beenden.",
        "help.nameless": "Sie erreichen uns unter dieser Nummer. Es gilt Ihr Tarif. STOP zum Beenden.",
    },
}
LANGUAGES = tuple(_SAID)
MOST_NAME = 40


def sentence(which: str, knowledge: Knowledge) -> str:
    """In the office's language, English where it is none of ours, in its tone where there is a choice."""
    said = _SAID.get(knowledge.language.partition("-")[0].lower(), _SAID["en"])
    name = " ".join(knowledge.name.split())[:MOST_NAME]
    if not name and f"{which}.nameless" in said:
        return said[f"{which}.nameless"]
    toned = said.get(f"{which}.{knowledge.tone}", said[which])
    return toned.replace("{name}", name)


def sentences(knowledge: Knowledge, *which: str) -> frozenset[str]:
    """All that may be said, in any tone."""
    tones: tuple[Tone, ...] = ("friendly", "formal", "brief")
    return frozenset(
        sentence(each, Knowledge(name=knowledge.name, language=knowledge.language, tone=tone))
        for each in which
        for tone in tones
    )
