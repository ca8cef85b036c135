"""What a bill recorded and its prices, as the document of a correction takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from busbar.access.visibility import Viewer
from busbar.billing import queries as billing_queries
from busbar.billing.evidence import map_tariffs
from busbar.billing.models import Bill, BillLine
from busbar.kit.errors import Refusal
from busbar.kit.money import plain

Json = dict[str, Any]
_ENERGY, _CHARGE = "energy.", "charge."
_MEASURES = {"total", "sharp", "peak", "flat", "valley", "deep_valley"}


class UnableToTakeFromBill(Refusal):
    """The bill does not say what was recorded at which price."""


def recorded_of(viewer: Viewer, *, account_number: str, month: str) -> Json:
    """`energies` and `tariff` of the account's bill of the month: energy, prices, charges per kWh.

    Raises UnableToTakeFromBill where there is no bill, where a period has several prices, or
    where energy had a price of its own for every interval.
    """
    try:
        bill = billing_queries.get_bill(viewer=viewer, account_number=account_number, month=month)
    except Bill.DoesNotExist as missing:
        raise UnableToTakeFromBill(
            "户号 %(number)s 没有 %(month)s 的账单", number=account_number, month=month
        ) from missing
    lines = billing_queries.list_lines(bill)
    energies = _by_code(lines, _ENERGY)
    if not energies or not set(energies) <= _MEASURES:
        raise UnableToTakeFromBill("%(month)s 的账单没有按时段计价的电量", month=month)
    return {
        "energies": [
            {"measures": period, "quantity": plain(sum((row.quantity for row in rows), Decimal(0)))}
            for period, rows in energies.items()
        ],
        "tariff": _tariff(bill, energies, _by_code(lines, _CHARGE)),
    }


def _by_code(lines: Iterable[BillLine], begin: str) -> Mapping[str, list[BillLine]]:
    found: dict[str, list[BillLine]] = {}
    for line in lines:
        if line.code.startswith(begin):
            found.setdefault(line.code.removeprefix(begin), []).append(line)
    return found


def _tariff(
    bill: Bill, energies: Mapping[str, list[BillLine]], charges: Mapping[str, list[BillLine]]
) -> Json:
    source = f"账单 {bill.account.number} {bill.month}"
    return {
        "code": bill.tariff_code,
        "name": next(iter(map_tariffs([bill.facts]).values())).name,
        "prices": {period: _price(rows) for period, rows in energies.items()},
        "charges": [
            {"code": code, "name": rows[0].name, "price": _price(rows), "source": source}
            for code, rows in charges.items()
        ],
        "source": source,
    }


def _price(rows: list[BillLine]) -> str:
    prices = {row.price for row in rows}
    if len(prices) > 1:
        raise UnableToTakeFromBill(
            "%(name)s在账期内有 %(count)s 个价格，请按变更日分段填写文档",
            name=rows[0].name,
            count=len(prices),
        )
    return plain(prices.pop())
