"""A group bill as the facts of its paper; it asks the database nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import translation

from busbar.billing.group_bill import GroupBill, GroupBillLine, Part
from busbar.billing.paper.facts import GroupPaper, GroupPaperLine, GroupPaperPart
from busbar.billing.paper.gathering import grouped
from busbar.kit.money import plain, round_half_up
from busbar.kit.periods import Month

_PRICE_PLACES = 4


def gather_group(built: GroupBill, *, at: dt.datetime) -> GroupPaper:
    """Everything that the group's paper states, in Chinese whoever prints it."""
    month, whole = Month.parse(built.month), built.all
    code = built.whose.group.code if built.whose.group else ""
    number = code or (built.whose.customer.number if built.whose.customer else "")
    with translation.override("zh-hans"):
        grouping = str(built.grouping.label)
    return GroupPaper(
        company=_company(built),
        number=f"{number}-{built.month}",
        name=built.whose.name,
        month=built.month,
        starts_on=month.first,
        ends_on=month.period.end - dt.timedelta(days=1),
        made_at=at,
        grouping=grouping,
        accounts=len(whole.lines),
        energy_kwh=grouped(whole.energy_kwh),
        average_price=_price(whole.average_price),
        amount_yuan=whole.amount,
        parts=tuple(_part(part) for part in built.parts),
        limits=_limits(built),
    )


def _company(built: GroupBill) -> str:
    """Who writes: the unit of all accounts, or the several of them."""
    names = dict.fromkeys(line.account.unit.name for line in built.all.lines)
    return "、".join(list(names)[:2]) + ("等" if len(names) > 2 else "")  # noqa: PLR2004


def _limits(built: GroupBill) -> tuple[str, ...]:
    said = []
    if not built.is_whole:
        said.append("本合并账单只含出具单位管辖范围内的户号，合计不是全部。")
    if built.unreleased:
        said.append(f"另有 {built.unreleased} 户的账单尚未发行，未计入。")
    return tuple(said)


def _part(part: Part) -> GroupPaperPart:
    return GroupPaperPart(
        name=part.name or "未分组",
        energy_kwh=grouped(part.energy_kwh),
        average_price=_price(part.average_price),
        amount_yuan=part.amount,
        lines=tuple(_line(line) for line in part.lines),
    )


def _line(line: GroupBillLine) -> GroupPaperLine:
    return GroupPaperLine(
        account_number=line.account.number,
        name=line.account.name,
        site=line.site,
        tariff=line.tariff,
        energy_kwh=grouped(line.bill.energy_kwh),
        average_price=_price(line.average_price),
        amount_yuan=line.bill.amount,
    )


def _price(price: Decimal | None) -> str:
    return "" if price is None else plain(round_half_up(price, _PRICE_PLACES))
