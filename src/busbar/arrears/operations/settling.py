"""Money came by whatever channel: the ladder ends at once, or supply is owed back in time."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.arrears.limits import cite, ladder_limit
from busbar.arrears.models import CasePause, CaseState, CaseStep, DunningCase, unit_of
from busbar.arrears.operations.ground import lock_case, note, say, tell
from busbar.arrears.queries import debt_of, find_open_case
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.outages import operations as outages_operations
from busbar.outages.models import OutageState
from busbar.workflow import operations as workflow_operations


@transaction.atomic
def settle_account(*, account_id: int, by: Viewer, at: dt.datetime) -> bool:
    """End the case of a 户号 that owes nothing overdue any more; whether anything changed.

    Before the stop the case closes and its process ends. After it the clock of restoring runs
    and the process goes on to the task. Where money is still overdue nothing happens.
    """
    known = find_open_case(account_id)
    if known is None:
        return False
    case = lock_case(known.number, SYSTEM_VIEWER)
    at = _not_before_its_steps(case, at)
    if case.state == CaseState.CLEARED or debt_of([account_id], on=local_date(at)):
        return False
    if case.state == CaseState.STOPPED:
        _owe_supply(case, by, at)
    else:
        _close(case, by, at)
    return True


def _not_before_its_steps(case: DunningCase, at: dt.datetime) -> dt.datetime:
    """An entry worked off late is older than what was done since: nothing is back-dated."""
    last = CaseStep.objects.filter(case=case).order_by("-at").values_list("at", flat=True).first()
    return max(at, last) if last else at


def _close(case: DunningCase, by: Viewer, at: dt.datetime) -> None:
    CasePause.objects.filter(case=case, ended_at=None).update(
        ended_at=at, ended_because="电费已缴清"
    )
    if case.outage is not None and case.outage.state != OutageState.CANCELLED:
        outages_operations.cancel_outage(
            number=case.outage.number, reason="电费已缴清", by=SYSTEM_VIEWER, at=at
        )
    case.state, case.cleared_at, case.closed_at = CaseState.CLOSED, at, at
    case.outcome = "缴清，未停电"
    case.save(update_fields=["state", "cleared_at", "closed_at", "outcome"])
    note(case, "arrears.case.closed", "逾期电费已缴清，催费结束", by=by, at=at)
    if case.process_id is not None:
        workflow_operations.cancel_process(
            instance_id=case.process_id, reason="电费已缴清", actor=by.actor, at=at
        )


def _owe_supply(case: DunningCase, by: Viewer, at: dt.datetime) -> None:
    case.state, case.cleared_at = CaseState.CLEARED, at
    case.save(update_fields=["state", "cleared_at"])
    limit = ladder_limit("arrears-restoration", on=local_date(at), unit_path=unit_of(case).path)
    message = say(case, "cleared", by=by, at=at, hours=plain(limit.amount))
    note(
        case, "arrears.case.cleared", f"逾期电费已缴清，须在 {plain(limit.amount)} 小时内复电",
        by=by, at=at, source=cite(limit), message_id=message,
    )  # fmt: skip
    tell("arrears.debt.cleared", case, by=by, at=at)
    if case.outage is not None:
        outages_operations.remove_cause(number=case.outage.number, by=SYSTEM_VIEWER, at=at)
    workflow_operations.receive_message(
        instance_id=case.process_id or 0,
        message="debt_cleared",
        payload={},
        actor=by.actor,
        at=at,
    )


@transaction.atomic
def take_up_again(*, account_id: int, by: Viewer, at: dt.datetime) -> bool:
    """A bill that was settled is owed again: note it; supply that is owed back stays owed.

    A customer who has been promised restoration is not left without supply for a correction of
    the books: its case runs to the end, and what is overdue then opens another.
    """
    case = find_open_case(account_id)
    if case is None:
        return False
    locked = lock_case(case.number, SYSTEM_VIEWER)
    at = _not_before_its_steps(locked, at)
    note(locked, "arrears.case.reopened", "核销撤销，电费重新挂欠", by=by, at=at)
    return True
