"""Test bills (试算): issued bills and typed documents rated once more with a draft's prices (R25).

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.decomposition import Effects, Line, Side, decompose
from busbar.billing.models import Bill
from busbar.billing.operations.recalculation import facts_of
from busbar.billing.price_book import PriceBook, load_price_book
from busbar.billing.rating.bill_values import BillLine, RatedBill
from busbar.billing.trial_measures import spread_again
from busbar.billing.trial_prices import with_draft
from busbar.kit.periods import Month
from busbar.pricing import queries as pricing_queries
from busbar.pricing.models import TariffDraft

ZERO = Decimal(0)
MOST_BILLS = 20


@dataclass(frozen=True)
class TrialLine:
    """One charge on both bills; None where a bill does not have it."""

    name: str
    unit: str
    before: BillLine | None
    after: BillLine | None

    @property
    def difference(self) -> Decimal:
        """What the draft asks for more, in yuan."""
        after = self.after.amount_yuan if self.after else ZERO
        return after - (self.before.amount_yuan if self.before else ZERO)


@dataclass(frozen=True)
class Comparison:
    """A bill beside the same facts at the draft's prices; effects add up to the fen."""

    before: RatedBill
    after: RatedBill
    lines: tuple[TrialLine, ...]
    effects: Effects

    @property
    def difference(self) -> Decimal:
        """What the draft asks for more, in yuan."""
        return self.after.total_yuan - self.before.total_yuan


@dataclass(frozen=True)
class TrialBill(Comparison):
    """An issued bill tried."""

    bill: Bill


@dataclass(frozen=True)
class Trial:
    """The bills tried, dearest first, those that could not be with the reason, and how many
    bills of the month stand on the tariff in all."""

    month: str
    bills: tuple[TrialBill, ...]
    refused: tuple[tuple[Bill, rating.UnableToRate], ...]
    standing: int

    @property
    def before(self) -> Decimal:
        """Yuan as billed."""
        return sum((b.before.total_yuan for b in self.bills), ZERO)

    @property
    def after(self) -> Decimal:
        """Yuan with the draft."""
        return sum((b.after.total_yuan for b in self.bills), ZERO)

    @property
    def difference(self) -> Decimal:
        """What the draft asks for more, in yuan."""
        return self.after - self.before


def list_trial_months(viewer: Viewer, code: str) -> list[str]:
    """The months of which the viewer sees bills at the tariff, newest first."""
    bills = Bill.objects.visible_to(viewer).current().filter(tariff_code=code)
    return list(bills.values_list("month", flat=True).distinct().order_by("-month"))


def try_draft(
    viewer: Viewer, draft: TariffDraft, *, month: str, account_numbers: Sequence[str] = ()
) -> Trial:
    """Rate the month's visible bills at the tariff again, as if the draft had held all month.

    Of the given accounts, or the dearest; at most 20. The facts are those kept with the bills
    and the engine is the one that made them. Where the draft names another time-of-use scheme
    the curves that the bill read are added up once more by it.
    """
    found = Bill.objects.visible_to(viewer).current().filter(month=month, tariff_code=draft.code)
    standing = found.count()
    if account_numbers:
        found = found.filter(account__number__in=list(account_numbers))
    bills = list(found.select_related("account__customer").order_by("-amount", "pk")[:MOST_BILLS])
    book = load_price_book(Month.parse(month)) if bills else None
    tried: list[TrialBill] = []
    refused: list[tuple[Bill, rating.UnableToRate]] = []
    for bill in bills:
        try:
            tried.append(_try(bill, draft, cast(PriceBook, book), viewer))
        except rating.UnableToRate as reason:
            refused.append((bill, reason))
    return Trial(month, tuple(tried), tuple(refused), standing)


def _try(bill: Bill, draft: TariffDraft, book: PriceBook, viewer: Viewer) -> TrialBill:
    facts = facts_of(bill, book)
    segments = [_again(s, draft, viewer, bill.lake_version) for s in facts.segments]
    tried = with_draft(replace(facts, segments=tuple(segments)), draft)
    found = compare(rating.rate(facts), rating.rate(tried))
    return TrialBill(found.before, found.after, found.lines, found.effects, bill)


def compare(before: RatedBill, after: RatedBill) -> Comparison:
    """Two bills of the same facts line by line."""
    effects = decompose(Side(_plain(before), {}), Side(_plain(after), {}))
    return Comparison(before, after, tuple(_pair(before.lines, after.lines)), effects)


def _again(
    segment: rating.Segment, draft: TariffDraft, viewer: Viewer, lake_version: int
) -> rating.Segment:
    """The energies by the draft's time-of-use scheme, where that is another one."""
    if segment.tariff.code != draft.code:
        return segment
    standing = pricing_queries.get_tariff(draft.code, on=segment.period.start)
    if standing is not None and standing.scheme_id == draft.scheme_id:
        return segment
    return spread_again(segment, draft.scheme_id, viewer=viewer, lake_version=lake_version)


def _plain(bill: RatedBill) -> list[Line]:
    return [
        Line(x.id, x.code, x.quantity, x.price, x.amount_yuan, tuple(x.based_on))
        for x in bill.lines
    ]


def _pair(before: Iterable[BillLine], after: Iterable[BillLine]) -> Iterator[TrialLine]:
    """Each charge once, in the order of the bill, new ones last."""
    old, new = {x.id: x for x in before}, {x.id: x for x in after}
    for key in dict.fromkeys((*old, *new)):
        shown = old.get(key) or new[key]
        yield TrialLine(shown.name, shown.unit, old.get(key), new.get(key))
