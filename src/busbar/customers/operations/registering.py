"""Groups, customers and accounts, many rows at once (R39, R80).

Rows are `{field of busbar.imports.tables: value}`. A row that fails is in the outcome's
rejections and nothing of it is stored; the others are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    reject_unseen,
    resolve,
    resolve_units,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.customers.models import (
    AccountStatus,
    Customer,
    CustomerAccount,
    CustomerGroup,
    CustomerKind,
    FormerNumber,
    Importance,
)
from busbar.customers.operations.former import follow_former
from busbar.customers.operations.heads import reject_unfit_heads, store_heads
from busbar.customers.operations.whole import reject_foreign_moves, reject_partly_seen
from busbar.kit.errors import Phrase
from busbar.kit.identifiers import is_credit_code, pinyin_initials

UNKNOWN_CUSTOMER = Phrase("没有这个客户编号，或该客户不在您的管辖范围内")
_ACCOUNT_NUMBER = re.compile(r"\d{6,16}")

_TOLD_CUSTOMER = Told("customers.customer", customer_of=lambda customer: customer)
_TOLD_ACCOUNT = Told(
    "customers.account",
    "opened",
    customer_of=lambda account: account.customer,
    unit_path_of=lambda account: account.unit.path,
)


def is_account_number(text: str) -> bool:
    """Whether the text is a 户号: 6 to 16 digits.

    >>> is_account_number("3101000001"), is_account_number("A12")
    (True, False)
    """
    return _ACCOUNT_NUMBER.fullmatch(text) is not None


@transaction.atomic
def store_groups(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Groups by code; a parent may stand in the same batch, before or after."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(batch.reject_repeats(lambda r: r["code"], "code", Phrase("集团编码")))
    known = fetch_by(CustomerGroup.objects.select_related("parent"), "code", batch.values("code"))
    reject_foreign_moves(batch, known, by)
    parents = {**fetch_by(CustomerGroup.objects.all(), "code", batch.values("parent")), **known}
    waiting = dict(batch.live())
    while waiting:
        ready = {i: r for i, r in waiting.items() if not r.get("parent") or r["parent"] in parents}
        if not ready:
            break
        drafts = [
            Draft(_group_values(row, parents), known.get(row["code"]), index)
            for index, row in ready.items()
        ]
        changes = save_drafts(CustomerGroup, drafts, outcome)
        record_changes(changes, Told("customers.group"), by=by, at=at)
        parents |= {c.instance.code: c.instance for c in changes}
        waiting = {i: r for i, r in waiting.items() if i not in ready}
    for index in waiting:
        batch.reject(index, "parent", Phrase("没有这个编码的上级集团（或上下级互相包含）"))
    outcome.rejections = batch.rejections
    return outcome


def _group_values(row: Row, parents: dict[Any, Any]) -> dict[str, Any]:
    values = pick(row, code="code", name="name")
    if "parent" in row:
        values["parent"] = parents[row["parent"]] if row["parent"] else None
    return values


@transaction.atomic
def store_customers(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Customers by number, in units of the viewer's branch; credit codes stay unique.

    A number that went into another customer is refused: that customer is amended by its own.
    A row may say that its customer leads its group (`leads`), or does so no longer.
    """
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["customer"], "customer", Phrase("客户编号"))
    )
    everyone = Customer.objects.select_related("unit", "group")
    existing = fetch_by(everyone, "number", batch.values("customer"))
    reject_unseen(batch, existing, Customer.objects, by, "customer")
    _reject_former(batch)
    reject_partly_seen(batch, existing, by, "group")
    units = resolve_units(batch, by)
    groups = resolve(
        batch, "group", CustomerGroup.objects.all(), "code", Phrase("没有这个编码的集团")
    )
    _check_credit_codes(batch)
    reject_unfit_heads(batch, existing, by)
    drafts = [
        Draft(_customer_values(row, units, groups), existing.get(row["customer"]), index)
        for index, row in batch.live()
    ]
    changes = save_drafts(Customer, drafts, outcome)
    record_changes(changes, _TOLD_CUSTOMER, by=by, at=at)
    led = store_heads(batch, by=by, at=at) - {change.instance.number for change in changes}
    outcome.updated += len(led)
    outcome.unchanged -= len(led)
    outcome.rejections = batch.rejections
    return outcome


def _customer_values(row: Row, units: dict[Any, Any], groups: dict[Any, Any]) -> dict[str, Any]:
    values = pick(
        row,
        number="customer",
        name="name",
        credit_code="credit_code",
        kind="kind",
        industry_code="industry_code",
        importance="importance",
        address="address",
    )
    for optional in ("credit_code", "industry_code", "address"):
        if optional in values:
            values[optional] = values[optional] or ""
    if "importance" in values:
        values["importance"] = values["importance"] or Importance.NONE
    if "name" in values:
        values["pinyin"] = pinyin_initials(values["name"])[:200]
    if row.get("unit"):
        values["unit"] = units[row["unit"]]
    if "group" in row:
        values["group"] = groups[row["group"]] if row["group"] else None
    return values


def _reject_former(batch: Batch) -> None:
    former = fetch_by(
        FormerNumber.objects.select_related("customer"), "number", batch.values("customer")
    )
    for index, row in list(batch.live()):
        if (number := former.get(row["customer"])) is not None:
            batch.reject(
                index, "customer", Phrase("已并入客户 %(number)s", number=number.customer.number)
            )


def _check_credit_codes(batch: Batch) -> None:
    """A right check digit, and one customer a code, in the batch and in the register."""
    for index, row in list(batch.live()):
        if row.get("credit_code") and not is_credit_code(row["credit_code"]):
            batch.reject(index, "credit_code", Phrase("应为 18 位统一社会信用代码，校验码须正确"))
    owners = fetch_by(Customer.objects.all(), "credit_code", batch.values("credit_code"))
    taken = {code: customer.number for code, customer in owners.items()}
    for index, row in list(batch.live()):
        code = row.get("credit_code")
        if code and taken.setdefault(code, row["customer"]) != row["customer"]:
            batch.reject(index, "credit_code", Phrase("此信用代码已属于另一个客户"))


@transaction.atomic
def store_accounts(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Accounts by 户号, each under a customer: by number, by credit code, or by its own name.

    An archive that is kept by account knows no customers: then each credit code makes one
    customer, and an account without one stands for itself (`H` + 户号) until it is merged.
    """
    batch, outcome = Batch(follow_former(rows)), Outcome()
    _check_accounts(batch, outcome)
    everyone = CustomerAccount.objects.select_related("unit", "customer", "customer__unit")
    existing = fetch_by(everyone, "number", batch.values("account"))
    reject_unseen(batch, existing, CustomerAccount.objects, by, "account")
    units = resolve_units(batch, by)
    owners = _find_owners(batch, existing, by=by, at=at)
    drafts = [
        Draft(_account_values(row, units, owners[index]), existing.get(row["account"]), index)
        for index, row in batch.live()
    ]
    changes = save_drafts(CustomerAccount, drafts, outcome)
    record_changes(changes, _TOLD_ACCOUNT, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _check_accounts(batch: Batch, outcome: Outcome) -> None:
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["account"], "account", Phrase("户号"))
    )
    for index, row in list(batch.live()):
        opened, closed = row.get("opened_on"), row.get("closed_on")
        if not is_account_number(row["account"]):
            batch.reject(index, "account", Phrase("户号应为 6–16 位数字"))
        elif row.get("credit_code") and not is_credit_code(row["credit_code"]):
            batch.reject(index, "credit_code", Phrase("应为 18 位统一社会信用代码，校验码须正确"))
        elif opened and closed and closed < opened:
            batch.reject(index, "closed_on", Phrase("销户日期不得早于立户日期 %(day)s", day=opened))


def _account_values(row: Row, units: dict[Any, Any], owner: Any) -> dict[str, Any]:
    values = pick(
        row,
        number="account",
        name="name",
        address="address",
        status="status",
        opened_on="opened_on",
        closed_on="closed_on",
        origin="origin",
    )
    for optional in ("address", "origin"):
        if optional in values:
            values[optional] = values[optional] or ""
    if "status" in values:
        values["status"] = values["status"] or AccountStatus.ACTIVE
    if row.get("unit"):
        values["unit"] = units[row["unit"]]
    return {**values, "customer": owner}


def _find_owners(
    batch: Batch, existing: dict[Any, Any], *, by: Viewer, at: dt.datetime
) -> dict[int, Any]:
    """The customer of each live row, made where the archive has none."""
    everyone = Customer.objects.select_related("unit")
    seen = everyone.visible_to(by)
    by_number = resolve(batch, "customer", seen, "number", UNKNOWN_CUSTOMER)
    by_code = _seen_codes(batch, by)
    owners: dict[int, Any] = {}
    newcomers: dict[str, Row] = {}
    numbers: dict[int, str] = {}
    new_codes: dict[str, str] = {}
    for index, row in batch.live():
        code, account = row.get("credit_code") or "", existing.get(row["account"])
        if row.get("customer"):
            owners[index] = by_number[row["customer"]]
        elif code and code in by_code:
            owners[index] = by_code[code]
        elif account is not None and not code:
            owners[index] = account.customer
        else:
            number = new_codes.get(code) or f"H{row['account']}"
            if code:
                new_codes[code] = number
            numbers[index] = number
            newcomers.setdefault(number, _newcomer(row, number))
    made = _make_customers(list(newcomers.values()), by=by, at=at)
    return owners | {index: made[number] for index, number in numbers.items()}


def _seen_codes(batch: Batch, by: Viewer) -> dict[Any, Any]:
    everyone = Customer.objects.select_related("unit")
    owners = fetch_by(everyone, "credit_code", batch.values("credit_code"))
    reject_unseen(batch, owners, Customer.objects, by, "credit_code")
    return owners


def _newcomer(row: Row, number: str) -> dict[str, Any]:
    return {
        "customer": number,
        "name": row["name"],
        "credit_code": row.get("credit_code") or "",
        "kind": row.get("kind") or CustomerKind.OTHER,
        "industry_code": row.get("industry_code") or "",
        "importance": row.get("importance") or Importance.NONE,
        "unit": row["unit"],
        "address": row.get("address") or "",
    }


def _make_customers(rows: list[Row], *, by: Viewer, at: dt.datetime) -> dict[Any, Any]:
    if rows:
        store_customers(rows=rows, by=by, at=at)
    everyone = Customer.objects.select_related("unit")
    return fetch_by(everyone, "number", [row["customer"] for row in rows])
