"""What the bills say about customers: sums by month, findings, refusals. Reading only.

Every function narrows to what the viewer sees and, by its `scope`, further. Amounts in yuan.
Lists read rows that the bill run wrote, by index and by keyset: their cost follows the length
of the page and not the number of bills.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer, VisibleQuerySet
from busbar.billing.models import Bill, BillFinding, BillRefusal, BillRun, FindingKind
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month


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


def get_latest_month() -> str | None:
    """The newest month that has been billed."""
    return BillRun.objects.order_by("-month").values_list("month", flat=True).first()


def map_months(viewer: Viewer, months: Sequence[str]) -> Mapping[str, MonthSum]:
    """All bills of these months that the viewer sees, added up by month. One query.

    The sums come from the index that holds them; the bills themselves are not read.
    """
    bills = _bills(viewer, EVERYTHING).filter(month__in=list(months))
    rows = bills.values("month").annotate(e=Sum("energy_kwh"), a=Sum("amount"), n=Count("pk"))
    return {
        r["month"]: MonthSum(r["month"], r["e"], r["a"], r["n"]) for r in rows.order_by("month")
    }


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
    bills = Bill.objects.current().filter(account__in=list(owner), month__in=list(months))
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


def map_group_sums(viewer: Viewer, *, months: Sequence[str]) -> dict[int, dict[str, MonthSum]]:
    """Sums by group (its own customers, not those of groups below) and month. One query."""
    bills = Bill.objects.visible_to(viewer).current().filter(month__in=list(months))
    rows = bills.exclude(account__customer__group=None).order_by()
    found: dict[int, dict[str, MonthSum]] = defaultdict(dict)
    # Added up here: SQLite would add money as floating numbers.
    for group, month, energy, amount in rows.values_list(
        "account__customer__group_id", "month", "energy_kwh", "amount"
    ):
        so_far = found[group].get(month, MonthSum(month, Decimal(0), Decimal(0), 0))
        found[group][month] = MonthSum(
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


def list_findings(
    viewer: Viewer,
    *,
    month: str,
    kind: FindingKind,
    scope: Scope = EVERYTHING,
    after: tuple[Decimal, int] | None = None,
    limit: int,
) -> list[BillFinding]:
    """The month's findings of a kind with account and customer, the weightiest first.

    `after` is the last row's (weight, id).
    """
    found = _narrowed(BillFinding.objects.filter(month=month, kind=kind), viewer, scope)
    if after is not None:
        # The last condition alone bounds the index; the first settles equal weights.
        found = found.filter(beyond(("-weight", "id"), after))
    found = found.select_related("account__customer").order_by("-weight", "id")
    return list(found[:limit])


def count_findings(viewer: Viewer, *, month: str, scope: Scope = EVERYTHING) -> Mapping[str, int]:
    """How many findings the month has, by kind. One query."""
    found = _settled(BillFinding.objects.filter(month=month), viewer, scope)
    return dict(found.values_list("kind").annotate(n=Count("pk")).order_by("kind"))


def list_refused_accounts(
    viewer: Viewer,
    *,
    month: str,
    scope: Scope = EVERYTHING,
    after_id: int = 0,
    limit: int,
) -> list[BillRefusal]:
    """Accounts that the month's run could not bill, by keyset on the id."""
    found = _narrowed(BillRefusal.objects.filter(run__month=month), viewer, scope)
    found = found.filter(pk__gt=after_id).select_related("account__customer")
    return list(found.order_by("pk")[:limit])


def count_refused_accounts(viewer: Viewer, *, month: str, scope: Scope = EVERYTHING) -> int:
    """How many accounts the month's run could not bill."""
    return _narrowed(BillRefusal.objects.filter(run__month=month), viewer, scope).count()


def _narrowed(rows: VisibleQuerySet, viewer: Viewer, scope: Scope) -> QuerySet[Any]:
    """Rows of accounts, each judged as it is met: a list in order stops when its page is full."""
    if scope.customer_id is not None:
        return rows.filter(account__in=_accounts(viewer, scope))
    return rows.visible_to(viewer).looked_after(viewer, mine=scope.mine)


def _bills(viewer: Viewer, scope: Scope) -> QuerySet[Any]:
    return _settled(Bill.objects.current(), viewer, scope)


def _settled(rows: VisibleQuerySet, viewer: Viewer, scope: Scope) -> QuerySet[Any]:
    """Rows of accounts, the accounts found first: a sum meets every row that there is."""
    if viewer.sees_everything and scope == EVERYTHING:
        return rows
    return rows.filter(account__in=_accounts(viewer, scope))


def _accounts(viewer: Viewer, scope: Scope) -> QuerySet[Any] | list[int]:
    """The accounts whose bills the viewer sees: a bill is seen with its account.

    Visibility is settled on accounts because the database then settles it once and not for
    every bill; the accounts of one customer are few and given by number, so that the index on
    account and month is used.
    """
    accounts = CustomerAccount.objects.visible_to(viewer).looked_after(viewer, mine=scope.mine)
    if scope.customer_id is None:
        return accounts.values("pk")
    found = accounts.filter(customer=scope.customer_id)
    return list(found.values_list("pk", flat=True))
