"""Key accounts of the region: its newest months evaluated by the same operations as anywhere."""

from __future__ import annotations

import datetime as dt

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.demo.parameters import Parameters
from busbar.key_accounts import operations as key_accounts_operations
from busbar.key_accounts.models import ReviewState, YearlyReview
from busbar.kit.periods import Month

MONTHS = 3
"""How many months are evaluated: before them, the year behind a month would not be full."""


def recognize(parameters: Parameters, *, at: dt.datetime) -> str:
    """Evaluate the newest billed months, oldest first; adopt last year's list, open this year's."""
    months = parameters.billed_months[-MONTHS:]
    run = None
    for month in months:
        run = key_accounts_operations.evaluate_month(month=month, by=SYSTEM_VIEWER, at=at)
        key_accounts_operations.assess_month(month=month, by=SYSTEM_VIEWER, at=at)
        key_accounts_operations.segment_month(month=month, by=SYSTEM_VIEWER, at=at)
    if run is None:
        return "没有出账的月份"
    _review(months, at)
    return f"评定 {run.customers} 户，本月列入 {run.entered} 项，退出 {run.left} 项"


def assess_again(parameters: Parameters, *, at: dt.datetime) -> str:
    """The newest month's relationships anew, by the visits, plans and needs told since.

    Then as of `at`, as the night would have left them.
    """
    if not parameters.billed_months:
        return "没有出账的月份"
    newest = parameters.billed_months[-1]
    count = key_accounts_operations.assess_month(month=newest, by=SYSTEM_VIEWER, at=at)
    key_accounts_operations.renew_assessments(by=SYSTEM_VIEWER, at=at)
    return f"关系阶段 {count} 户"


def _review(months: list[Month], at: dt.datetime) -> None:
    """The list of the year before, from the oldest evaluated month, adopted; this year's is open.

    Each step is looked for first: a kill in between leaves the rest to the next start.
    """
    year = months[-1].year
    last = YearlyReview.objects.filter(year=year - 1).first()
    if last is None:
        last = key_accounts_operations.open_review(
            year=year - 1, month=str(months[0]), by=SYSTEM_VIEWER, at=at
        )
    if last.state == ReviewState.OPEN:
        last = key_accounts_operations.submit_review(year=year - 1, by=SYSTEM_VIEWER, at=at)
    if last.state == ReviewState.SUBMITTED:
        key_accounts_operations.adopt_review(year=year - 1, by=SYSTEM_VIEWER, at=at)
    if not YearlyReview.objects.filter(year=year).exists():
        key_accounts_operations.open_review(year=year, by=SYSTEM_VIEWER, at=at)
