"""Between the reasons a leg ends and SIP statuses, in both directions."""

from __future__ import annotations

from pbx.model.leg_event import LegCause

_CAUSE_OF_STATUS = {
    404: LegCause.NOT_FOUND,
    408: LegCause.UNREACHABLE,
    410: LegCause.NOT_FOUND,
    415: LegCause.INCOMPATIBLE,
    480: LegCause.NO_ANSWER,
    484: LegCause.NOT_FOUND,
    486: LegCause.BUSY,
    487: LegCause.CANCELLED,
    488: LegCause.INCOMPATIBLE,
    503: LegCause.UNREACHABLE,
    600: LegCause.BUSY,
    603: LegCause.DECLINED,
    604: LegCause.NOT_FOUND,
    606: LegCause.INCOMPATIBLE,
    607: LegCause.DECLINED,
}

_STATUS_OF_CAUSE = {
    LegCause.NORMAL: 480,
    LegCause.CANCELLED: 487,
    LegCause.ANSWERED_ELSEWHERE: 487,
    LegCause.BUSY: 486,
    LegCause.DECLINED: 603,
    LegCause.NO_ANSWER: 480,
    LegCause.UNREACHABLE: 480,
    LegCause.NOT_FOUND: 404,
    LegCause.INCOMPATIBLE: 488,
    LegCause.LIMIT: 403,
    LegCause.TRANSFERRED: 487,  # a consultation that rang, and was sent to whom it was for
    LegCause.SHUTDOWN: 503,
    LegCause.REFUSED: 480,
}


def cause_of_status(status: int) -> LegCause:
    """Why a leg ended whose INVITE was refused with `status`."""
    return _CAUSE_OF_STATUS.get(status, LegCause.REFUSED)


def status_of_cause(cause: LegCause) -> int:
    """The final response to an INVITE that is given up for `cause`."""
    return _STATUS_OF_CAUSE.get(cause, 500)
