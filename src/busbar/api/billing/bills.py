"""Bills with their lines, why they differ, their paper; quotations that touch no data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.visibility import Viewer
from busbar.api.files import PDF, send_pdf
from busbar.api.paging import After, Group, Limit, MonthText, Page, Text, answers, page_by
from busbar.api.sign_in import viewer_of
from busbar.api.values import Flag
from busbar.billing import explanation, overview
from busbar.billing import queries as billing_queries
from busbar.billing import quote as quoting
from busbar.billing.decomposition import Effect
from busbar.billing.evidence import map_rules
from busbar.billing.models import Bill, BillLine
from busbar.billing.paper import gathering, making
from busbar.billing.rating import Rule
from busbar.billing.release import list_holding_kinds
from busbar.kit.periods import Month

router = Router()

Revision = Annotated[int | None, Field(ge=0, le=9999, description="更正版本；空为现行账单")]


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
    reason: str
    """Why it replaced the revision before; empty for the first."""
    is_current: bool


class BillEffectOut(Schema):
    """What one cause moved, in yuan."""

    effect: Effect
    amount: Decimal


class BillLineChangeOut(Schema):
    """A charge in both bills; null where a bill does not have it."""

    code: str
    name: str
    before: Decimal | None
    after: Decimal | None
    change: Decimal


class BillComparisonOut(Schema):
    """Two bills of an account: the effects add up to the difference, and so do the lines."""

    account_number: str
    month: str
    before_month: str
    amount: Decimal
    before_amount: Decimal
    difference: Decimal
    effects: list[BillEffectOut]
    lines: list[BillLineChangeOut]


class BillDayOut(Schema):
    """A day of a bill: kWh by price period, its highest load, intervals not measured."""

    day: dt.date
    by_period: dict[str, Decimal]
    total_kwh: Decimal
    peak_kw: Decimal
    peak_at: dt.datetime
    missing: int
    estimated: int


class DifferingLineOut(Schema):
    """A line that comes out otherwise."""

    name: str
    issued: Decimal
    now: Decimal


class BillRecalculationOut(Schema):
    """The stored facts rated again."""

    total: Decimal
    difference: Decimal
    is_equal: bool
    lines_differing: list[DifferingLineOut]

    @staticmethod
    def resolve_lines_differing(found: explanation.Recalculation) -> list[dict[str, Any]]:
        """By name."""
        return [{"name": n, "issued": i, "now": now} for n, i, now in found.lines_differing]


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


@router.get("/{account}/{month}", response=answers(BillDetailOut, 404), operation_id="get_bill")
def get_bill(
    request: HttpRequest, account: Text, month: MonthText, revision: Revision = None
) -> dict[str, Any]:
    """一张账单，每行附公式、规则、来源与可信度；`revision` 为已被更正的版本。"""
    return detail_of(bill_of(viewer_of(request), account, month, revision))


@router.get(
    "/{account}/{month}/comparison",
    response=answers(BillComparisonOut, 404),
    operation_id="compare_bills",
)
def compare_bills(
    request: HttpRequest, account: Text, month: MonthText, before: MonthText | None = None
) -> dict[str, Any]:
    """与另一个月（默认上月）相比差在哪里：按原因分解，合计等于差额；并逐项列出变化。"""
    viewer = viewer_of(request)
    bill = bill_of(viewer, account, month)
    other = bill_of(viewer, account, before or str(Month.parse(month).previous))
    effects = explanation.explain_difference(bill, other)
    return {
        "account_number": account,
        "month": bill.month,
        "before_month": other.month,
        "amount": bill.amount,
        "before_amount": other.amount,
        "difference": bill.amount - other.amount,
        "effects": [{"effect": effect, "amount": effects[effect]} for effect in Effect],
        "lines": billing_queries.compare_lines(bill, other),
    }


@router.get(
    "/{account}/{month}/days",
    response=answers(list[BillDayOut], 404),
    operation_id="list_bill_days",
)
def list_days(request: HttpRequest, account: Text, month: MonthText) -> list[overview.DayEnergy]:
    """账单的逐日电量与最高负荷，按出账时的曲线版本。"""
    viewer = viewer_of(request)
    return overview.list_days(viewer, bill_of(viewer, account, month))


@router.get(
    "/{account}/{month}/recalculation",
    response=answers(BillRecalculationOut, 404, 409),
    operation_id="recalculate_bill",
)
def recalculate_bill(
    request: HttpRequest, account: Text, month: MonthText, revision: Revision = None
) -> explanation.Recalculation:
    """按账单保存的事实重算一次，与出账的结果逐行对比；不写入数据。"""
    return explanation.check_again(bill_of(viewer_of(request), account, month, revision))


@router.get(
    "/{account}/{month}/paper",
    response=answers(None, 404),
    operation_id="download_bill_paper",
    openapi_extra=PDF,
)
def download_paper(
    request: HttpRequest, account: Text, month: MonthText, revision: Revision = None
) -> HttpResponse:
    """账单的 PDF。"""
    facts = gathering.gather(bill_of(viewer_of(request), account, month, revision))
    return send_pdf(making.render_bill(facts), name=f"{facts.number}.pdf")


def bill_of(viewer: Viewer, account: str, month: str, revision: int | None = None) -> Bill:
    """The bill that counts, or a revision of it; Bill.DoesNotExist when it may not be seen."""
    return billing_queries.get_bill(
        viewer=viewer, account_number=account, month=month, revision=revision
    )


def detail_of(bill: Bill) -> dict[str, Any]:
    """The bill as `BillDetailOut` tells it."""
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
        "reason": bill.reason,
        "is_current": bill.is_current,
    }


def _line(line: BillLine, rules: Mapping[int, Rule]) -> dict[str, Any]:
    plain = {name: getattr(line, name) for name in LineOut.model_fields if name != "rules"}
    return {**plain, "rules": [rules[pk] for pk in line.rules]}


@router.post("/quote", response=answers(dict[str, Any], 400, 409), operation_id="quote_bill")
def quote_bill(request: HttpRequest, document: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """试算一张账单；输入格式同 `busbar bill quote --schema`，不读写任何数据。"""
    return quoting.quote(document)
