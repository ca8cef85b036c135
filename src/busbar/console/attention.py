"""What needs a person, from the registers and the latest bills: ranked, each with one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from busbar.access.visibility import Viewer
from busbar.billing import insights
from busbar.billing.insights import DemandGap, PowerFactorLoss, Scope, Swing
from busbar.billing.models import Bill, BillRefusal
from busbar.customers.models import Customer
from busbar.imports import refusals as imports_refusals
from busbar.imports.models import ImportRun
from busbar.kit.money import round_half_up
from busbar.kit.periods import Period, local_date
from busbar.supply.expiry import list_ending_agreements
from busbar.supply.models import Agreement

LOOK_AHEAD_DAYS = 60
LOOK_BACK_DAYS = 30
"""An agreement that ran out is shown for so long; then it is no news."""
URGENT_DAYS = 15
URGENT_GAP = 96
"""A whole day without curve within a billed month."""
IMPORT_DAYS = 30
MOST_OF_A_KIND = 30
HUNDRED = Decimal(100)
_FIRST = Decimal(1_000_000_000)


class Rank(IntEnum):
    """Order of the list: what stops work, then what costs money, then what wants a look."""

    NOW = 0
    MONEY = 1
    LOOK = 2


class WorkKind(models.TextChoices):
    """The kinds by which the list is narrowed."""

    REFUSED = "refused", gettext_lazy("未能出账")
    DATA = "data", gettext_lazy("数据缺失")
    IMPORTS = "imports", gettext_lazy("导入有误")
    AGREEMENTS = "agreements", gettext_lazy("合同到期")
    SWINGS = "swings", gettext_lazy("电费突变")
    DEMAND = "demand", gettext_lazy("需量偏离")
    POWER_FACTOR = "power_factor", gettext_lazy("功率因数")


ICONS = {
    WorkKind.REFUSED: "receipt-off",
    WorkKind.DATA: "chart-dots-2",
    WorkKind.IMPORTS: "file-alert",
    WorkKind.AGREEMENTS: "file-time",
    WorkKind.SWINGS: "trending-up",
    WorkKind.DEMAND: "gauge",
    WorkKind.POWER_FACTOR: "angle",
}


@dataclass(frozen=True)
class WorkItem:
    """One thing to do: why, about whom, what it is worth, and the one action.

    `weight` orders the list within its rank; `worth_yuan` is shown where money is at stake.
    """

    kind: WorkKind
    rank: Rank
    title: str
    reason: str
    action: str
    url: str
    customer: Customer | None = None
    account_number: str = ""
    worth_yuan: Decimal | None = None
    weight: Decimal = Decimal(0)

    @property
    def icon(self) -> str:
        """The kind's icon."""
        return ICONS[self.kind]

    @property
    def tone(self) -> str:
        """Color of the icon."""
        return {Rank.NOW: "is-bad", Rank.MONEY: "is-warn", Rank.LOOK: ""}[self.rank]

    @property
    def order(self) -> tuple[int, Decimal]:
        """Sort key: rank, then the dearest first."""
        return self.rank, -abs(self.worth_yuan or self.weight)


def list_work(viewer: Viewer, *, scope: Scope, at: dt.datetime) -> list[WorkItem]:
    """Everything that needs a person, most urgent first. Constant number of queries."""
    today = local_date(at)
    items = [*_agreements(viewer, scope, today)]
    if scope.customer_id is None:
        items += _imports(viewer, at)
    month = insights.get_latest_month()
    if month is not None:
        items += _of_bills(viewer, scope, month)
    return sorted(items, key=lambda item: item.order)


def _of_bills(viewer: Viewer, scope: Scope, month: str) -> Iterator[WorkItem]:
    limit = MOST_OF_A_KIND
    for refusal in insights.list_refused_accounts(viewer, month=month, scope=scope, limit=limit):
        yield _refused(refusal, month)
    for bill in insights.list_doubtful_bills(viewer, month=month, scope=scope, limit=limit):
        yield _doubtful(bill)
    for swing in insights.list_swings(viewer, month=month, scope=scope, limit=limit):
        yield _swung(swing)
    for gap in insights.list_demand_gaps(viewer, month=month, scope=scope, limit=limit):
        yield _demand(gap)
    for loss in insights.list_power_factor_losses(viewer, month=month, scope=scope, limit=limit):
        yield _power_factor(loss)


def bill_url(account_number: str, month: str) -> str:
    """Where a bill's page is."""
    return reverse("bill", args=[account_number, month])


def _customer_url(customer: Customer, tab: str) -> str:
    return reverse("customer_tab", args=[customer.number, tab])


def _agreements(viewer: Viewer, scope: Scope, today: dt.date) -> Iterator[WorkItem]:
    period = Period(
        today - dt.timedelta(days=LOOK_BACK_DAYS), today + dt.timedelta(days=LOOK_AHEAD_DAYS + 1)
    )
    for agreement in list_ending_agreements(
        viewer,
        period=period,
        mine=scope.mine,
        customer_id=scope.customer_id,
        limit=MOST_OF_A_KIND,
    ):
        yield _ending(agreement, today)


def _ending(agreement: Agreement, today: dt.date) -> WorkItem:
    until = agreement.valid_until or today
    days, customer = (until - today).days, agreement.account.customer
    return WorkItem(
        kind=WorkKind.AGREEMENTS,
        rank=Rank.NOW if days <= URGENT_DAYS else Rank.LOOK,
        title=_ending_in(days, until - dt.timedelta(days=1)),
        reason=_("合同 %(number)s，户号 %(account)s，尚无续签合同")
        % {"number": agreement.number, "account": agreement.account.number},
        action=_("看合同"),
        url=_customer_url(customer, "supply"),
        customer=customer,
        account_number=agreement.account.number,
        weight=Decimal(LOOK_AHEAD_DAYS - days),
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


def _imports(viewer: Viewer, at: dt.datetime) -> Iterator[WorkItem]:
    since = at - dt.timedelta(days=IMPORT_DAYS)
    for run, refused in imports_refusals.list_runs_with_refusals(
        viewer, since=since, limit=MOST_OF_A_KIND
    ):
        yield _import(run, refused)


def _import(run: ImportRun, refused: int) -> WorkItem:
    return WorkItem(
        kind=WorkKind.IMPORTS,
        rank=Rank.LOOK,
        title=_("导入 %(kind)s #%(id)s 有 %(count)s 行未收")
        % {"kind": run.get_kind_display(), "id": run.pk, "count": f"{refused:,}"},
        reason=_("%(who)s 于 %(day)s 导入；每一行都写明文件、行、列、值与应为何值")
        % {"who": run.created_by, "day": local_date(run.created_at)},
        action=_("看错误行"),
        url=_safe_url("import", run.pk),
    )


def _safe_url(name: str, *arguments: object) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return "/"


def _refused(refusal: BillRefusal, month: str) -> WorkItem:
    customer = refusal.account.customer
    return WorkItem(
        kind=WorkKind.REFUSED,
        rank=Rank.NOW,
        title=_("%(month)s 未能出账") % {"month": month},
        reason=refusal.reason,
        action=_("看供电档案"),
        url=_customer_url(customer, "supply"),
        customer=customer,
        account_number=refusal.account.number,
        weight=_FIRST,
    )


def _doubtful(bill: Bill) -> WorkItem:
    customer = bill.account.customer
    missing, estimated = bill.missing_intervals, bill.estimated_intervals
    query = f"?account={bill.account.number}&view=month&month={bill.month}"
    return WorkItem(
        kind=WorkKind.DATA,
        rank=Rank.NOW if missing >= URGENT_GAP else Rank.LOOK,
        title=_("%(month)s 曲线缺 %(missing)s 点、估 %(estimated)s 点")
        % {"month": bill.month, "missing": f"{missing:,}", "estimated": f"{estimated:,}"},
        reason=_("这些点进入了已出账单的 %(kwh)s kWh，应补采或核实")
        % {"kwh": f"{bill.energy_kwh:,}"},
        action=_("看曲线"),
        url=_customer_url(customer, "curves") + query,
        customer=customer,
        account_number=bill.account.number,
        weight=Decimal(missing or estimated),
    )


def _swung(swing: Swing) -> WorkItem:
    bill = swing.bill
    percent = f"{round_half_up(abs(swing.share) * HUNDRED, 0)}%"
    title = (
        _("%(month)s 电费比上月多 %(percent)s")
        if swing.change > 0
        else _("%(month)s 电费比上月少 %(percent)s")
    )
    shifts = _("；").join(f"{s.name} {s.change:+,.0f}" for s in swing.shifts)
    return WorkItem(
        kind=WorkKind.SWINGS,
        rank=Rank.MONEY,
        title=title % {"month": bill.month, "percent": percent},
        reason=_("变化最大的是：%(shifts)s（元）") % {"shifts": shifts},
        action=_("看账单"),
        url=bill_url(bill.account.number, bill.month),
        customer=bill.account.customer,
        account_number=bill.account.number,
        worth_yuan=swing.change,
    )


def _demand(gap: DemandGap) -> WorkItem:
    bill = gap.bill
    facts = {
        "measured": f"{bill.max_demand_kw:,.0f}",
        "contract": f"{gap.contract_demand_kw:,}",
        "percent": f"{round_half_up(gap.share * HUNDRED, 0)}%",
        "price": f"{gap.price.normalize():f}",
    }
    title = (
        _("实际需量达合同需量的 %(percent)s")
        if gap.is_above
        else _("实际需量仅合同需量的 %(percent)s")
    )
    reason = (
        _("实测 %(measured)s kW，合同 %(contract)s kW；超过 105% 的部分加倍计收，可提高合同需量")
        if gap.is_above
        else _("实测 %(measured)s kW，合同 %(contract)s kW，按 %(price)s 元/kW·月多付；可申请调低")
    )
    return WorkItem(
        kind=WorkKind.DEMAND,
        rank=Rank.MONEY,
        title=title % facts,
        reason=reason.replace("105% ", "105%% ") % facts,
        action=_("看账单"),
        url=bill_url(bill.account.number, bill.month),
        customer=bill.account.customer,
        account_number=bill.account.number,
        worth_yuan=gap.worth,
    )


def _power_factor(loss: PowerFactorLoss) -> WorkItem:
    bill = loss.bill
    return WorkItem(
        kind=WorkKind.POWER_FACTOR,
        rank=Rank.MONEY,
        title=_("%(month)s 功率因数 %(value)s，低于标准")
        % {"month": bill.month, "value": bill.power_factor},
        reason=_("力调电费多付；补偿装置可能退出或不足"),
        action=_("看账单"),
        url=bill_url(bill.account.number, bill.month),
        customer=bill.account.customer,
        account_number=bill.account.number,
        worth_yuan=loss.lost,
    )
