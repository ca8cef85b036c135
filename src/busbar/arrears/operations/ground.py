"""What every step shares: the locked case, its line in the timeline, journal, clocks, message."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from busbar.access.visibility import Viewer
from busbar.arrears.coming import coming_step
from busbar.arrears.models import CaseStep, DunningCase, unit_of
from busbar.arrears.queries import debt_of, find_pause
from busbar.clocks import operations as clocks_operations
from busbar.clocks.subjects import Subject
from busbar.customers.models import Contact
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient, UnableToSendMessage

CASE = "arrears.case"
KEY = "arrears_dunning"


class UnableToDun(Refusal):
    """The case does not stand where this step begins."""


def subject_of(case: DunningCase) -> Subject:
    """The case as clocks and processes name it."""
    unit = unit_of(case)
    return Subject(CASE, case.pk, case.number, case.account.customer_id, unit_id=unit.pk)


def lock_case(number: str, by: Viewer, *states: str) -> DunningCase:
    """The case as it stands, held; refused where it is in none of the states."""
    journal_operations.take_turn()
    rows = DunningCase.objects.select_for_update(of=("self",)).visible_to(by)
    case: DunningCase | None = (
        rows.select_related("account__customer", "account__unit", "outage")
        .filter(number=number)
        .first()
    )
    if case is None:
        raise UnableToDun("没有催费单 %(number)s，或不在您的可见范围内", number=number)
    if states and case.state not in states:
        raise UnableToDun(
            "%(number)s 现在是“%(state)s”，不能办理这一步",
            number=number,
            state=case.get_state_display(),
        )
    return case


def note(
    case: DunningCase,
    event: str,
    text: str,
    *,
    by: Viewer,
    at: dt.datetime,
    source: str = "",
    message_id: int | None = None,
    **changes: Any,
) -> None:
    """A line of the timeline, what comes next, and one journal entry, told to the clocks."""
    foresee(case, at=at)
    CaseStep.objects.create(
        case=case,
        kind=event.rsplit(".", 1)[-1],
        at=at,
        by_name=by.name,
        text=text[:500],
        source=source[:300],
        message_id=message_id,
    )
    tell(event, case, by=by, at=at, reason=text[:300], **changes)


def foresee(case: DunningCase, *, at: dt.datetime) -> None:
    """Keep on the case what comes next and when."""
    step, moment = coming_step(case, find_pause(case), at=at)
    if (case.next_step, case.next_at) != (step, moment):
        case.next_step, case.next_at = step, moment
        case.save(update_fields=["next_step", "next_at"])


def tell(
    event: str, case: DunningCase, *, by: Viewer, at: dt.datetime, reason: str = "", **changes: Any
) -> None:
    """One journal entry on the case, then the same event to its clocks."""
    happening = Happening(
        event=event,
        subject_type=CASE,
        subject_id=case.pk,
        subject_label=case.number,
        customer_id=case.account.customer_id,
        unit_path=unit_of(case).path,
        changes={"account": case.account.number, "state": case.state, **changes},
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    clocks_operations.apply_event(
        event=event, subject=subject_of(case), facts={}, actor=by.actor, at=at
    )


def say(case: DunningCase, kind: str, *, by: Viewer, at: dt.datetime, **facts: str) -> int | None:
    """Tell the customer's first contact; None where nobody can be reached: then by paper."""
    contact = Contact.objects.filter(customer=case.account.customer_id, is_primary=True).first()
    if contact is None:
        return None
    about = About(CASE, case.pk, unit_of(case).pk, case.number, case.account.customer_id)
    known = {
        "account": case.account.number,
        "customer": case.account.customer.name,
        "yuan": f"{overdue_yuan(case, at):.2f}",
        **facts,
    }
    try:
        message = notifications_operations.send_message(
            kind=f"arrears.case.{kind}",
            to=Recipient(contact_id=contact.pk),
            about=about,
            facts=known,
            actor=by.actor,
            at=at,
            key=f"arrears:{case.pk}:{kind}:{at:%Y%m%d%H%M}",
        )
    except UnableToSendMessage:
        return None
    return int(message.pk)


def overdue_yuan(case: DunningCase, at: dt.datetime) -> Decimal:
    """What the 户号 owes overdue, in yuan."""
    debt = debt_of([case.account_id], on=local_date(at)).get(case.account_id)
    return debt.open_yuan if debt else Decimal("0.00")


def told(message_id: int | None) -> str:
    """How the customer was told, for the timeline."""
    return "已发消息" if message_id else "无可用联系方式，须以纸质函送达"
