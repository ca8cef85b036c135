"""Looking at issued bills again for what wants a person."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.findings import Marks, find_in_bills, load_marks
from busbar.billing.models import Bill, BillFinding, BillLine, BillRun
from busbar.billing.operations.issuing import replace_findings
from busbar.billing.price_book import load_price_book
from busbar.billing.queries import FINDINGS_RENEWED
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month

_BATCH = 500
"""Bills looked at in one go."""


class UnableToFindInBills(Refusal):
    """There are no bills to look at."""


@transaction.atomic
def renew_findings(*, month: Month, by: Viewer, at: dt.datetime) -> int:
    """Look at the month's bills again and replace what was found in them; returns how many.

    For bills issued before findings were kept, or after the company's marks were moved. The bills
    themselves do not change; a review stands where the facts are the same. Raises
    UnableToFindInBills when the month was never billed.
    """
    by.require(Permission.RUN_BILLS)
    run = BillRun.objects.select_for_update().filter(month=str(month)).first()
    if run is None:
        raise UnableToFindInBills("%(month)s 还没有核算过", month=month)
    marks = load_marks(load_price_book(month))
    bills = Bill.objects.visible_to(by).current().filter(month=str(month)).defer("quantities")
    keys = list(bills.order_by("pk").values_list("pk", flat=True))
    found = 0
    for start in range(0, len(keys), _BATCH):
        found += _find_again(bills.in_bulk(keys[start : start + _BATCH]), marks)
    happening = Happening(
        event=FINDINGS_RENEWED,
        subject_type="billing.run",
        subject_id=run.pk,
        subject_label=str(month),
        unit_path=by.unit_path,
        changes={"bills": len(keys), "findings": found},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return found


def _find_again(bills: dict[int, Bill], marks: Marks) -> int:
    lines = BillLine.objects.filter(bill__in=list(bills)).order_by("bill_id", "position")
    found = find_in_bills(list(bills.values()), lines, marks=marks)
    # A swing of the month after belongs to that month's bills: it stands or is found with them.
    own = [finding for finding in found if finding.bill_id in bills]
    return replace_findings(BillFinding.objects.filter(bill__in=list(bills)), own)
