"""Which bills a customer was told of: released to it, and not to who had the account before."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from busbar.billing.models import Bill, BillQuerySet
from busbar.customers.models import CustomerMerge, MergeKind
from busbar.journal.models import Entry


def told_to(customer_id: int) -> BillQuerySet:
    """Of the customer's accounts and each month the newest bill that was released to it.

    An account passes to another customer (过户) with its bills. The journal says to whom each
    was released: a month of which somebody else was told is not the new customer's to read.
    What was released to a customer that was merged into this one is.
    """
    merged = CustomerMerge.objects.filter(
        customer=customer_id, kind=MergeKind.MERGE, undone_at__isnull=True
    )
    own = Q(customer_id=customer_id) | Q(customer_id__in=merged.values("other_id"))
    releases = Entry.objects.filter(event="billing.bill.released", subject_type="billing.bill")
    same_month = Bill.objects.filter(
        account=OuterRef(OuterRef("account")), month=OuterRef(OuterRef("month"))
    )
    bills: BillQuerySet = Bill.objects.filter(account__customer=customer_id)
    return bills.told().filter(
        Exists(releases.filter(own, subject_id=OuterRef("pk"))),
        ~Exists(releases.filter(~own, subject_id__in=same_month.values("pk"))),
    )
