"""Rating: a month's bill from plain facts, exact in Decimal, every line with its rule.

Pure Python: no Django, no database, no files, no clock. `rate(BillInput) -> RatedBill`.
The re-exports below are the room's use of this package; see docs/algorithms/rating.md.
"""

from busbar.billing.rating.bill import rate
from busbar.billing.rating.bill_values import BillLine, PowerFactorResult, Quantity, RatedBill
from busbar.billing.rating.power_factor import Assessed, Base, Flows, assess, power_factor
from busbar.billing.rating.power_factor_table import (
    CustomerFacts,
    PowerFactorTable,
    StandardRule,
    power_factor_table_from,
)
from busbar.billing.rating.registers import Register, ratio, register_energy
from busbar.billing.rating.rules import (
    Rule,
    RuleSet,
    UnableToRate,
    rule_set_on,
    rule_sets_from,
    rule_value,
)
from busbar.billing.rating.values import (
    PERIOD_NAMES,
    BasicPrice,
    BillInput,
    CapacityCharge,
    Deduction,
    DemandCharge,
    Energy,
    Infeed,
    Loss,
    PowerFactorAssessment,
    Segment,
    StateSpan,
    Tariff,
    Transformer,
    UnitCharge,
)

__all__ = [
    "PERIOD_NAMES",
    "Assessed",
    "Base",
    "BasicPrice",
    "BillInput",
    "BillLine",
    "CapacityCharge",
    "CustomerFacts",
    "Deduction",
    "DemandCharge",
    "Energy",
    "Flows",
    "Infeed",
    "Loss",
    "PowerFactorAssessment",
    "PowerFactorResult",
    "PowerFactorTable",
    "Quantity",
    "RatedBill",
    "Register",
    "Rule",
    "RuleSet",
    "Segment",
    "StandardRule",
    "StateSpan",
    "Tariff",
    "Transformer",
    "UnableToRate",
    "UnitCharge",
    "assess",
    "power_factor",
    "power_factor_table_from",
    "rate",
    "ratio",
    "register_energy",
    "rule_set_on",
    "rule_sets_from",
    "rule_value",
]
