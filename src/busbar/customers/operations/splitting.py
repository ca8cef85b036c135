"""Some accounts leave a customer for a new one (R80)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import (
    Customer,
    CustomerAccount,
    CustomerMerge,
    FormerNumber,
    MergeKind,
)
from busbar.customers.operations import relocation
from busbar.customers.operations.merging import lock_customers, require_whole
from busbar.customers.operations.model_walk import (
    Model,
    label_of,
    our_models,
    relations_to,
    rows_of,
)
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.identifiers import is_credit_code, pinyin_initials

_LONGEST_NUMBER, _LONGEST_NAME = 20, 200


class UnableToSplitCustomer(Refusal):
    """The accounts cannot leave so."""


@transaction.atomic
def split_customer(
    *,
    customer: Customer,
    accounts: Sequence[str],
    name: str,
    number: str = "",
    credit_code: str = "",
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> CustomerMerge:
    """Take the accounts (by 户号) out into a new customer, with what belongs to them alone.

    The new number is `H` and the first 户号 unless one is given. Contacts, documents and team stay.
    """
    by.require(Permission.CONSOLIDATE)
    found = lock_customers(customer.pk)
    if not found:
        raise UnableToSplitCustomer("%(name)s 已并入别的客户", name=customer.name)
    origin = found[0]
    require_whole(origin, by, UnableToSplitCustomer)
    leaving = _leaving(origin, accounts)
    parted = _new_customer(origin, leaving, name, number, credit_code, reason)
    moves = _move(origin, parted, [account.pk for account in leaving])
    merge = CustomerMerge.objects.create(
        kind=MergeKind.SPLIT,
        customer=origin,
        other_id=parted.pk,
        other_number=parted.number,
        other_name=parted.name,
        reason=reason.strip()[:300],
        made_at=at,
        made_by=by.name,
        moves=moves,
    )
    _tell(merge, leaving, parted, reason=reason, by=by, at=at)
    return merge


def _leaving(origin: Customer, accounts: Sequence[str]) -> list[CustomerAccount]:
    owned = CustomerAccount.objects.filter(customer=origin).order_by("number")
    leaving = [account for account in owned if account.number in set(accounts)]
    if not leaving or len(leaving) < len(set(accounts)):
        raise UnableToSplitCustomer("请选择属于该客户的户号")
    if len(leaving) == owned.count():
        raise UnableToSplitCustomer("至少有一个户号留在原客户")
    return leaving


def _new_customer(
    origin: Customer,
    leaving: list[CustomerAccount],
    name: str,
    number: str,
    credit_code: str,
    reason: str,
) -> Customer:
    name, number = name.strip(), number.strip() or f"H{leaving[0].number}"
    if not name or not reason.strip():
        raise UnableToSplitCustomer("新客户的名称和拆分的依据都应填写")
    if len(number) > _LONGEST_NUMBER or len(name) > _LONGEST_NAME:
        raise UnableToSplitCustomer("客户编号至多 20 个字，名称至多 200 个字")
    if Customer.objects.filter(number=number).exists():
        raise UnableToSplitCustomer("客户编号 %(number)s 已登记，请另给一个编号", number=number)
    if FormerNumber.objects.filter(number=number).exists():
        raise UnableToSplitCustomer(
            "客户编号 %(number)s 已归并，撤销归并或另给一个编号", number=number
        )
    if credit_code and not is_credit_code(credit_code):
        raise UnableToSplitCustomer("应为 18 位统一社会信用代码，校验码须正确")
    if credit_code and Customer.objects.filter(credit_code=credit_code).exists():
        raise UnableToSplitCustomer("此信用代码已属于另一个客户")
    return Customer.objects.create(
        number=number,
        name=name,
        pinyin=pinyin_initials(name)[:200],
        credit_code=credit_code,
        kind=origin.kind,
        industry_code=origin.industry_code,
        unit=origin.unit,
        address=leaving[0].address,
    )


def _move(origin: Customer, parted: Customer, accounts: list[int]) -> list[dict[str, Any]]:
    """The accounts, rows that name account and customer, and rows that only these accounts use."""
    moves = []
    for model, column in relocation.holders():
        ids = _belonging(model, column, origin, accounts)
        if not ids:
            continue
        relocation.move_rows(model, column.attname, ids, parted.pk)
        label = label_of(model)
        moves.append({"model": label, "field": column.attname, "ids": ids})
    return moves


def _belonging(model: Model, column: Any, origin: Customer, accounts: list[int]) -> list[int]:
    rows = rows_of(model).filter(**{column.attname: origin.pk})
    if model is CustomerAccount:
        return list(rows.filter(pk__in=accounts).order_by("pk").values_list("pk", flat=True))
    own = relations_to(model, CustomerAccount)
    if own:
        chosen = rows.filter(**{f"{own[0].attname}__in": accounts})
        return list(chosen.order_by("pk").values_list("pk", flat=True))
    return _used_alone(model, rows, accounts)


def _used_alone(model: Model, rows: Any, accounts: list[int]) -> list[int]:
    """Rows, such as sites, that are named beside these accounts and beside no other."""
    inside: set[int] = set()
    outside: set[int] = set()
    ids = list(rows.values_list("pk", flat=True))
    for other, name, account in _users(model):
        pairs = rows_of(other).filter(**{f"{name}__in": ids})
        for used, owner in pairs.values_list(name, account):
            (inside if owner in accounts else outside).add(used)
    return sorted(inside - outside)


def _users(model: Model) -> Iterator[tuple[Model, str, str]]:
    """Models that name both a row of this model and an account."""
    for other in our_models():
        accounts = relations_to(other, CustomerAccount)
        for column in relations_to(other, model):
            if accounts:
                yield other, column.attname, accounts[0].attname


def _tell(
    merge: CustomerMerge,
    leaving: list[CustomerAccount],
    parted: Customer,
    *,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    origin, numbers = merge.customer, [account.number for account in leaving]
    happenings = [
        Happening(
            event="customers.customer.split",
            subject_type="customers.customer",
            subject_id=customer.pk,
            subject_label=str(customer),
            customer_id=customer.pk,
            unit_path=customer.unit.path,
            changes={
                "merge": merge.pk,
                "other": str(other),
                "accounts": numbers,
            },
            reason=reason,
        )
        for customer, other in ((origin, parted), (parted, origin))
    ]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
