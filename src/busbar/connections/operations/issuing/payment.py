"""缴费通知: what is to be paid into which account, and by when (R57)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections import reply_paper
from busbar.connections.models import FeeNotice, IssuedPaper, NoticeState, PaperKind
from busbar.connections.operations.issuing.ground import (
    Facts,
    UnableToCompilePaper,
    hold_for,
    issue_about,
    require_any,
)
from busbar.connections.papers import making
from busbar.connections.papers.facts import PaymentNotice
from busbar.connections.subjects import APPLICATION
from busbar.kit.periods import local_date

_PAYMENT_CODE = "payment"
"""Time-limit code within which a customer pays; a company may have none."""
_PAYABLE = (NoticeState.ISSUED, NoticeState.PARTLY_PAID)


@transaction.atomic
def issue_payment_paper(*, notice_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """The charges of a notice that has gone out, the account, and the limit where there is one.

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.DESIGN_SCHEMES, Permission.RECEIVE_FEES)
    seen = FeeNotice.objects.visible_to(by).filter(pk=notice_id, state__in=_PAYABLE)
    notice = seen.select_related("payee").first()
    if notice is None:
        raise UnableToCompilePaper("没有待缴的缴费通知，或不在您的范围之内")
    application = hold_for(notice.application_id, by, what="生成缴费通知")
    notice.application = application
    return issue_about(
        application,
        PaperKind.FEE_NOTICE,
        _payment_facts(notice),
        lambda head, facts: making.render_payment_notice(PaymentNotice(head=head, **facts)),
        by=by,
        at=at,
    )


def _payment_facts(notice: FeeNotice) -> Facts:
    application = notice.application
    return {
        "application_number": application.number,
        "account_number": application.account.number if application.account else "",
        "customer_name": application.applicant_name,
        "kind": f"{application.get_supply_kind_display()}{application.get_kind_display()}",
        "due_on": _due_on(notice),
        "payee": reply_paper.payee_of(notice),
        "fees": reply_paper.fees_of(notice),
    }


def _due_on(notice: FeeNotice) -> dt.date | None:
    """The last day of the running payment limit; None where the company sets none."""
    clock = clocks_queries.get_open_clock(APPLICATION, notice.application_id, _PAYMENT_CODE)
    return local_date(clock.due_at) if clock else None
