"""A case stands still for a promise or a dispute; the authority was told of an important one."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.arrears.models import CasePause, DunningCase, PauseKind
from busbar.arrears.operations.ground import lock_case, note
from busbar.arrears.queries import find_pause, is_important
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date


class UnableToPauseCase(Refusal):
    """The case cannot stand still as asked."""


@transaction.atomic
def pause_case(
    *,
    number: str,
    kind: PauseKind | str,
    reason: str,
    until: dt.date | None = None,
    by: Viewer,
    at: dt.datetime,
) -> CasePause:
    """Agree on instalments until a day, or note an objection: nobody is stopped meanwhile."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by)
    if not case.may_be_stopped:
        raise UnableToPauseCase(
            "%(number)s 已是“%(state)s”，不能暂缓", number=number, state=case.get_state_display()
        )
    if find_pause(case) is not None:
        raise UnableToPauseCase("%(number)s 已在暂缓中", number=number)
    if not reason.strip():
        raise UnableToPauseCase("请写明暂缓的原因")
    if kind == PauseKind.PROMISE and (until is None or until < local_date(at)):
        raise UnableToPauseCase("分期缴费协议须写明不早于今天的到期日")
    pause = CasePause.objects.create(
        case=case,
        kind=PauseKind(kind),
        reason=reason.strip()[:300],
        until=until,
        started_at=at,
        by_name=by.name,
    )
    text = f"{pause.get_kind_display()}：{pause.reason}" + (f"，至 {until}" if until else "")
    note(case, "arrears.case.paused", text, by=by, at=at, kind=pause.kind)
    return pause


@transaction.atomic
def end_pause(*, number: str, reason: str, by: Viewer, at: dt.datetime) -> CasePause:
    """The objection is answered, the promise broken: the ladder goes on."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by)
    pause = find_pause(case)
    if pause is None:
        raise UnableToPauseCase("%(number)s 没有在暂缓", number=number)
    if not reason.strip():
        raise UnableToPauseCase("请写明结束暂缓的原因")
    pause.ended_at, pause.ended_because = at, reason.strip()[:300]
    pause.save(update_fields=["ended_at", "ended_because"])
    note(case, "arrears.case.resumed", f"暂缓结束：{pause.ended_because}", by=by, at=at)
    return pause


def end_promises(*, by: Viewer, at: dt.datetime) -> int:
    """Promises whose last day has passed hold nothing up any longer; returns how many."""
    passed = CasePause.objects.filter(ended_at=None, until__lt=local_date(at))
    numbers = list(passed.order_by("id").values_list("case__number", flat=True))
    for number in numbers:
        end_pause(number=number, reason="约定的缴费日已过", by=by, at=at)
    return len(numbers)


@transaction.atomic
def report_to_authority(
    *, number: str, report: str, by: Viewer, at: dt.datetime
) -> DunningCase:  # fmt: skip
    """Note under which number the authority was sent the notice to an important customer."""
    by.require(Permission.COLLECT_ARREARS)
    case = lock_case(number, by)
    if not is_important(case.account):
        raise UnableToPauseCase("不是重要用户，无须抄报")
    if not report.strip():
        raise UnableToPauseCase("请写明抄报文号")
    case.authority_report = report.strip()[:60]
    case.save(update_fields=["authority_report"])
    note(
        case,
        "arrears.case.reported",
        f"已抄报电力管理部门，文号 {case.authority_report}",
        by=by,
        at=at,
    )
    return case
