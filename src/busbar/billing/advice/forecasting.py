"""The running month's bill: so far, with the peak that is locked in, and at the month's end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.advice.figures import figures_on
from busbar.billing.advice.running_month import Days, Outlook, load_days, look_ahead
from busbar.billing.advice.sufficiency import UnableToAdvise
from busbar.billing.advice.year import find_account
from busbar.billing.models import Bill
from busbar.billing.rating import RuleSet
from busbar.customers.models import CustomerAccount
from busbar.kit.errors import Phrase
from busbar.kit.money import to_fen
from busbar.kit.periods import Month
from busbar.metering import queries as metering_queries
from busbar.metering.lake import current_version


@dataclass(frozen=True)
class Trial:
    """A past month forecast from as many of its days, and what it came to; yuan."""

    month: str
    forecast_yuan: Decimal
    billed_yuan: Decimal

    @property
    def off_percent(self) -> Decimal:
        """How far the forecast lay above (+) or below (−) the bill."""
        return (self.forecast_yuan - self.billed_yuan) * 100 / self.billed_yuan


@dataclass(frozen=True)
class Forecast:
    """The bill of a running month.

    `low_yuan`, `high_yuan` None where too few past months could be tried: `range_refused` says so.
    """

    account: CustomerAccount
    outlook: Outlook
    trials: tuple[Trial, ...]
    low_yuan: Decimal | None
    high_yuan: Decimal | None
    range_refused: Phrase | None


def forecast_bill(viewer: Viewer, account_number: str, *, on: dt.date) -> Forecast:
    """Rate the month of `on` up to its last full day before `on`, and to its end.

    CustomerAccount.DoesNotExist when the account may not be seen; UnableToAdvise where the data
    is too little or the month cannot be rated.
    """
    figures = figures_on(on)
    account = find_account(viewer, account_number)
    days = _load(viewer, account, on, figures)
    through = days.last_full(on, Month.of(on).first) if days.curves else None
    if through is None:
        raise UnableToAdvise(
            "数据不足，不能预测：%(month)s 在 %(day)s 之前没有完整一天的负荷曲线。",
            month=Month.of(on),
            day=on,
        )
    try:
        outlook = look_ahead(account, days, through, figures)
    except rating.UnableToRate as reason:
        raise UnableToAdvise("不能预测：%(reason)s", reason=reason) from reason
    trials = _try_past(viewer, account, days, through, figures)
    return _with_range(account, outlook, trials, figures)


def _load(viewer: Viewer, account: CustomerAccount, on: dt.date, figures: RuleSet) -> Days:
    first = Month.of(on)
    for _ in range(figures.integer("forecast.tested_months")):
        first = first.previous
    start = first.first - dt.timedelta(days=figures.integer("forecast.window_days"))
    version = current_version(metering_queries.lake_root())
    return load_days(viewer, account, start, max(on, start), version=version)


def _try_past(
    viewer: Viewer, account: CustomerAccount, days: Days, through: dt.date, figures: RuleSet
) -> tuple[Trial, ...]:
    """Forecast each past month from the same day of it; those that cannot be are left out."""
    count = figures.integer("forecast.tested_months")
    months, month = [], Month.of(through)
    for _ in range(count):
        month = month.previous
        months.append(month)
    bills = Bill.objects.visible_to(viewer).current().filter(account=account)
    amounts = dict(bills.filter(month__in=map(str, months)).values_list("month", "amount"))
    trials = []
    for month in reversed(months):
        billed = amounts.get(str(month))
        if not billed:
            continue
        day = month.first + dt.timedelta(days=min(through.day, month.days) - 1)
        try:
            outlook = look_ahead(account, days, day, figures)
        except (rating.UnableToRate, UnableToAdvise):
            continue
        if outlook.end.total_yuan > 0:
            trials.append(Trial(str(month), outlook.end.total_yuan, billed))
    return tuple(trials)


def _with_range(
    account: CustomerAccount, outlook: Outlook, trials: Sequence[Trial], figures: RuleSet
) -> Forecast:
    """The range: how far the same method lay off in the past months, put on this forecast."""
    least = figures.integer("forecast.minimum_tested_months")
    if len(trials) < least:
        refused = Phrase(
            "只有 %(months)s 个月可以检验，至少要 %(least)s 个月，不给出区间。",
            months=len(trials),
            least=least,
        )
        return Forecast(account, outlook, tuple(trials), None, None, refused)
    total = outlook.end.total_yuan
    ends = [total * trial.billed_yuan / trial.forecast_yuan for trial in trials]
    low, high = to_fen(min(total, *ends)), to_fen(max(total, *ends))
    return Forecast(account, outlook, tuple(trials), low, high, None)
