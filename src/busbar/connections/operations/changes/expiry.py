"""What happens to a temporary change whose last day has passed without a restoration."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections.models.changes import ChangeKind, ChangeState, SupplyChange
from busbar.connections.operations.changes.recording import record_change
from busbar.journal import operations as journal_operations
from busbar.kit.periods import local_date
from busbar.supply import operations as supply_operations
from busbar.supply.models import RunningState

_BATCH = 200


def expire_changes(*, at: dt.datetime) -> int:
    """Take every change in force past its end to its consequence, once; how many there were.

    A suspension over its term is charged by contract capacity from that day on whether the
    customer runs or not (供电营业规则(1996) 第24条): its transformers count as hot standby.
    For the other kinds the event alone tells the officer what the rule has in store.
    """
    rows = SupplyChange.objects.filter(
        state=ChangeState.IN_FORCE, ends_on__isnull=False, ends_on__lte=local_date(at)
    )
    ids = rows.order_by("ends_on", "id").values_list("id", flat=True)[:_BATCH]
    return sum(_expire(key, at) for key in list(ids))


@transaction.atomic
def _expire(change_id: int, at: dt.datetime) -> bool:
    journal_operations.take_turn()
    held = SupplyChange.objects.select_for_update(of=("self",)).select_related("unit", "rule")
    change: SupplyChange = held.get(pk=change_id)
    if change.state != ChangeState.IN_FORCE or change.ends_on is None:
        return False
    if change.kind == ChangeKind.SUSPENSION:
        for part in change.transformers.select_related("transformer"):
            supply_operations.change_transformer_state(
                transformer=part.transformer,
                state=RunningState.HOT_STANDBY,
                since=change.ends_on,
                reason=f"{change.number} 暂停期满，按合同容量计收",
                by=SYSTEM_VIEWER,
                at=at,
            )
    change.state, change.ended_on = ChangeState.ENDED, change.ends_on
    change.save(update_fields=["state", "ended_on"])
    after = change.rule.after if change.rule else ""
    record_change("expired", change, SYSTEM_VIEWER, at, reason=after)
    return True
