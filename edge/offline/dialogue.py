"""The conversation with a caller of an office that is offline: (state, what was heard, the office) → answer. Pure.

             ┌──────────── 9, nothing ─┐
 called ──▶ menu ── extension ──▶ ring ── not reached ──▶ message ──▶ goodbye
             │ 0                   ▲ talked ──────────────────────────▶ goodbye
             ▼                     │
        receptionist ── wish ── sure? ── no: asked back (yes, 1 │ no, 2)
             └ a fact: told, and asked for more

Nothing understood three times in a row ends at the message, and so do forty answers of whatever kind. So every call
comes to a goodbye, a called number or a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from msgspec.structs import replace as changed

from edge.ai.directory import Intent
from edge.offline.state import MOST_ANSWERS, Place, State, Target
from edge.offline.steps import Answer, Ask, HangUp, Happened, Heard, Ring, Take
from edge.offline.view import View
from edge.offline.wishes import hints_of, target_of

__all__ = ["advance", "begin", "in_trouble"]

Wants = Literal["transfer", "voicemail"]

TRIES = 3
TALKED = ("completed", "answered")
MOST_CHOICES = 3
SURE_OF_WORDS = 0.5
GOODBYE_WORDS = 4
"""A longer sentence that has a "nothing" in it is no goodbye."""


def begin(view: View) -> Answer:
    """The first answer of a call."""
    state = State(answers=1)
    extension = view.direct()
    if extension is not None:
        return _ring(state, Target("extension", extension.number), view, first=True)
    if not view.directory.extensions and not view.numbers(Target()):
        return _message(state, Target(), view, (*_greeting(view),))
    return _menu(state, view, _greeting(view), (Happened("menu"),))


def advance(state: State, heard: Heard, view: View) -> Answer:
    """What follows from what was heard. `state` is as the answer before left it."""
    state = changed(state, answers=state.answers + 1)
    if state.answers > MOST_ANSWERS and state.at not in ("dialled", "recorded"):
        return _message(state, Target(), view)
    return _NEXT[state.at](state, heard, view)


def in_trouble(state: State, heard: Heard, view: View) -> Answer:
    """When nothing is known but what came with the question: a message, or the end of a call that has had its part."""
    state = changed(state, answers=state.answers + 1)
    if state.at == "recorded" and (heard.recorded or state.tries):
        return _after_message(state, heard, view)
    if state.at == "dialled" and heard.dialled in TALKED:
        return _goodbye(view)
    answer = _message(state, Target(), view, (view.words("trouble"),))
    if state.at == "recorded" and isinstance(answer.does, Take):
        return replace(answer, does=replace(answer.does, then=changed(answer.does.then, tries=1)))
    return answer


# -- the menu ----------------------------------------------------------------------------------------------------------


def _in_menu(state: State, heard: Heard, view: View) -> Answer:
    digits = _digits(heard)
    if digits == "0":
        if view.settings.listens:
            return _ask(changed(state, tries=0), view, (view.words("ask"),), (Happened("receptionist"),))
        return _ring(state, Target(), view)
    if digits == "9":
        return _menu(changed(state, tries=0), view)
    if digits:
        return _dialled(state, digits, view)
    return _again(state, view, ())


def _menu(
    state: State, view: View, before: tuple[str, ...] = (), happened: tuple[Happened, ...] = ()
) -> Answer:
    name = "menu" if view.settings.listens else "menu_keys"
    then = changed(state, at="menu", targets=())
    return Answer((*before, view.words(name)), Ask(then, most_digits=view.most_digits, wait_s=5), happened)


def _dialled(state: State, digits: str, view: View) -> Answer:
    """An extension, listed or not."""
    if view.directory.extension(digits) is not None:
        return _ring(state, Target("extension", digits), view)
    said = view.words("no_extension", digits=" ".join(digits[:12]))
    return _again(state, view, (said,), (Happened("no_extension", number=digits[:12]),))


def _again(
    state: State, view: View, before: tuple[str, ...], happened: tuple[Happened, ...] = (), why: str = ""
) -> Answer:
    """Once more where the caller is; the third time in a row a message instead."""
    state = changed(state, tries=state.tries + 1)
    if state.tries >= TRIES:
        return replace(
            _message(state, Target(), view, before, happened), why=why or "nothing for the third time"
        )
    if state.at == "menu":
        return _menu(state, view, before, happened)
    said = before or (view.words("again" if view.settings.listens else "ask_keys"),)
    if before and view.settings.listens:
        said = (*before, view.words("ask"))
    return replace(_ask(state, view, said, happened), why=why)


# -- the receptionist --------------------------------------------------------------------------------------------------


def _ask(state: State, view: View, says: tuple[str, ...], happened: tuple[Happened, ...] = ()) -> Answer:
    then = changed(state, at="receptionist", targets=())
    hints = hints_of(view) if view.settings.listens else ()
    return Answer(says, Ask(then, view.settings.listens, view.most_digits, 6, hints), happened)


def _at_receptionist(state: State, heard: Heard, view: View) -> Answer:
    digits = _digits(heard)
    if digits == "0":
        return _ring(state, Target(), view)
    if digits == "9":
        return _menu(changed(state, tries=0), view)
    if digits:
        return _dialled(state, digits, view)
    if heard.speech and heard.intent is not None:
        return _spoken(state.heard(heard.speech), heard, heard.intent, view)
    return _again(state, view, (view.words("unheard"),), why="nothing was heard")


def _spoken(state: State, heard: Heard, intent: Intent, view: View) -> Answer:
    if intent.kind == "goodbye":
        return _said_goodbye(state, heard, intent, view)
    if intent.kind == "information" and intent.fact is not None:
        told = intent.fact.text
        state = changed(state, tries=0).told(told)
        happened = (Happened("told", detail=intent.fact.topic[:60]),)
        return replace(_ask(state, view, (told, view.words("more")), happened), why="a fact of the office")
    meant = [each for each in _meant(intent) if view.known(each)]
    if intent.kind == "voicemail":
        meant = meant or [Target()]
    elif intent.kind != "transfer":
        return _unsure(state, view, meant[:MOST_CHOICES])
    return _wished(state, heard, view, meant) if meant else _again(state, view, (), why="not understood")


def _wished(state: State, heard: Heard, view: View, meant: Sequence[Target]) -> Answer:
    """Done at once when it is sure; the matcher reads no grammar, so "not Alice" is asked back too."""
    intent, least = heard.intent or Intent(), view.settings.confidence
    wants: Wants = "voicemail" if intent.kind == "voicemail" else "transfer"
    sure = intent.confidence >= least and least < 1 and heard.sure >= SURE_OF_WORDS
    if not sure or view.words.denies(heard.speech):
        return _confirm(state, view, wants, meant[0], why="asked back: not sure enough")
    answer = _message(state, meant[0], view) if wants == "voicemail" else _ring(state, meant[0], view)
    return replace(answer, why="sure")


def _unsure(state: State, view: View, meant: Sequence[Target]) -> Answer:
    if len(meant) == 1:
        return _confirm(state, view, "transfer", meant[0], why="asked back: unsure")
    return _choose(state, view, meant) if meant else _again(state, view, (), why="not understood")


def _said_goodbye(state: State, heard: Heard, intent: Intent, view: View) -> Answer:
    short = len(heard.speech.split()) <= GOODBYE_WORDS and not view.words.negations & set(
        heard.speech.split()
    )
    if short or (intent.by == "model" and intent.confidence >= view.settings.confidence):
        return _goodbye(view)
    return _again(state, view, (view.words("more"),), why="perhaps a goodbye")


def _meant(intent: Intent) -> list[Target]:
    choices = [intent.choice, *intent.candidates]
    return list(dict.fromkeys(target for each in choices if (target := target_of(each)) is not None))


# -- asking back -------------------------------------------------------------------------------------------------------


def _confirm(state: State, view: View, wants: Wants, target: Target, *, why: str) -> Answer:
    name = view.name(target) or (view.words.operator[0] if wants == "transfer" else "")
    asked = view.words(f"confirm_{wants}" if name else "confirm_voicemail_nobody", name=name)
    then = changed(state, at="confirm", wants=wants, targets=(target,)).told(asked)
    return Answer((asked,), Ask(then, view.settings.listens, 1, 6), why=why)


def _after_confirm(state: State, heard: Heard, view: View) -> Answer:
    digits = _digits(heard)
    if digits == "1" or (not digits and view.words.is_yes(heard.speech)):
        state = changed(state, tries=0)
        if state.wants == "voicemail":
            return _message(state, state.target, view)
        return _ring(state, state.target, view)
    if digits == "0":
        return _ring(state, Target(), view)
    state = changed(state, at="receptionist")
    if digits == "2" or (not digits and view.words.is_no(heard.speech)):
        return _again(state, view, (), why="the caller said no")
    if heard.speech and heard.intent is not None:
        return _spoken(state.heard(heard.speech), heard, heard.intent, view)
    return _again(state, view, (view.words("unheard"),) if not digits else (), why="neither yes nor no")


def _choose(state: State, view: View, targets: Sequence[Target]) -> Answer:
    says = [
        view.words("choose_one", name=view.name(each) or view.words.operator[0], key=str(key))
        for key, each in enumerate(targets, 1)
    ]
    then = changed(state, at="choose", wants="transfer", targets=tuple(targets))
    why = "several are alike"
    return Answer((*says, view.words("choose_rest")), Ask(then, view.settings.listens, 1, 6), why=why)


def _after_choice(state: State, heard: Heard, view: View) -> Answer:
    digits, targets = _digits(heard), state.targets
    if digits.isdigit() and 1 <= int(digits) <= len(targets):
        return _ring(changed(state, tries=0), targets[int(digits) - 1], view)
    state = changed(state, at="receptionist")
    if digits == "0":
        return _ring(state, Target(), view)
    if heard.speech and heard.intent is not None and not digits:
        return _spoken(state.heard(heard.speech), heard, heard.intent, view)
    return _again(state, view, (), why="none of those")


# -- what calls come to ------------------------------------------------------------------------------------------------


def _ring(state: State, target: Target, view: View, *, first: bool = False) -> Answer:
    """Call a target outside; where it cannot be called, it gets a message."""
    numbers, name = view.numbers(target), view.name(target)
    greeting = _greeting(view) if first else ()
    if not numbers:
        return _message(state, target, view, (*greeting, _not_reached(target, view)))
    said = view.words("connecting", name=name) if name else view.words("connecting_person")
    then = changed(state, at="dialled", tries=0, targets=(target,), said=())
    happened = Happened("ringing", _extension(target), name, ", ".join(numbers))
    shown = "" if view.caller.startswith("+") and view.caller[1:].isdigit() else view.called
    return Answer((*greeting, said), Ring(then, numbers, view.settings.ring_s, shown), (happened,))


def _after_dial(state: State, heard: Heard, view: View) -> Answer:
    target = state.target
    extension, name = _extension(target), view.name(target)
    if heard.dialled in TALKED:
        return _goodbye(view, (Happened("talked", extension, name, seconds=heard.talked_s),))
    happened = Happened("not_reached", extension, name, detail=heard.dialled[:20])
    return _message(state, target, view, (_not_reached(target, view),), (happened,))


def _not_reached(target: Target, view: View) -> str:
    name = view.name(target)
    return view.words("not_reached", name=name) if name else view.words("nobody_reached")


def _message(
    state: State,
    target: Target,
    view: View,
    before: tuple[str, ...] = (),
    happened: tuple[Happened, ...] = (),
) -> Answer:
    name, extension = view.name(target), view.mailbox(target)
    said = view.words("leave_message", name=name) if name else view.words("leave_message_nobody")
    then = changed(state, at="recorded", tries=0, targets=(target,), said=())
    line = Happened("recording", extension or _extension(target), name)
    return Answer((*before, said), Take(then, extension, view.settings.max_message_s), (*happened, line))


def _after_message(state: State, heard: Heard, view: View) -> Answer:
    """Nothing recorded: once more."""
    if heard.recorded:
        return _goodbye(view, before=(view.words("recorded"),))
    said = view.words("not_recorded")
    if state.tries:
        return _goodbye(view, before=(said,))
    again = _message(state, state.target, view, (said,))
    if isinstance(again.does, Take):
        again = replace(again, does=replace(again.does, then=changed(again.does.then, tries=1)), happened=())
    return again


def _goodbye(view: View, happened: tuple[Happened, ...] = (), before: tuple[str, ...] = ()) -> Answer:
    return Answer((*before, view.words("goodbye")), HangUp(), (*happened, Happened("goodbye")))


def _greeting(view: View) -> tuple[str, ...]:
    """The office's own words, or ours."""
    settings, words = view.settings, view.words
    if view.open is False and settings.greeting_closed:
        return (settings.greeting_closed,)
    office = view.directory.office_name
    built_in = words("welcome", office=office) if office else words("welcome_nameless")
    closed = (words("closed"),) if view.open is False else ()
    return (settings.greeting or built_in, *closed)


def _digits(heard: Heard) -> str:
    return heard.digits.rstrip("#")


def _extension(target: Target) -> str:
    return target.name if target.kind == "extension" else ""


_NEXT: Mapping[Place, Callable[[State, Heard, View], Answer]] = {
    "menu": _in_menu,
    "receptionist": _at_receptionist,
    "confirm": _after_confirm,
    "choose": _after_choice,
    "dialled": _after_dial,
    "recorded": _after_message,
}
