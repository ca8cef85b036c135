"""Where money goes by itself: bills it names, 户号 it names, 户号 its payer has paid before.

A plan is made for a batch at a time on a `Book` in memory. What is not certain is not guessed:
it waits with the reason (`PaymentHold`) for a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from busbar.customers.models import CustomerAccount
from busbar.payments.models import (
    DailyTakings,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PayerLink,
    Payment,
    PaymentHold,
    PaymentMatch,
    Receivable,
    TakingsState,
)
from busbar.payments.operations.book import Book, Move, open_book
from busbar.payments.recognition import Named, read_remark

DUPLICATE_DAYS = 7
"""The same payer, 户号 and amount within so many days, with nothing open: paid twice, perhaps."""

_Payer = tuple[str, int]


@dataclass
class Desk:
    """What the payments of a batch name, loaded in a few queries."""

    book: Book
    bills: dict[str, Receivable]
    by_number: dict[str, int]
    by_payer: dict[str, set[int]]
    takings: dict[str, DailyTakings]
    earlier: dict[_Payer, list[tuple[dt.date, int]]] = field(default_factory=dict)


def set_desk(payments: Sequence[Payment]) -> Desk:
    """Load what the batch may concern; nine queries, however large it is."""
    named = {id(payment): read_remark(payment.remark) for payment in payments}
    bills = Receivable.objects.filter(
        reference__in={ref for each in named.values() for ref in each.bills}
    )
    by_reference = {row.reference: row for row in bills}
    words = {word for each in named.values() for word in each.words}
    numbers = CustomerAccount.objects.filter(number__in=words)
    by_number = dict(numbers.values_list("number", "pk"))
    payers = {p.payer_account for p in payments if p.payer_account}
    by_payer: dict[str, set[int]] = {}
    links = PayerLink.objects.filter(payer_account__in=payers)
    for payer, account in links.values_list("payer_account", "account_id"):
        by_payer.setdefault(payer, set()).add(account)
    concerned = {row.account_id for row in by_reference.values()} | set(by_number.values())
    concerned |= {pk for pks in by_payer.values() for pk in pks if len(pks) == 1}
    takings = DailyTakings.objects.select_related("point__unit").filter(
        number__in={number for each in named.values() for number in each.takings},
        state=TakingsState.HANDED_IN,
    )
    return Desk(
        open_book(concerned, by_reference.values()),
        by_reference,
        by_number,
        by_payer,
        {row.number: row for row in takings},
        _earlier(payments, payers),
    )


def _earlier(
    payments: Sequence[Payment], payers: set[str]
) -> dict[_Payer, list[tuple[dt.date, int]]]:
    if not payers:
        return {}
    span = dt.timedelta(days=DUPLICATE_DAYS)
    rows = PaymentMatch.objects.filter(
        payment__payer_account__in=payers,
        payment__booked_on__gte=min(p.booked_on for p in payments) - span,
        payment__booked_on__lte=max(p.booked_on for p in payments) + span,
        undone_at=None,
        account__isnull=False,
    ).exclude(payment__in=[p.pk for p in payments if p.pk])
    found: dict[_Payer, list[tuple[dt.date, int]]] = {}
    for payer, fen, on, account in rows.values_list(
        "payment__payer_account", "payment__amount_fen", "payment__booked_on", "account_id"
    ).distinct():
        found.setdefault((payer, fen), []).append((on, account))
    return found


def place(desk: Desk, payment: Payment) -> list[Move]:
    """The moves of one payment, carried out on the book; what is left waits with a reason."""
    named = read_remark(payment.remark)
    taken = _takings(desk, payment, named)
    if taken is not None:
        return [taken]
    moves, surplus_to = _by_name(desk, payment, named)
    if not moves and surplus_to is None and not named.bills:
        moves = _by_payer(desk, payment)
    elif surplus_to is not None and payment.waiting_fen and payment.hold == PaymentHold.NONE:
        way = moves[-1].way if moves else MatchWay.BY_ACCOUNT
        moves.append(
            _do(desk, payment, MoneyTarget.CREDIT, payment.waiting_fen, way, surplus_to, None)
        )
    if payment.waiting_fen and payment.hold == PaymentHold.NONE:
        payment.hold = PaymentHold.SURPLUS if moves else PaymentHold.UNKNOWN
    if not payment.waiting_fen:
        payment.hold = PaymentHold.NONE
    _remember(desk, payment, moves)
    return moves


def _takings(desk: Desk, payment: Payment, named: Named) -> Move | None:
    for number in named.takings:
        found = desk.takings.get(number)
        if found is None or payment.amount_fen > found.missing_fen:
            continue
        move = Move(
            MoneySource.PAYMENT,
            MoneyTarget.TAKINGS,
            payment.amount_fen,
            MatchWay.BY_REFERENCE,
            payment=payment,
            takings=found,
        )
        desk.book.carry_out(move, on=payment.booked_on)
        return move
    return None


def _by_name(desk: Desk, payment: Payment, named: Named) -> tuple[list[Move], int | None]:
    """Moves by what the remark names, and the one account to which a surplus belongs."""
    bills = [desk.bills[ref] for ref in named.bills if ref in desk.bills]
    if bills:
        accounts, way = list(dict.fromkeys(b.account_id for b in bills)), MatchWay.BY_REFERENCE
    else:
        numbers = (desk.by_number[word] for word in named.words if word in desk.by_number)
        accounts, way = list(dict.fromkeys(numbers)), MatchWay.BY_ACCOUNT
    if not accounts:
        return [], None
    if _is_duplicate(desk, payment, accounts, bills):
        payment.hold = PaymentHold.DUPLICATE
        return [], accounts[0]
    if len(accounts) == 1:
        queue = [*bills, *desk.book.open_receivables[accounts[0]]]
        return _settle(desk, payment, queue, way), accounts[0]
    if bills:
        return _settle(desk, payment, bills, way), None
    owed = sum(desk.book.owed_fen(pk) for pk in accounts)
    if owed != payment.waiting_fen:
        return [], None
    queue = [row for pk in accounts for row in desk.book.open_receivables[pk]]
    return _settle(desk, payment, queue, way), None


def _is_duplicate(
    desk: Desk, payment: Payment, accounts: Sequence[int], bills: Sequence[Receivable]
) -> bool:
    owed = sum(desk.book.owed_fen(pk) for pk in accounts)
    if bills:
        owed = min(owed, sum(row.open_fen for row in bills))
    if owed >= payment.amount_fen or not payment.payer_account:
        return False
    span = dt.timedelta(days=DUPLICATE_DAYS)
    before = desk.earlier.get((payment.payer_account, payment.amount_fen), [])
    return any(abs(payment.booked_on - on) <= span and pk in accounts for on, pk in before)


def _by_payer(desk: Desk, payment: Payment) -> list[Move]:
    """What the one 户号 owes that this bank account has paid for before; a surplus waits."""
    known = desk.by_payer.get(payment.payer_account, set())
    if len(known) != 1:
        return []
    (account,) = known
    if _is_duplicate(desk, payment, [account], []):
        payment.hold = PaymentHold.DUPLICATE
        return []
    return _settle(desk, payment, desk.book.open_receivables[account], MatchWay.BY_PAYER)


def _settle(desk: Desk, payment: Payment, queue: Iterable[Receivable], way: MatchWay) -> list[Move]:
    moves = []
    for row in queue:
        fen = min(payment.waiting_fen, row.open_fen)
        if fen:
            moves.append(_do(desk, payment, MoneyTarget.RECEIVABLE, fen, way, row.account_id, row))
    return moves


def _do(  # noqa: PLR0917 - a move has so many parts
    desk: Desk,
    payment: Payment,
    target: MoneyTarget,
    fen: int,
    way: MatchWay,
    account_id: int,
    receivable: Receivable | None,
) -> Move:
    move = Move(
        MoneySource.PAYMENT, target, fen, way, account_id, payment=payment, receivable=receivable
    )
    desk.book.carry_out(move, on=payment.booked_on)
    return move


def _remember(desk: Desk, payment: Payment, moves: Sequence[Move]) -> None:
    """Later payments of the batch see who paid what before them."""
    for account in {move.account_id for move in moves if move.account_id is not None}:
        if payment.payer_account:
            known = desk.earlier.setdefault((payment.payer_account, payment.amount_fen), [])
            known.append((payment.booked_on, account))
