"""Advice to a customer: what the bills would have been, by the engine that made them.

`advise` for basic charge, compensation and shifting; `forecast_bill` for the running month.
"""

from busbar.billing.advice.advising import Advice, advise
from busbar.billing.advice.figures import figures_on
from busbar.billing.advice.forecasting import Forecast, forecast_bill
from busbar.billing.advice.sufficiency import UnableToAdvise
from busbar.billing.advice.year import find_account

__all__ = [
    "Advice",
    "Forecast",
    "UnableToAdvise",
    "advise",
    "figures_on",
    "find_account",
    "forecast_bill",
]
