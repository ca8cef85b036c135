"""What is owed, since when, by whom; what an account has paid. For faces and for `arrears`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.billing.models import Bill
from busbar.customers.models import CustomerAccount
from busbar.payments.ageing import BUCKETS, Bucket
from busbar.payments.models import (
    AccountBalance,
    LateCharge,
    MoneySource,
    MoneyTarget,
    PaymentMatch,
    PaymentRefund,
    PaymentTerm,
    Receivable,
    ReceivableKind,
    RefundState,
    in_yuan,
)

Receivables = QuerySet[Receivable, Receivable]


@dataclass(frozen=True)
class Balance:
    """An account in yuan: owed, of it overdue, paid ahead, held in security."""

    owed_yuan: Decimal
    overdue_yuan: Decimal
    credit_yuan: Decimal
    deposit_yuan: Decimal


@dataclass(frozen=True)
class AgeSum:
    """One bucket over all that is seen."""

    bucket: Bucket
    yuan: Decimal
    receivables: int


@dataclass(frozen=True)
class UnitAge:
    """One unit's open money by bucket, in the order of `BUCKETS`, and what of it is overdue."""

    unit: str
    buckets: tuple[Decimal, ...]
    overdue_yuan: Decimal


AgeKey = tuple[dt.date, int, int]
"""Where a list of ages stands: the oldest due day, the open fen, the account."""


@dataclass(frozen=True)
class AccountAge:
    """One 户号's open money by bucket, in the order of `BUCKETS`, in yuan."""

    account: CustomerAccount
    buckets: tuple[Decimal, ...]
    open_yuan: Decimal
    oldest_due_on: dt.date

    @property
    def key(self) -> AgeKey:
        """What the list is read on from."""
        return self.oldest_due_on, int(self.open_yuan * 100), self.account.pk


@dataclass(frozen=True)
class StatementLine:
    """One line of a 户号's statement: what it owes more (positive) or paid (negative), in yuan.

    `owed_yuan` is the running sum: what was owed after the line, credit taken off.
    """

    on: dt.date
    kind: str
    text: str
    amount_yuan: Decimal
    owed_yuan: Decimal

    @property
    def paid_yuan(self) -> Decimal:
        """The money of a line that took off what was owed."""
        return -self.amount_yuan


def list_receivables(viewer: Viewer) -> Receivables:
    """Every visible receivable, newest first, with account and customer."""
    rows: Receivables = Receivable.objects.visible_to(viewer)
    return rows.select_related("account__customer").order_by("-due_on", "-id")


def find_receivable(bill_id: int) -> Receivable | None:
    """What a bill leaves owing; None before it is raised. Seen with the bill, which was found."""
    return Receivable.objects.filter(bill_id=bill_id).first()


def list_told_receivables(bills: Sequence[Bill]) -> list[Receivable]:
    """What the months of the bills leave owing by what was released; seen with the bills."""
    accounts, months = {b.account_id for b in bills}, {b.month for b in bills}
    rows = Receivable.objects.filter(account__in=accounts, bill__month__in=months)
    return list(rows.filter(bill__released_at__isnull=False))


def list_open_receivables(
    viewer: Viewer, *, account_id: int | None = None, customer_id: int | None = None
) -> Receivables:
    """What is open, longest due first, with account and customer at hand."""
    rows: Receivables = Receivable.objects.visible_to(viewer).filter(open_fen__gt=0)
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    if customer_id is not None:
        rows = rows.filter(account__customer_id=customer_id)
    return rows.select_related("account__customer", "account__unit").order_by("due_on", "id")


def list_overdue(viewer: Viewer, *, on: dt.date, at_least_days: int = 1) -> Receivables:
    """What is overdue on the day by so many days or more, longest first; one index range."""
    return list_open_receivables(viewer).filter(due_on__lte=on - dt.timedelta(days=at_least_days))


def balance_of(account: CustomerAccount, *, on: dt.date) -> Balance:
    """Two look-ups by index. The account's visibility was decided by who asks."""
    row = AccountBalance.objects.filter(account=account).first() or AccountBalance()
    overdue = Receivable.objects.filter(account=account, open_fen__gt=0, due_on__lt=on)
    fen = overdue.aggregate(total=Sum("open_fen"))["total"] or 0
    return Balance(row.owed_yuan, in_yuan(fen), row.credit_yuan, row.deposit_yuan)


def age_receivables(viewer: Viewer, *, on: dt.date) -> list[AgeSum]:
    """All visible open money by bucket; one query."""
    rows = Receivable.objects.visible_to(viewer).filter(open_fen__gt=0)
    sums = rows.aggregate(
        **_bucket_sums(on),
        **{f"{b.key}_n": Count("id", filter=_lies_in(b, on)) for b in BUCKETS},
    )
    return [AgeSum(b, in_yuan(sums[b.key] or 0), sums[f"{b.key}_n"]) for b in BUCKETS]


def age_units(viewer: Viewer, *, on: dt.date) -> list[UnitAge]:
    """Open money by unit of the account and bucket, the most overdue first; one query."""
    rows = Receivable.objects.visible_to(viewer).filter(open_fen__gt=0)
    found = []
    for row in rows.order_by().values("account__unit__name").annotate(**_bucket_sums(on)):
        yuan = tuple(in_yuan(row[b.key] or 0) for b in BUCKETS)
        found.append(UnitAge(row["account__unit__name"], yuan, sum(yuan[1:], Decimal("0.00"))))
    return sorted(found, key=lambda each: (-each.overdue_yuan, each.unit))


def list_ages(
    viewer: Viewer,
    *,
    on: dt.date,
    limit: int,
    after: AgeKey | None = None,
    bucket: Bucket | None = None,
    text: str = "",
) -> list[AccountAge]:
    """户号 with open money by bucket, the longest overdue first; two queries whatever the number.

    `after` is the last row's key.
    """
    rows = Receivable.objects.visible_to(viewer).filter(open_fen__gt=0)
    if bucket is not None:
        rows = rows.filter(_lies_in(bucket, on))
    if text:
        named = CustomerAccount.objects.filter(
            Q(number__startswith=text) | Q(name__contains=text) | Q(customer__name__contains=text)
        )
        rows = rows.filter(account__in=named.values("pk"))
    grouped = rows.values("account_id").annotate(
        open=Sum("open_fen"), oldest=Min("due_on"), **_bucket_sums(on)
    )
    if after is not None:
        grouped = grouped.filter(beyond(("oldest", "-open", "account_id"), after))
    found = list(grouped.order_by("oldest", "-open", "account_id")[:limit])
    accounts = CustomerAccount.objects.select_related("customer").in_bulk(
        [row["account_id"] for row in found]
    )
    return [_age(accounts[row["account_id"]], row) for row in found]


def _age(account: CustomerAccount, row: dict[str, Any]) -> AccountAge:
    buckets = tuple(in_yuan(row[b.key] or 0) for b in BUCKETS)
    return AccountAge(account, buckets, in_yuan(row["open"]), row["oldest"])


def _bucket_sums(on: dt.date) -> dict[str, Any]:
    return {b.key: Sum("open_fen", filter=_lies_in(b, on)) for b in BUCKETS}


def _lies_in(bucket: Bucket, on: dt.date) -> Q:
    since, until = bucket.span(on)
    inside = Q(due_on__lte=until)
    return inside if since is None else inside & Q(due_on__gte=since)


def get_statement(
    viewer: Viewer, account_ids: Iterable[int], *, since: dt.date
) -> dict[int, list[StatementLine]]:
    """By account: bills and money since the day, oldest first; three queries for all accounts.

    The first line of each is what was owed before, so that the last is what is owed now.
    """
    ids = sorted(set(account_ids))
    facts: dict[int, list[tuple[dt.date, int, str, str, int]]] = {pk: [] for pk in ids}
    for bill in Receivable.objects.visible_to(viewer).filter(account__in=ids):
        facts[bill.account_id].append(
            (
                bill.issued_on,
                bill.pk,
                _kind_of(bill),
                bill.month,
                bill.amount_fen,
            )
        )
    for match in _money(viewer, ids):
        text = match.payment.reference if match.payment else ""
        facts[match.account_id or 0].append(
            (match.matched_on, match.pk, "payment", text, -match.amount_fen)
        )
    for refund in _paid_back(viewer, ids):
        on = refund.paid_on or since
        facts[refund.account_id or 0].append(
            (on, refund.pk, "refund", refund.number, refund.amount_fen)
        )
    return {pk: _running(sorted(lines), since) for pk, lines in facts.items()}


def _kind_of(row: Receivable) -> str:
    """A bill, a late-payment charge, a claim, or one of these that was taken back."""
    if row.kind == ReceivableKind.LATE and row.amount_fen < 0:
        return "late_back"
    return "claim_back" if row.reverses_id else str(row.kind)


def _money(viewer: Viewer, ids: Sequence[int]) -> QuerySet[PaymentMatch, PaymentMatch]:
    """Money of payments that reached the account, deposits left out: they pay nothing."""
    rows: QuerySet[PaymentMatch, PaymentMatch] = PaymentMatch.objects.visible_to(viewer)
    came = Q(source=MoneySource.PAYMENT) & ~Q(target=MoneyTarget.DEPOSIT)
    used = Q(source=MoneySource.DEPOSIT)
    rows = rows.filter(came | used, account__in=ids, undone_at=None)
    return rows.select_related("payment")


def _paid_back(viewer: Viewer, ids: Sequence[int]) -> QuerySet[PaymentRefund, PaymentRefund]:
    rows: QuerySet[PaymentRefund, PaymentRefund] = PaymentRefund.objects.visible_to(viewer)
    return rows.filter(account__in=ids, source=MoneySource.CREDIT).exclude(
        state=RefundState.REFUSED
    )


def _running(
    lines: Sequence[tuple[dt.date, int, str, str, int]], since: dt.date
) -> list[StatementLine]:
    owed = sum(fen for on, _, _, _, fen in lines if on < since)
    found = [StatementLine(since, "before", "", Decimal("0.00"), in_yuan(owed))] if owed else []
    for on, _, kind, text, fen in lines:
        if on >= since:
            owed += fen
            found.append(StatementLine(on, kind, text, in_yuan(fen), in_yuan(owed)))
    return found


def list_late_charges(viewer: Viewer, account_id: int) -> QuerySet[LateCharge, LateCharge]:
    """A 户号's late-payment charges with their explanation, the newest first; one query."""
    rows: QuerySet[LateCharge, LateCharge] = LateCharge.objects.visible_to(viewer)
    rows = rows.filter(receivable__account=account_id)
    return rows.select_related("receivable", "overdue").order_by("-id")


def list_terms(*, on: dt.date) -> QuerySet[PaymentTerm, PaymentTerm]:
    """Terms of payment in force on the day, the company's first."""
    in_force = Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
    rows = PaymentTerm.objects.filter(in_force).select_related("unit")
    return rows.order_by(F("unit__path").asc(nulls_first=True))
