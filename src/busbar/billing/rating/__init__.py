"""Rating: a month's bill from plain facts, exact in Decimal, every line with its rule.

Pure Python: no Django, no database, no files, no clock. `rate(BillInput) -> RatedBill`.
Single calculations (late payment, breach, losses, …) have a module each beside it.
The re-exports below are the room's use of this package; see docs/algorithms/rating.md.
"""

from busbar.billing.rating.bill import rate
from busbar.billing.rating.bill_values import BillLine, PowerFactorResult, Quantity, RatedBill
from busbar.billing.rating.calculations import (
    Calculation,
)
from busbar.billing.rating.day_types import (
    DateRange,
    DayTypeRule,
    day_type_rules_from,
    day_types,
)
from busbar.billing.rating.indicators import (
    Indicator,
    ReadingClass,
    error_rate,
    reading_rates,
)
from busbar.billing.rating.late_payment import (
    Arrear,
    LateTerms,
    Payment,
    late_payment,
)
from busbar.billing.rating.loss_values import (
    ComputedLoss,
    EnergyShare,
    Line,
    LossTable,
    LossTableRow,
    Nameplate,
)
from busbar.billing.rating.losses import (
    LossEnergy,
    computed_loss,
    correction_for,
    corrections_from,
    month_hours,
)
from busbar.billing.rating.mode_changes import (
    ChangeRefused,
    WantedChange,
    check_contract_change,
    check_mode_change,
)
from busbar.billing.rating.power_factor import Assessed, Base, Flows, assess, power_factor
from busbar.billing.rating.power_factor_table import (
    CustomerFacts,
    PowerFactorTable,
    StandardRule,
    power_factor_table_from,
)
from busbar.billing.rating.price_series import (
    SeriesCost,
    series_cost,
)
from busbar.billing.rating.registers import Register, ratio, register_energy
from busbar.billing.rating.rules import (
    MultipleRefused,
    Rule,
    RuleSet,
    UnableToRate,
    rule_set_on,
    rule_sets_from,
    rule_value,
)
from busbar.billing.rating.shares import (
    cut,
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
    "Arrear",
    "Assessed",
    "Base",
    "BasicPrice",
    "BillInput",
    "BillLine",
    "Calculation",
    "CapacityCharge",
    "ChangeRefused",
    "ComputedLoss",
    "CustomerFacts",
    "DateRange",
    "DayTypeRule",
    "Deduction",
    "DemandCharge",
    "Energy",
    "EnergyShare",
    "Flows",
    "Indicator",
    "Infeed",
    "LateTerms",
    "Line",
    "Loss",
    "LossEnergy",
    "LossTable",
    "LossTableRow",
    "MultipleRefused",
    "Nameplate",
    "Payment",
    "PowerFactorAssessment",
    "PowerFactorResult",
    "PowerFactorTable",
    "Quantity",
    "RatedBill",
    "ReadingClass",
    "Register",
    "Rule",
    "RuleSet",
    "Segment",
    "SeriesCost",
    "StandardRule",
    "StateSpan",
    "Tariff",
    "Transformer",
    "UnableToRate",
    "UnitCharge",
    "WantedChange",
    "assess",
    "check_contract_change",
    "check_mode_change",
    "computed_loss",
    "correction_for",
    "corrections_from",
    "cut",
    "day_type_rules_from",
    "day_types",
    "error_rate",
    "late_payment",
    "month_hours",
    "power_factor",
    "power_factor_table_from",
    "rate",
    "ratio",
    "reading_rates",
    "register_energy",
    "rule_set_on",
    "rule_sets_from",
    "rule_value",
    "series_cost",
]
