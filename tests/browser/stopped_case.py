"""Make one 户号 of the demonstration owe a bill, be dunned and be stopped; tell what of it.

Run by the arrears journey on the served region, for a ladder takes weeks. Every rung is climbed
by the room's own operations, at moments of the last weeks; only the bill's days are moved.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

AGO = range(14, 60)
OVERDUE = dt.timedelta(days=45)


def main() -> None:
    """Print the case, 户号, usage point, month, bill's number and the bank account as JSON."""
    import django

    django.setup()
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.arrears import operations as arrears_operations
    from busbar.arrears.models import DunningCase
    from busbar.demo import dunning
    from busbar.kit.periods import CHINA, local_date
    from busbar.payments import operations as payments_operations
    from busbar.payments.models import CollectionAccount, Receivable

    now = dt.datetime.now(CHINA)
    match = _paid_once()
    payments_operations.undo_match(match_id=match.pk, reason="付款人更正", by=SYSTEM_VIEWER, at=now)
    owed = Receivable.objects.select_related("account").get(pk=match.receivable_id)
    start = _first_hour(owed.account)
    due = local_date(start) - OVERDUE
    issued = due - dt.timedelta(days=15)
    Receivable.objects.filter(pk=owed.pk).update(issued_on=issued, due_on=due)
    arrears_operations.open_cases(by=SYSTEM_VIEWER, at=start)
    case = DunningCase.objects.select_related("account__customer").get(account=owed.account)
    dunning.tell_case(case, "stopped", start)
    city = CollectionAccount.objects.filter(
        unit__path__in=[owed.account.unit.path[:n] for n in range(3, 30, 3)]
    ).first()
    sys.stdout.write(
        json.dumps(
            {
                "case": case.number,
                "state": case.state,
                "dispatcher": _who_stopped(case),
                "account": owed.account.number,
                "payer": case.account.customer.name,
                "point": _point(owed.account).number,
                "month": owed.month,
                "reference": owed.reference,
                "yuan": str(Receivable.objects.get(pk=owed.pk).open_yuan),
                "collection": city.number if city else "",
            }
        )
    )


def _paid_once():
    """The one payment of an ordinary 户号's bill of the region's first month, not yet dunned."""
    from busbar.arrears.models import DunningCase
    from busbar.billing.models import Bill
    from busbar.customers.models import CustomerKind, Importance
    from busbar.payments.models import PaymentMatch
    from busbar.supply.models import UsagePoint

    month = Bill.objects.exclude(month__startswith="2018").order_by("month").first().month
    rows = PaymentMatch.objects.filter(
        undone_at=None,
        receivable__month=month,
        receivable__open_fen=0,
        receivable__account__customer__kind=CustomerKind.INDUSTRY,
        receivable__account__customer__importance=Importance.NONE,
    ).exclude(receivable__account__in=DunningCase.objects.values("account"))
    for row in rows.select_related("receivable__account").order_by("pk"):
        points = UsagePoint.objects.filter(account=row.receivable.account)
        whole = row.amount_fen == row.receivable.amount_fen == row.payment.amount_fen
        if whole and points.count() == 1:
            return row
    raise LookupError("no bill of an ordinary account was paid in one piece")


def _point(account):
    from busbar.supply.models import UsagePoint

    return UsagePoint.objects.get(account=account)


def _who_stopped(case) -> str:
    """The sign-in of somebody who may restore what was stopped."""
    from busbar.access.models import Employee
    from busbar.workflow.models import UserTask

    task = UserTask.objects.get(instance=case.process_id, element="stop_supply")
    people = Employee.objects.filter(unit=task.unit, user__is_active=True).order_by("number")
    return next(person.user.username for person in people if task.role in person.roles)


def _first_hour(account) -> dt.datetime:
    """Nine o'clock of a day after which the notice's window holds a day without a ban."""
    from busbar.arrears import queries as arrears_queries
    from busbar.kit.periods import CHINA

    today = dt.datetime.now(CHINA).date()
    for ago in AGO:
        day = today - dt.timedelta(days=ago)
        stops = [day + dt.timedelta(days=n) for n in range(4, 7)]
        if not any(arrears_queries.find_stop_ban(stop) for stop in stops[:1]):
            return dt.datetime.combine(day, dt.time(9), tzinfo=CHINA)
    raise LookupError("no day without a ban")


if __name__ == "__main__":
    main()
