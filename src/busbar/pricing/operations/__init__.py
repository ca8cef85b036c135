"""Changing prices and rules: every figure dated and sourced. `store_*` take many rows."""

from busbar.pricing.operations.adopting import (
    UnableToAdoptTariff,
    UnableToWithdrawTariff,
    adopt_draft,
    withdraw_draft,
)
from busbar.pricing.operations.days import (
    store_critical_day_rules,
    store_daily_temperatures,
    store_price_series,
    store_series_prices,
)
from busbar.pricing.operations.drafting import (
    TariffValues,
    UnableToDraftTariff,
    discard_draft,
    draft_tariff,
)
from busbar.pricing.operations.losses import store_loss_corrections, store_loss_table_rows
from busbar.pricing.operations.rules import (
    store_power_factor_steps,
    store_rule_parameters,
    store_rule_sets,
)
from busbar.pricing.operations.seeding import load_seed
from busbar.pricing.operations.tariffs import store_surcharges, store_tariffs
from busbar.pricing.operations.time_of_use import store_tou_intervals, store_tou_schemes

__all__ = [
    "TariffValues",
    "UnableToAdoptTariff",
    "UnableToDraftTariff",
    "UnableToWithdrawTariff",
    "adopt_draft",
    "discard_draft",
    "draft_tariff",
    "load_seed",
    "store_critical_day_rules",
    "store_daily_temperatures",
    "store_loss_corrections",
    "store_loss_table_rows",
    "store_power_factor_steps",
    "store_price_series",
    "store_rule_parameters",
    "store_rule_sets",
    "store_series_prices",
    "store_surcharges",
    "store_tariffs",
    "store_tou_intervals",
    "store_tou_schemes",
    "withdraw_draft",
]
