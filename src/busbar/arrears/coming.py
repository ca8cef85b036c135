"""What comes next in a case and when it is due, by its rung, its pause and the limits in force."""

from __future__ import annotations

import datetime as dt

from busbar.arrears.limits import ladder_limit, length_of
from busbar.arrears.models import (
    CasePause,
    CaseState,
    DunningCase,
    NextStep,
    PauseKind,
    unit_of,
)
from busbar.clocks.reckoning import midnight
from busbar.kit.periods import local_date

Coming = tuple[NextStep, dt.datetime | None]
_DAY = dt.timedelta(days=1)


def coming_step(case: DunningCase, pause: CasePause | None, *, at: dt.datetime) -> Coming:
    """The next step and the moment from which it is due; NONE where money is waited for.

    A promise is looked at the day after its last one, an objection from the day it came. What
    is due at once stays due since it became so.
    """
    if pause is not None and case.may_be_stopped:
        return _after_pause(pause)
    if case.state in _SINCE:
        step = _SINCE[CaseState(case.state)]
        return step, case.next_at if case.next_step == step and case.next_at else _since(case, at)
    return _by_limit(case, at)


_SINCE = {
    CaseState.REMINDED: NextStep.DEMAND,
    CaseState.DEMANDED: NextStep.REQUEST,
    CaseState.REQUESTED: NextStep.DECIDE,
    CaseState.APPROVED: NextStep.SERVE,
}
"""Rungs after which nothing is waited for, but for days overdue before a stop is asked for."""


def _since(case: DunningCase, at: dt.datetime) -> dt.datetime:
    if case.state != CaseState.DEMANDED:
        return at
    wait = _length("arrears-before-stop", case, at)
    return max(at, midnight(case.oldest_due_on) + wait + _DAY)


def _after_pause(pause: CasePause) -> Coming:
    if pause.kind == PauseKind.PROMISE and pause.until is not None:
        return NextStep.PROMISE, midnight(pause.until + _DAY)
    return NextStep.ANSWER, pause.started_at


def _by_limit(case: DunningCase, at: dt.datetime) -> Coming:
    """Rungs whose next step the law lets wait, or presses."""
    if case.state == CaseState.NOTICED and case.stop_planned_at is not None:
        return NextStep.CALL, case.stop_planned_at - _length("arrears-last-notice", case, at)
    if case.state == CaseState.CALLED:
        return NextStep.STOP, case.stop_planned_at
    if case.state == CaseState.CLEARED and case.cleared_at is not None:
        return NextStep.RESTORE, case.cleared_at + _length("arrears-restoration", case, at)
    return NextStep.NONE, None


def _length(code: str, case: DunningCase, at: dt.datetime) -> dt.timedelta:
    return length_of(ladder_limit(code, on=local_date(at), unit_path=unit_of(case).path))
