"""The bank's own channel behind one small Protocol, chosen in settings.

`BUSBAR_PAYMENT_GATEWAY` names the class. What it hands over is confirmed only after it is kept,
so that a stop in between brings it again, and again it changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from busbar.payments.bank_file import BankRow, RefusedRow, read_bank_file

DEFAULT_GATEWAY = "busbar.payments.gateways.FileDropGateway"
_SUFFIXES = {".csv", ".xlsx", ".xls"}


@dataclass(frozen=True)
class Statement:
    """One account's rows as the bank sent them; `key` is what the gateway knows them by."""

    key: str
    collection_number: str
    name: str
    rows: tuple[BankRow, ...]
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True)
class RefundOrder:
    """Money to be paid back: to whom and by which number, which the bank repeats in its row."""

    number: str
    collection_number: str
    to_account: str
    to_name: str
    amount_yuan: Decimal


class PaymentGateway(Protocol):
    """Brings the bank's rows and carries orders to pay back."""

    def list_statements(self) -> Sequence[Statement]:
        """What the bank has sent and nobody has confirmed, oldest first."""
        ...

    def confirm(self, key: str) -> None:
        """The statement is kept; it is not listed again."""
        ...

    def order_refund(self, order: RefundOrder) -> None:
        """Tell the bank to pay back; the same number twice is one order."""
        ...


def chosen_gateway() -> PaymentGateway:
    """The gateway that the settings name."""
    gateway: PaymentGateway = import_string(
        getattr(settings, "BUSBAR_PAYMENT_GATEWAY", "") or DEFAULT_GATEWAY
    )()
    return gateway


class FileDropGateway:
    """Through a folder that the bank's client shares (`BUSBAR_PAYMENT_FOLDER`).

    `in/ACCOUNT/*.csv` are statements, moved to `done/ACCOUNT/` once kept; each order to pay back
    is a file `out/NUMBER.csv`. Files being written begin with a dot and are left alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        default = Path(settings.BUSBAR_HOME) / "bank"
        self.folder = folder or Path(getattr(settings, "BUSBAR_PAYMENT_FOLDER", "") or default)

    def list_statements(self) -> Sequence[Statement]:
        """Every file in `in/`, by account and name."""
        return [self._read(path) for path in sorted((self.folder / "in").glob("*/*"))
                if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")]  # fmt: skip

    def _read(self, path: Path) -> Statement:
        rows, refused = read_bank_file(path)
        account = path.parent.name
        return Statement(f"{account}/{path.name}", account, path.name, tuple(rows), tuple(refused))

    def confirm(self, key: str) -> None:
        """Move the file away; one that was moved already is confirmed."""
        path, done = self.folder / "in" / key, self.folder / "done" / key
        if path.exists():
            done.parent.mkdir(parents=True, exist_ok=True)
            path.rename(done)

    def order_refund(self, order: RefundOrder) -> None:
        """Write the order beside and rename it, so that the bank never reads half of it."""
        folder = self.folder / "out"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{order.number}.csv"
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["退费单号", "付款账号", "收款账号", "收款户名", "金额"])
            writer.writerow(
                [
                    order.number,
                    order.collection_number,
                    order.to_account,
                    order.to_name,
                    order.amount_yuan,
                ]
            )
        draft.rename(folder / f"{order.number}.csv")
