"""Key accounts of the region: its newest months evaluated by the same operation as anywhere."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.demo.parameters import Parameters
from busbar.key_accounts import operations as key_accounts_operations

MONTHS = 3
"""How many months are evaluated: before them, the year behind a month would not be full."""


def recognize(parameters: Parameters, *, at: dt.datetime) -> str:
    """Evaluate the newest billed months, oldest first: each stands on the one before."""
    run = None
    for month in parameters.billed_months[-MONTHS:]:
        run = key_accounts_operations.evaluate_month(month=month, by=SYSTEM_VIEWER, at=at)
        key_accounts_operations.assess_month(month=month, by=SYSTEM_VIEWER, at=at)
        key_accounts_operations.segment_month(month=month, by=SYSTEM_VIEWER, at=at)
    return f"评定 {run.customers} 户，本月列入 {run.entered} 项，退出 {run.left} 项" if run else ""
