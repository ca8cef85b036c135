"""A claim is asked for: computed by rule, with what was found, for somebody else to decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.claims.computing import compute
from busbar.claims.models import Claim, ClaimState
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.numbers import payment_number

PREFIX = "ZB"
GROUND_LENGTH = 500


class UnableToRequestClaim(Refusal):
    """The claim may not be asked for as stated."""


@transaction.atomic
def request_claim(
    *, account_number: str, document: Mapping[str, Any], ground: str, by: Viewer, at: dt.datetime
) -> Claim:
    """Ask that an account be charged, or paid, what the document of a quotation comes to.

    `document`: a quotation of a kind of `ClaimKind` with the day `on`; `ground`: what was found,
    with the paper that proves it. Nothing is owed before somebody else approves it.
    Raises UnableToRequestClaim, UnableToCompute and billing's `QuoteRefused`.
    """
    by.require(Permission.RAISE_CLAIMS)
    journal_operations.take_turn()
    account = _account(account_number, by)
    if not ground.strip():
        raise UnableToRequestClaim("请写明事由和依据，如检查单号")
    computed = compute({**document, "reference": account.number})
    found_on = dt.date.fromisoformat(computed.document["on"])
    if found_on > local_date(at):
        raise UnableToRequestClaim("发生或查明日期 %(on)s 在今天之后", on=found_on)
    claim = Claim.objects.create(
        number=_next_number(local_date(at).year),
        account=account,
        kind=computed.document["kind"],
        found_on=found_on,
        ground=ground.strip()[:GROUND_LENGTH],
        document=computed.document,
        answer=computed.answer,
        amount_fen=computed.fen,
        state=ClaimState.REQUESTED,
        requested_by_id=by.employee_id,
        requested_by_name=by.name,
        requested_at=at,
    )
    record(claim, "claims.claim.requested", by, at, reason=claim.ground)
    return claim


def _account(number: str, by: Viewer) -> CustomerAccount:
    rows = CustomerAccount.objects.visible_to(by).select_related("customer", "unit")
    found: CustomerAccount | None = rows.filter(number=number.strip()).first()
    if found is None:
        raise UnableToRequestClaim("没有户号 %(number)s，或不在您的范围之内", number=number)
    return found


def _next_number(year: int) -> str:
    """The next of the year; the turn at the journal keeps two from taking the same."""
    begin = f"{PREFIX}{year % 100:02d}"
    last = Claim.objects.filter(number__startswith=begin).aggregate(last=Max("number"))["last"]
    return payment_number(PREFIX, year, int(last[4:10]) + 1 if last else 1)


def record(claim: Claim, event: str, by: Viewer, at: dt.datetime, *, reason: str = "") -> None:
    """The journal's entry about a claim."""
    happening = Happening(
        event=event,
        subject_type="claims.claim",
        subject_id=claim.pk,
        subject_label=claim.number,
        customer_id=claim.account.customer_id,
        unit_path=claim.account.unit.path,
        changes={"state": claim.state, "kind": claim.kind, "amount_yuan": claim.amount_yuan},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
