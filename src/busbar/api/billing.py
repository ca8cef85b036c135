"""Bills with their lines, and quotations that touch no data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.paging import After, Group, Limit, MonthText, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.api.values import Flag
from busbar.billing import queries as billing_queries
from busbar.billing import quote as quoting
from busbar.billing.evidence import map_rules
from busbar.billing.models import Bill, BillLine
from busbar.billing.outdated import Outdated, list_outdated
from busbar.billing.rating import Rule
from busbar.billing.release import list_holding_kinds
from busbar.kit.periods import Month

router = Router()


class BillHead(Schema):
    """账单 without the names of whose it is."""

    month: str
    rule_set: str
    tariff_code: str
    energy_kwh: Decimal
    max_demand_kw: Decimal
    max_demand_at: dt.datetime | None
    power_factor: Decimal | None
    amount: Decimal
    average_price: Decimal | None
    missing_intervals: int
    estimated_intervals: int
    lake_version: int
    issued_at: dt.datetime
    released_at: dt.datetime | None
    """When it became the customer's; null while it is not released."""
    revision: int
    amount_due: Decimal


class BillOut(BillHead):
    """账单."""

    account_number: str
    customer_number: str

    @staticmethod
    def resolve_account_number(bill: Bill) -> str:
        """户号."""
        return bill.account.number

    @staticmethod
    def resolve_customer_number(bill: Bill) -> str:
        """客户编号."""
        return bill.account.customer.number


class RuleOut(Schema):
    """A rule that a line stands on."""

    code: str
    name: str
    value: Any
    unit: str
    article: str
    source: str
    certainty: str


class LineOut(Schema):
    """One line and its why."""

    line_id: str
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_unit: str
    amount: Decimal
    formula: str
    inputs: list[str]
    based_on: list[str]
    rules: list[RuleOut]


class BillDetailOut(BillHead):
    """A bill with lines and the measured quantities they refer to."""

    account_number: str
    customer_number: str
    lines: list[LineOut]
    quantities: list[dict[str, Any]]
    notes: list[str]
    held_by: list[str]
    """Kinds of findings that hold it back until a person has reviewed them."""


@router.get("", response=answers(Page[BillOut]), operation_id="list_bills")
def list_bills(
    request: HttpRequest,
    *,
    month: MonthText,
    account: Text = "",
    released: Flag | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """一个月的账单，按户号；`released` 只要已发行或未发行的。"""
    found = Bill.objects.visible_to(viewer_of(request, group)).current().filter(month=month)
    if account:
        found = found.filter(account__number=account)
    if released is not None:
        found = found.filter(released_at__isnull=not released)
    rows = found.select_related("account__customer").defer("facts", "quantities")
    return page_by(rows, "account__number", after=after, limit=limit)


class OutdatedBillOut(Schema):
    """A bill that comes out otherwise today, or may, and why."""

    account_number: str
    month: str
    revision: int
    amount: Decimal
    days: list[dt.date]
    """Days of the month whose curves are newer than the bill knows."""
    parts: list[str]
    """What the archive tells otherwise: agreement, tariff, transformers, metering …"""
    part_names: list[str]
    amount_now: Decimal | None
    """What it would come to by the last comparison; null where that found nothing, or a refusal."""
    refusal: str
    """Why it cannot be rated any more, if so."""


@router.get(
    "/outdated", response=answers(Page[OutdatedBillOut]), operation_id="list_outdated_bills"
)
def list_outdated_bills(
    request: HttpRequest, *, month: MonthText, after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """出账后依据有变的账单，按户号：曲线以现在为准，档案以最近一次核对为准。"""
    found = list_outdated(viewer_of(request), Month.parse(month))
    rows = [_outdated(each) for each in found if each.bill.account.number > after]
    more = len(rows) > limit
    return {"items": rows[:limit], "next": rows[limit - 1]["account_number"] if more else None}


def _outdated(each: Outdated) -> dict[str, Any]:
    bill, change = each.bill, each.change
    return {
        "account_number": bill.account.number,
        "month": bill.month,
        "revision": bill.revision,
        "amount": bill.amount,
        "days": each.days,
        "parts": change.parts if change else [],
        "part_names": change.part_labels if change else [],
        "amount_now": change.amount_now if change else None,
        "refusal": change.refusal if change else "",
    }


@router.get("/{account}/{month}", response=answers(BillDetailOut, 404), operation_id="get_bill")
def get_bill(request: HttpRequest, account: Text, month: MonthText) -> dict[str, Any]:
    """一张账单，每行附公式、规则、来源与可信度。"""
    bill = billing_queries.get_bill(viewer=viewer_of(request), account_number=account, month=month)
    lines = billing_queries.list_lines(bill)
    rules = map_rules(pk for line in lines for pk in line.rules)
    return {
        **{name: getattr(bill, name) for name in BillHead.model_fields},
        "account_number": bill.account.number,
        "customer_number": bill.account.customer.number,
        "lines": [_line(line, rules) for line in lines],
        "quantities": bill.quantities,
        "notes": bill.notes,
        "held_by": list_holding_kinds(bill),
    }


def _line(line: BillLine, rules: Mapping[int, Rule]) -> dict[str, Any]:
    plain = {name: getattr(line, name) for name in LineOut.model_fields if name != "rules"}
    return {**plain, "rules": [rules[pk] for pk in line.rules]}


@router.post("/quote", response=answers(dict[str, Any], 400, 409), operation_id="quote_bill")
def quote_bill(request: HttpRequest, document: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """试算一张账单；输入格式同 `busbar bill quote --schema`，不读写任何数据。"""
    return quoting.quote(document)
