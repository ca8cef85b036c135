"""A customer asks for a change of its supply (R42)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models.changes import ChangedTransformer, ChangeKind, SupplyChange
from busbar.connections.numbering import next_serial
from busbar.connections.operations.changes.recording import (
    effect_document,
    lock_account,
    record_change,
)
from busbar.connections.operations.changes.requirements import check_facts
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.customers.models import CustomerAccount
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date


class UnableToRequestChange(Refusal):
    """The change is not allowed as wished for; each reason stands with its clause."""


@transaction.atomic
def request_change(
    *,
    account: CustomerAccount,
    wish: Wish,
    facts: Mapping[str, Any] | None = None,
    reason: str = "",
    by: Viewer,
    at: dt.datetime,
) -> SupplyChange:
    """Enter a change that the rules in force on its first day allow.

    `facts` hold what the kind needs besides (see requirements.py). Everything that stands
    against it is said at once; a refused wish leaves nothing behind.
    """
    by.require(Permission.HANDLE_CHANGES)
    held = lock_account(account.pk, by)
    if held is None:
        raise UnableToRequestChange(
            "没有户号 %(number)s，或不在您的管辖范围内", number=account.number
        )
    known = check_facts(held, wish, dict(facts or {}), by)
    wish = change_queries.with_facts(wish, known)
    try:
        judged = change_queries.judge(held, wish, asked_on=local_date(at))
    except LookupError as silence:
        raise UnableToRequestChange(str(silence)) from silence
    if judged.objections:
        raise UnableToRequestChange("；".join(str(each) for each in judged.objections))
    change = SupplyChange.objects.create(
        number=_number(held, at),
        kind=wish.kind,
        account=held,
        customer=held.customer,
        unit=held.unit,
        officer_id=by.employee_id,
        rule=judged.rule,
        requested_at=at,
        reason=reason.strip(),
        starts_on=wish.starts_on,
        ends_on=wish.ends_on,
        facts={**known, "confirmed": sorted(wish.confirmed), "checked_by": by.name},
        charge_effect=effect_document(judged.effect),
        follows=change_queries.open_predecessor(held, wish.kind),
    )
    _name_transformers(change, wish)
    record_change("requested", change, by, at, reason=reason)
    return change


def _number(account: CustomerAccount, at: dt.datetime) -> str:
    """`BG` + unit, day in China, running number of the day."""
    day = f"{at.astimezone(CHINA):%y%m%d}"
    code = account.unit.code
    return f"BG{code}-{day}-{next_serial(f'change:{code}:{day}'):04d}"


def _name_transformers(change: SupplyChange, wish: Wish) -> None:
    ids = wish.transformer_ids
    if not ids and change.follows is not None:
        ids = tuple(change.follows.transformers.values_list("transformer_id", flat=True))
    if not ids and wish.kind == ChangeKind.CLOSURE:
        ids = tuple(change_queries.running_transformers(change.account, on=wish.starts_on))
    ChangedTransformer.objects.bulk_create(
        [ChangedTransformer(change=change, transformer_id=key) for key in ids]
    )
