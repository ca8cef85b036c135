"""今日: what metering, outages and the relationship warn of, in words, with the rule behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from busbar.access.permissions import Permission
from busbar.console.looking import Key, Look, read_moment, read_weight
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.key_accounts import queries as key_queries
from busbar.key_accounts.models import StageAssessment
from busbar.key_accounts.queries import read_answers
from busbar.key_accounts.staging import Answer
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import CHINA, local_date
from busbar.metering import waiting
from busbar.metering.models import VeeFinding
from busbar.outages import coming
from busbar.outages.coming import ComingOutage
from busbar.outages.models import Outage, OutageKind, OutageState

ALARMS = (WorkKind.FINDINGS, WorkKind.OUTAGES, WorkKind.WARNINGS)
_LEAVING = "leaving"


def count_alarms(seen: Look) -> dict[WorkKind, int]:
    """How many of each kind; one query a kind, two for the warnings."""
    who: dict[str, Any] = {"mine": seen.scope.mine, "customer_id": seen.scope.customer_id}
    return {
        WorkKind.FINDINGS: waiting.count_waiting_findings(seen.viewer, **who),
        WorkKind.OUTAGES: coming.count_coming(
            seen.viewer, before=seen.until(seen.notice.outage), **who
        ),
        WorkKind.WARNINGS: key_queries.count_open_warnings(seen.viewer, **who),
    }


def list_alarms(seen: Look, kind: WorkKind, *, after: Key | None, limit: int) -> list[WorkItem]:
    """A page of one kind: stops by their beginning, the others by the money at stake."""
    who: dict[str, Any] = {
        "mine": seen.scope.mine, "customer_id": seen.scope.customer_id, "limit": limit,
    }  # fmt: skip
    if kind == WorkKind.FINDINGS:
        rows = waiting.list_waiting_findings(seen.viewer, after=read_weight(after), **who)
        may_edit = seen.viewer.may(Permission.EDIT_READINGS)
        return [_of_finding(row, may_edit=may_edit) for row in rows]
    if kind == WorkKind.WARNINGS:
        found = key_queries.list_open_warnings(seen.viewer, after=read_weight(after), **who)
        may_plan = seen.viewer.may(Permission.KEEP_RELATIONS)
        return [_of_warning(row, may_plan=may_plan) for row in found]
    stops = coming.list_coming(
        seen.viewer, before=seen.until(seen.notice.outage), after=read_moment(after), **who
    )
    return _of_stops(stops, seen)


def _of_finding(row: VeeFinding, *, may_edit: bool) -> WorkItem:
    account = row.usage_point.account
    title = _("%(day)s 读数校验：%(rule)s，%(action)s") % {
        "day": f"{row.day}",
        "rule": row.get_rule_display(),
        "action": row.get_action_display(),
    }
    reason = _("计量点 %(point)s 有 %(n)s 个时段、%(kwh)s kWh 待人工认定，进入账单前应处理") % {
        "point": row.usage_point.number,
        "n": sum(end - start for start, end in row.intervals),
        "kwh": f"{round_half_up(Decimal(row.energy_wh) / 1000, 1):,}",
    }
    return WorkItem(
        kind=WorkKind.FINDINGS,
        rank=Rank.MONEY if row.stake_yuan else Rank.LOOK,
        title=title,
        reason=reason,
        action=_("修正或认可") if may_edit else _("看当日曲线"),
        url=reverse("curve_day", args=[row.usage_point.number, f"{row.day}"]),
        customer=account.customer,
        account_number=account.number,
        worth_yuan=row.stake_yuan or None,
        key=(str(row.stake_yuan), row.pk),
    )


def _of_warning(row: StageAssessment, *, may_plan: bool) -> WorkItem:
    """Its revenue of a year is what is at stake; a talk held or planned answers it.

    Whoever may not plan one is led to what it rests on.
    """
    answers = read_answers(row.warnings)
    title = _("流失预警：%(names)s") % {"names": _("、").join(a.bound.name for a in answers)}
    leaves = any(answer.bound.code == _LEAVING for answer in answers)
    number = row.customer.number
    plan = f"{reverse('interaction_new')}?plan=1&customer={number}"
    ground = reverse("customer_tab", args=[number, "recognition"])
    return WorkItem(
        kind=WorkKind.WARNINGS,
        rank=Rank.NOW if leaves else Rank.MONEY,
        title=title,
        reason=_("%(when)s 评估：%(found)s；此后没有走访或联系，%(advice)s；金额为年电费")
        % {
            "when": row.assessed_on if row.is_renewed else row.run.month,
            "found": _("，").join(_found(answer) for answer in answers),
            "advice": answers[0].bound.advice,
        },
        action=_("安排走访") if may_plan else _("看依据"),
        url=plan if may_plan else ground,
        customer=row.customer,
        worth_yuan=row.annual_revenue_yuan or None,
        key=(str(row.annual_revenue_yuan), row.pk),
    )


def _found(answer: Answer) -> str:
    bound = answer.bound
    sign, limit = ("≥", bound.at_least) if bound.at_least is not None else ("≤", bound.at_most)
    value = "—" if answer.value is None else plain(answer.value)
    return f"{bound.name} {value}（{sign} {plain(limit or Decimal(0))}）"


def _of_stops(stops: Sequence[ComingOutage], seen: Look) -> list[WorkItem]:
    has_planned = any(stop.outage.state == OutageState.PLANNED for stop in stops)
    limit = coming.get_notice_limit(on=seen.today) if has_planned else None
    rule = f"{limit.document}{limit.source}" if limit else ""
    days = int(limit.amount) if limit else 0
    return [_of_stop(stop, seen, notice_days=days, rule=rule) for stop in stops]


def _of_stop(stop: ComingOutage, seen: Look, *, notice_days: int, rule: str) -> WorkItem:
    row = stop.outage
    due_on = local_date(row.planned_from)
    reason, action = _("已通知，%(span)s") % {"span": _span(row)}, _("看通知与回执")
    pressing = False
    if row.state == OutageState.BEGUN:
        pressing = row.planned_until is None or row.planned_until <= seen.at
        reason, action = _begun(row, late=pressing), _("跟踪恢复")
        due_on = local_date(row.planned_until or row.begun_at or row.planned_from)
    elif row.state == OutageState.PLANNED:
        reason, action = _("还没有通知客户，%(span)s") % {"span": _span(row)}, _("通知客户")
        if row.kind == OutageKind.PLANNED:
            due_on -= dt.timedelta(days=notice_days)
            reason = _("%(due)s 前须通知客户：停电前 %(days)s 天（%(rule)s）；%(span)s") % {
                "due": f"{due_on}",
                "days": notice_days,
                "rule": rule,
                "span": _span(row),
            }
        pressing = due_on <= seen.today
    return WorkItem(
        kind=WorkKind.OUTAGES,
        rank=Rank.NOW if pressing else Rank.LOOK,
        title=_title(stop),
        reason=reason,
        action=action,
        url=reverse("outage", args=[row.number]),
        customer=stop.customer,
        due_on=due_on,
        key=(row.planned_from.isoformat(), row.pk),
    )


def _title(stop: ComingOutage) -> str:
    said = {"kind": stop.outage.get_kind_display(), "state": stop.outage.get_state_display()}
    if stop.customers > 1:
        text = ngettext(
            "等 %(n)s 户 %(kind)s：%(state)s", "等 %(n)s 户 %(kind)s：%(state)s", stop.customers
        )
        return text % {**said, "n": stop.customers}
    return _("%(kind)s：%(state)s") % said


def _begun(row: Outage, *, late: bool) -> str:
    if row.planned_until is None:
        return _("%(from)s 起停电，没有预计恢复时间") % {"from": _say(row.begun_at)}
    text = (
        _("%(from)s 起停电，应于 %(until)s 恢复，已超过")
        if late
        else _("%(from)s 起停电，预计 %(until)s 恢复")
    )
    return text % {"from": _say(row.begun_at), "until": _say(row.planned_until)}


def _span(row: Outage) -> str:
    until = _say(row.planned_until) if row.planned_until else _("未定")
    return _("停电 %(from)s 至 %(until)s") % {"from": _say(row.planned_from), "until": until}


def _say(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment else "—"
