"""What the steps of a change share: the locked row, the journal, the documents of effects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from busbar.access.visibility import Viewer
from busbar.clocks.subjects import Subject
from busbar.connections.changes.charges import Effect
from busbar.connections.models.changes import SupplyChange
from busbar.connections.recording import record_about
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations

CHANGE = "connections.change"
"""Subject type of a change in the journal, in clocks and in processes."""


def change_subject(change: SupplyChange) -> Subject:
    """The change in the plain values that clocks and workflow keep."""
    return Subject(
        type=CHANGE,
        id=change.pk,
        label=str(change),
        customer_id=change.customer_id,
        unit_id=change.unit_id,
    )


def change_facts(change: SupplyChange) -> dict[str, Any]:
    """The facts on which time limits and decision tables rest."""
    return {"number": change.number, "change_kind": change.kind}


def record_change(
    verb: str,
    change: SupplyChange,
    by: Viewer,
    at: dt.datetime,
    *,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Journal `connections.change.<verb>` and tell the clocks."""
    stated = {"kind": change.kind, "starts_on": change.starts_on, "ends_on": change.ends_on}
    record_about(
        event=f"connections.change.{verb}",
        subject=change_subject(change),
        unit_path=change.unit.path,
        facts=change_facts(change),
        actor=by.actor,
        at=at,
        changes={**stated, **(changes or {})},
        reason=reason,
    )


def lock_account(account_id: int, by: Viewer) -> CustomerAccount | None:
    """The account with its row held, so that two changes of it are judged one after the other."""
    rows = CustomerAccount.objects.visible_to(by).filter(pk=account_id)
    if not rows.exists():
        return None
    journal_operations.take_turn()
    held = CustomerAccount.objects.select_for_update(of=("self",))
    account: CustomerAccount = held.select_related("customer__unit", "unit").get(pk=account_id)
    return account


def lock_change(change_id: int, by: Viewer) -> SupplyChange | None:
    """The change with its row held; None where the viewer may not see it."""
    if not SupplyChange.objects.visible_to(by).filter(pk=change_id).exists():
        return None
    journal_operations.take_turn()
    held = SupplyChange.objects.select_for_update(of=("self",))
    change: SupplyChange = held.select_related(
        "account__customer__unit", "account__unit", "customer", "unit", "rule__rule_set", "follows"
    ).get(pk=change_id)
    return change


def effect_document(effect: Effect | None) -> dict[str, Any]:
    """The effect on the charge as it is kept with the change."""
    if effect is None:
        return {}
    saved = {} if effect.saved_yuan is None else {"saved_yuan": str(effect.saved_yuan)}
    return {
        **saved,
        "because": effect.because,
        "months": [
            {
                "month": str(month.month),
                "charged_days": month.charged_days,
                "divisor": month.divisor,
                "charged_yuan": str(month.charged_yuan),
                "saved_yuan": str(month.saved_yuan),
                "formula": month.formula,
            }
            for month in effect.months
        ],
    }
