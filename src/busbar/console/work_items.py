"""How a thing that needs a person is put into words: its rank, title, reason, one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from busbar.arrears.models import DunningCase, NextStep
from busbar.arrears.queries import Debt
from busbar.billing.models import BillFinding, BillRefusal, FindingKind
from busbar.console.refusals import said
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.customers.models import Customer
from busbar.imports.models import ImportRun
from busbar.key_accounts.queries.notice import NoticeDays
from busbar.kit.money import round_half_up
from busbar.kit.periods import CHINA, local_date
from busbar.supply.models import Agreement

URGENT_GAP = 96
"""A whole day without curve within a billed month."""
HUNDRED = Decimal(100)
_FIRST = Decimal(1_000_000_000)


def bill_url(account_number: str, month: str) -> str:
    """Where a bill's page is."""
    return reverse("bill", args=[account_number, month])


def _customer_url(customer: Customer, tab: str) -> str:
    return reverse("customer_tab", args=[customer.number, tab])


def of_agreement(agreement: Agreement, today: dt.date, notice: NoticeDays) -> WorkItem:
    """An agreement that ends or has ended without a next one."""
    until = agreement.valid_until or today
    days, customer = (until - today).days, agreement.account.customer
    return WorkItem(
        kind=WorkKind.AGREEMENTS,
        rank=Rank.NOW if days <= notice.urgent else Rank.LOOK,
        title=_ending_in(days, until - dt.timedelta(days=1)),
        reason=_("合同 %(number)s，户号 %(account)s，尚无续签合同；到期前 %(notice)s 天起提示")
        % {
            "number": agreement.number,
            "account": agreement.account.number,
            "notice": notice.agreement,
        },
        action=_("看合同"),
        url=_customer_url(customer, "supply"),
        customer=customer,
        account_number=agreement.account.number,
        due_on=until - dt.timedelta(days=1),
        key=(f"{until}", agreement.pk),
    )


def _ending_in(days: int, last_day: dt.date) -> str:
    if days <= 0:
        return _("供用电合同已于 %(day)s 到期") % {"day": last_day}
    text = ngettext(
        "供用电合同 %(day)s 到期，还有 %(days)s 天",
        "供用电合同 %(day)s 到期，还有 %(days)s 天",
        days,
    )
    return text % {"day": last_day, "days": days}


def of_case(case: DunningCase, debt: Debt | None, at: dt.datetime) -> WorkItem:
    """A dunning case by its next step: since or from when it is due, and why."""
    customer, moment = case.account.customer, case.next_at or at
    is_due = moment <= at
    title = (
        _("催费：%(step)s，应于 %(when)s 办理") if is_due else _("催费：%(step)s，%(when)s 起可办")
    )
    when = f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return WorkItem(
        kind=WorkKind.DUNNING,
        rank=Rank.NOW if is_due and case.next_step in _PRESSING else Rank.MONEY,
        title=title % {"step": case.get_next_step_display(), "when": when},
        reason=_owing(case, debt),
        action=_("看催费单"),
        url=_safe_url("arrears_case", case.number),
        customer=customer,
        account_number=case.account.number,
        worth_yuan=debt.open_yuan if debt else None,
        due_on=local_date(moment),
        key=(moment.isoformat(), case.pk),
    )


_PRESSING = {NextStep.CALL, NextStep.STOP, NextStep.RESTORE}
"""Steps that a customer's supply hangs on."""


def _owing(case: DunningCase, debt: Debt | None) -> str:
    state = case.get_state_display()
    if debt is None:
        return _("%(state)s；已没有逾期电费") % {"state": state}
    text = ngettext(
        "%(state)s；%(n)s 笔逾期，最早 %(day)s 到期",
        "%(state)s；%(n)s 笔逾期，最早 %(day)s 到期",
        debt.bills,
    )
    return text % {"state": state, "n": debt.bills, "day": debt.oldest_due_on}


def of_import(run: ImportRun, refused: int) -> WorkItem:
    """An import that left rows behind."""
    return WorkItem(
        kind=WorkKind.IMPORTS,
        rank=Rank.LOOK,
        title=_("导入 %(kind)s #%(id)s 有 %(count)s 行未收")
        % {"kind": run.get_kind_display(), "id": run.pk, "count": f"{refused:,}"},
        reason=_("%(who)s 于 %(day)s 导入；每一行都写明文件、行、列、值与应为何值")
        % {"who": run.created_by, "day": local_date(run.created_at)},
        action=_("看错误行"),
        url=_safe_url("import", run.pk),
        key=("", run.pk),
    )


def _safe_url(name: str, *arguments: object) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return "/"


def of_refusal(refusal: BillRefusal, month: str) -> WorkItem:
    """An account that the month's run could not bill."""
    customer = refusal.account.customer
    return WorkItem(
        kind=WorkKind.REFUSED,
        rank=Rank.NOW,
        title=_("%(month)s 未能出账") % {"month": month},
        reason=said(refusal.reason),
        action=_("看供电档案"),
        url=_customer_url(customer, "supply"),
        customer=customer,
        account_number=refusal.account.number,
        weight=_FIRST,
        key=("", refusal.pk),
    )


def of_finding(finding: BillFinding) -> WorkItem:
    """What a bill shows, by its kind."""
    return _WORDS[FindingKind(finding.kind)](finding)


def _item(
    finding: BillFinding,
    kind: WorkKind,
    words: tuple[str, str, str],
    *,
    rank: Rank = Rank.MONEY,
    url: str = "",
    weight: Decimal = Decimal(0),
) -> WorkItem:
    """A finding with its title, reason and action; money is what it is worth."""
    account = finding.account
    title, reason, action = words
    return WorkItem(
        kind=kind,
        rank=rank,
        title=title,
        reason=reason,
        action=action,
        url=url or bill_url(account.number, finding.month),
        customer=account.customer,
        account_number=account.number,
        worth_yuan=finding.worth_yuan,
        weight=weight,
        key=(str(finding.weight), finding.pk),
    )


def _gaps(finding: BillFinding) -> WorkItem:
    facts, account = finding.facts, finding.account
    missing, estimated = facts["missing"], facts["estimated"]
    title = _("%(month)s 曲线缺 %(missing)s 点、估 %(estimated)s 点") % {
        "month": finding.month,
        "missing": f"{missing:,}",
        "estimated": f"{estimated:,}",
    }
    energy = f"{Decimal(facts['energy_kwh']):,}"
    reason = _("这些点进入了已出账单的 %(kwh)s kWh，应补采或核实") % {"kwh": energy}
    query = f"?account={account.number}&view=month&month={finding.month}"
    return _item(
        finding,
        WorkKind.DATA,
        (title, reason, _("看曲线")),
        rank=Rank.NOW if missing >= URGENT_GAP else Rank.LOOK,
        url=_customer_url(account.customer, "curves") + query,
        weight=Decimal(missing or estimated),
    )


def _swing(finding: BillFinding) -> WorkItem:
    amount, before = Decimal(finding.facts["amount"]), Decimal(finding.facts["before"])
    percent = f"{round_half_up(abs(amount - before) / before * HUNDRED, 0)}%"
    title = (
        _("%(month)s 电费比上月多 %(percent)s")
        if amount > before
        else _("%(month)s 电费比上月少 %(percent)s")
    )
    moved = finding.facts["shifts"]
    shifts = _("；").join(f"{name} {Decimal(change):+,.0f}" for name, change in moved)
    reason = _("变化最大的是：%(shifts)s（元）") % {"shifts": shifts}
    words = title % {"month": finding.month, "percent": percent}, reason, _("看账单")
    return _item(finding, WorkKind.SWINGS, words)


def _demand(finding: BillFinding) -> WorkItem:
    measured = Decimal(finding.facts["max_demand_kw"])
    contract = int(finding.facts["contract_demand_kw"])
    facts: Mapping[str, Any] = {
        "measured": f"{measured:,.0f}",
        "contract": f"{contract:,}",
        "percent": f"{round_half_up(measured / contract * HUNDRED, 0)}%",
        "price": finding.facts["price"],
        "free": f"{finding.facts['free_percent']}%",
    }
    if measured > contract:
        title = _("实际需量达合同需量的 %(percent)s")
        reason = _(
            "实测 %(measured)s kW，合同 %(contract)s kW；"
            "超过 %(free)s 的部分加倍计收，可提高合同需量"
        )
    else:
        title = _("实际需量仅合同需量的 %(percent)s")
        reason = _(
            "实测 %(measured)s kW，合同 %(contract)s kW，按 %(price)s 元/kW·月多付；可申请调低"
        )
    if "from" in finding.facts:
        days = {name: finding.facts[name] for name in ("from", "until")}
        reason += _("（%(from)s 起至 %(until)s 前的合同）") % days
    return _item(finding, WorkKind.DEMAND, (title % facts, reason % facts, _("看账单")))


def _power_factor(finding: BillFinding) -> WorkItem:
    title = _("%(month)s 功率因数 %(value)s，低于标准") % {
        "month": finding.month,
        "value": finding.facts["power_factor"],
    }
    reason = _("力调电费多付；补偿装置可能退出或不足")
    return _item(finding, WorkKind.POWER_FACTOR, (title, reason, _("看账单")))


_WORDS = {
    FindingKind.CURVE_GAPS: _gaps,
    FindingKind.SWING: _swing,
    FindingKind.DEMAND: _demand,
    FindingKind.POWER_FACTOR: _power_factor,
}
