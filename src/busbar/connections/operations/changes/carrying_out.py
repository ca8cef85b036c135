"""Carrying an approved change out: the archive follows, by the registers' own operations (R39)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.changes import charges
from busbar.connections.models.changes import ChangeKind, ChangeState, SupplyChange
from busbar.connections.operations.changes import effects
from busbar.connections.operations.changes.recording import (
    effect_document,
    lock_change,
    record_change,
)
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.charge_changes import CHARGE_KINDS
from busbar.kit.errors import Refusal
from busbar.kit.periods import Period, local_date

LASTING = {
    ChangeKind.CAPACITY_REDUCTION,
    ChangeKind.SUSPENSION,
    ChangeKind.TEMPORARY_REMOVAL,
    ChangeKind.TEMPORARY_REPLACEMENT,
}
"""Kinds that stay in force until they are restored."""


class UnableToCarryOut(Refusal):
    """The change cannot be carried out so."""


@transaction.atomic
def carry_out_change(
    *,
    change_id: int,
    done_on: dt.date,
    seals: Mapping[int, str] | None = None,
    by: Viewer,
    at: dt.datetime,
) -> SupplyChange:
    """Carry the change out on a day; `seals` are seal numbers by transformer.

    The day of sealing is the first free day, the day of unsealing the first charged one. A new
    way of the basic charge is carried out by signing and holds from its approved first day.
    """
    by.require(Permission.HANDLE_CHANGES)
    change = _approved(change_id, done_on, by, at)
    effects.apply(change, done_on=done_on, seals=dict(seals or {}), by=by, at=at)
    lasting = ChangeKind(change.kind) in LASTING
    change.state = ChangeState.IN_FORCE if lasting else ChangeState.DONE
    change.executed_at = at
    if change.kind not in CHARGE_KINDS:
        change.starts_on = done_on
    if change.follows is not None:
        _end(change, change.follows, done_on)
    change.save(update_fields=["state", "starts_on", "executed_at", "charge_effect"])
    record_change("carried_out", change, by, at, changes={"done_on": done_on})
    return change


def _approved(change_id: int, done_on: dt.date, by: Viewer, at: dt.datetime) -> SupplyChange:
    change = lock_change(change_id, by)
    if change is None:
        raise UnableToCarryOut("没有这个变更，或不在您的管辖范围内")
    if change.state != ChangeState.APPROVED:
        raise UnableToCarryOut(
            "变更 %(number)s 为“%(state)s”，须先批准",
            number=change.number,
            state=change.get_state_display(),
        )
    if done_on < change.starts_on and change.kind not in CHARGE_KINDS:
        raise UnableToCarryOut("不得早于批准的生效日期 %(starts_on)s", starts_on=change.starts_on)
    if done_on > local_date(at):
        raise UnableToCarryOut("执行日期 %(done_on)s 还没有到", done_on=done_on)
    if change.ends_on is not None and done_on >= change.ends_on:
        raise UnableToCarryOut("批准的期限到 %(ends_on)s 已满", ends_on=change.ends_on)
    return change


def _end(change: SupplyChange, before: SupplyChange, on: dt.date) -> None:
    """End what the restoration follows, and say what the real stay does to the charge."""
    if before.state == ChangeState.IN_FORCE:
        before.state, before.ended_on = ChangeState.ENDED, on
        before.save(update_fields=["state", "ended_on"])
    effect = _real_effect(before, before.ended_on or on)
    if effect is not None:
        change.charge_effect = effect_document(effect)


def _real_effect(before: SupplyChange, on: dt.date) -> charges.Effect | None:
    if before.rule is None:
        return None
    wish = change_queries.Wish(
        kind=ChangeKind(before.kind),
        starts_on=before.starts_on,
        ends_on=on,
        transformer_ids=tuple(before.transformers.values_list("transformer_id", flat=True)),
    )
    wish = change_queries.with_facts(wish, before.facts)
    return change_queries.effect_of_stay(
        before.account, wish, before.rule, Period(before.starts_on, on)
    )
