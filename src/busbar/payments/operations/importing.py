"""The bank's file: each row kept once, matched where it says what it pays; resumable (R67)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.payments.bank_file import BankRow, RefusedRow, refused_facts, sift_rows
from busbar.payments.models import (
    CollectionAccount,
    FileState,
    LedgerCode,
    Payment,
    PaymentChannel,
    PaymentFile,
    Payout,
    PostingKind,
)
from busbar.payments.operations import ledger, refunds
from busbar.payments.operations.book import Book, Move, learn_payers, save_takings, write_matches
from busbar.payments.operations.ledger import Posting, Side
from busbar.payments.operations.placing import place, set_desk

_BATCH = 500
"""Rows a transaction: what a kill can cost, and what one commit is worth."""
_CHANNELS = (PaymentChannel.BANK, PaymentChannel.GATEWAY)


class UnableToImportPayments(Refusal):
    """The file as a whole cannot be taken."""


@dataclass(frozen=True)
class _Work:
    """What all batches of one file share."""

    file: PaymentFile
    channel: PaymentChannel
    by: Viewer
    at: dt.datetime


def import_payments(
    *,
    collection_number: str,
    name: str,
    rows: Sequence[BankRow],
    refused: Sequence[RefusedRow] = (),
    by: Viewer,
    at: dt.datetime,
    channel: PaymentChannel = PaymentChannel.BANK,
) -> PaymentFile:
    """Keep the good rows of one account's file, match what can be matched, queue the rest.

    A reference is kept once for ever; a row seen in another file, or dated after the day of
    import, is named among the refused. 500 rows are one transaction with their ledger entries;
    a file stopped half-way is gone on with, one that is finished changes nothing.
    """
    by.require(Permission.TAKE_PAYMENTS)
    if channel not in _CHANNELS:
        raise UnableToImportPayments("银行流水只来自银行或银行联网")
    file = _begin(collection_number, name, rows, refused, by, at)
    if file.state == FileState.FINISHED:
        return file
    work = _Work(file, channel, by, at)
    known = _known(file, rows)
    good, bad = sift_rows(rows, known, local_date(at))
    mine = set(file.payments.values_list("reference", flat=True))
    mine |= set(file.payouts.values_list("reference", flat=True))
    left = [row for row in good if row.reference not in mine]
    for start in range(0, len(left), _BATCH):
        _keep_batch(work, left[start : start + _BATCH])
    return _finish(work, [*refused, *bad])


@transaction.atomic
def _begin(
    number: str,
    name: str,
    rows: Sequence[BankRow],
    refused: Sequence[RefusedRow],
    by: Viewer,
    at: dt.datetime,
) -> PaymentFile:
    journal_operations.take_turn()
    collection = (
        CollectionAccount.objects.filter(number=number.replace(" ", ""))
        .select_related("unit")
        .first()
    )
    if collection is None:
        raise UnableToImportPayments("没有电费账户 %(number)s", number=number)
    by.require_unit(collection.unit.path)
    file: PaymentFile = PaymentFile.objects.get_or_create(
        collection=collection,
        digest=_digest(rows, refused),
        defaults={
            "name": name[:200],
            "state": FileState.RUNNING,
            "rows": len(rows) + len(refused),
            "imported_at": at,
            "imported_by_name": by.name,
        },
    )[0]
    return file


def _digest(rows: Sequence[BankRow], refused: Sequence[RefusedRow]) -> str:
    return hashlib.sha256(repr((list(rows), list(refused))).encode()).hexdigest()


def _known(file: PaymentFile, rows: Sequence[BankRow]) -> dict[str, dt.date]:
    """References that another file or channel has brought, with the day they came."""
    references = [row.reference for row in rows]
    found: dict[str, dt.date] = {}
    for start in range(0, len(references), 5000):
        part = references[start : start + 5000]
        came = Payment.objects.filter(reference__in=part).exclude(file=file)
        went = Payout.objects.filter(reference__in=part).exclude(file=file)
        for reference, at in came.values_list("reference", "received_at"):
            found[reference] = local_date(at)
        for reference, at in went.values_list("reference", "file__imported_at"):
            found[reference] = local_date(at)
    return found


@transaction.atomic
def _keep_batch(work: _Work, rows: Sequence[BankRow]) -> None:
    journal_operations.take_turn()
    rows = _not_kept_meanwhile(rows)
    payments = [_payment(work, row) for row in rows if row.amount_yuan > 0]
    _receive(work, payments)
    payouts = Payout.objects.bulk_create(
        [_payout(work, row) for row in rows if row.amount_yuan < 0]
    )
    refunds.book_payouts(payouts, by=work.by, at=work.at)


def _not_kept_meanwhile(rows: Sequence[BankRow]) -> list[BankRow]:
    """The same file may be imported twice at the same moment: the second finds them kept."""
    references = [row.reference for row in rows]
    kept = set(Payment.objects.filter(reference__in=references).values_list("reference", flat=True))
    kept |= set(Payout.objects.filter(reference__in=references).values_list("reference", flat=True))
    return [row for row in rows if row.reference not in kept]


def _payment(work: _Work, row: BankRow) -> Payment:
    fen = int(row.amount_yuan * 100)
    return Payment(
        channel=work.channel,
        reference=row.reference,
        unit_id=work.file.collection.unit_id,
        collection=work.file.collection,
        file=work.file,
        row=row.number,
        booked_on=row.booked_on,
        payer_name=row.payer_name,
        payer_account=row.payer_account,
        amount_fen=fen,
        waiting_fen=fen,
        remark=row.remark,
        received_at=work.at,
        received_by_name=work.by.name,
    )


def _payout(work: _Work, row: BankRow) -> Payout:
    return Payout(
        reference=row.reference,
        collection=work.file.collection,
        file=work.file,
        row=row.number,
        booked_on=row.booked_on,
        payee_name=row.payer_name,
        payee_account=row.payer_account,
        amount_fen=int(-row.amount_yuan * 100),
        remark=row.remark,
    )


def _receive(work: _Work, payments: list[Payment]) -> None:
    desk = set_desk(payments)
    placed = [(payment, place(desk, payment)) for payment in payments]
    receive_placed(desk.book, placed, debit=LedgerCode.BANK, by=work.by, at=work.at)


def receive_placed(
    book: Book,
    placed: Sequence[tuple[Payment, list[Move]]],
    *,
    debit: LedgerCode,
    by: Viewer,
    at: dt.datetime,
) -> None:
    """Write new payments with what they were matched to: rows, ledger, journal. For operations."""
    heads = ledger.post(
        postings=[_received(payment, moves, debit, book) for payment, moves in placed],
        by_name=by.name,
        at=at,
    )
    Payment.objects.bulk_create([payment for payment, _ in placed])
    numbered = [
        (move, head.pk) for (_, moves), head in zip(placed, heads, strict=True) for move in moves
    ]
    write_matches(numbered, on=local_date(at), by_name=by.name, at=at)
    learn_payers(move for move, _ in numbered)
    for move, _ in numbered:
        if move.takings is not None:
            save_takings(move.takings, at)
    book.save()
    happenings = [_matched(payment, moves, book) for payment, moves in placed if moves]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
    book.tell(by.actor, at)


def _received(payment: Payment, moves: Sequence[Move], debit: LedgerCode, book: Book) -> Posting:
    units = [book.accounts[m.account_id].unit_id for m in moves if m.account_id is not None]
    reached = [move.sides()[1] for move in moves]
    return Posting(
        PostingKind.RECEIVED,
        units[0] if units else payment.unit_id,
        payment.booked_on,
        f"{payment.get_channel_display()} {payment.reference} {payment.payer_name}",
        (
            Side(debit, payment.amount_fen),
            *reached,
            Side(LedgerCode.UNMATCHED, -payment.waiting_fen),
        ),
    )


def _matched(payment: Payment, moves: Sequence[Move], book: Book) -> Happening:
    return matched_happening("payments.payment.matched", payment, moves, book)


def matched_happening(
    event: str, payment: Payment, moves: Sequence[Move], book: Book, *, reason: str = ""
) -> Happening:
    """What the journal says of a payment's money: how much of it went where."""
    accounts = [book.accounts[m.account_id] for m in moves if m.account_id is not None]
    first = accounts[0] if accounts else None
    return Happening(
        event=event,
        subject_type="payments.payment",
        subject_id=payment.pk,
        subject_label=payment.reference,
        customer_id=first.customer_id if first else None,
        unit_path=first.unit.path if first else payment.unit.path,
        changes={
            "account": first.number if first else "",
            "matched": [[move.target, move.fen] for move in moves],
            "waiting_fen": payment.waiting_fen,
        },
        reason=reason,
    )


@transaction.atomic
def _finish(work: _Work, refused: Sequence[RefusedRow]) -> PaymentFile:
    journal_operations.take_turn()
    files = PaymentFile.objects.select_related("collection__unit")
    file: PaymentFile = files.get(pk=work.file.pk)
    if file.state == FileState.FINISHED:
        return file
    file.state = FileState.FINISHED
    file.kept = file.payments.count() + file.payouts.count()
    file.refused = refused_facts(sorted(refused, key=lambda row: row.row))
    file.save(update_fields=["state", "kept", "refused"])
    happening = Happening(
        event="payments.file.imported",
        subject_type="payments.file",
        subject_id=file.pk,
        subject_label=file.name,
        unit_path=file.collection.unit.path,
        changes={
            "kept": file.kept,
            "refused": len(file.refused),
            "account": file.collection.number,
        },
    )
    journal_operations.record(happening=happening, actor=work.by.actor, at=work.at)
    return file
