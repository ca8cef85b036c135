"""Test bills (试算): issued bills rated once more with a draft's prices (R25). Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.decomposition import Effects, Line, Side, decompose
from busbar.billing.models import Bill
from busbar.billing.operations.recalculation import facts_of
from busbar.billing.price_book import PriceBook, load_price_book
from busbar.billing.rating.bill_values import BillLine, RatedBill
from busbar.billing.rating.values import PricePeriod
from busbar.billing.trial_measures import spread_again
from busbar.kit.money import plain
from busbar.kit.periods import Month
from busbar.pricing import queries as pricing_queries
from busbar.pricing.drafts import prices_of, surcharges_of
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
class TrialBill:
    """An issued bill beside the same facts at the draft's prices; effects add up to the fen."""

    bill: Bill
    before: RatedBill
    after: RatedBill
    lines: tuple[TrialLine, ...]
    effects: Effects

    @property
    def difference(self) -> Decimal:
        """What the draft asks for more, in yuan."""
        return self.after.total_yuan - self.before.total_yuan


@dataclass(frozen=True)
class Trial:
    """The bills tried, dearest first, those that could not be with the reason, and how many
    bills of the month stand on the tariff in all."""

    month: str
    bills: tuple[TrialBill, ...]
    refused: tuple[tuple[Bill, str], ...]
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
    refused: list[tuple[Bill, str]] = []
    for bill in bills:
        try:
            tried.append(_try(bill, draft, cast(PriceBook, book), viewer))
        except rating.UnableToRate as reason:
            refused.append((bill, str(reason)))
    return Trial(month, tuple(tried), tuple(refused), standing)


def _try(bill: Bill, draft: TariffDraft, book: PriceBook, viewer: Viewer) -> TrialBill:
    facts = facts_of(bill, book)
    before = rating.rate(facts)
    after = rating.rate(_with_draft(facts, bill, draft, viewer))
    effects = decompose(Side(_plain(before), {}), Side(_plain(after), {}))
    return TrialBill(bill, before, after, tuple(_pair(before.lines, after.lines)), effects)


def _with_draft(
    facts: rating.BillInput, bill: Bill, draft: TariffDraft, viewer: Viewer
) -> rating.BillInput:
    version = bill.lake_version
    segments = tuple(_segment(s, draft, viewer, version) for s in facts.segments)
    return replace(
        facts, segments=segments, basic=tuple(_basic(charge, draft) for charge in facts.basic)
    )


def _segment(
    segment: rating.Segment, draft: TariffDraft, viewer: Viewer, lake_version: int
) -> rating.Segment:
    """At the draft's prices and periods; a segment on another tariff stays as it is."""
    if segment.tariff.code != draft.code:
        return segment
    standing = pricing_queries.get_tariff(draft.code, on=segment.period.start)
    if standing is None or standing.scheme_id != draft.scheme_id:
        segment = spread_again(segment, draft.scheme_id, viewer=viewer, lake_version=lake_version)
    return replace(segment, tariff=_tariff(segment.tariff, draft))


def _tariff(standing: rating.Tariff, draft: TariffDraft) -> rating.Tariff:
    prices = cast(Mapping[PricePeriod, Decimal], prices_of(draft))
    if set(prices) == {"flat"}:
        prices = {"total": prices["flat"]}
    changed = surcharges_of(draft)
    charges = tuple(
        replace(c, price=changed[c.code], rule=_rule(c.rule, changed[c.code], draft))
        if c.code in changed
        else c
        for c in standing.charges
    )
    rule = _rule(standing.rule, draft.code, draft)
    return replace(standing, prices=prices, rule=rule, charges=charges)


def _basic(charge: Any, draft: TariffDraft) -> Any:
    """The basic charge at the draft's price of its kind."""
    is_capacity = isinstance(charge, rating.CapacityCharge)
    price = draft.capacity_price if is_capacity else draft.demand_price
    ours = f"tariff.{draft.code}."
    if price is None and any(p.rule.code.startswith(ours) for p in charge.prices):
        raise rating.UnableToRate("拟订的电价没有合同计收方式的基本电价")
    if price is None:
        return charge
    number = Decimal(plain(price))
    prices = tuple(
        replace(p, price=number, rule=_rule(p.rule, number, draft))
        if p.rule.code.startswith(ours)
        else p
        for p in charge.prices
    )
    return replace(charge, prices=prices)


def _rule(rule: rating.Rule, value: Decimal | str, draft: TariffDraft) -> rating.Rule:
    return replace(
        rule,
        value=value,
        article=f"拟订，{draft.valid_from} 起",
        source=draft.source,
        certainty=draft.certainty,
    )


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
