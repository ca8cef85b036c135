"""Rating accounts and writing their bills: what a run and a correction have in common."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.engines import HERE, Engine
from busbar.billing.evidence import CitationBook, dump_facts
from busbar.billing.facts import AccountFacts, Limits, assemble
from busbar.billing.findings import Marks, find_in_bills, load_marks
from busbar.billing.measuring import Measured, SchemesOfDays, measure_month
from busbar.billing.models import Bill, BillFinding, BillLine, BillRun, FindingKind
from busbar.billing.point_terms import NOTHING, load_point_terms
from busbar.billing.price_book import PriceBook, load_price_book
from busbar.billing.rating import BillInput, RatedBill
from busbar.billing.registers import Registers, agreements_of
from busbar.billing.series_energy import cost_stretches
from busbar.billing.stretches import Stretch, list_stretches, require_decided
from busbar.customers.models import CustomerAccount
from busbar.kit.periods import Month, Period
from busbar.metering.lake import current_version
from busbar.supply.models import Agreement

Rated = tuple[AccountFacts, RatedBill]


@dataclass(frozen=True)
class Work:
    """What all batches of one run, or of one correction, share."""

    run: BillRun
    by: Viewer
    at: dt.datetime
    book: PriceBook
    sums: Measured
    limits: Limits
    marks: Marks
    citations: CitationBook


def prepare(
    run: BillRun,
    accounts: QuerySet[Any],
    *,
    by: Viewer,
    at: dt.datetime,
    engine: Engine = HERE,
) -> Work:
    """Prices, rules and the accounts' measured sums as of the newest curves: read once."""
    root, month = Path(settings.LAKE_ROOT), Month.parse(run.month)
    version, book = current_version(root), load_price_book(month)
    schemes = _schemes(accounts, book)
    sums = measure_month(root, month, schemes_of_days=schemes, as_of=version, engine=engine)
    return Work(
        run=run,
        by=by,
        at=at,
        book=book,
        sums=sums,
        limits=Limits(version, Decimal(settings.BUSBAR_BILL_MAX_MISSING_PERCENT)),
        marks=load_marks(book),
        citations=CitationBook(),
    )


def rate_all(
    work: Work, accounts: Iterable[CustomerAccount], registers: Registers
) -> tuple[list[Rated], list[tuple[CustomerAccount, rating.UnableToRate]]]:
    """The accounts that can be billed with their bills, and the others with the reason."""
    rated: list[Rated] = []
    refused: list[tuple[CustomerAccount, rating.UnableToRate]] = []
    found = list(accounts)
    costs, unpriced = _day_prices(work, found, registers)
    for account in found:
        try:
            if account.pk in unpriced:
                raise unpriced[account.pk]
            facts = assemble(account, registers, work.sums, work.book, work.limits, costs)
            rated.append((facts, rating.rate(facts.bill_input)))
        except rating.UnableToRate as reason:
            refused.append((account, reason))
    return rated, refused


def _day_prices(
    work: Work, accounts: Iterable[CustomerAccount], registers: Registers
) -> tuple[dict[tuple[int, Period], rating.SeriesCost], dict[int, rating.UnableToRate]]:
    """What single days or intervals decide: costs by price series, and who cannot be billed.

    Nothing to do in a month without price series or days that wait for their temperature.
    """
    book = work.book
    if not book.series and not book.critical_peak.undecided:
        return {}, {}
    stretches: dict[int, tuple[Stretch, ...]] = {}
    refused: dict[int, rating.UnableToRate] = {}
    for account in accounts:
        try:
            agreements = registers.agreements.get(account.pk, [])
            cuts = registers.terms_of(account.pk).cuts(book)
            own = list_stretches(account, agreements, book, cuts)
            require_decided(own, book)
            stretches[account.pk] = own
        except rating.UnableToRate as reason:
            refused[account.pk] = reason
    costs, unpriced = cost_stretches(
        Path(settings.LAKE_ROOT),
        book.month,
        stretches,
        registers.usage_points,
        as_of=work.limits.lake_version,
    )
    return costs, refused | unpriced


def issue(
    work: Work, bills: Sequence[Bill], rated: Sequence[Rated], registers: Registers
) -> list[Bill]:
    """Write the bills with their lines, what these cite, and what in them wants a person."""
    work.citations.ensure(item for facts, bill in rated for item in _cited(facts.bill_input, bill))
    for bill, (facts, _) in zip(bills, rated, strict=True):
        bill.facts = dump_facts(facts.bill_input, work.citations)
    written = Bill.objects.bulk_create(bills)
    lines = BillLine.objects.bulk_create(_lines(work, written, rated), batch_size=2000)
    found = find_in_bills(written, lines, marks=work.marks)
    replace_findings(_later_swings(written), found)
    return written


def replace_findings(old: QuerySet[Any], found: Sequence[BillFinding]) -> int:
    """Write what was found in the old findings' place; a review stands where the facts do."""
    reviewed = {(f.bill_id, f.kind): f for f in old.filter(reviewed_at__isnull=False)}
    for finding in found:
        before = reviewed.get((finding.bill_id, finding.kind))
        if before is not None and before.facts == finding.facts:
            finding.reviewed_at = before.reviewed_at
            finding.reviewed_by, finding.review_note = before.reviewed_by, before.review_note
    old.delete()
    return len(BillFinding.objects.bulk_create(found))


def _later_swings(bills: Sequence[Bill]) -> QuerySet[Any]:
    """What the month after showed against the bills that these take the place of."""
    if not bills:
        return BillFinding.objects.none()
    month = str(Month.parse(bills[0].month).next)
    accounts = [bill.account_id for bill in bills]
    swings = BillFinding.objects.filter(kind=FindingKind.SWING)
    return swings.filter(month=month, account__in=accounts)


def _schemes(accounts: QuerySet[Any], book: PriceBook) -> SchemesOfDays:
    """Which days of each account are added up, by which time-of-use scheme; five queries.

    Accounts that cannot be billed are left out; `assemble` says why.
    """
    agreements: defaultdict[int, list[Agreement]] = defaultdict(list)
    touching = agreements_of(book.month).filter(account__in=accounts.values("pk"))
    for row in touching.only("account_id", "valid_from", "valid_until", "tariff_code"):
        agreements[row.account_id].append(row)
    terms = load_point_terms(accounts.values("pk"), book.month)
    schemes: defaultdict[Period, dict[int, int | None]] = defaultdict(dict)
    for account in accounts.select_related(None).only("opened_on", "closed_on"):
        try:
            cuts = terms.get(account.pk, NOTHING).cuts(book)
            stretches = list_stretches(account, agreements[account.pk], book, cuts)
        except rating.UnableToRate:
            continue
        for stretch in stretches:
            schemes[stretch.period][account.pk] = stretch.priced.scheme_id
    return schemes


def _cited(facts: BillInput, bill: RatedBill) -> Iterator[rating.Rule | rating.Tariff]:
    yield from (segment.tariff for segment in facts.segments)
    for line in bill.lines:
        yield line.rule
        yield from line.also


def new_bill(work: Work, facts: AccountFacts, rated: RatedBill) -> Bill:
    """A bill not yet written; `issue` adds the facts when all that they cite has an id."""
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
        quantities=[_quantity(quantity) for quantity in rated.quantities],
        notes=[*facts.notes, *rated.notes],
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
    work: Work, bills: Sequence[Bill], rated: Sequence[tuple[AccountFacts, RatedBill]]
) -> list[BillLine]:
    return [
        BillLine(
            bill=bill,
            position=position,
            line_id=line.id,
            code=line.code,
            name=line.name + days.get(line.segment, ""),
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
        for bill, (facts, rated_bill) in zip(bills, rated, strict=True)
        for days in [_days_of(facts.bill_input)]
        for position, line in enumerate(rated_bill.lines, start=1)
    ]


def _days_of(facts: BillInput) -> dict[str, str]:
    """What a line's name adds to tell the segments of one bill apart, by segment."""
    if len(facts.segments) == 1:
        return {}
    return {segment.id: f"（{_shown(segment.period)}）" for segment in facts.segments}


def _shown(days: Period) -> str:
    last = days.end - dt.timedelta(days=1)
    return f"{days.start.month}月{days.start.day}日至{last.day}日"
