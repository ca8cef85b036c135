"""What ships with the product: the chart of accounts and a term of payment; safe to repeat."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.payments.models import LedgerAccount, PaymentTerm

SEED = Path(__file__).resolve().parent.parent / "seed"


@transaction.atomic
def load_payments_seed(*, at: dt.datetime) -> int:
    """Enter what is missing; an account or term that stands is the office's and left alone."""
    chart = _read("ledger_accounts.toml")
    known = set(LedgerAccount.objects.values_list("code", flat=True))
    accounts = [
        LedgerAccount(**entry, source=chart["source"])
        for entry in chart["account"]
        if entry["code"] not in known
    ]
    LedgerAccount.objects.bulk_create(accounts)
    terms: list[PaymentTerm] = []
    if not PaymentTerm.objects.filter(unit=None).exists():
        terms = [PaymentTerm(**entry) for entry in _read("payment_terms.toml")["term"]]
        PaymentTerm.objects.bulk_create(terms)
    if accounts or terms:
        happening = Happening(
            event="payments.seed.loaded",
            subject_type="payments.seed",
            subject_id=0,
            changes={"accounts": [row.code for row in accounts], "terms": len(terms)},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(accounts) + len(terms)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((SEED / name).read_text(encoding="utf-8"))
