"""Billing a month: every account once, resumable after a stop, each refusal with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.evidence import CitationBook, dump_facts
from busbar.billing.facts import AccountFacts, Limits, Registers, assemble, load_registers
from busbar.billing.findings import Marks, find_in_bills, load_marks
from busbar.billing.kernel import MonthAggregates
from busbar.billing.measuring import measure_month
from busbar.billing.models import Bill, BillFinding, BillLine, BillRefusal, BillRun, BillRunState
from busbar.billing.price_book import PriceBook, load_price_book
from busbar.billing.rating import BillInput, RatedBill
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.metering.lake import current_version, list_months
from busbar.supply.models import Agreement

_BATCH = 500
"""Accounts a transaction: what a kill can cost, and what one commit is worth."""

Progress = Callable[[int, int], None]


class UnableToRunMonth(Refusal):
    """The month cannot be billed at all."""


@dataclass(frozen=True)
class _Work:
    """What all batches of one run share."""

    run: BillRun
    by: Viewer
    at: dt.datetime
    book: PriceBook
    sums: MonthAggregates
    limits: Limits
    marks: Marks
    citations: CitationBook


def require_curves(month: Month) -> None:
    """Refuse a month of which the lake has nothing, before a run is queued or begun."""
    if str(month) not in list_months(Path(settings.LAKE_ROOT)):
        raise UnableToRunMonth(f"{month} 还没有导入任何负荷曲线")


def run_month(
    *, month: Month, by: Viewer, at: dt.datetime, progress: Progress | None = None
) -> BillRun:
    """Bill every account that the viewer sees and that has no bill of the month yet (R25, N7).

    Bills appear in batches, each one transaction with its journal entries; a run that was
    killed is simply run again, and the database refuses a second bill of the same month.
    Accounts that cannot be billed are kept with the reason and tried again by the next run.
    """
    by.require(Permission.RUN_BILLS)
    root = Path(settings.LAKE_ROOT)
    require_curves(month)
    version = current_version(root)
    run = _start(month, at)
    accounts = _accounts(month, by)
    book = load_price_book(month)
    work = _Work(
        run=run,
        by=by,
        at=at,
        book=book,
        sums=measure_month(
            root, month, scheme_of_account=_schemes(accounts, month, book), as_of=version
        ),
        limits=Limits(version, Decimal(settings.BUSBAR_BILL_MAX_MISSING_PERCENT)),
        marks=load_marks(book),
        citations=CitationBook(),
    )
    _bill_all(work, accounts, progress)
    return _finish(run, at)


@transaction.atomic
def _start(month: Month, at: dt.datetime) -> BillRun:
    run, _ = BillRun.objects.get_or_create(
        month=str(month), defaults={"started_at": at, "state": BillRunState.RUNNING}
    )
    BillRun.objects.filter(pk=run.pk).update(state=BillRunState.RUNNING, finished_at=None)
    return run


@transaction.atomic
def _finish(run: BillRun, at: dt.datetime) -> BillRun:
    run.refresh_from_db()
    run.billed = run.bills.count()
    run.refused = run.refusals.count()
    run.accounts = run.billed + run.refused
    run.state, run.finished_at = BillRunState.FINISHED, at
    run.save()
    return run


def _accounts(month: Month, by: Viewer) -> QuerySet[Any]:
    """Accounts in supply during the month, seen by the viewer, that have no bill of it yet."""
    period = month.period
    billed = Bill.objects.filter(account=OuterRef("pk"), month=str(month))
    return (
        CustomerAccount.objects.visible_to(by)
        .filter(
            Q(opened_on__isnull=True) | Q(opened_on__lt=period.end),
            Q(closed_on__isnull=True) | Q(closed_on__gt=period.start),
            ~Exists(billed),
        )
        .order_by("pk")
    )


def _schemes(accounts: QuerySet[Any], month: Month, book: PriceBook) -> dict[int, int | None]:
    """Which time-of-use scheme each account's tariff follows; flat where it has none."""
    period = month.period
    tariff_of = dict(
        Agreement.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=period.start),
            valid_from__lt=period.end,
            account__in=accounts.values("pk"),
        ).values_list("account_id", "tariff_code")
    )
    priced = {code: tariff.scheme_id for code, tariff in book.tariffs.items()}
    return {pk: priced.get(tariff_of.get(pk, "")) for pk in accounts.values_list("pk", flat=True)}


def _bill_all(work: _Work, accounts: QuerySet[Any], progress: Progress | None) -> None:
    keys = list(accounts.values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        _bill_batch(work, batch)
        if progress:
            progress(start + len(batch), len(keys))


@transaction.atomic
def _bill_batch(work: _Work, keys: Sequence[int]) -> None:
    keys = _still_open(work, keys)
    registers = load_registers(keys, work.book.month)
    accounts = CustomerAccount.objects.filter(pk__in=keys).select_related("unit").order_by("pk")
    rated, refused = _rate_all(work, accounts, registers)
    cited = (item for facts, bill in rated for item in _cited(facts.bill_input, bill))
    work.citations.ensure(cited)
    bills = Bill.objects.bulk_create([_bill(work, facts, bill) for facts, bill in rated])
    lines = BillLine.objects.bulk_create(_lines(work, bills, rated), batch_size=2000)
    BillFinding.objects.bulk_create(
        find_in_bills(bills, lines, agreements=registers.agreements, marks=work.marks)
    )
    BillRefusal.objects.filter(run=work.run, account__in=keys).delete()
    BillRefusal.objects.bulk_create(refused)
    journal_operations.record_many(
        happenings=[_happening(bill, facts) for bill, (facts, _) in zip(bills, rated, strict=True)],
        actor=work.by.actor,
        at=work.at,
    )
    BillRun.objects.filter(pk=work.run.pk).update(
        billed=F("billed") + len(bills), refused=F("refused") + len(refused)
    )


def _still_open(work: _Work, keys: Sequence[int]) -> list[int]:
    """The accounts that no other run of the same month has billed meanwhile.

    Two runs of a month wait for each other at the run's row, batch by batch.
    """
    BillRun.objects.select_for_update().get(pk=work.run.pk)
    billed = Bill.objects.filter(account__in=keys, month=work.run.month)
    done = set(billed.values_list("account_id", flat=True))
    return [key for key in keys if key not in done]


def _rate_all(
    work: _Work, accounts: Iterable[CustomerAccount], registers: Registers
) -> tuple[list[tuple[AccountFacts, RatedBill]], list[BillRefusal]]:
    rated, refused = [], []
    for account in accounts:
        try:
            facts = assemble(account, registers, work.sums, work.book, work.limits)
            rated.append((facts, rating.rate(facts.bill_input)))
        except rating.UnableToRate as reason:
            refused.append(BillRefusal(run=work.run, account=account, reason=str(reason)[:300]))
    return rated, refused


def _cited(facts: BillInput, bill: RatedBill) -> Iterator[rating.Rule | rating.Tariff]:
    yield from (segment.tariff for segment in facts.segments)
    for line in bill.lines:
        yield line.rule
        yield from line.also


def _bill(work: _Work, facts: AccountFacts, rated: RatedBill) -> Bill:
    factor = rated.power_factors[0].power_factor if rated.power_factors else None
    return Bill(
        run=work.run,
        account=facts.account,
        month=str(work.book.month),
        rule_set=rated.rule_set,
        tariff_code=facts.tariff_code,
        energy_kwh=rated.energy_kwh,
        max_demand_kw=facts.demand.kw,
        max_demand_at=facts.demand.at,
        power_factor=factor,
        amount=rated.total_yuan,
        average_price=rated.average_price,
        estimated_intervals=facts.estimated_intervals,
        missing_intervals=facts.missing_intervals,
        lake_version=work.limits.lake_version,
        issued_at=work.at,
        facts=dump_facts(facts.bill_input, work.citations),
        quantities=[_quantity(quantity) for quantity in rated.quantities],
        notes=list(rated.notes),
    )


def _quantity(quantity: rating.Quantity) -> dict[str, str]:
    return {
        "id": quantity.id,
        "name": quantity.name,
        "value": str(quantity.value),
        "unit": quantity.unit,
        "formula": quantity.formula,
        "evidence": quantity.evidence,
    }


def _lines(
    work: _Work, bills: Sequence[Bill], rated: Sequence[tuple[AccountFacts, RatedBill]]
) -> list[BillLine]:
    return [
        BillLine(
            bill=bill,
            position=position,
            line_id=line.id,
            code=line.code,
            name=line.name,
            quantity=line.quantity,
            unit=line.unit,
            price=line.price,
            price_unit=line.price_unit,
            amount=line.amount_yuan,
            formula=line.formula,
            rules=[work.citations.id_of(rule) for rule in (line.rule, *line.also)],
            inputs=list(line.inputs),
            based_on=list(line.based_on),
        )
        for bill, (_, rated_bill) in zip(bills, rated, strict=True)
        for position, line in enumerate(rated_bill.lines, start=1)
    ]


def _happening(bill: Bill, facts: AccountFacts) -> Happening:
    return Happening(
        event="billing.bill.issued",
        subject_type="billing.bill",
        subject_id=bill.pk,
        subject_label=f"{facts.account.number} {bill.month}",
        customer_id=facts.account.customer_id,
        unit_path=facts.account.unit.path,
        changes={"amount": str(bill.amount), "energy_kwh": str(bill.energy_kwh)},
    )
