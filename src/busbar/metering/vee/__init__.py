"""Validation, estimation and joining of day curves: arithmetic on matrices of days x 96.

No database, no clock, no Django. Rules come in as ordered data, curves as numpy matrices;
hits, estimates and exact sums come out. Formulas and sources: docs/algorithms/vee.md.
"""

from busbar.metering.vee.days import Days, Rule, runs_of
from busbar.metering.vee.estimation import Estimate, estimate_day, share_exactly
from busbar.metering.vee.gaps import long_gaps
from busbar.metering.vee.history import History
from busbar.metering.vee.registers import Span, day_register_wh
from busbar.metering.vee.reopening import find_reopened, reopen
from busbar.metering.vee.validation import Hit, Verdict, validate

__all__ = [
    "Days",
    "Estimate",
    "History",
    "Hit",
    "Rule",
    "Span",
    "Verdict",
    "day_register_wh",
    "estimate_day",
    "find_reopened",
    "long_gaps",
    "reopen",
    "runs_of",
    "share_exactly",
    "validate",
]
