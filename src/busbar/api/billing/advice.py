"""Advice of an account and the bill of its running month; both refuse with what is missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.billing.bills import RuleOut
from busbar.api.paging import Day, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import in_reach, now
from busbar.billing import advice as advices
from busbar.billing.advice import Advice, Forecast
from busbar.billing.advice.basic_charge import Barred, BasicAdvice, Option
from busbar.billing.advice.compensation import CompensationAdvice
from busbar.billing.advice.forecasting import Trial
from busbar.billing.advice.sufficiency import Coverage
from busbar.billing.rating import BillLine, RatedBill
from busbar.kit.money import round_half_up
from busbar.kit.periods import local_date

router = Router()


class AdviceDataOut(Schema):
    """What the advice rests on: bills, months without one, days with curves, readings."""

    bills: int
    months_without: list[str]
    days: int
    readings: int
    readings_due: int
    readings_percent: Decimal

    @staticmethod
    def resolve_readings_percent(row: Coverage) -> Decimal:
        """To a tenth."""
        return round_half_up(row.readings_percent, 1)


class MonthCostOut(Schema):
    """A month in yuan: the bill and its basic charge."""

    month: str
    total_yuan: Decimal
    basic_yuan: Decimal


class BasicOptionOut(Schema):
    """A way to pay the basic charge, and what it would save in a year (negative: cost)."""

    mode: str
    contract_kw: int | None
    total_yuan: Decimal
    basic_yuan: Decimal
    yearly_saving_yuan: Decimal
    months: list[MonthCostOut]


class BarredModeOut(Schema):
    """A mode that could not be compared, and why."""

    mode: str
    reason: str

    @staticmethod
    def resolve_reason(barred: Barred) -> str:
        """In words."""
        return str(barred.reason)


class BasicAdviceOut(Schema):
    """The ways compared, the cheapest first; `best` is the present one where none is cheaper."""

    present: BasicOptionOut
    best: BasicOptionOut
    options: list[BasicOptionOut]
    barred: list[BarredModeOut]


class SwitchOut(Schema):
    """From when the best way can hold, the last day to apply, and by which rules."""

    on: dt.date
    apply_by: dt.date
    changed_on: dt.date | None
    rules: list[RuleOut]


class CompensationStepOut(Schema):
    """The kvar that bring every month to `target`, a year's saving, cost, years to pay back.

    Null where reverse reactive energy keeps the months in `short` below.
    """

    target: Decimal
    percent: Decimal
    kvar: int | None
    cost_yuan: Decimal | None
    saving_yuan: Decimal | None
    payback_years: Decimal | None
    short: list[str]


class MonthFactorOut(Schema):
    """A month's power factor as billed."""

    month: str
    power_factor: Decimal


class CompensationOut(Schema):
    """无功补偿: steps by rising target; `best` saves most a year."""

    standard: Decimal
    factors: list[MonthFactorOut]
    unit_cost: RuleOut
    steps: list[CompensationStepOut]
    best: CompensationStepOut | None

    @staticmethod
    def resolve_factors(row: CompensationAdvice) -> list[dict[str, Any]]:
        """By month."""
        return [{"month": month, "power_factor": factor} for month, factor in row.factors]


class ShiftOut(Schema):
    """A share of the peak's energy moved to the valley: kWh and yuan a year."""

    percent: Decimal
    moved_kwh: Decimal
    saving_yuan: Decimal


class AdviceOut(Schema):
    """用电建议 as of a day; `basic` null with a reason in `basic_refused`, or without a charge."""

    account_number: str
    on: dt.date
    months: list[str]
    rule_set: str
    coverage: AdviceDataOut
    basic: BasicAdviceOut | None
    basic_refused: str
    switch: SwitchOut | None
    compensation: CompensationOut | None
    shifts: list[ShiftOut]


class RatedLineOut(Schema):
    """A line of a bill that is not issued."""

    line_id: str
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_unit: str
    amount: Decimal
    formula: str

    @staticmethod
    def resolve_line_id(line: BillLine) -> str:
        """As in issued bills."""
        return line.id

    @staticmethod
    def resolve_amount(line: BillLine) -> Decimal:
        """Yuan."""
        return line.amount_yuan


class RatedMonthOut(Schema):
    """The month rated up to a day."""

    amount: Decimal
    energy_kwh: Decimal
    max_demand_kw: Decimal
    lines: list[RatedLineOut]


class ForecastDayOut(Schema):
    """A day of the month; not yet known where it is foreseen."""

    day: dt.date
    energy_kwh: Decimal
    is_known: bool


class ForecastTrialOut(Schema):
    """A past month foreseen from as many days, and what it came to."""

    month: str
    forecast_yuan: Decimal
    billed_yuan: Decimal
    off_percent: Decimal

    @staticmethod
    def resolve_off_percent(row: Trial) -> Decimal:
        """To a tenth."""
        return round_half_up(row.off_percent, 1)


class ForecastOut(Schema):
    """本月电费 up to `through` and at the month's end; `range_refused` where no range is given."""

    account_number: str
    month: str
    through: dt.date
    so_far: RatedMonthOut
    end: RatedMonthOut
    low_yuan: Decimal | None
    high_yuan: Decimal | None
    range_refused: str
    trials: list[ForecastTrialOut]
    days: list[ForecastDayOut]


@router.get("/{account}", response=answers(AdviceOut, 404, 409), operation_id="get_advice")
def get_advice(request: HttpRequest, account: Text, on: Day | None = None) -> dict[str, Any]:
    """用电建议：基本电费计收方式、无功补偿、移峰填谷；数据不足时 409，写明缺什么。"""
    return _advice(advices.advise(viewer_of(request), account, on=_day(on)))


@router.get(
    "/{account}/forecast", response=answers(ForecastOut, 404, 409), operation_id="forecast_bill"
)
def forecast_bill(request: HttpRequest, account: Text, on: Day | None = None) -> dict[str, Any]:
    """本月电费：截至 `on` 前一日的，和月末预计的；数据不足时 409，写明缺什么。"""
    return _forecast(advices.forecast_bill(viewer_of(request), account, on=_day(on)))


def _day(on: dt.date | None) -> dt.date:
    """The day from which one looks: asked for, or today."""
    if on is None:
        return local_date(now())
    in_reach(on, "on")
    return on


def _advice(found: Advice) -> dict[str, Any]:
    return {
        "account_number": found.account.number,
        "on": found.on,
        "months": found.months,
        "rule_set": found.rule_set.code,
        "coverage": found.coverage,
        "basic": _basic(found.basic) if found.basic else None,
        "basic_refused": str(found.basic_refused or ""),
        "switch": found.switch,
        "compensation": found.compensation,
        "shifts": found.shifts,
    }


def _basic(found: BasicAdvice) -> dict[str, Any]:
    return {
        "present": _option(found, found.present),
        "best": _option(found, found.best),
        "options": [_option(found, option) for option in found.options],
        "barred": found.barred,
    }


def _option(found: BasicAdvice, option: Option) -> dict[str, Any]:
    return {
        "mode": option.mode,
        "contract_kw": option.contract_kw,
        "total_yuan": option.total_yuan,
        "basic_yuan": option.basic_yuan,
        "yearly_saving_yuan": found.saving_of(option),
        "months": option.months,
    }


def _forecast(found: Forecast) -> dict[str, Any]:
    outlook = found.outlook
    return {
        "account_number": found.account.number,
        "month": str(outlook.month),
        "through": outlook.through,
        "so_far": _rated(outlook.so_far, outlook.facts.demand.kw),
        "end": _rated(outlook.end, outlook.end_facts.demand.kw),
        "low_yuan": found.low_yuan,
        "high_yuan": found.high_yuan,
        "range_refused": str(found.range_refused or ""),
        "trials": found.trials,
        "days": [
            {"day": day, "energy_kwh": kwh, "is_known": known}
            for day, kwh, known in outlook.daily_kwh
        ],
    }


def _rated(bill: RatedBill, demand_kw: Decimal) -> dict[str, Any]:
    return {
        "amount": bill.total_yuan,
        "energy_kwh": bill.energy_kwh,
        "max_demand_kw": demand_kw,
        "lines": bill.lines,
    }
