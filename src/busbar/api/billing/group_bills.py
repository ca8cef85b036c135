"""Group bills: the released bills of a group or a customer of a month in one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.paging import MonthText, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent, now
from busbar.billing import group_bill as group_bills
from busbar.billing import operations as billing_operations
from busbar.billing.group_bill import GroupBill, GroupBillLine, Grouping, Part, Whose
from busbar.kit.money import round_half_up
from busbar.kit.periods import Month

router = Router()
PRICE_PLACES = 4


class GroupBillLineOut(Schema):
    """One account's bill in it; `site` is where it is supplied, `heading` the customer's own."""

    account_number: str
    account_name: str
    customer_number: str
    customer_name: str
    site: str
    unit_name: str
    tariff: str
    heading: str
    revision: int
    energy_kwh: Decimal
    max_demand_kw: Decimal
    power_factor: Decimal | None
    average_price: Decimal | None
    amount: Decimal


class GroupBillSumOut(Schema):
    """Sums over accounts."""

    accounts: int
    amount: Decimal
    energy_kwh: Decimal
    average_price: Decimal | None


class GroupBillPartOut(GroupBillSumOut):
    """The accounts under one heading, the dearest first."""

    name: str
    lines: list[GroupBillLineOut]


class GroupBillOut(GroupBillSumOut):
    """集团合并账单 of released bills.

    `unreleased` accounts have a bill that is not counted; `is_whole` where all is visible.
    """

    name: str
    month: str
    grouping: Grouping
    customers: int
    unreleased: int
    is_whole: bool
    parts: list[GroupBillPartOut]


class BillHeadingIn(Sent):
    """Accounts, and the heading they stand under; empty for none."""

    accounts: Annotated[list[Text], Field(min_length=1, max_length=500)]
    name: Text


class BillHeadingOut(Schema):
    """How many accounts were put there."""

    name: str
    accounts: int


@router.get(
    "/groups/{code}/{month}", response=answers(GroupBillOut, 404), operation_id="get_group_bill"
)
def get_group_bill(
    request: HttpRequest, code: Text, month: MonthText, by: Grouping = Grouping.CUSTOMER
) -> dict[str, Any]:
    """集团（含各级）一个月已发行的账单合并：按客户、用电地址、供电单位、电价或自定名称。"""
    viewer = viewer_of(request)
    return _built(viewer, group_bills.find_group(viewer, code), month, by)


@router.get(
    "/customers/{number}/{month}",
    response=answers(GroupBillOut, 404),
    operation_id="get_group_bill_of_customer",
)
def get_group_bill_of_customer(
    request: HttpRequest, number: Text, month: MonthText, by: Grouping = Grouping.CUSTOMER
) -> dict[str, Any]:
    """一个客户全部户号一个月已发行的账单合并。"""
    viewer = viewer_of(request)
    return _built(viewer, group_bills.find_customer(viewer, number), month, by)


@router.post(
    "/headings",
    response=answers(BillHeadingOut, 400, 403, 409),
    operation_id="name_bill_heading",
)
def name_heading(request: HttpRequest, asked: Annotated[BillHeadingIn, Body()]) -> dict[str, Any]:
    """把户号归入自定名称之下；名称为空则取消。需“维护客户档案”权限。"""
    count = billing_operations.name_heading(
        account_numbers=asked.accounts, name=asked.name, by=viewer_of(request), at=now()
    )
    return {"name": asked.name.strip(), "accounts": count}


def _built(viewer: Viewer, whose: Whose, month: str, by: Grouping) -> dict[str, Any]:
    built: GroupBill = group_bills.build_group_bill(
        viewer, whose, month=Month.parse(month), grouping=by
    )
    return {
        **_sums(built.all),
        "name": whose.name,
        "month": built.month,
        "grouping": built.grouping,
        "customers": built.customers,
        "unreleased": built.unreleased,
        "is_whole": built.is_whole,
        "parts": [
            {**_sums(part), "name": part.name, "lines": _lines(part.lines)} for part in built.parts
        ],
    }


def _sums(part: Part) -> dict[str, Any]:
    return {
        "accounts": len(part.lines),
        "amount": part.amount,
        "energy_kwh": part.energy_kwh,
        "average_price": _price(part.average_price),
    }


def _lines(lines: Sequence[GroupBillLine]) -> list[dict[str, Any]]:
    return [
        {
            "account_number": line.account.number,
            "account_name": line.account.name,
            "customer_number": line.account.customer.number,
            "customer_name": line.account.customer.name,
            "site": line.site,
            "unit_name": line.account.unit.name,
            "tariff": line.tariff,
            "heading": line.heading,
            "revision": line.bill.revision,
            "energy_kwh": line.bill.energy_kwh,
            "max_demand_kw": line.bill.max_demand_kw,
            "power_factor": line.bill.power_factor,
            "average_price": _price(line.average_price),
            "amount": line.bill.amount,
        }
        for line in lines
    ]


def _price(price: Decimal | None) -> Decimal | None:
    return None if price is None else round_half_up(price, PRICE_PLACES)
