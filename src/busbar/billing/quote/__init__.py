"""Quotation: a JSON document in, a bill with every line's rule out. No database, no clock.

`quote(document)`, `input_schema()`, `loads(text)`, `dumps(answer)`; refusals are
`QuoteRefused` with JSON path, value and expectation. Kinds are listed in `kinds.KINDS`.
"""

from busbar.billing.quote.answer import dumps, input_schema, loads, quote
from busbar.billing.quote.kinds import KINDS
from busbar.billing.quote.refusal import Fault, QuoteRefused
from busbar.billing.quote.seeds import (
    day_type_rules,
    loss_corrections,
    power_factor_table,
    rule_set,
    rule_sets,
)

__all__ = [
    "KINDS",
    "Fault",
    "QuoteRefused",
    "day_type_rules",
    "dumps",
    "input_schema",
    "loads",
    "loss_corrections",
    "power_factor_table",
    "quote",
    "rule_set",
    "rule_sets",
]
