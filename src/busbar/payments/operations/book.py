"""The accounts a piece of work touches, loaded once, changed in memory, written once.

Every operation that moves money takes its turn at the journal first, so that on PostgreSQL one
waits for the other and on SQLite writers queue anyway; what is loaded here cannot change until
the transaction ends. The database's own checks refuse what would fall below nought.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Max

from busbar.access.models import OrganizationUnit
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.payments.models import (
    AccountBalance,
    DailyTakings,
    LedgerCode,
    MatchWay,
    MoneySource,
    MoneyTarget,
    PayerLink,
    Payment,
    PaymentMatch,
    PointKind,
    Receivable,
    TakingsState,
    in_yuan,
)
from busbar.payments.operations.ledger import Side

_SOURCES = {
    MoneySource.PAYMENT: LedgerCode.UNMATCHED,
    MoneySource.CREDIT: LedgerCode.CREDIT,
    MoneySource.DEPOSIT: LedgerCode.DEPOSIT,
}
_TARGETS = {
    MoneyTarget.RECEIVABLE: LedgerCode.RECEIVABLE,
    MoneyTarget.CREDIT: LedgerCode.CREDIT,
    MoneyTarget.DEPOSIT: LedgerCode.DEPOSIT,
}
_BALANCES = {
    LedgerCode.RECEIVABLE: "owed_fen",
    LedgerCode.CREDIT: "credit_fen",
    LedgerCode.DEPOSIT: "deposit_fen",
}


@dataclass
class Move:
    """So much money from a source to a target; done, it becomes a `PaymentMatch`."""

    source: MoneySource
    target: MoneyTarget
    fen: int
    way: MatchWay
    account_id: int | None = None
    payment: Payment | None = None
    receivable: Receivable | None = None
    takings: DailyTakings | None = None
    reason: str = ""
    on: dt.date | None = None
    """The day that it was carried out for."""

    @property
    def from_code(self) -> LedgerCode:
        """The ledger account the money leaves."""
        return _SOURCES[self.source]

    @property
    def to_code(self) -> LedgerCode:
        """The ledger account the money reaches."""
        if self.target == MoneyTarget.TAKINGS:
            assert self.takings is not None  # noqa: S101 - a move to takings names them
            own = self.takings.point.kind == PointKind.COUNTER
            return LedgerCode.CASH if own else LedgerCode.TRANSIT
        return _TARGETS[self.target]

    def sides(self, *, sign: int = 1) -> tuple[Side, Side]:
        """Debit what it leaves, credit what it reaches; the other way round to undo it."""
        source = None if self.source == MoneySource.PAYMENT else self.account_id
        target = None if self.target == MoneyTarget.TAKINGS else self.account_id
        return (
            Side(self.from_code, sign * self.fen, source),
            Side(self.to_code, -sign * self.fen, target),
        )


@dataclass
class Book:
    """Accounts with their balances and receivables; `save` writes whatever was touched."""

    accounts: dict[int, CustomerAccount]
    balances: dict[int, AccountBalance]
    open_receivables: dict[int, list[Receivable]]
    touched_receivables: dict[int, Receivable] = field(default_factory=dict)
    touched_balances: set[int] = field(default_factory=set)
    settled: list[Receivable] = field(default_factory=list)
    reopened: list[Receivable] = field(default_factory=list)
    paid_on: dict[int, dt.date] = field(default_factory=dict)
    """The latest day of money that came to a receivable since the book was opened."""

    def owed_fen(self, account_id: int) -> int:
        """What an account owes now."""
        return self.balances[account_id].owed_fen

    def change(self, account_id: int, code: LedgerCode, fen: int) -> None:
        """Add to what the account owes, has in credit or in deposit."""
        name = _BALANCES[code]
        row = self.balances[account_id]
        setattr(row, name, getattr(row, name) + fen)
        self.touched_balances.add(account_id)

    def carry_out(self, move: Move, *, on: dt.date) -> None:
        """Change what the move changes; `on` is the day on which the money was there.

        A receivable is settled on the latest such day of its matches, whichever came in last.
        """
        move.on = on
        self._take(move, move.fen)
        if move.target == MoneyTarget.RECEIVABLE:
            self._pay(move, on)
        elif move.target == MoneyTarget.TAKINGS:
            _arrive(move, move.fen)
        else:
            assert move.account_id is not None  # noqa: S101 - credit is somebody's
            self.change(move.account_id, move.to_code, move.fen)

    def take_back(self, move: Move) -> None:
        """Undo a move."""
        self._take(move, -move.fen)
        if move.target == MoneyTarget.RECEIVABLE:
            self._owe_again(move)
        elif move.target == MoneyTarget.TAKINGS:
            _arrive(move, -move.fen)
        else:
            assert move.account_id is not None  # noqa: S101 - credit is somebody's
            self.change(move.account_id, move.to_code, -move.fen)

    def _take(self, move: Move, fen: int) -> None:
        if move.payment is not None:
            move.payment.waiting_fen -= fen
        else:
            assert move.account_id is not None  # noqa: S101 - credit is somebody's
            self.change(move.account_id, move.from_code, -fen)

    def _pay(self, move: Move, on: dt.date) -> None:
        found = move.receivable
        assert found is not None  # noqa: S101 - the target is one
        found.open_fen -= move.fen
        self.paid_on[found.pk] = max(self.paid_on.get(found.pk, on), on)
        if found.open_fen == 0:
            found.settled_on = max(self.paid_on[found.pk], found.issued_on)
            self.settled.append(found)
        self.touched_receivables[found.pk] = found
        self.change(found.account_id, LedgerCode.RECEIVABLE, -move.fen)

    def _owe_again(self, move: Move) -> None:
        found = move.receivable
        assert found is not None  # noqa: S101 - the target is one
        if found.open_fen == 0:
            self.reopened.append(found)
        found.open_fen += move.fen
        found.settled_on = None
        self.touched_receivables[found.pk] = found
        self.change(found.account_id, LedgerCode.RECEIVABLE, move.fen)

    def save(self) -> None:
        """One statement for all receivables and one for all balances."""
        self._look_at_earlier_money()
        Receivable.objects.bulk_create(
            self.touched_receivables.values(),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["open_fen", "settled_on"],
        )
        AccountBalance.objects.bulk_create(
            [self.balances[pk] for pk in sorted(self.touched_balances)],
            update_conflicts=True,
            unique_fields=["account"],
            update_fields=["owed_fen", "credit_fen", "deposit_fen"],
        )

    def _look_at_earlier_money(self) -> None:
        """Money that came to a settled receivable before may be of a later day."""
        settled = {row.pk: row for row in self.settled if row.settled_on is not None}
        if not settled:
            return
        matches = PaymentMatch.objects.filter(receivable__in=list(settled), undone_at=None)
        days = matches.values_list("receivable").annotate(Max("matched_on")).order_by()
        for pk, last in days:
            row = settled[pk]
            row.settled_on = max(row.settled_on, last)

    def tell(self, actor: Actor, at: dt.datetime) -> None:
        """The journal of receivables settled and owed again, for whoever acts on arrears."""
        happenings = [
            self._happening("payments.receivable.settled", row) for row in self.settled
        ] + [self._happening("payments.receivable.reopened", row) for row in self.reopened]
        journal_operations.record_many(happenings=happenings, actor=actor, at=at)

    def _happening(self, event: str, row: Receivable) -> Happening:
        account = self.accounts[row.account_id]
        return Happening(
            event=event,
            subject_type="payments.receivable",
            subject_id=row.pk,
            subject_label=f"{account.number} {row.month}",
            customer_id=account.customer_id,
            unit_path=account.unit.path,
            changes={"amount_yuan": in_yuan(row.amount_fen), "open_yuan": in_yuan(row.open_fen)},
        )


def _arrive(move: Move, fen: int) -> None:
    found = move.takings
    assert found is not None  # noqa: S101 - a move to takings names them
    found.arrived_fen += fen
    done = found.arrived_fen == found.booked_fen
    found.state = TakingsState.RECONCILED if done else TakingsState.HANDED_IN


def save_takings(takings: DailyTakings, at: dt.datetime) -> None:
    """What a move changed of takings."""
    takings.reconciled_at = at if takings.state == TakingsState.RECONCILED else None
    takings.save(update_fields=["state", "arrived_fen", "reconciled_at"])


def open_book(account_ids: Iterable[int], receivables: Iterable[Receivable] = ()) -> Book:
    """The accounts with their open receivables, oldest due first; four queries.

    `receivables` already loaded (named in remarks, perhaps settled) stand for their rows.
    """
    ids = sorted(set(account_ids))
    accounts = CustomerAccount.objects.in_bulk(ids)
    units = OrganizationUnit.objects.in_bulk({row.unit_id for row in accounts.values()})
    for account in accounts.values():
        account.unit = units[account.unit_id]  # one object a unit, not one an account
    balances = AccountBalance.objects.in_bulk(ids)
    for pk in ids:
        balances.setdefault(pk, AccountBalance(account_id=pk))
    known = {row.pk: row for row in receivables}
    queue: dict[int, list[Receivable]] = {pk: [] for pk in ids}
    rows = Receivable.objects.filter(account__in=ids, open_fen__gt=0).order_by("due_on", "id")
    for row in rows:
        queue[row.account_id].append(known.get(row.pk, row))
    return Book(accounts, balances, queue)


def write_matches(
    moves: Sequence[tuple[Move, int]], *, on: dt.date, by_name: str, at: dt.datetime
) -> list[PaymentMatch]:
    """The moves with the numbers of their ledger transactions as rows."""
    return PaymentMatch.objects.bulk_create(
        [
            PaymentMatch(
                source=move.source,
                target=move.target,
                payment=move.payment,
                account_id=move.account_id,
                receivable=move.receivable,
                takings=move.takings,
                transaction_id=number,
                amount_fen=move.fen,
                way=move.way,
                reason=move.reason[:300],
                matched_on=move.payment.booked_on if move.payment else move.on or on,
                matched_at=at,
                matched_by_name=by_name,
            )
            for move, number in moves
        ]
    )


def learn_payers(moves: Iterable[Move]) -> None:
    """Remember which bank account paid for which 户号."""
    seen: dict[tuple[str, int], dt.date] = {}
    for move in moves:
        if move.payment is None or move.account_id is None or not move.payment.payer_account:
            continue
        key = (move.payment.payer_account, move.account_id)
        seen[key] = max(seen.get(key, move.payment.booked_on), move.payment.booked_on)
    PayerLink.objects.bulk_create(
        [
            PayerLink(payer_account=payer, account_id=account, last_used_on=on)
            for (payer, account), on in sorted(seen.items())
        ],
        update_conflicts=True,
        unique_fields=["payer_account", "account"],
        update_fields=["last_used_on"],
    )
