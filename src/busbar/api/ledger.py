"""The trial balance of a month."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import MonthText, answers
from busbar.api.sign_in import viewer_of
from busbar.kit.periods import Month
from busbar.payments import queries as payments_queries

router = Router()


class TrialLineOut(Schema):
    """One account of the chart in a month; opening and closing positive on the debit side."""

    number: str
    name: str
    opening_yuan: Decimal
    debit_yuan: Decimal
    credit_yuan: Decimal
    closing_yuan: Decimal


@router.get(
    "/trial-balance/{month}",
    response=answers(list[TrialLineOut]),
    operation_id="get_trial_balance",
)
def get_trial_balance(request: HttpRequest, month: MonthText) -> list[payments_queries.TrialLine]:
    """一个月的试算平衡，限于可见的单位。"""
    return payments_queries.get_trial_balance(viewer_of(request), Month.parse(month))
