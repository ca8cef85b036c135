"""Supply agreements 供用电合同: one holds at a time for an account (R37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
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
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.customers.models import CustomerAccount
from busbar.kit.errors import Phrase, Refusal
from busbar.supply.models import Agreement, BasicChargeMode
from busbar.supply.operations.sites import seen_accounts

_TOLD = Told(
    "supply.agreement",
    "signed",
    customer_of=lambda a: a.account.customer,
    unit_path_of=lambda a: a.account.unit.path,
)


class UnableToSignAgreement(Refusal):
    """The agreement cannot be entered as given."""


@transaction.atomic
def store_agreements(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Agreements by number; two of one account may not hold on the same day."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["number"], "number", Phrase("合同编号"))
    )
    accounts = seen_accounts(batch, by)
    related = Agreement.objects.select_related("account__customer", "account__unit")
    existing = fetch_by(related, "number", batch.values("number"))
    reject_unseen(batch, existing, Agreement.objects, by, "number")
    _check_terms(batch)
    _reject_overlaps(batch, accounts)
    drafts = [
        Draft(_values(row, accounts), existing.get(row["number"]), index)
        for index, row in batch.live()
    ]
    record_changes(save_drafts(Agreement, drafts, outcome), _TOLD, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _values(row: Row, accounts: dict[Any, Any]) -> dict[str, Any]:
    values = pick(
        row,
        number="number",
        signed_on="signed_on",
        valid_from="valid_from",
        valid_until="valid_until",
        tariff_code="tariff_code",
        tariff_category="tariff_category",
        basic_charge_mode="basic_charge_mode",
        contract_capacity_kva="contract_capacity_kva",
        contract_demand_kw="contract_demand_kw",
        power_factor_standard="power_factor_standard",
    )
    if "power_factor_standard" in values:
        values["power_factor_standard"] = values["power_factor_standard"] or ""
    return {**values, "account": accounts[row["account"]]}


def _check_terms(batch: Batch) -> None:
    for index, row in list(batch.live()):
        ends = row.get("valid_until")
        mode = row["basic_charge_mode"]
        demand = row.get("contract_demand_kw")
        if ends is not None and ends <= row["valid_from"]:
            batch.reject(
                index,
                "valid_until",
                Phrase("失效日期应晚于生效日期 %(day)s", day=row["valid_from"]),
            )
        elif row["contract_capacity_kva"] <= 0:
            batch.reject(index, "contract_capacity_kva", Phrase("合同容量应大于 0 千伏安"))
        elif mode == BasicChargeMode.CONTRACT_DEMAND and not demand:
            batch.reject(index, "contract_demand_kw", Phrase("按合同最大需量计费时应填写合同需量"))


def _reject_overlaps(batch: Batch, accounts: dict[Any, Any]) -> None:
    """Check against the account's other agreements, stored ones and those of the batch."""
    redrawn = {row["number"] for _, row in batch.live()}
    taken: dict[int, list[tuple[dt.date, dt.date, str]]] = {}
    ids = sorted(account.pk for account in accounts.values())
    for start in range(0, len(ids), 5000):
        for stored in Agreement.objects.filter(account__in=ids[start : start + 5000]):
            if stored.number not in redrawn:
                span = (stored.valid_from, stored.valid_until or dt.date.max, stored.number)
                taken.setdefault(stored.account_id, []).append(span)
    for index, row in list(batch.live()):
        spans = taken.setdefault(accounts[row["account"]].pk, [])
        begins, ends = row["valid_from"], row.get("valid_until") or dt.date.max
        other = next((s for s in spans if s[0] < ends and begins < s[1]), None)
        if other is not None:
            batch.reject(
                index, "valid_from", Phrase("与该户合同 %(number)s 的有效期重叠", number=other[2])
            )
        else:
            spans.append((begins, ends, row["number"]))


@transaction.atomic
def sign_agreement(
    *,
    account: CustomerAccount,
    number: str,
    signed_on: dt.date,
    valid_from: dt.date,
    valid_until: dt.date | None,
    tariff_code: str,
    tariff_category: str,
    basic_charge_mode: BasicChargeMode | str,
    contract_capacity_kva: int,
    contract_demand_kw: int | None = None,
    power_factor_standard: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Agreement:
    """Enter a signed agreement; an open-ended one before it ends on the new one's first day."""
    by.require(Permission.EDIT_CUSTOMERS)
    if Agreement.objects.filter(number=number).exists():
        raise UnableToSignAgreement("合同编号 %(number)s 已登记", number=number)
    _end_open_agreement(account, valid_from, by=by, at=at)
    row = {
        "number": number,
        "account": account.number,
        "signed_on": signed_on,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "tariff_code": tariff_code,
        "tariff_category": tariff_category,
        "basic_charge_mode": BasicChargeMode(basic_charge_mode),
        "contract_capacity_kva": contract_capacity_kva,
        "contract_demand_kw": contract_demand_kw,
        "power_factor_standard": power_factor_standard,
    }
    store_agreements(rows=[row], by=by, at=at).require(UnableToSignAgreement)
    return Agreement.objects.get(number=number)


def _end_open_agreement(
    account: CustomerAccount, on: dt.date, *, by: Viewer, at: dt.datetime
) -> None:
    related = Agreement.objects.visible_to(by).select_related("account__customer", "account__unit")
    open_one = related.filter(account=account, valid_until=None, valid_from__lt=on).first()
    if open_one is None:
        return
    outcome = Outcome()
    changes = save_drafts(Agreement, [Draft({"valid_until": on}, open_one)], outcome)
    record_changes(changes, _TOLD, by=by, at=at)
