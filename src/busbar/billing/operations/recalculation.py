"""Rating an issued bill again from what was kept with it."""

from __future__ import annotations

from busbar.billing import rating
from busbar.billing.evidence import load_facts
from busbar.billing.models import Bill
from busbar.billing.price_book import load_price_book
from busbar.billing.rating import RatedBill
from busbar.kit.periods import Month


def recalculate(bill: Bill) -> RatedBill:
    """Rate the bill again from its stored facts and the rules in force: the proof of the amount."""
    book = load_price_book(Month.parse(bill.month))
    facts = load_facts(
        bill.facts, rule_sets=book.rule_sets, power_factor_table=book.power_factor_table
    )
    return rating.rate(facts)
