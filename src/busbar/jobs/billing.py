"""Bill runs and releases as queued work, safe to run twice; telling customers of their bills."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django_q.tasks import async_task

from busbar.access import queries as access_queries
from busbar.access.models import User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.billing.engines import choose_engine
from busbar.billing.models import Bill
from busbar.customers import queries as customers_queries
from busbar.journal import operations as journal_operations
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.chinese_figures import grouped_yuan
from busbar.kit.periods import Month
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient, UnableToSendMessage

BILL = "billing.bill"
STUDIES_AT_ONCE = 200
"""A study takes a second or two: the worker is free for other work in a few minutes."""


def bill_month(month: str, user_id: int) -> str:
    """Bill the month in the name of the person who asked; the sentence is the task's result."""
    viewer = access_queries.get_viewer(User.objects.get(pk=user_id))
    run = billing_operations.run_month(
        month=Month.parse(month),
        by=viewer,
        at=dt.datetime.now(dt.UTC),
        engine=choose_engine(settings.BUSBAR_BILL_ENGINE),
    )
    seen = billing_queries.get_run(viewer, run.month)
    return f"{month}：已出账 {seen.billed} 户，未能出账 {seen.refused} 户"


def release_month(month: str, user_id: int) -> str:
    """Release the month's bills in the name of the person who asked."""
    viewer = access_queries.get_viewer(User.objects.get(pk=user_id))
    try:
        done = billing_operations.release_bills(
            month=Month.parse(month), by=viewer, at=dt.datetime.now(dt.UTC)
        )
    except billing_operations.UnableToReleaseBills as refusal:
        return str(refusal)
    return f"{month}：已发行 {done.released} 张账单，待复核 {done.held} 张"


def queue_comparisons() -> str:
    """Queue the comparison of the latest billed months with the archive, each by itself."""
    months = billing_queries.list_months()[: int(settings.BUSBAR_COMPARED_MONTHS)]
    for month in months:
        async_task("busbar.jobs.billing.compare_bills", month, group=f"compare {month}")
    return f"已排入 {len(months)} 个月"


def compare_bills(month: str) -> str:
    """Find the month's bills that come out otherwise from today's archive. Safe to run twice."""
    return compare_bills_at(month, at=dt.datetime.now(dt.UTC))


def compare_bills_at(month: str, *, at: dt.datetime) -> str:
    """Run `compare_bills` at a moment."""
    done = billing_operations.compare_month(month=Month.parse(month), by=SYSTEM_VIEWER, at=at)
    return f"{month}：核对 {done.bills} 张账单，依据已变 {done.outdated} 张"


def study_savings() -> str:
    """Study some of the accounts whose newest bill no study has seen yet, the largest first."""
    count = billing_operations.study_savings(
        limit=STUDIES_AT_ONCE, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
    )
    return f"已测算 {count} 户"


def tell_customer(entry: Entry) -> None:
    """Tell the customer's billing contact of a released bill; once, in the cursor's transaction.

    Whom nobody can be told of is written in the journal with the reason, and holds up no other.
    """
    bills = Bill.objects.select_related("account__customer").defer("facts", "quantities")
    bill = bills.filter(pk=entry.subject_id).first()
    if bill is None or not bill.is_current:
        return  # replaced before anybody could be told; the new bill tells its own
    try:
        _say(bill, entry)
    except UnableToSendMessage as refusal:
        _note_untold(bill, entry, str(refusal))


def _say(bill: Bill, entry: Entry) -> None:
    account = bill.account
    contact = customers_queries.find_billing_contact(account.customer_id)
    if contact is None:
        raise UnableToSendMessage("客户没有留有邮箱的账务联系人")
    notifications_operations.send_message(
        kind="billing.bill.corrected" if bill.revision else "billing.bill.released",
        to=Recipient(contact_id=contact.pk),
        about=About(BILL, bill.pk, account.unit_id, entry.subject_label, account.customer_id),
        facts={
            "name": account.customer.name,
            "account": account.number,
            "month": bill.month,
            "amount": grouped_yuan(bill.amount),
            "due": grouped_yuan(bill.amount_due),
            "energy": f"{bill.energy_kwh:,.0f}",
            "reason": bill.reason or "—",
        },
        actor=SYSTEM,
        at=entry.occurred_at,
        key=f"bill:{bill.pk}",
    )


def _note_untold(bill: Bill, entry: Entry, reason: str) -> None:
    happening = Happening(
        event="billing.bill.untold",
        subject_type=BILL,
        subject_id=bill.pk,
        subject_label=entry.subject_label,
        customer_id=bill.account.customer_id,
        unit_path=entry.unit_path,
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=SYSTEM, at=entry.occurred_at)
