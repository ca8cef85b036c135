"""How the region pays: mostly on time, some late, in part, too much, twice, without a word, never.

A month's money enters as the bank's files, one a city, through the importer that any file goes
through; what came without a word is matched a month later, after a call. Who pays how follows
from 户号 and month alone, so that the same region pays alike.
"""

from __future__ import annotations

import csv
import datetime as dt
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from django.db.models import QuerySet

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.kit.periods import CHINA, Month, local_date
from busbar.payments import operations as payments_operations
from busbar.payments.bank_file import read_bank_file
from busbar.payments.models import (
    CollectionAccount,
    LedgerMonth,
    LedgerTransaction,
    MonthState,
    Payment,
    PaymentPoint,
    PointKind,
    Receivable,
)
from busbar.payments.queries import list_open_receivables

_HEADER = ("流水号", "交易日期", "对方户名", "对方账号", "金额", "附言")
_ISSUE_DAY, _FILE_DAYS = 3, 20
_SINCE = dt.date(2015, 1, 1)
_PERMILLE = 1000
_YEARS_AGO = dt.timedelta(days=3 * 365)
# Out of a thousand bills: up to the number, what becomes of them.
_WAYS = ((890, "on_time"), (950, "late"), (965, "part"), (975, "over"), (985, "twice"),
         (1000, "wordless"))  # fmt: skip
_LATE_WAYS = {"late", "part"}
"""What is paid, or paid up, a month later."""
_STOPPED_PAYING = 60
"""One 户号 in so many has stopped paying."""


@dataclass(frozen=True)
class Paid:
    """What a month brought."""

    raised: int
    kept: int


@dataclass(frozen=True)
class _Row:
    """One row of a bank's file."""

    reference: str
    on: dt.date
    name: str
    account: str
    yuan: Decimal
    remark: str


def issued_at(month: Month, now: dt.datetime) -> dt.datetime:
    """When a month's bills go out: on the third of the next, nine o'clock, but never ahead."""
    day = month.next.first.replace(day=_ISSUE_DAY)
    return min(dt.datetime.combine(day, dt.time(9), tzinfo=CHINA), now)


def pay_month(month: Month, folder: Path, *, at: dt.datetime) -> Paid:
    """Raise the month's receivables and import each city's file; again changes nothing."""
    issued = issued_at(month, at)
    raised = payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=issued)
    until = local_date(issued) + dt.timedelta(days=_FILE_DAYS)
    came_at = min(dt.datetime.combine(until, dt.time(8), tzinfo=CHINA), at)
    kept = 0
    for city, account in _collection_accounts(at):
        rows = sorted(_rows(month, city, at), key=lambda row: (row.on, row.reference))
        path = folder / f"电费流水_{city.code}_{month}.csv"
        _write(path, rows)
        good, refused = read_bank_file(path)
        path.unlink()
        file = payments_operations.import_payments(
            collection_number=account.number,
            name=path.name,
            rows=good,
            refused=refused,
            by=SYSTEM_VIEWER,
            at=came_at,
        )
        kept += file.kept
        _match_wordless(month.previous, city, at=came_at)
    return Paid(raised, kept)


def _collection_accounts(
    at: dt.datetime,
) -> Iterator[tuple[OrganizationUnit, CollectionAccount]]:
    """One a city, opened the first time."""
    cities = OrganizationUnit.objects.filter(kind=UnitKind.CITY).order_by("path")
    for serial, city in enumerate(cities, start=1):
        number = f"99990000{serial:04d}6666"
        known = CollectionAccount.objects.filter(number=number).select_related("unit").first()
        yield (
            city,
            known
            or payments_operations.open_collection_account(
                number=number,
                name=f"{city.name}电费专户",
                bank="岚川银行营业部（演示）",
                unit_id=city.pk,
                valid_from=_SINCE,
                by=SYSTEM_VIEWER,
                at=at,
            ),
        )


def _rows(month: Month, city: OrganizationUnit, at: dt.datetime) -> Iterator[_Row]:
    """On-time money of the month, and late money of the month before."""
    for owed in _receivables(month, city):
        yield from _rows_of(owed, _way(owed, at))
    for owed in _receivables(month.previous, city).filter(open_fen__gt=0):
        if _way(owed, at) in _LATE_WAYS:
            yield _row(owed, owed.open_yuan, "L", months_late=1)


def _match_wordless(month: Month, city: OrganizationUnit, *, at: dt.datetime) -> None:
    """A month later it is known whose the money without a word was."""
    owing = _receivables(month, city).filter(open_fen__gt=0)
    by_reference = {_reference(owed): owed for owed in owing if _way(owed, at) == "wordless"}
    waiting = Payment.objects.filter(reference__in=by_reference, waiting_fen__gt=0)
    for payment in waiting.order_by("reference"):
        payments_operations.match_payment(
            payment_id=payment.pk,
            reference=by_reference[payment.reference].reference,
            reason="电话向付款单位财务核实",
            by=SYSTEM_VIEWER,
            at=at,
        )


def _receivables(month: Month, city: OrganizationUnit) -> QuerySet[Receivable, Receivable]:
    rows: QuerySet[Receivable, Receivable] = Receivable.objects.filter(
        month=str(month), account__unit__path__startswith=city.path, amount_fen__gt=0
    )
    return rows.select_related("account__customer").order_by("account__number")


def _draw(text: str, upto: int) -> int:
    return zlib.crc32(text.encode()) % upto


def _way(owed: Receivable, at: dt.datetime) -> str:
    """How the bill is paid; on time where that was years ago: nobody owes so long unpursued."""
    number = owed.account.number
    if owed.due_on < local_date(at) - _YEARS_AGO:
        return "on_time"
    if _draw(f"stopped {number}", _STOPPED_PAYING) == 0:
        return "never"
    drawn = _draw(f"{number} {owed.month}", _PERMILLE)
    return next(way for upto, way in _WAYS if drawn < upto)


def _rows_of(owed: Receivable, way: str) -> Iterator[_Row]:
    """What comes in the month itself."""
    if way in {"late", "never"}:
        return
    yuan = owed.open_yuan
    if way == "part":
        yuan = (yuan * Decimal("0.6")).quantize(Decimal("0.01"))
    if way == "over":
        yuan = (yuan // 1000 + 1) * 1000
    if not yuan:
        return
    row = _row(owed, yuan)
    if way == "wordless":
        row = replace(row, account=f"6228{_draw(row.reference, 10**10):010d}", remark="往来款")
    yield row
    if way == "twice":
        yield replace(row, reference=f"{row.reference}B", on=row.on + dt.timedelta(days=1))


def _row(owed: Receivable, yuan: Decimal, mark: str = "", *, months_late: int = 0) -> _Row:
    number = owed.account.number
    days = 2 + _draw(f"day {number} {owed.month}", 12) + 31 * months_late
    return _Row(
        reference=f"{_reference(owed)}{mark}",
        on=owed.issued_on + dt.timedelta(days=days),
        name=owed.account.customer.name,
        account=f"6217{_draw(number, 10**10):010d}",
        yuan=yuan,
        remark=(owed.reference, f"电费 {owed.reference}", f"户号{number}电费")[_draw(number, 3)],
    )


def _reference(owed: Receivable) -> str:
    return f"DL{owed.month.replace('-', '')}{owed.account.number}"


def _write(path: Path, rows: Sequence[_Row]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        writer.writerows(
            (row.reference, row.on, row.name, row.account, row.yuan, row.remark) for row in rows
        )


def close_books(last: Month, *, at: dt.datetime) -> str:
    """A counter and an agency in each city with a day's takings; months closed but the last."""
    for city, _ in _collection_accounts(at):
        for kind in (PointKind.COUNTER, PointKind.AGENCY):
            _take_at_point(city, kind, at)
    posted = LedgerTransaction.objects.filter(month__lte=str(last)).exists()
    closed = LedgerMonth.objects.filter(month=str(last), state=MonthState.CLOSED).exists()
    if posted and not closed and local_date(at) >= last.next.first:
        before = payments_operations.close_month(month=last, by=SYSTEM_VIEWER, at=at)
        return f"{PaymentPoint.objects.count()} 个网点，已结账至 {before.month}"
    return f"{PaymentPoint.objects.count()} 个网点"


def _take_at_point(city: OrganizationUnit, kind: PointKind, at: dt.datetime) -> None:
    is_own = kind == PointKind.COUNTER
    code = f"{city.code}-{'W' if is_own else 'D'}1"
    if PaymentPoint.objects.filter(code=code).exists():
        return
    point = payments_operations.open_point(
        code=code,
        name=f"{city.name.removesuffix('供电公司')}{'营业厅' if is_own else '邮政代收点'}",
        kind=kind,
        unit_id=city.pk,
        opened_on=_SINCE,
        agreement="" if is_own else f"代收〔2025〕{city.code}",
        operator="" if is_own else "邮政储蓄（演示）",
        by=SYSTEM_VIEWER,
        at=at,
    )
    owing = list_open_receivables(SYSTEM_VIEWER).filter(account__unit__path__startswith=city.path)
    smallest = list(owing.order_by("open_fen", "id")[:2])
    for owed in smallest:
        payments_operations.take_payment(
            point_id=point.pk,
            account_number=owed.account.number,
            amount_yuan=owed.open_yuan,
            payer_name=owed.account.customer.name,
            by=SYSTEM_VIEWER,
            at=at,
        )
    if smallest and is_own:
        payments_operations.hand_in_takings(
            point_id=point.pk,
            day=local_date(at),
            counted_yuan=sum((owed.open_yuan for owed in smallest), Decimal(0)),
            by=SYSTEM_VIEWER,
            at=at,
        )
