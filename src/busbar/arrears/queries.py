"""Cases, what they owe, what stands in the way of a stop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.models import Employee
from busbar.access.visibility import Viewer
from busbar.arrears.limits import ladder_limit, length_of, notice_window
from busbar.arrears.models import (
    CasePause,
    CaseState,
    CaseStep,
    DunningCase,
    StopRule,
    unit_of,
)
from busbar.clocks import queries as clocks_queries
from busbar.customers.models import (
    AccountTeamMember,
    CustomerAccount,
    Importance,
    TeamRole,
)
from busbar.kit.errors import Refusal
from busbar.kit.money import plain
from busbar.kit.periods import CHINA, local_date
from busbar.outages.models import Outage
from busbar.payments.models import Receivable, in_yuan

Cases = QuerySet[DunningCase, DunningCase]


@dataclass(frozen=True)
class Debt:
    """What a 户号 owes overdue: open yuan, how many bills, since when."""

    open_yuan: Decimal
    bills: int
    oldest_due_on: dt.date | None


def list_cases(viewer: Viewer, *, state: str = "", text: str = "", manager: str = "") -> Cases:
    """Visible cases, open ones unless a state is asked for, the longest overdue first.

    `manager` is the number of the employee who leads the customer's team (A角).
    """
    rows: Cases = DunningCase.objects.visible_to(viewer)
    rows = rows.filter(state=state) if state else rows.exclude(state=CaseState.CLOSED)
    if text:
        rows = rows.filter(
            Q(number__startswith=text)
            | Q(account__number__startswith=text)
            | Q(account__customer__name__contains=text)
        )
    if manager:
        rows = rows.filter(account__customer__in=_led_by(manager))
    return rows.select_related("account__customer", "account__unit", "outage").order_by(
        "oldest_due_on", "id"
    )


def _led_by(number: str) -> QuerySet[AccountTeamMember, dict[str, int]]:
    led = AccountTeamMember.objects.filter(role=TeamRole.LEAD, employee__number=number)
    return led.values("customer")


def map_managers(cases: Iterable[DunningCase]) -> dict[int, Employee]:
    """By customer who leads its team; one query."""
    ids = {case.account.customer_id for case in cases}
    leads = AccountTeamMember.objects.filter(customer__in=ids, role=TeamRole.LEAD)
    return {row.customer_id: row.employee for row in leads.select_related("employee")}


def list_managers(viewer: Viewer) -> list[Employee]:
    """Who leads the team of a customer with a visible open case, by name; one query."""
    rows: Cases = DunningCase.objects.visible_to(viewer).exclude(state=CaseState.CLOSED)
    leads = AccountTeamMember.objects.filter(
        role=TeamRole.LEAD, customer__in=rows.values("account__customer")
    )
    found = Employee.objects.filter(pk__in=leads.values("employee"))
    return list(found.order_by("name", "number"))


def list_due(
    viewer: Viewer,
    *,
    before: dt.datetime,
    mine: bool = False,
    customer_id: int | None = None,
    after: tuple[dt.datetime, int] | None = None,
    limit: int,
) -> list[DunningCase]:
    """Cases whose next step is due before the moment, the soonest first, by keyset."""
    rows = _due(viewer, before=before, mine=mine, customer_id=customer_id)
    if after is not None:
        rows = rows.filter(beyond(("next_at", "id"), after))
    return list(rows.select_related("account__customer").order_by("next_at", "pk")[:limit])


def count_due(
    viewer: Viewer, *, before: dt.datetime, mine: bool = False, customer_id: int | None = None
) -> int:
    """How many cases `list_due` would name."""
    return _due(viewer, before=before, mine=mine, customer_id=customer_id).count()


def _due(viewer: Viewer, *, before: dt.datetime, mine: bool, customer_id: int | None) -> Cases:
    rows = DunningCase.objects.visible_to(viewer).filter(next_at__lt=before)
    return rows.looked_after(viewer, mine=mine, customer_id=customer_id)


def list_cases_of(viewer: Viewer, customer_id: int) -> Cases:
    """A customer's cases, the newest first."""
    rows: Cases = DunningCase.objects.visible_to(viewer).filter(account__customer=customer_id)
    return rows.select_related("account").order_by("-id")


def get_case(viewer: Viewer, number: str) -> DunningCase:
    """DunningCase.DoesNotExist where there is none that the viewer sees."""
    rows: Cases = DunningCase.objects.visible_to(viewer)
    return rows.select_related("account__customer", "account__unit", "outage").get(number=number)


def find_case_of(viewer: Viewer, outage: Outage) -> DunningCase | None:
    """The visible case for which the stop was announced; None where it has another cause."""
    rows: Cases = DunningCase.objects.visible_to(viewer)
    return rows.filter(outage=outage).first()


def find_open_case(account_id: int) -> DunningCase | None:
    """The 户号's running case, for operations that decide themselves who may."""
    rows = DunningCase.objects.exclude(state=CaseState.CLOSED).filter(account=account_id)
    return rows.select_related("account__customer", "account__unit", "outage").first()


def count_by_state(viewer: Viewer) -> dict[str, int]:
    """Open cases by state; one query."""
    rows = DunningCase.objects.visible_to(viewer).exclude(state=CaseState.CLOSED)
    return dict(rows.order_by().values_list("state").annotate(n=Count("id")))


def list_steps(case: DunningCase) -> QuerySet[CaseStep, CaseStep]:
    """The timeline, the earliest first; the case was found visible."""
    return CaseStep.objects.filter(case=case).order_by("id")


def list_pauses(case: DunningCase) -> QuerySet[CasePause, CasePause]:
    """Its pauses, the earliest first."""
    return CasePause.objects.filter(case=case).order_by("id")


def find_pause(case: DunningCase) -> CasePause | None:
    """The pause in which the case stands still now."""
    return CasePause.objects.filter(case=case, ended_at=None).first()


def debt_of(account_ids: Sequence[int], *, on: dt.date) -> dict[int, Debt]:
    """By 户号 what is overdue; one query. Without overdue money it is not in the answer."""
    found: dict[int, list[tuple[int, dt.date]]] = {}
    rows = Receivable.objects.filter(
        account__in=account_ids, bill__isnull=False, open_fen__gt=0, due_on__lt=on
    )
    for account, fen, due in rows.values_list("account_id", "open_fen", "due_on"):
        found.setdefault(account, []).append((fen, due))
    return {
        pk: Debt(in_yuan(sum(f for f, _ in owed)), len(owed), min(d for _, d in owed))
        for pk, owed in found.items()
    }


def is_important(account: CustomerAccount) -> bool:
    """Whether the customer has an importance grade (电监安全〔2008〕43号)."""
    return bool(account.customer.importance != Importance.NONE)


def list_obstacles(case: DunningCase, *, at: dt.datetime) -> list[Refusal]:
    """Why supply may not be stopped now, a sentence each; empty when it may."""
    return [*list_obstacles_to_notice(case, at=at), *_missing_steps(case, at), *_bad_day(at)]


def list_obstacles_to_notice(case: DunningCase, *, at: dt.datetime) -> list[Refusal]:
    """What stands in the way already before the notice: nothing owed, too early, a pause."""
    on = local_date(at)
    debt = debt_of([case.account_id], on=on).get(case.account_id)
    if debt is None or debt.oldest_due_on is None:
        return [Refusal("已没有逾期电费")]
    found = []
    limit = ladder_limit("arrears-before-stop", on=on, unit_path=unit_of(case).path)
    if on - debt.oldest_due_on <= length_of(limit):
        found.append(
            Refusal(
                "逾期 %(days)s 天，须超过 %(least)s 天（%(source)s）",
                days=(on - debt.oldest_due_on).days,
                least=plain(limit.amount),
                source=f"{limit.document}{limit.source}",
            )
        )
    if (pause := find_pause(case)) is not None:
        found.append(_paused(pause))
    if is_important(case.account) and not case.authority_report:
        found.append(
            Refusal(
                "%(grade)s用户，停电通知须先抄报同级电力管理部门并登记文号",
                grade=case.account.customer.get_importance_display(),
            )
        )
    return found


def _paused(pause: CasePause) -> Refusal:
    kind, reason = pause.get_kind_display(), pause.reason
    if pause.until is None:
        return Refusal("%(kind)s未了结：%(reason)s", kind=kind, reason=reason)
    return Refusal(
        "%(kind)s未了结，至 %(until)s：%(reason)s", kind=kind, until=pause.until, reason=reason
    )


def _missing_steps(case: DunningCase, at: dt.datetime) -> list[Refusal]:
    if not case.approved_by_name:
        return [Refusal("停电尚未批准")]
    if case.noticed_at is None or case.stop_planned_at is None:
        return [Refusal("停电通知书尚未送达")]
    path, found, served = unit_of(case).path, [], local_date(case.noticed_at)
    earliest, latest = notice_window(case.noticed_at, on=served, unit_path=path)
    if at < max(earliest, case.stop_planned_at):
        first = _spoken(max(earliest, case.stop_planned_at))
        found.append(Refusal("通知期未满，最早 %(first)s 停电", first=first))
    if at >= latest:
        found.append(Refusal("通知已过 %(latest)s，须重新送达停电通知书", latest=_spoken(latest)))
    last = ladder_limit("arrears-last-notice", on=local_date(at), unit_path=path)
    minutes = plain(last.amount)
    if case.called_at is None:
        found.append(Refusal("停电前 %(minutes)s 分钟的再次通知尚未作出", minutes=minutes))
    elif at < case.called_at + length_of(last):
        found.append(Refusal("再次通知后须满 %(minutes)s 分钟", minutes=minutes))
    return found


def _bad_day(at: dt.datetime) -> list[Refusal]:
    on = local_date(at)
    rule = find_stop_ban(on)
    if rule is None:
        return []
    return [Refusal("%(on)s 是非工作日或其前一日，不停电（%(source)s）", on=on, source=rule.source)]


def find_stop_ban(on: dt.date) -> StopRule | None:
    """The rule by which nobody is stopped on the day: a day off, or the day before one."""
    rules = StopRule.objects.filter(code="holiday_eve", valid_from__lte=on)
    rule: StopRule | None = rules.exclude(valid_until__lte=on).order_by("-valid_from").first()
    if rule is None or not rule.is_on:
        return None
    calendar = clocks_queries.get_calendar(on, on + dt.timedelta(days=2))
    both_work = all(calendar.is_working_day(on + dt.timedelta(days=n)) for n in (0, 1))
    return None if both_work else rule


def _spoken(moment: dt.datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
