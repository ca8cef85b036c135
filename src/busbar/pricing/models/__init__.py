"""Dated, sourced prices and rules, the drafts that become them, and what decides on days."""

from busbar.pricing.models.days import CriticalDayRule, DailyTemperature, PriceSeries, SeriesPrice
from busbar.pricing.models.drafts import DraftState, TariffDraft
from busbar.pricing.models.losses import LossCorrection, LossTableRow
from busbar.pricing.models.prices import (
    Certainty,
    DayType,
    PowerFactorStandard,
    PowerFactorStep,
    RuleParameter,
    RuleSet,
    RuleSubject,
    SourcedModel,
    Surcharge,
    Tariff,
    TariffCategory,
    TariffPrice,
    TimeOfUseInterval,
    TimeOfUsePeriod,
    TimeOfUseScheme,
)

__all__ = [
    "Certainty",
    "CriticalDayRule",
    "DailyTemperature",
    "DayType",
    "DraftState",
    "LossCorrection",
    "LossTableRow",
    "PowerFactorStandard",
    "PowerFactorStep",
    "PriceSeries",
    "RuleParameter",
    "RuleSet",
    "RuleSubject",
    "SeriesPrice",
    "SourcedModel",
    "Surcharge",
    "Tariff",
    "TariffCategory",
    "TariffDraft",
    "TariffPrice",
    "TimeOfUseInterval",
    "TimeOfUsePeriod",
    "TimeOfUseScheme",
]
