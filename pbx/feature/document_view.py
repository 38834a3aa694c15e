"""A plan as it is shown. What stands in private fields is not."""

from __future__ import annotations

from pbx.core.errors import UserError
from pbx.feature.documents import Plan
from pbx.model.document_plan import ChangedRecord, DocumentPlan, PlanFault, PlanSection

__all__ = ["fault_view", "plan_view"]

PRIVATE = ("password", "secret", "token", "pin", "signing_key")
LONGEST = 80


def plan_view(plan: Plan) -> DocumentPlan:
    """Without the kinds of which there is nothing."""
    sections = tuple(
        PlanSection(
            kind=each.kind.name,
            create=tuple(each.kind.key_of(one) for one in each.create),
            change=tuple(
                ChangedRecord(key=key, fields=each.fields.get(key, ()))
                for key in (each.kind.key_of(one) for one in each.change)
            ),
            remove=each.remove,
            unchanged=each.unchanged,
            kept=each.kept,
        )
        for each in plan.sections
    )
    return DocumentPlan(
        sections=tuple(
            each
            for each in sections
            if each.create or each.change or each.remove or each.unchanged or each.kept
        ),
        publish=plan.beside.published,
        unpublish=plan.beside.unpublished,
        faults=tuple(fault_view(each) for each in plan.faults),
        changes=sum(len(each.create) + len(each.change) + len(each.remove) for each in sections)
        + len(plan.beside.published)
        + len(plan.beside.unpublished),
    )


def fault_view(error: UserError) -> PlanFault:
    return PlanFault(
        path=error.path or "$",
        message=error.message,
        got=None if error.got is None else _shown(error.path, str(error.got)),
        needed=None if error.needed is None else str(error.needed),
        action=error.action or None,
    )


def _shown(path: str, text: str) -> str:
    if any(word in path.lower() for word in PRIVATE):
        return "(hidden)"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
