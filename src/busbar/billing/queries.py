"""Reading bills: lists by keyset, one bill with its lines, its neighbors in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer, units_in_branch
from busbar.billing.models import Bill, BillFinding, BillLine, BillRefusal, BillRun
from busbar.billing.overview import standing_out
from busbar.customers.models import CustomerAccount
from busbar.journal.models import Entry
from busbar.kit.periods import Month

BillOrder = Literal["id", "-amount"]
FINDINGS_RENEWED = "billing.run.findings_renewed"


@dataclass(frozen=True)
class BillFilter:
    """What a list of bills is narrowed to; empty fields do not narrow."""

    month: str = ""
    unit_path: str = ""
    text: str = ""
    outlier: str = ""


@dataclass(frozen=True)
class LineChange:
    """One line this month against the month before, in yuan; None where it did not exist."""

    code: str
    name: str
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal:
        """What the line added to the bill."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True)
class RunSeen:
    """A bill run with the accounts billed and refused that the viewer sees.

    `is_whole` where these are all: a county is not told how many the others have.
    """

    run: BillRun
    billed: int
    refused: int
    is_whole: bool


def list_bills(
    *,
    viewer: Viewer,
    narrowed: BillFilter,
    order: BillOrder = "-amount",
    after: tuple[Decimal, int] | None = None,
    limit: int = 50,
) -> list[Bill]:
    """Bills with account and customer, by keyset: `after` is the last row's (amount, id)."""
    bills = _narrowed(Bill.objects.visible_to(viewer).current(), narrowed)
    if order == "-amount":
        if after:
            bills = bills.filter(beyond(("-amount", "id"), after))
        bills = bills.order_by("-amount", "id")
    else:
        bills = bills.filter(id__gt=after[1]) if after else bills
        bills = bills.order_by("id")
    return list(bills.select_related("account__customer").defer("facts")[:limit])


def select_bills(viewer: Viewer, narrowed: BillFilter) -> QuerySet[Any]:
    """The visible bills that the filter leaves, unordered, for sums and exports."""
    return _narrowed(Bill.objects.visible_to(viewer).current(), narrowed)


def _narrowed(bills: QuerySet[Any], narrowed: BillFilter) -> QuerySet[Any]:
    if narrowed.month:
        bills = bills.filter(month=narrowed.month)
    if narrowed.unit_path:
        bills = bills.filter(account__unit__in=units_in_branch(narrowed.unit_path))
    if narrowed.text:
        bills = bills.filter(
            Q(account__number__startswith=narrowed.text)
            | Q(account__name__contains=narrowed.text)
            | Q(account__customer__name__contains=narrowed.text)
        )
    return standing_out(bills, narrowed.outlier)


def get_bill(
    *, viewer: Viewer, account_number: str, month: str, revision: int | None = None
) -> Bill:
    """One bill with account, customer and unit; Bill.DoesNotExist when it may not be seen.

    The one that counts, or a revision that a correction has replaced.
    """
    seen = Bill.objects.visible_to(viewer)
    bills: QuerySet[Bill] = seen.current() if revision is None else seen.filter(revision=revision)
    return bills.select_related("account__customer", "account__unit", "run", "replaces").get(
        account__number=account_number, month=month
    )


def list_revisions(bill: Bill) -> list[Bill]:
    """The account's bills of the month as they replaced each other, the first one first."""
    bills = Bill.objects.filter(account_id=bill.account_id, month=bill.month)
    return list(bills.select_related("replaces").defer("facts", "quantities").order_by("revision"))


def list_lines(bill: Bill) -> list[BillLine]:
    """The bill's lines in order."""
    return list(bill.lines.order_by("position"))


def get_previous_bill(bill: Bill) -> Bill | None:
    """The same account's bill of the month before."""
    month = str(Month.parse(bill.month).previous)
    return Bill.objects.current().filter(account_id=bill.account_id, month=month).first()


def list_account_bills(
    *, viewer: Viewer, account_ids: Sequence[int], months: int = 13
) -> list[Bill]:
    """The accounts' newest bills, newest month first, at most `months` for each account."""
    bills = Bill.objects.visible_to(viewer).current().filter(account__in=account_ids)
    newest = bills.order_by("-month").values_list("month", flat=True).first()
    if newest is None:
        return []
    first = Month.parse(newest)
    for _ in range(months - 1):
        first = first.previous
    return list(
        bills.filter(month__gte=str(first))
        .select_related("account")
        .defer("facts")
        .order_by("-month", "account__number")
    )


def compare_lines(bill: Bill, previous: Bill | None) -> list[LineChange]:
    """Line by line, what changed since the month before; sums by code where a code repeats."""
    after = _by_code(bill)
    before = _by_code(previous) if previous else {}
    codes = [*after, *(code for code in before if code not in after)]
    return [
        LineChange(
            code=code,
            name=(after.get(code) or before[code])[0],
            before=before[code][1] if code in before else None,
            after=after[code][1] if code in after else None,
        )
        for code in codes
    ]


def _by_code(bill: Bill) -> Mapping[str, tuple[str, Decimal]]:
    sums: dict[str, tuple[str, Decimal]] = {}
    for line in list_lines(bill):
        name, amount = sums.get(line.code, (line.name, Decimal(0)))
        sums[line.code] = (name, amount + line.amount)
    return sums


def list_runs(viewer: Viewer, *, after: str = "", limit: int = 36) -> list[RunSeen]:
    """Bill runs, newest month first, counted as far as the viewer sees. At most four queries.

    `after` is the month that the page before ended with.
    """
    runs = BillRun.objects.filter(month__lt=after) if after else BillRun.objects.all()
    return _counted(viewer, list(runs.order_by("-month")[:limit]))


def get_run(viewer: Viewer, month: str) -> RunSeen:
    """The month's run as the viewer sees it; BillRun.DoesNotExist when there is none."""
    return _counted(viewer, [BillRun.objects.get(month=month)])[0]


def _counted(viewer: Viewer, runs: list[BillRun]) -> list[RunSeen]:
    """The run's own counts for who sees the whole company; for others those of their branch."""
    if viewer.sees_everything:
        return [RunSeen(run, run.billed, run.refused, is_whole=True) for run in runs]
    mine = CustomerAccount.objects.visible_to(viewer).values("pk")
    months = [run.month for run in runs]
    billed = _by("month", Bill.objects.current().filter(month__in=months, account__in=mine))
    refused = _by("run", BillRefusal.objects.filter(run__in=runs, account__in=mine))
    return [
        RunSeen(run, billed.get(run.month, 0), refused.get(run.pk, 0), is_whole=False)
        for run in runs
    ]


def _by(field: str, rows: QuerySet[Any]) -> dict[Any, int]:
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk")))


def list_months() -> list[str]:
    """Months that have been billed, newest first."""
    return list(BillRun.objects.order_by("-month").values_list("month", flat=True))


def list_unsearched_months() -> list[str]:
    """Months whose bills were issued before findings were kept with them, oldest first.

    They have bills, and nothing was ever found in these, not even by `renew_findings`.
    """
    bills = Bill.objects.filter(run=OuterRef("pk"))
    found = BillFinding.objects.filter(month=OuterRef("month"))
    renewed = Entry.objects.filter(
        subject_type="billing.run", subject_id=OuterRef("pk"), event=FINDINGS_RENEWED
    )
    runs = BillRun.objects.filter(Exists(bills), ~Exists(found), ~Exists(renewed))
    return list(runs.order_by("month").values_list("month", flat=True))


def list_refusals(*, viewer: Viewer, run: BillRun, limit: int = 200) -> list[BillRefusal]:
    """Accounts of the run that could not be billed, as far as the viewer sees them."""
    return list(select_refusals(viewer, run).order_by("account__number")[:limit])


def select_refusals(viewer: Viewer, run: BillRun) -> QuerySet[Any]:
    """The same, unordered, for pages."""
    seen = BillRefusal.objects.visible_to(viewer).filter(run=run)
    return seen.select_related("account__customer")
