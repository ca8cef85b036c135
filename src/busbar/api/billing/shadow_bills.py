"""Other systems' bills beside ours; they come by import."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema

from busbar.api.paging import (
    After,
    Group,
    Limit,
    MonthText,
    Page,
    Text,
    answers,
    read_yuan_cursor,
)
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent, now
from busbar.billing import operations as billing_operations
from busbar.billing import shadow
from busbar.billing.models import ShadowBill, ShadowItem
from busbar.kit.money import to_fen

router = Router()


class ShadowBillOut(Schema):
    """核对账单; `difference` is theirs less ours, null where we have no bill."""

    account_number: str
    customer_number: str
    month: str
    amount: Decimal
    our_amount: Decimal | None
    difference: Decimal | None

    @staticmethod
    def resolve_account_number(row: ShadowBill) -> str:
        """户号."""
        return row.account.number

    @staticmethod
    def resolve_customer_number(row: ShadowBill) -> str:
        """客户编号."""
        return row.account.customer.number

    @staticmethod
    def resolve_difference(row: Any) -> Decimal | None:
        """To the fen: a database may give more places."""
        return None if row.difference is None else to_fen(row.difference)


class ShadowLineOut(Schema):
    """One charge on both; `items` are the other bill's words, `code` is empty where unmapped."""

    code: str
    name: str
    items: list[str]
    their_quantity: str
    our_quantity: str
    their_price: str
    our_price: str
    their_yuan: Decimal | None
    our_yuan: Decimal | None
    difference: Decimal


class ShadowComparisonOut(Schema):
    """Line by line; with `unstated_yuan` the lines' differences add up to the whole."""

    account_number: str
    month: str
    their_yuan: Decimal
    our_yuan: Decimal | None
    difference: Decimal
    unstated_yuan: Decimal
    lines: list[ShadowLineOut]


class ShadowItemIn(Sent):
    """Which of our charges the other bills' item is; an empty code for none."""

    item: Text
    code: Text


class ShadowItemOut(Schema):
    """费用项目 with the code that holds for every bill."""

    item: str
    code: str
    confirmed_by: str


@router.get("", response=answers(Page[ShadowBillOut], 409), operation_id="list_shadow_bills")
def list_shadow_bills(
    request: HttpRequest,
    month: MonthText | None = None,
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """核对账单，与我方差额最大的在前；我方没有账单的在后。"""
    viewer, place = viewer_of(request, group), read_yuan_cursor(after)
    found = shadow.list_shadow_bills(
        viewer, month=month or "", after=place and (int(place[0]), place[1])
    )
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": rows[:limit], "next": last and f"{last.rank_fen}_{last.pk}"}


@router.get(
    "/{account}/{month}", response=answers(ShadowComparisonOut, 404), operation_id="get_shadow_bill"
)
def get_shadow_bill(request: HttpRequest, account: Text, month: MonthText) -> dict[str, Any]:
    """一张核对账单与我方账单逐项对比。"""
    found = shadow.compare(viewer_of(request), account, month)
    return {
        "account_number": found.shadow.account.number,
        "month": found.shadow.month,
        "their_yuan": found.shadow.amount,
        "our_yuan": found.bill.amount if found.bill else None,
        "difference": found.difference,
        "unstated_yuan": found.unstated_yuan,
        "lines": found.lines,
    }


@router.post(
    "/items", response=answers(ShadowItemOut, 400, 403, 409), operation_id="map_shadow_item"
)
def map_item(request: HttpRequest, asked: Annotated[ShadowItemIn, Body()]) -> ShadowItem:
    """记住一个费用项目对应我方哪项费用，对以后的文件同样有效。需“电费核算”权限。"""
    return billing_operations.map_shadow_item(
        item=asked.item, code=asked.code, by=viewer_of(request), at=now()
    )
