"""Ending an agreement before its time: a larger supply, or none any more (R37, R42)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import Draft, Outcome, Told, record_changes, save_drafts
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal
from busbar.supply.models import Agreement

_TOLD = Told("supply.agreement", customer_of=lambda a: a.account.customer, amended_verb="ended")


class UnableToEndAgreement(Refusal):
    """The agreement cannot end on that day."""


@transaction.atomic
def end_agreement(
    *, agreement: Agreement, on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> Agreement:
    """Let an agreement end on a day, which no longer belongs to it."""
    by.require(Permission.EDIT_CUSTOMERS)
    journal_operations.take_turn()
    seen = Agreement.objects.visible_to(by).select_related("account__customer__unit")
    held: Agreement | None = seen.select_for_update(of=("self",)).filter(pk=agreement.pk).first()
    if held is None:
        raise UnableToEndAgreement("该合同不在您的管辖范围内")
    if not reason.strip():
        raise UnableToEndAgreement("请写明终止原因")
    if on <= held.valid_from:
        raise UnableToEndAgreement(
            "合同 %(number)s 终止日期应晚于生效日期 %(valid_from)s",
            number=held.number,
            valid_from=held.valid_from,
        )
    if held.valid_until is not None and held.valid_until <= on:
        raise UnableToEndAgreement(
            "合同 %(number)s 已于 %(valid_until)s 失效",
            number=held.number,
            valid_until=held.valid_until,
        )
    changes = save_drafts(Agreement, [Draft({"valid_until": on}, held)], Outcome())
    record_changes(changes, _TOLD, by=by, at=at, reason=reason.strip())
    return held
