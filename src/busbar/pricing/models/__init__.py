"""Dated, sourced prices and rules, and the drafts that become them."""

from busbar.pricing.models.drafts import DraftState, TariffDraft
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
    "DayType",
    "DraftState",
    "PowerFactorStandard",
    "PowerFactorStep",
    "RuleParameter",
    "RuleSet",
    "RuleSubject",
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
