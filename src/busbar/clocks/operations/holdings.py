"""Who had the matter in hand, opened and closed as work passes on (N3, R46)."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from busbar.clocks.models import Holding
from busbar.clocks.subjects import Party, Subject
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal


class UnableToHold(Refusal):
    """The holding cannot be opened or closed so."""


def open_holding(*, subject: Subject, party: Party, key: str, at: dt.datetime) -> Holding:
    """The party has the matter from `at`; `key` names the holding within the subject.

    A part of the operation that hands the matter over: in its transaction, recorded with it.
    """
    journal_operations.take_turn()  # two at once would else both find that nobody has it
    if _open(subject, key).exists():
        raise UnableToHold("“%(key)s”已在办理中，不能重复接手", key=key)
    return Holding.objects.create(
        subject_type=subject.type,
        subject_id=subject.id,
        customer_id=subject.customer_id,
        unit_id=subject.unit_id,
        key=key,
        party_kind=party.kind,
        party_unit_id=party.unit_id,
        post=party.post,
        employee_id=party.employee_id,
        name=party.name[:100],
        opened_at=at,
    )


def close_holding(*, subject: Subject, key: str, at: dt.datetime) -> Holding:
    """The party has passed the matter on at `at`; in the caller's transaction too."""
    journal_operations.take_turn()
    holding = _open(subject, key).select_for_update(of=("self",)).first()
    if holding is None:
        raise UnableToHold("“%(key)s”没有在办理中，不能交出", key=key)
    if at < holding.opened_at:
        raise UnableToHold("交出时刻不能早于接手时刻 %(opened_at)s", opened_at=holding.opened_at)
    holding.closed_at = at
    holding.save(update_fields=["closed_at"])
    return holding


def _open(subject: Subject, key: str) -> QuerySet[Holding]:
    return Holding.objects.filter(
        subject_type=subject.type, subject_id=subject.id, key=key, closed_at=None
    )
