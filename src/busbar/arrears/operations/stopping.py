"""The rungs from the demand to the stop and back; each refuses what is not lawful yet."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.arrears import queries
from busbar.arrears.limits import cite, ladder_limit, notice_window
from busbar.arrears.models import CaseState, DunningCase, unit_of
from busbar.arrears.operations.ground import (
    CASE,
    lock_case,
    note,
    overdue_yuan,
    say,
    tell,
    told,
)
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.notifications import operations as notifications_operations
from busbar.notifications.models import ReceiptKind
from busbar.notifications.operations import About
from busbar.outages import operations as outages_operations
from busbar.outages.models import OutageKind, OutageState
from busbar.outages.queries import Scope


class UnableToStopSupply(Refusal):
    """Supply may not be stopped for arrears now; the sentence names every reason."""


@transaction.atomic
def demand_payment(*, number: str, text: str = "", by: Viewer, at: dt.datetime) -> DunningCase:
    """催缴通知: the overdue sum is demanded in writing (电力供应与使用条例 第39条: 经催交)."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by, CaseState.REMINDED)
    case.state = CaseState.DEMANDED
    case.save(update_fields=["state"])
    message = say(case, "demanded", by=by, at=at)
    words = f"催缴 {overdue_yuan(case, at)} 元；{told(message)}"
    words += f"；{text.strip()}" if text.strip() else ""
    note(case, "arrears.case.demanded", words, by=by, at=at, message_id=message)
    return case


@transaction.atomic
def request_stop(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> DunningCase:
    """Ask for a stop; refused while what is overdue is not overdue for long enough."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by, CaseState.DEMANDED)
    if not reason.strip():
        raise UnableToStopSupply("请写明申请停电的理由")
    _check(queries.list_obstacles_to_notice(case, at=at))
    limit = ladder_limit("arrears-before-stop", on=local_date(at), unit_path=unit_of(case).path)
    case.state = CaseState.REQUESTED
    case.requested_by_id, case.requested_by_name = by.employee_id, by.name
    case.save(update_fields=["state", "requested_by_id", "requested_by_name"])
    note(case, "arrears.case.stop_requested", reason.strip(), by=by, at=at, source=cite(limit))
    return case


@transaction.atomic
def approve_stop(*, number: str, remark: str = "", by: Viewer, at: dt.datetime) -> DunningCase:
    """Approve a stop that another person asked for."""
    by.require(Permission.APPROVE_STOPS)
    case = lock_case(number, by, CaseState.REQUESTED)
    if by.employee_id == case.requested_by_id:
        raise UnableToStopSupply("申请人不能批准自己的停电申请，须由他人审批")
    _check(queries.list_obstacles_to_notice(case, at=at))
    case.state, case.approved_by_name = CaseState.APPROVED, by.name
    case.save(update_fields=["state", "approved_by_name"])
    note(case, "arrears.case.stop_approved", f"同意停电。{remark.strip()}", by=by, at=at)
    return case


@transaction.atomic
def refuse_stop(*, number: str, remark: str, by: Viewer, at: dt.datetime) -> DunningCase:
    """Send the case back to the demand."""
    by.require(Permission.APPROVE_STOPS)
    case = lock_case(number, by, CaseState.REQUESTED)
    if not remark.strip():
        raise UnableToStopSupply("请写明不同意的理由")
    case.state, case.requested_by_id, case.requested_by_name = CaseState.DEMANDED, None, ""
    case.save(update_fields=["state", "requested_by_id", "requested_by_name"])
    note(case, "arrears.case.stop_refused", f"不同意停电：{remark.strip()}", by=by, at=at)
    return case


@transaction.atomic
def serve_notice(
    *, number: str, stop_at: dt.datetime, person: str, means: str, by: Viewer, at: dt.datetime
) -> DunningCase:
    """停电通知书 served to a person: supply will stop at `stop_at`, within the notice's window.

    Plans and announces the outage. Served again where an earlier notice has run out.
    """
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by, CaseState.APPROVED, CaseState.NOTICED, CaseState.CALLED)
    _check(queries.list_obstacles_to_notice(case, at=at))
    on, path = local_date(at), unit_of(case).path
    earliest, latest = notice_window(at, on=on, unit_path=path)
    if not earliest <= stop_at < latest:
        raise UnableToStopSupply(
            "停电时间须在 %(earliest)s 起、%(latest)s 前（以停电通知书送达之日起算）",
            earliest=f"{earliest.astimezone(CHINA):%Y-%m-%d}",
            latest=f"{latest.astimezone(CHINA):%Y-%m-%d}",
        )
    if not person.strip():
        raise UnableToStopSupply("请写明签收人")
    _announce(case, stop_at, by, at)
    case.state, case.noticed_at, case.called_at = CaseState.NOTICED, at, None
    case.stop_planned_at = stop_at
    case.save(update_fields=["state", "noticed_at", "called_at", "stop_planned_at", "outage"])
    when = f"{stop_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    message = say(case, "noticed", by=by, at=at, when=when)
    about = About(CASE, case.pk, unit_of(case).pk, case.number, case.account.customer_id)
    notifications_operations.record_receipt(
        kind=ReceiptKind.SERVED,
        about=about,
        person=person,
        means=means or "纸质送达",
        received_at=at,
        viewer=SYSTEM_VIEWER,
        at=at,
        message_id=message,
    )
    limit = ladder_limit("arrears-stop-notice", on=on, unit_path=path)
    words = f"停电通知书由{person.strip()}签收（{means or '纸质送达'}），拟于 {when} 停电"
    note(case, "arrears.case.noticed", words, by=by, at=at, source=cite(limit), message_id=message)
    return case


def _announce(case: DunningCase, stop_at: dt.datetime, by: Viewer, at: dt.datetime) -> None:
    """The stop as the register of outages has it; an earlier one is cancelled."""
    if case.outage is not None and case.outage.state != OutageState.CANCELLED:
        outages_operations.cancel_outage(
            number=case.outage.number, reason="重新送达停电通知书", by=SYSTEM_VIEWER, at=at
        )
    planned = outages_operations.plan_outage(
        kind=OutageKind.ARREARS,
        unit_id=unit_of(case).pk,
        reason=f"欠费停电 {case.number}",
        planned_from=stop_at,
        scope=Scope(accounts=[case.account.number]),
        authority_report=case.authority_report,
        by=SYSTEM_VIEWER,
        at=at,
    )
    case.outage = outages_operations.announce_outage(number=planned.number, by=SYSTEM_VIEWER, at=at)


@transaction.atomic
def call_customer(*, number: str, person: str, by: Viewer, at: dt.datetime) -> DunningCase:
    """The last word before the stop, as long ahead as the rule set in force says."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by, CaseState.NOTICED)
    _check(queries.list_obstacles_to_notice(case, at=at))
    if not person.strip():
        raise UnableToStopSupply("请写明接听人")
    case.state, case.called_at = CaseState.CALLED, at
    case.save(update_fields=["state", "called_at"])
    limit = ladder_limit("arrears-last-notice", on=local_date(at), unit_path=unit_of(case).path)
    message = say(case, "called", by=by, at=at)
    words = f"停电前再次通知，接听人{person.strip()}"
    note(case, "arrears.case.called", words, by=by, at=at, source=cite(limit), message_id=message)
    return case


@transaction.atomic
def stop_supply(*, number: str, by: Viewer, at: dt.datetime) -> DunningCase:
    """Stop supply; refused with every obstacle in one sentence."""
    by.require(Permission.MANAGE_OUTAGES)
    case = lock_case(number, by, CaseState.CALLED, CaseState.NOTICED)
    _check(queries.list_obstacles(case, at=at))
    if case.outage is None:
        raise UnableToStopSupply("停电通知书尚未送达")
    outages_operations.begin_outage(number=case.outage.number, by=SYSTEM_VIEWER, at=at)
    case.state, case.stopped_at = CaseState.STOPPED, at
    case.save(update_fields=["state", "stopped_at"])
    message = say(case, "stopped", by=by, at=at)
    note(
        case,
        "arrears.case.stopped",
        f"已停电（{case.outage.number}）",
        by=by,
        at=at,
        message_id=message,
    )
    return case


@transaction.atomic
def restore_supply(*, number: str, by: Viewer, at: dt.datetime) -> DunningCase:
    """Supply is back; the clock of restoring stops and the case closes."""
    by.require(Permission.MANAGE_OUTAGES)
    case = lock_case(number, by, CaseState.CLEARED)
    if case.outage is not None:
        outages_operations.restore_outage(number=case.outage.number, by=SYSTEM_VIEWER, at=at)
    tell("arrears.supply.restored", case, by=by, at=at)
    case.state, case.closed_at, case.outcome = CaseState.CLOSED, at, "缴清，已复电"
    case.save(update_fields=["state", "closed_at", "outcome"])
    message = say(case, "restored", by=by, at=at)
    note(case, "arrears.case.restored", "已复电", by=by, at=at, message_id=message)
    return case


def _check(obstacles: list[Refusal]) -> None:
    if obstacles:
        raise UnableToStopSupply("还不具备停电条件：%(obstacles)s", obstacles=Reasons(obstacles))
