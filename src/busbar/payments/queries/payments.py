"""Reading payments, what waits and why, files, points and takings, refunds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from busbar.access.visibility import Viewer
from busbar.payments.models import (
    CollectionAccount,
    DailyTakings,
    PayerLink,
    Payment,
    PaymentFile,
    PaymentMatch,
    PaymentPoint,
    PaymentRefund,
    Payout,
    Receivable,
)

_MOST_SUGGESTIONS = 5


@dataclass(frozen=True)
class Suggestion:
    """A receivable that waiting money may be meant for, and why it is thought of."""

    receivable: Receivable
    why: str


def list_payments(
    viewer: Viewer, *, channel: str = "", waiting_only: bool = False, text: str = ""
) -> QuerySet[Payment, Payment]:
    """Visible payments, newest first, with point and bank account."""
    rows: QuerySet[Payment, Payment] = Payment.objects.visible_to(viewer)
    if channel:
        rows = rows.filter(channel=channel)
    if waiting_only:
        rows = rows.filter(waiting_fen__gt=0)
    if text:
        rows = rows.filter(
            Q(reference__startswith=text)
            | Q(payer_name__contains=text)
            | Q(payer_account__startswith=text)
            | Q(remark__contains=text)
        )
    return rows.select_related("collection", "point", "unit").order_by("-booked_on", "-id")


def get_payment(viewer: Viewer, payment_id: int) -> Payment:
    """A visible payment; Payment.DoesNotExist where there is none."""
    return list_payments(viewer).select_related("file", "takings").get(pk=payment_id)


def list_waiting(viewer: Viewer, *, hold: str = "") -> QuerySet[Payment, Payment]:
    """The queue: money that waits for a person, oldest first."""
    rows: QuerySet[Payment, Payment] = Payment.objects.visible_to(viewer).filter(waiting_fen__gt=0)
    if hold:
        rows = rows.filter(hold=hold)
    return rows.select_related("collection", "point", "unit").order_by("booked_on", "id")


def suggest(viewer: Viewer, payments: list[Payment]) -> dict[int, list[Suggestion]]:
    """For each waiting payment what it may be meant for; three queries for all of them.

    By the payer's earlier 户号, by the payer's name, by an equal amount; never done by itself:
    two may owe the same sum.
    """
    payers = {p.payer_account for p in payments if p.payer_account}
    links: dict[str, set[int]] = {}
    known = PayerLink.objects.filter(payer_account__in=payers)
    for payer, account in known.values_list("payer_account", "account_id"):
        links.setdefault(payer, set()).add(account)
    owing = _owing(viewer, payments, {pk for pks in links.values() for pk in pks})
    return {p.pk: _suggestions(p, owing, links.get(p.payer_account, set())) for p in payments}


def _owing(viewer: Viewer, payments: list[Payment], accounts: set[int]) -> list[Receivable]:
    rows = Receivable.objects.visible_to(viewer).filter(open_fen__gt=0)
    names = {p.payer_name for p in payments}
    wanted = (
        Q(account__in=accounts)
        | Q(open_fen__in={p.waiting_fen for p in payments})
        | Q(account__name__in=names)
        | Q(account__customer__name__in=names)
    )
    return list(rows.filter(wanted).select_related("account__customer").order_by("due_on", "id"))


def _suggestions(payment: Payment, owing: list[Receivable], known: set[int]) -> list[Suggestion]:
    ranked = [(_reasons(payment, row, known), row) for row in owing]
    fitting = sorted((r for r in ranked if r[0]), key=lambda r: -len(r[0]))
    return [Suggestion(row, "、".join(why)) for why, row in fitting[:_MOST_SUGGESTIONS]]


def _reasons(payment: Payment, row: Receivable, known: set[int]) -> list[str]:
    names = {row.account.name, row.account.customer.name}
    facts = (
        (row.account_id in known, "付款账号缴过"),
        (payment.payer_name in names, "户名相同"),
        (row.open_fen == payment.waiting_fen, "金额相等"),
    )
    return [why for holds, why in facts if holds]


def list_matches(
    viewer: Viewer, *, payment_id: int | None = None, receivable_id: int | None = None
) -> QuerySet[PaymentMatch, PaymentMatch]:
    """Visible matches of a payment or receivable in their order, undone ones too."""
    rows: QuerySet[PaymentMatch, PaymentMatch] = PaymentMatch.objects.visible_to(viewer)
    if payment_id is not None:
        rows = rows.filter(payment_id=payment_id)
    if receivable_id is not None:
        rows = rows.filter(receivable_id=receivable_id)
    return rows.select_related("account", "receivable", "takings", "payment").order_by("id")


def list_files(viewer: Viewer) -> QuerySet[PaymentFile, PaymentFile]:
    """Visible files, newest first."""
    rows: QuerySet[PaymentFile, PaymentFile] = PaymentFile.objects.visible_to(viewer)
    return rows.select_related("collection").order_by("-imported_at", "-id")


def list_collection_accounts(viewer: Viewer) -> QuerySet[CollectionAccount, CollectionAccount]:
    """Visible bank accounts for electricity."""
    rows: QuerySet[CollectionAccount, CollectionAccount] = CollectionAccount.objects.visible_to(
        viewer
    )
    return rows.select_related("unit").order_by("unit__path", "pk")


def list_points(viewer: Viewer) -> QuerySet[PaymentPoint, PaymentPoint]:
    """Visible counters and agency points with `untaken_fen` not handed in yet."""
    rows: QuerySet[PaymentPoint, PaymentPoint] = PaymentPoint.objects.visible_to(viewer)
    untaken = Q(payments__takings=None)
    return (
        rows.select_related("unit")
        .annotate(
            untaken_fen=Sum("payments__amount_fen", filter=untaken, default=0),
            untaken_count=Count("payments", filter=untaken),
        )
        .order_by("kind", "code")
    )


def sum_untaken(point: PaymentPoint) -> int:
    """Fen that the point has taken and not handed in."""
    rows = Payment.objects.filter(point=point, takings=None)
    return rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0


def list_takings(viewer: Viewer) -> QuerySet[DailyTakings, DailyTakings]:
    """Visible takings, newest first."""
    rows: QuerySet[DailyTakings, DailyTakings] = DailyTakings.objects.visible_to(viewer)
    return rows.select_related("point").order_by("-day", "-id")


def list_refunds(viewer: Viewer, *, state: str = "") -> QuerySet[PaymentRefund, PaymentRefund]:
    """Visible refunds, newest first."""
    rows: QuerySet[PaymentRefund, PaymentRefund] = PaymentRefund.objects.visible_to(viewer)
    if state:
        rows = rows.filter(state=state)
    return rows.select_related("payment", "account", "payout").order_by("-requested_at", "-id")


def list_payouts(viewer: Viewer, *, unexplained_only: bool = False) -> QuerySet[Payout, Payout]:
    """Visible outgoing rows, newest first."""
    rows: QuerySet[Payout, Payout] = Payout.objects.visible_to(viewer)
    if unexplained_only:
        rows = rows.filter(is_explained=False)
    return rows.select_related("collection").order_by("-booked_on", "-id")
