"""Telling the journal and the clocks of a stop by one word; locking the row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.outages.models import AffectedPoint, Outage, OutageKind
from busbar.outages.queries import OUTAGE


def lock_outage(number: str, by: Viewer, refusal: type[Refusal]) -> Outage:
    """The row as it stands, held until the transaction ends; journal's turn first."""
    journal_operations.take_turn()
    rows = Outage.objects.select_for_update(of=("self",)).select_related("unit")
    found: Outage | None = rows.filter(number=number).first()
    if found is None:
        raise refusal("没有停电 %(number)s", number=number)
    by.require_unit(found.unit.path)
    check_hand(found.kind, by, refusal)
    return found


def check_hand(kind: str, by: Viewer, refusal: type[Refusal]) -> None:
    """A stop for arrears is moved by the steps of its dunning case only, never by hand."""
    if kind == OutageKind.ARREARS and by != SYSTEM_VIEWER:
        raise refusal("欠费停电按催费单的步骤办理，不能单独操作")


def record(event: str, row: Outage, by: Viewer, at: dt.datetime, **changes: Any) -> None:
    """One journal entry, then the same event to the clocks."""
    touched = AffectedPoint.objects.filter(outage=row).values_list("account__customer_id")
    customers = {pk for (pk,) in touched.distinct()[:2]}
    customer_id = customers.pop() if len(customers) == 1 else None
    subject = Subject(OUTAGE, row.pk, row.number, customer_id, unit_id=row.unit_id)
    happening = Happening(
        event=event,
        subject_type=OUTAGE,
        subject_id=row.pk,
        subject_label=row.number,
        customer_id=customer_id,
        unit_path=row.unit.path,
        changes=changes,
        reason=row.reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    clocks_operations.apply_event(event=event, subject=subject, facts={}, actor=by.actor, at=at)
