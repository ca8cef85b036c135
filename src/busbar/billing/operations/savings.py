"""Studying what accounts could save, by the engine that made their bills (U12, R79)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.billing import insights
from busbar.billing.advice import Advice, UnableToAdvise, advise
from busbar.billing.models import Bill, Saving, SavingKind, SavingStudy
from busbar.billing.price_book import load_price_book
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.money import plain
from busbar.kit.periods import local_date

Found = dict[SavingKind, tuple[Decimal, dict[str, Any]]]
"""By kind: yuan a year, and what is to be done."""


def _unstudied(month: str) -> QuerySet[Bill, int]:
    """Ids of accounts with a bill of the month that no study reaches, the largest bill first."""
    studied = SavingStudy.objects.filter(account=OuterRef("account"), month__gte=month)
    bills = Bill.objects.current().filter(month=month).exclude(Exists(studied))
    return bills.order_by("-amount", "id").values_list("account_id", flat=True)


def study_savings(*, limit: int, by: Viewer, at: dt.datetime) -> int:
    """Study at most so many accounts that have a newer bill than study; returns how many.

    Each account is a transaction of its own, so that a kill loses one study and a second run
    does none twice. Studies are the company's own and see all accounts, whoever starts them.
    """
    month = insights.get_latest_month()
    if month is None:
        return 0
    books = cache(load_price_book)
    pending = list(_unstudied(month)[:limit])
    accounts = CustomerAccount.objects.select_related("unit", "customer").in_bulk(pending)
    for pk in pending:
        account = accounts[pk]
        try:
            advice = advise(SYSTEM_VIEWER, account.number, on=local_date(at), books=books)
            _keep(account, month, _savings(advice), "", by=by, at=at)
        except UnableToAdvise as refusal:
            _keep(account, month, {}, str(refusal), by=by, at=at)
    return len(pending)


@transaction.atomic
def _keep(
    account: CustomerAccount,
    month: str,
    savings: Found,
    refusal: str,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    study, _created = SavingStudy.objects.update_or_create(
        account=account, defaults={"month": month, "refusal": refusal[:500], "studied_at": at}
    )
    Saving.objects.filter(account=account).delete()
    Saving.objects.bulk_create(
        Saving(study=study, account=account, kind=kind, yearly_yuan=yuan, facts=facts)
        for kind, (yuan, facts) in savings.items()
        if yuan > 0
    )
    happening = Happening(
        event="billing.saving_study.made",
        subject_type="billing.saving_study",
        subject_id=study.pk,
        subject_label=f"{account.number} {month}",
        customer_id=account.customer_id,
        unit_path=account.unit.path,
        changes={kind.value: plain(yuan) for kind, (yuan, _facts) in savings.items()},
        reason=refusal[:500],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _savings(advice: Advice) -> Found:
    """The best of each kind, in yuan a year, with what is to be done."""
    found: Found = {}
    if advice.basic is not None and advice.basic.saving_yuan > 0:
        best, switch = advice.basic.best, advice.switch
        facts: dict[str, Any] = {"mode": best.mode, "contract_kw": best.contract_kw}
        if switch is not None:
            facts |= {"from": str(switch.on), "apply_by": str(switch.apply_by)}
        found[SavingKind.BASIC] = advice.basic.saving_yuan, facts
    step = advice.compensation.best if advice.compensation else None
    if step is not None and step.saving_yuan:
        found[SavingKind.COMPENSATION] = (
            step.saving_yuan,
            {
                "kvar": step.kvar,
                "target": plain(step.target),
                "cost_yuan": plain(step.cost_yuan or Decimal(0)),
                "payback_years": plain(step.payback_years) if step.payback_years else "",
            },
        )
    if advice.shifts:
        shift = advice.shifts[len(advice.shifts) // 2]
        moved = {"percent": plain(shift.percent), "moved_kwh": plain(shift.moved_kwh)}
        if shift.saving_yuan > 0:
            found[SavingKind.SHIFTING] = shift.saving_yuan, moved
    return found
