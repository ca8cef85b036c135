"""How the region duns: most overdue 户号 are reminded, a few are told further by the operations.

One was served a notice, one is without supply, one paid and got it back, an important one is
guarded. Whatever a rule refuses (a holiday in the window) leaves the story where it stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.arrears import operations as arrears_operations
from busbar.arrears import queries as arrears_queries
from busbar.arrears.limits import notice_window
from busbar.arrears.models import DunningCase, unit_of
from busbar.customers.models import CustomerKind
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.payments import operations as payments_operations
from busbar.payments.models import PaymentPoint, PointKind
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask

_DAYS_AGO, _LONG = 14, 31
_STOPPABLE = (CustomerKind.INDUSTRY, CustomerKind.COMMERCE)


def tell_arrears(*, at: dt.datetime) -> str:
    """Open what was overdue two weeks ago and tell four cases on; then what is overdue now."""
    start = _hour(local_date(at) - dt.timedelta(days=_DAYS_AGO), 9)
    payments_operations.charge_late_payments(by=SYSTEM_VIEWER, at=at)
    arrears_operations.open_cases(by=SYSTEM_VIEWER, at=start)
    told = [tell_case(case, ending, start) for case, ending in _chosen(start)]
    arrears_operations.open_cases(by=SYSTEM_VIEWER, at=at)
    cases = DunningCase.objects.count()
    return f"催费 {cases} 件，其中{'、'.join(told)}" if told else f"催费 {cases} 件"


def _chosen(start: dt.datetime) -> Iterator[tuple[DunningCase, str]]:
    """Ordinary 户号 overdue for long enough with their endings, and the first important one."""
    before = local_date(start) - dt.timedelta(days=_LONG)
    rows = arrears_queries.list_cases(SYSTEM_VIEWER, state="reminded")
    found = list(rows.filter(oldest_due_on__lt=before)[:200])
    important = [case for case in found if arrears_queries.is_important(case.account)]
    ordinary = [case for case in found if case.account.customer.kind in _STOPPABLE]
    ordinary.sort(key=lambda case: case.oldest_due_on, reverse=True)
    ordinary = [case for case in ordinary if case not in important]
    yield from zip(ordinary, ("stopped", "restored", "noticed"), strict=False)
    yield from ((case, "guarded") for case in important[:1])


def tell_case(case: DunningCase, ending: str, start: dt.datetime) -> str:
    """The case's rungs one after the other; its state in words."""
    try:
        for element, moment, data in _course(case, ending, start):
            _do(case, element, moment, data)
        if ending == "restored":
            _pay_and_restore(case)
    except Refusal:
        pass  # the rules are stricter than the story: it ends here
    case.refresh_from_db()
    return f"{case.account.number} {case.get_state_display()}"


def _course(
    case: DunningCase, ending: str, start: dt.datetime
) -> Iterator[tuple[str, dt.datetime, Mapping[str, object]]]:
    yield "demand_payment", start + dt.timedelta(hours=1), {"remark": "上门催缴"}
    yield "request_stop", start + dt.timedelta(hours=2), {"remark": "多次催缴未缴"}
    approval = {"outcome": "approved", "remark": "同意"}
    yield "decide_stop", start + dt.timedelta(hours=3), approval
    served = start + dt.timedelta(hours=5)
    stop_at = _stop_moment(case, served)
    notice = {"stop_at": stop_at.isoformat(), "person": "单位财务", "means": "当面送达"}
    yield "serve_notice", served, notice
    if ending in {"restored", "stopped"}:
        yield "call_customer", stop_at - dt.timedelta(hours=1), {"person": "单位财务"}
        yield "stop_supply", stop_at, {"remark": ""}


def _stop_moment(case: DunningCase, served: dt.datetime) -> dt.datetime:
    """Ten o'clock of the first day of the notice's window on which supply may be stopped."""
    on = local_date(served)
    earliest, latest = notice_window(served, on=on, unit_path=unit_of(case).path)
    days = (latest - earliest).days
    moments = [_hour(local_date(earliest) + dt.timedelta(days=n), 10) for n in range(days)]
    fit = (m for m in moments if not arrears_queries.find_stop_ban(local_date(m)))
    return next(fit, moments[0])


def _do(case: DunningCase, element: str, moment: dt.datetime, data: Mapping[str, object]) -> None:
    open_tasks = UserTask.objects.open().select_related("unit")
    task = open_tasks.get(instance=case.process_id, element=element)
    viewer = person_of(task)
    workflow_operations.complete_task(task_id=task.pk, data=data, viewer=viewer, at=moment)


def person_of(task: UserTask) -> Viewer:
    """Somebody of the task's unit in its role; the system where nobody is."""
    people = Employee.objects.filter(unit=task.unit, user__is_active=True).select_related("user")
    fitting = [person for person in people.order_by("number") if task.role in person.roles]
    return access_queries.get_viewer(fitting[0].user) if fitting else SYSTEM_VIEWER


def _pay_and_restore(case: DunningCase) -> None:
    """Paid at a counter the next morning, restored the same afternoon."""
    case.refresh_from_db()
    if case.stopped_at is None:
        return
    paid_at = _hour(local_date(case.stopped_at) + dt.timedelta(days=1), 10)
    debt = arrears_queries.debt_of([case.account_id], on=local_date(paid_at))[case.account_id]
    point = PaymentPoint.objects.filter(kind=PointKind.COUNTER).order_by("pk").first()
    if point is None:
        return
    payments_operations.take_payment(
        point_id=point.pk,
        account_number=case.account.number,
        amount_yuan=debt.open_yuan,
        payer_name=case.account.customer.name,
        by=SYSTEM_VIEWER,
        at=paid_at,
    )
    arrears_operations.settle_account(account_id=case.account_id, by=SYSTEM_VIEWER, at=paid_at)
    _do(case, "restore_supply", paid_at + dt.timedelta(hours=5), {"remark": ""})


def _hour(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=CHINA)
