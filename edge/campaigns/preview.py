"""What a campaign would be, before anything is sent: who gets which words, for how much, and what stands in the way.

Pure: what the store, Twilio and the clock know is handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from edge.campaigns.cost import Estimate, estimate
from edge.campaigns.office_settings import hours_of, rate_of
from edge.campaigns.quiet import Hours, allowed
from edge.campaigns.recipients import Fault, Reading, Recipient
from edge.campaigns.segments import Segments, count_segments
from edge.campaigns.template import Template, TemplateError
from edge.campaigns.wording import MOST_LETTERS, text_for
from edge.model.campaigns import (
    CampaignConsent,
    CampaignCost,
    CampaignFault,
    CampaignPreview,
    CampaignRegistration,
    CampaignSample,
    CampaignSettings,
)

__all__ = ["Plan", "preview"]

SAMPLES = 3
FAULTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`told` are those who know how to opt out; `zones` are of each person, in order; `ready`: there is a carrier."""

    text: str
    marketing: bool
    from_number: str
    consent: CampaignConsent | None
    reading: Reading
    told: Collection[str]
    zones: Sequence[Sequence[str]]
    settings: CampaignSettings
    registration: CampaignRegistration
    now_ms: int
    ready: bool = True


@dataclass(frozen=True, slots=True)
class _Text:
    person: Recipient
    text: str
    segments: Segments


def preview(plan: Plan) -> CampaignPreview:
    template, blocks = _template(plan)
    texts = _texts(plan, template) if template is not None else []
    cost = estimate(
        ((each.person.region, each.segments.segments) for each in texts),
        {region: Decimal(str(price)) for region, price in plan.settings.prices.items()},
    )
    hours = hours_of(plan.settings)
    letters = dict.fromkeys(letter for each in texts for letter in each.segments.costly)
    return CampaignPreview(
        people=len(plan.reading.recipients),
        duplicates=plan.reading.count("duplicate"),
        opted_out=plan.reading.count("opted_out"),
        wrong=plan.reading.count("number"),
        faults=tuple(_fault(fault) for fault in plan.reading.faults[:FAULTS]),
        fields=plan.reading.fields,
        samples=tuple(_sample(each) for each in _samples(texts)),
        costly_letters="".join(letters)[:100],
        cost=_cost(cost, plan.settings.currency),
        seconds=round(cost.segments / rate_of(plan.settings, plan.from_number), 1)
        if plan.from_number
        else 0.0,
        waiting=sum(not allowed(zones, plan.now_ms, hours) for zones in plan.zones),
        from_number=plan.from_number,
        registration=plan.registration,
        warnings=tuple(_warnings(plan, template, texts, hours)),
        blocks=(*blocks, *_blocks(plan, texts)),
    )


def _template(plan: Plan) -> tuple[Template | None, list[str]]:
    try:
        template = Template.read(plan.text)
    except TemplateError as error:
        return None, [str(error)]
    unknown = template.unknown(plan.reading.fields)
    if unknown:
        return None, [f"The list has no column for {', '.join('{' + field + '}' for field in unknown)}."]
    return template, []


def _texts(plan: Plan, template: Template) -> list[_Text]:
    """Most texts differ in a name only; the count of a text is kept for the next one who gets the same."""
    counted: dict[str, Segments] = {}
    texts: list[_Text] = []
    for person in plan.reading.recipients:
        line = plan.settings.opt_out_line if plan.marketing and person.number not in plan.told else ""
        text = text_for(template, dict(person.fields), line)
        if text not in counted:
            counted[text] = count_segments(text)
        texts.append(_Text(person, text, counted[text]))
    return texts


def _samples(texts: Sequence[_Text]) -> list[_Text]:
    """The first ones, and the longest."""
    shown = list(texts[:SAMPLES])
    longest = max(texts, key=lambda each: each.segments.units, default=None)
    return shown if longest is None or longest in shown else [*shown, longest]


def _sample(each: _Text) -> CampaignSample:
    return CampaignSample(
        number=each.person.number,
        name=each.person.name,
        text=each.text,
        segments=each.segments.segments,
        encoding=cast('Literal["GSM-7", "UCS-2"]', each.segments.encoding),
    )


def _fault(fault: Fault) -> CampaignFault:
    kind = cast('Literal["number", "duplicate", "opted_out"]', fault.kind)
    return CampaignFault(line=fault.line, kind=kind, text=fault.text)


def _cost(cost: Estimate, currency: str) -> CampaignCost:
    return CampaignCost(
        messages=cost.messages,
        segments=cost.segments,
        amount=str(cost.amount.quantize(Decimal("0.01"))),
        currency=currency,
        unpriced=dict(cost.unpriced),
    )


def _warnings(plan: Plan, template: Template | None, texts: Sequence[_Text], hours: Hours) -> list[str]:
    said: list[str] = []
    if template is not None:
        lacking = Counter(
            field for person in plan.reading.recipients for field in template.lacking(dict(person.fields))
        )
        said += [
            f"{number} of these people have no {{{field}}}; write {{{field}|…}} to say what stands there then."
            for field, number in sorted(lacking.items())
        ]
    if letters := dict.fromkeys(letter for each in texts for letter in each.segments.costly):
        said.append(
            f"These letters more than double the price of a long text: {' '.join(list(letters)[:20])}"
        )
    if never := sum(1 for zones in plan.zones if not zones):
        said.append(f"The time zone of {never} of these numbers is not known; they get nothing.")
    unpriced = sorted({each.person.region for each in texts} - set(plan.settings.prices))
    if unpriced:
        said.append(f"The estimate leaves out {', '.join(unpriced)}: no price is set for that.")
    if plan.registration.verdict == "ask":
        said.append(plan.registration.words)
    return said


def _blocks(plan: Plan, texts: Sequence[_Text]) -> list[str]:
    said: list[str] = []
    if not plan.ready:
        said.append("Twilio is not set up at this edge.")
    if not plan.text.strip():
        said.append("The text is empty.")
    if not plan.reading.recipients:
        said.append("Nobody is on the list.")
    if not plan.from_number:
        said.append("The office has no toll-free number; say which number sends this.")
    if plan.consent is None:
        said.append("Nobody has said yet how these people agreed to be texted.")
    if too_long := sum(len(each.text) > MOST_LETTERS for each in texts):
        said.append(f"For {too_long} people the text has more than {MOST_LETTERS} letters.")
    if plan.registration.verdict == "refuse":
        said.append(plan.registration.words)
    return said
