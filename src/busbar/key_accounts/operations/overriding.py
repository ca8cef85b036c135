"""A person's word against the rules: with reason and expiry, approved by another (U9)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.journal import operations as journal_operations
from busbar.key_accounts.models import Category, OverrideState, RecognitionOverride
from busbar.key_accounts.operations.evaluating import override_told
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

LONGEST_DAYS = 731
"""An override that outlives two yearly reviews would be a rule."""


class UnableToOverride(Refusal):
    """The category cannot be set by hand so."""


@transaction.atomic
def propose_override(
    *,
    customer: Customer,
    category: str,
    holds: bool,
    reason: str,
    expires_on: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> RecognitionOverride:
    """Ask that a customer be, or not be, in a category until a day."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    by.require_unit(customer.unit.path)
    journal_operations.take_turn()
    _check(customer, category, reason, expires_on, local_date(at))
    row = RecognitionOverride.objects.create(
        customer=customer,
        category=category,
        holds=holds,
        reason=reason.strip(),
        valid_from=local_date(at),
        expires_on=expires_on,
        proposed_by_id=by.user_id,
        proposed_by=by.name,
        proposed_at=at,
    )
    journal_operations.record(happening=override_told(row, "proposed"), actor=by.actor, at=at)
    return row


def _check(
    customer: Customer, category: str, reason: str, expires_on: dt.date, today: dt.date
) -> None:
    if category == Category.IMPORTANT:
        raise UnableToOverride("重要客户由重要性评定决定，请在客户页提出重要性评定")
    if category not in Category.values:
        raise UnableToOverride("没有“%(category)s”这个类别", category=category)
    check_term(reason, expires_on, today)
    alive = RecognitionOverride.objects.filter(
        customer=customer,
        category=category,
        state__in=[OverrideState.PROPOSED, OverrideState.ADOPTED],
    ).first()
    if alive is not None:
        raise UnableToOverride(
            "%(customer)s 的这个类别已有%(state)s的人工认定，至 %(expires_on)s",
            customer=customer.name,
            state=alive.get_state_display(),
            expires_on=alive.expires_on,
        )


def check_term(reason: str, expires_on: dt.date, today: dt.date) -> None:
    """Refuse an override without reason, already over, or longer than two years."""
    if not reason.strip():
        raise UnableToOverride("请写明人工认定的理由")
    if expires_on <= today:
        raise UnableToOverride("到期日应晚于今天（%(today)s）", today=today)
    if (expires_on - today).days > LONGEST_DAYS:
        raise UnableToOverride("人工认定最长两年，到期再提出")


@transaction.atomic
def decide_override(
    *, override_id: int, approved: bool, by: Viewer, at: dt.datetime
) -> RecognitionOverride:
    """Approve or refuse; never by whoever asked."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    row = _locked(override_id, by)
    if row.state != OverrideState.PROPOSED:
        raise UnableToOverride("这项人工认定%(state)s，不能再批准", state=row.get_state_display())
    if row.proposed_by_id is not None and row.proposed_by_id == by.user_id:
        raise UnableToOverride("提出人不能批准自己提出的人工认定")
    row.state = OverrideState.ADOPTED if approved else OverrideState.REFUSED
    row.decided_by, row.decided_at = by.name, at
    row.save(update_fields=["state", "decided_by", "decided_at"])
    what = "adopted" if approved else "refused"
    journal_operations.record(happening=override_told(row, what), actor=by.actor, at=at)
    return row


@transaction.atomic
def end_override(*, override_id: int, by: Viewer, at: dt.datetime) -> RecognitionOverride:
    """Let the rules speak again before the expiry."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    row = _locked(override_id, by)
    if row.state != OverrideState.ADOPTED:
        raise UnableToOverride("这项人工认定%(state)s，无须结束", state=row.get_state_display())
    row.state = OverrideState.ENDED
    row.save(update_fields=["state"])
    journal_operations.record(happening=override_told(row, "ended"), actor=by.actor, at=at)
    return row


def _locked(override_id: int, by: Viewer) -> RecognitionOverride:
    rows = RecognitionOverride.objects.visible_to(by).select_related("customer__unit")
    row: RecognitionOverride = rows.select_for_update(of=("self",)).get(pk=override_id)
    by.require_unit(row.customer.unit.path)
    return row
