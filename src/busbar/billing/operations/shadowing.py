"""Storing other systems' bills, and saying which of our charges their items are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    record_changes,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.billing.models import ShadowBill, ShadowItem, ShadowLine
from busbar.billing.shadow_items import TOTAL, guess_code, is_code
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import Month

_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})月{0,1}")
_TOLD = Told(
    "billing.shadow_line",
    customer_of=lambda line: line.bill.account.customer,
    unit_path_of=lambda line: line.bill.account.unit.path,
)


class UnableToMapItem(Refusal):
    """The item is unknown, or the code is none of ours."""


@transaction.atomic
def store_shadow_lines(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Lines by account, month, item and price; new items get the code that their words suggest."""
    batch, outcome = Batch([{**row, "month": _month(row["month"])} for row in rows]), Outcome()
    _reject_months(batch)
    outcome.unchanged += len(
        batch.reject_repeats(_key, "item", Phrase("户号、月份的费用项目和单价"))
    )
    seen = CustomerAccount.objects.visible_to(by).select_related("customer", "unit")
    accounts = resolve(batch, "account", seen, "number", Phrase("没有这个户号"))
    bills = _bills(batch, accounts)
    stored = ShadowLine.objects.filter(bill__in=list(bills.values())).select_related("bill")
    existing = {(line.bill_id, line.item, _price(line.price)): line for line in stored}
    drafts = []
    for index, row in batch.live():
        bill = bills[row["account"], row["month"]]
        place = (bill.pk, row["item"], _price(row.get("price")))
        drafts.append(Draft(_values(bill, row), existing.get(place), index))
    _remember_items({draft.values["item"] for draft in drafts})
    changes = save_drafts(ShadowLine, drafts, outcome)
    refresh_totals({change.instance.bill_id for change in changes})
    record_changes(changes, _TOLD, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _month(text: str) -> str:
    """`2026-01` of what people write; the text itself where it is no month."""
    found = _MONTH.fullmatch(str(text))
    if not found:
        return str(text)
    try:
        return str(Month.parse(f"{found[1]}-{int(found[2]):02d}"))
    except ValueError:
        return str(text)


def _reject_months(batch: Batch) -> None:
    for index, row in list(batch.live()):
        try:
            Month.parse(row["month"])
        except ValueError:
            batch.reject(index, "month", Phrase("应为 YYYY-MM 的月份"))


def _key(row: Row) -> tuple[Any, ...]:
    return (row["account"], row["month"], row["item"], _price(row.get("price")))


def _price(price: Decimal | None) -> Decimal | None:
    return None if price is None else price.normalize()


def _bills(batch: Batch, accounts: dict[Any, Any]) -> dict[tuple[str, str], Any]:
    """The bills that the live rows belong to, new ones written."""
    wanted = {(row["account"], row["month"]) for _, row in batch.live()}
    ids = {accounts[number].pk for number, _ in wanted}
    months = {month for _, month in wanted}
    known = set(
        ShadowBill.objects.filter(account__in=ids, month__in=months).values_list(
            "account__number", "month"
        )
    )
    ShadowBill.objects.bulk_create(
        [
            ShadowBill(account=accounts[number], month=month)
            for number, month in sorted(wanted - known)
        ]
    )
    rows = ShadowBill.objects.filter(account__in=ids, month__in=months)
    return {
        (bill.account.number, bill.month): bill
        for bill in rows.select_related("account__customer", "account__unit")
    }


def _values(bill: ShadowBill, row: Row) -> dict[str, Any]:
    return {
        "bill": bill,
        "item": row["item"],
        "item_code": row.get("item_code") or "",
        "quantity": row.get("quantity"),
        "price": row.get("price"),
        "amount": row["amount"],
    }


def _remember_items(items: set[str]) -> None:
    known = set(ShadowItem.objects.filter(item__in=items).values_list("item", flat=True))
    fresh = [ShadowItem(item=item, code=guess_code(item)) for item in sorted(items - known)]
    ShadowItem.objects.bulk_create(fresh, ignore_conflicts=True)


def refresh_totals(bill_ids: Iterable[int]) -> None:
    """Set each bill's amount: its stated total where it has one, or the sum of its lines."""
    totals = set(ShadowItem.objects.filter(code=TOTAL).values_list("item", flat=True))
    bills = list(ShadowBill.objects.filter(pk__in=list(bill_ids)).prefetch_related("lines"))
    for bill in bills:
        lines = list(bill.lines.all())
        stated = [line for line in lines if line.item in totals]
        bill.amount = sum((line.amount for line in stated or lines), Decimal(0))
    ShadowBill.objects.bulk_update(bills, ["amount"], batch_size=500)


@transaction.atomic
def map_shadow_item(*, item: str, code: str, by: Viewer, at: dt.datetime) -> ShadowItem:
    """Say which of our charges an item is; empty for none. Holds for every bill with the item."""
    by.require(Permission.RUN_BILLS)
    if not is_code(code):
        raise UnableToMapItem("没有费用编码“%(code)s”", code=code)
    row = ShadowItem.objects.select_for_update().filter(item=item).first()
    if row is None:
        raise UnableToMapItem("没有费用项目“%(item)s”", item=item)
    before = row.code
    row.code, row.confirmed_by, row.confirmed_at = code, by.name, at
    row.save(update_fields=["code", "confirmed_by", "confirmed_at"])
    if TOTAL in {before, code}:
        lines = ShadowLine.objects.filter(item=item)
        refresh_totals(lines.values_list("bill_id", flat=True).distinct())
    happening = Happening(
        event="billing.shadow_item.mapped",
        subject_type="billing.shadow_item",
        subject_id=row.pk,
        subject_label=item,
        changes={"code": [before, code]},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return row
