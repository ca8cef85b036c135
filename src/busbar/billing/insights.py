"""What the bills say about customers: sums by month, swings, losses, doubtful data. Reading only.

Every function narrows to what the viewer sees and, by its `scope`, further. Amounts in yuan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from busbar.access.visibility import Viewer, team_customer_ids
from busbar.billing.models import Bill, BillLine, BillRefusal, BillRun
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month
from busbar.supply.models import Agreement, BasicChargeMode

STRICTEST_STANDARD = Decimal("0.90")
"""No power factor at or above this is ever surcharged (〔83〕水电财字第215号)."""

FREE_EXCESS = Decimal("1.05")
"""Demand up to 105 % of the contracted is charged as contracted (供电营业规则 1996 第84条)."""

FAR_BELOW = Decimal("0.70")
"""Below this share of the contracted demand the contract is worth a talk (our own mark)."""

_MONEY = DecimalField(max_digits=18, decimal_places=4)


@dataclass(frozen=True)
class Scope:
    """How far to narrow: to the viewer's own account teams, or to one customer."""

    mine: bool = False
    customer_id: int | None = None


EVERYTHING = Scope()


@dataclass(frozen=True)
class MonthSum:
    """A month's bills added up; `average_price` in yuan a kWh."""

    month: str
    energy_kwh: Decimal
    amount: Decimal
    bills: int
    max_demand_kw: Decimal | None = None

    @property
    def average_price(self) -> Decimal | None:
        """Yuan a kWh, None without energy."""
        return self.amount / self.energy_kwh if self.energy_kwh else None


@dataclass(frozen=True)
class LineShift:
    """How much one kind of line moved between two bills."""

    name: str
    change: Decimal


@dataclass(frozen=True)
class Swing:
    """A bill against the one before: the change, its share, what moved most."""

    bill: Bill
    before: Decimal
    shifts: list[LineShift]

    @property
    def change(self) -> Decimal:
        """Yuan more (+) or less (-) than the month before."""
        return self.bill.amount - self.before

    @property
    def share(self) -> Decimal:
        """The change as a share of the bill before."""
        return self.change / self.before


@dataclass(frozen=True)
class PowerFactorLoss:
    """A bill that pays for a low power factor."""

    bill: Bill
    lost: Decimal


@dataclass(frozen=True)
class DemandGap:
    """Measured against contracted demand; `worth` is the yuan that the gap cost in the month.

    Above 105 %: the excess once more at the demand price; below: what was paid and not used.
    """

    bill: Bill
    contract_demand_kw: int
    price: Decimal
    worth: Decimal

    @property
    def is_above(self) -> bool:
        """Above the contracted demand rather than below it."""
        return self.bill.max_demand_kw > self.contract_demand_kw

    @property
    def share(self) -> Decimal:
        """Measured as a share of contracted demand."""
        return self.bill.max_demand_kw / self.contract_demand_kw


def get_latest_month() -> str | None:
    """The newest month that has been billed."""
    return BillRun.objects.order_by("-month").values_list("month", flat=True).first()


def get_month_sum(viewer: Viewer, month: str) -> MonthSum:
    """All bills of a month that the viewer sees, added up."""
    found = _bills(viewer, EVERYTHING).filter(month=month)
    sums = found.aggregate(e=Sum("energy_kwh"), a=Sum("amount"), n=Count("pk"))
    return MonthSum(month, sums["e"] or Decimal(0), sums["a"] or Decimal(0), sums["n"])


def list_month_sums(viewer: Viewer, *, customer_id: int) -> list[MonthSum]:
    """Month by month, oldest first, the newest 13 months of a customer."""
    bills = _bills(viewer, Scope(customer_id=customer_id))
    rows = bills.values("month").annotate(e=Sum("energy_kwh"), a=Sum("amount"), n=Count("pk"))
    newest = list(rows.order_by("-month")[:13])
    return [MonthSum(r["month"], r["e"], r["a"], r["n"]) for r in reversed(newest)]


def map_month_sums(
    viewer: Viewer, *, customer_ids: Sequence[int], months: Sequence[str]
) -> Mapping[int, dict[str, MonthSum]]:
    """Sums by customer and month for a page of a list. Two queries."""
    accounts = CustomerAccount.objects.visible_to(viewer).filter(customer__in=list(customer_ids))
    owner = dict(accounts.values_list("pk", "customer"))
    bills = Bill.objects.filter(account__in=list(owner), month__in=list(months))
    found: dict[int, dict[str, MonthSum]] = defaultdict(dict)
    for account, month, energy, amount in bills.values_list(
        "account", "month", "energy_kwh", "amount"
    ):
        by_month = found[owner[account]]
        so_far = by_month.get(month, MonthSum(month, Decimal(0), Decimal(0), 0))
        by_month[month] = MonthSum(
            month, so_far.energy_kwh + energy, so_far.amount + amount, so_far.bills + 1
        )
    return found


def months_back(month: str, count: int) -> list[str]:
    """The month and those before it, oldest first.

    >>> months_back("2026-02", 3)
    ['2025-12', '2026-01', '2026-02']
    """
    found = [Month.parse(month)]
    for _ in range(count - 1):
        found.append(found[-1].previous)
    return [str(m) for m in reversed(found)]


def list_swings(
    viewer: Viewer,
    *,
    month: str,
    scope: Scope = EVERYTHING,
    share: Decimal = Decimal("0.30"),
    limit: int,
) -> list[Swing]:
    """Bills that rose or fell by more than `share`, the largest change in yuan first."""
    earlier = Bill.objects.filter(
        account=OuterRef("account"), month=str(Month.parse(month).previous)
    )
    change = ExpressionWrapper(F("amount") - F("before"), output_field=_MONEY)
    bills = (
        _of_month(viewer, month, scope)
        .annotate(before=Subquery(earlier.values("amount")[:1], output_field=_MONEY))
        .annotate(before_id=Subquery(earlier.values("pk")[:1]))
        .filter(before__gt=0)
        .annotate(change=change)
    )
    rose = bills.filter(change__gt=F("before") * share).order_by("-change", "pk")[:limit]
    fell = bills.filter(change__lt=F("before") * -share).order_by("change", "pk")[:limit]
    found = sorted([*rose, *fell], key=lambda b: (-abs(b.change), b.pk))[:limit]
    shifts = _line_shifts({b.pk: b.before_id for b in found})
    return [Swing(b, Decimal(b.before), shifts[b.pk]) for b in found]


def list_power_factor_losses(
    viewer: Viewer, *, month: str, scope: Scope = EVERYTHING, limit: int
) -> list[PowerFactorLoss]:
    """Bills surcharged for their power factor, the dearest first."""
    line = BillLine.objects.filter(bill=OuterRef("pk"), code="power_factor").order_by()
    lost = Subquery(
        line.values("bill").annotate(total=Sum("amount")).values("total"), output_field=_MONEY
    )
    bills = _of_month(viewer, month, scope).filter(power_factor__lt=STRICTEST_STANDARD)
    found = bills.annotate(lost=lost).filter(lost__gt=0).order_by("-lost", "pk")[:limit]
    return [PowerFactorLoss(b, Decimal(b.lost)) for b in found]


def list_demand_gaps(
    viewer: Viewer, *, month: str, scope: Scope = EVERYTHING, limit: int
) -> list[DemandGap]:
    """Accounts on contracted demand that went beyond 105 % or stayed below 70 % of it."""
    first = Month.parse(month).first
    agreement = Agreement.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=first),
        account=OuterRef("account"),
        basic_charge_mode=BasicChargeMode.CONTRACT_DEMAND,
        valid_from__lte=first,
    )
    line = BillLine.objects.filter(bill=OuterRef("pk"), code="basic.contract_demand")
    bills = (
        _of_month(viewer, month, scope)
        .annotate(contract=Subquery(agreement.values("contract_demand_kw")[:1]))
        .filter(contract__gt=0)
        .annotate(price=Subquery(line.order_by("position").values("price")[:1]))
    )
    above = bills.filter(max_demand_kw__gt=F("contract") * FREE_EXCESS).annotate(
        gap=_product(F("max_demand_kw") - F("contract") * FREE_EXCESS)
    )
    below = bills.filter(max_demand_kw__lt=F("contract") * FAR_BELOW).annotate(
        gap=_product(F("contract") - F("max_demand_kw"))
    )
    dearest = [b for part in (above, below) for b in part.order_by("-gap", "pk")[:limit]]
    gaps = [_gap(bill) for bill in dearest]
    return sorted(gaps, key=lambda gap: (-gap.worth, gap.bill.pk))[:limit]


def _product(kilowatts: Any) -> Any:
    return ExpressionWrapper(kilowatts * F("price"), output_field=_MONEY)


def list_doubtful_bills(
    viewer: Viewer, *, month: str, scope: Scope = EVERYTHING, limit: int
) -> list[Bill]:
    """Bills whose curves have missing or estimated intervals, the most missing first."""
    doubtful = _of_month(viewer, month, scope).filter(
        Q(missing_intervals__gt=0) | Q(estimated_intervals__gt=0)
    )
    return list(doubtful.order_by("-missing_intervals", "-estimated_intervals", "pk")[:limit])


def list_refused_accounts(
    viewer: Viewer, *, month: str, scope: Scope = EVERYTHING, limit: int
) -> list[BillRefusal]:
    """Accounts that the month's run could not bill."""
    found = BillRefusal.objects.filter(account__in=_accounts(viewer, scope), run__month=month)
    return list(found.select_related("account__customer").order_by("pk")[:limit])


def _of_month(viewer: Viewer, month: str, scope: Scope) -> QuerySet[Any]:
    bills = _bills(viewer, scope).filter(month=month)
    return bills.select_related("account__customer").defer("facts", "quantities", "notes")


def _bills(viewer: Viewer, scope: Scope) -> QuerySet[Any]:
    return Bill.objects.filter(account__in=_accounts(viewer, scope))


def _accounts(viewer: Viewer, scope: Scope) -> QuerySet[Any] | list[int]:
    """The accounts whose bills the viewer sees: a bill is seen with its account.

    Visibility is settled on accounts because the database then settles it once and not for
    every bill; the accounts of one customer are few and given by number, so that the index on
    account and month is used.
    """
    accounts = CustomerAccount.objects.visible_to(viewer)
    if scope.mine:
        accounts = accounts.filter(customer__in=team_customer_ids(viewer.employee_id or 0))
    if scope.customer_id is None:
        return accounts.values("pk")
    found = accounts.filter(customer=scope.customer_id)
    return list(found.values_list("pk", flat=True))


def _gap(bill: Any) -> DemandGap:
    price = bill.price or Decimal(0)
    if bill.max_demand_kw > bill.contract:
        worth = (bill.max_demand_kw - bill.contract * FREE_EXCESS) * price
    else:
        worth = (bill.contract - bill.max_demand_kw) * price
    return DemandGap(bill, bill.contract, price, worth)


def _line_shifts(pairs: Mapping[int, int]) -> dict[int, list[LineShift]]:
    """By bill: the three kinds of line that moved most since the bill before. One query."""
    after = {before: bill for bill, before in pairs.items()}
    rows = (
        BillLine.objects.filter(bill__in=[*pairs, *after])
        .values("bill", "code", "name")
        .annotate(total=Sum("amount"))
    )
    sums: dict[int, dict[str, Decimal]] = {bill: defaultdict(Decimal) for bill in pairs}
    names: dict[str, str] = {}
    for row in rows.order_by("bill", "code"):
        is_before = row["bill"] in after
        bill = after[row["bill"]] if is_before else row["bill"]
        sums[bill][row["code"]] += -row["total"] if is_before else row["total"]
        names[row["code"]] = row["name"]
    return {bill: _largest(by_code, names) for bill, by_code in sums.items()}


def _largest(by_code: Mapping[str, Decimal], names: Mapping[str, str]) -> list[LineShift]:
    moved = sorted(by_code.items(), key=lambda item: -abs(item[1]))
    return [LineShift(names[code], change) for code, change in moved[:3] if change]
