"""What is measured of every customer, in a number of queries that does not grow with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, F, Sum

from busbar.billing.models import Bill
from busbar.connections.models import ApplicationState, ConnectionApplication
from busbar.connections.queries.applications import OPEN_STATES
from busbar.customers.models import Customer
from busbar.key_accounts import growth
from busbar.key_accounts.models import Measure
from busbar.key_accounts.queries.rules import division_of
from busbar.key_accounts.recognizing import Figure
from busbar.kit.money import to_fen
from busbar.kit.periods import Month
from busbar.supply.models import RunningState, Transformer

YEAR = 12
_NOUGHT = Decimal(0)
_BILLED: tuple[str, ...] = (Measure.ANNUAL_ENERGY, Measure.ANNUAL_REVENUE, Measure.MAX_DEMAND)


@dataclass
class MonthFacts:
    """A customer's bills of one month, added up; the demand is the accounts' own peaks summed."""

    energy_kwh: Decimal
    amount: Decimal
    demand_kw: Decimal
    bills: int


@dataclass
class Gathered:
    """Everything that was read, by customer."""

    month: Month
    customers: list[Customer]
    bills: dict[int, dict[str, MonthFacts]]
    capacity_kva: dict[int, int]
    pipeline: dict[int, tuple[int, int]]
    over_peers: dict[int, Decimal | None] = field(default_factory=dict)

    @property
    def months(self) -> list[str]:
        """The twelve months up to the evaluated one."""
        return growth.months_back(self.month, YEAR)


def gather(month: Month) -> Gathered:
    """Read bills of two years, capacities and applications of all customers. Four queries."""
    customers = list(Customer.objects.order_by("id").defer("pinyin", "address"))
    found = Gathered(month, customers, map_bills(month), _capacities(), _pipeline())
    industry = {c.pk: division_of(c.industry_code) for c in customers}
    found.over_peers = growth.over_peers(energies_of(found.bills), industry, month)
    return found


def energies_of(bills: dict[int, dict[str, MonthFacts]]) -> dict[int, dict[str, Decimal]]:
    """kWh by customer and month."""
    return {pk: {m: f.energy_kwh for m, f in rows.items()} for pk, rows in bills.items()}


def map_bills(
    month: Month, *, customer_ids: list[int] | None = None
) -> dict[int, dict[str, MonthFacts]]:
    """Bills that count, by customer and month, of the two years up to the month. One query."""
    rows = Bill.objects.current().filter(month__in=growth.months_back(month, 2 * YEAR))
    if customer_ids is not None:
        rows = rows.filter(account__customer__in=customer_ids)
    sums = (
        rows.order_by()
        .values_list("account__customer_id", "month")
        .annotate(Sum("energy_kwh"), Sum("amount"), Sum("max_demand_kw"), Count("pk"))
    )
    found: dict[int, dict[str, MonthFacts]] = defaultdict(dict)
    for pk, name, energy, amount, demand, count in sums.iterator(chunk_size=20_000):
        found[pk][name] = MonthFacts(energy, to_fen(amount), demand, count)
    return found


def _capacities() -> dict[int, int]:
    rows = Transformer.objects.exclude(
        states__state=RunningState.REMOVED, states__valid_until=None
    ).order_by()
    return dict(rows.values_list("account__customer_id").annotate(Sum("capacity_kva")))


def _pipeline() -> dict[int, tuple[int, int]]:
    """kVA asked for and not yet energised, and how many applications; by customer."""
    waiting = [state for state in OPEN_STATES if state != ApplicationState.ENERGIZED]
    rows = ConnectionApplication.objects.filter(state__in=waiting, customer__isnull=False)
    sums = rows.order_by().values_list("customer_id")
    found = sums.annotate(Sum(F("requested_kva")), Count("pk"))
    return {pk: (kva, count) for pk, kva, count in found}


def measure(found: Gathered, customer: Customer) -> dict[str, Figure]:
    """The customer's figures, each with its source in words."""
    series = found.bills.get(customer.pk, {})
    return {
        **_billed(found, series),
        **_grown(found, customer, series),
        **_asked(found, customer),
        Measure.INDUSTRY: _industry(customer),
        Measure.IMPORTANCE: Figure(str(customer.importance), "客户档案的重要性等级", "importance"),
    }


def _billed(found: Gathered, series: dict[str, MonthFacts]) -> dict[str, Figure]:
    months = [series[m] for m in found.months if m in series]
    if not months:
        nothing = Figure(None, f"{found.months[0]} 至 {found.months[-1]} 没有账单", "bills")
        return dict.fromkeys(_BILLED, nothing)
    words = f"{found.months[0]} 至 {found.months[-1]} 的账单，{len(months)} 个月"
    peak = max((m for m in found.months if m in series), key=lambda m: series[m].demand_kw)
    return {
        Measure.ANNUAL_ENERGY: Figure(sum((m.energy_kwh for m in months), _NOUGHT), words, "bills"),
        Measure.ANNUAL_REVENUE: Figure(sum((m.amount for m in months), _NOUGHT), words, "bills"),
        Measure.MAX_DEMAND: Figure(
            series[peak].demand_kw, f"{peak} 账单，各户号最大需量之和", "curves"
        ),
    }


def _grown(found: Gathered, customer: Customer, series: dict[str, MonthFacts]) -> dict[str, Figure]:
    energies = {m: f.energy_kwh for m, f in series.items()}
    yearly, months = growth.year_on_year(energies, found.months)
    words = f"{months} 个月与上年同月的账单电量相比"
    if yearly is None:
        words = f"可与上年同月相比的账单只有 {months} 个月，不足 {growth.LEAST_MONTHS} 个月"
    peers = found.over_peers.get(customer.pk)
    told = f"近 {growth.RECENT} 个月日均电量比此前 {growth.RECENT} 个月，再比同行业其他客户"
    if peers is None:
        told = f"近 {2 * growth.RECENT} 个月账单不全，或同行业其他客户不足 {growth.LEAST_PEERS} 户"
    return {
        Measure.GROWTH: Figure(yearly, words, "bills"),
        Measure.GROWTH_OVER_PEERS: Figure(peers, told, "bills"),
    }


def _asked(found: Gathered, customer: Customer) -> dict[str, Figure]:
    kva, count = found.pipeline.get(customer.pk, (0, 0))
    words = f"{count} 件未送电的业扩申请" if count else "没有未送电的业扩申请"
    capacity = found.capacity_kva.get(customer.pk, 0)
    return {
        Measure.PIPELINE: Figure(Decimal(kva), words, "applications"),
        Measure.CAPACITY: Figure(Decimal(capacity), "未拆除的受电变压器", "supply"),
    }


def _industry(customer: Customer) -> Figure:
    division = division_of(customer.industry_code)
    if not division:
        return Figure(None, "档案没有行业代码", "archive")
    return Figure(division, f"档案的行业代码 {customer.industry_code}", "archive")
