"""Rating an issued bill again from what was kept with it."""

from __future__ import annotations

from busbar.billing import rating
from busbar.billing.evidence import load_facts
from busbar.billing.models import Bill
from busbar.billing.price_book import PriceBook, load_price_book
from busbar.billing.rating import BillInput, RatedBill
from busbar.kit.periods import Month


def recalculate(bill: Bill) -> RatedBill:
    """Rate the bill again from its stored facts and the rules in force: the proof of the amount."""
    return rating.rate(facts_of(bill, load_price_book(Month.parse(bill.month))))


def facts_of(bill: Bill, book: PriceBook) -> BillInput:
    """What the bill was rated from, with the rules of its month's price book."""
    return load_facts(
        bill.facts, rule_sets=book.rule_sets, power_factor_table=book.power_factor_table
    )
