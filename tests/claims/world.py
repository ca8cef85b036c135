"""A county whose inspector finds things, and whose leader decides about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from busbar.access.models import Role
from busbar.access.visibility import Viewer
from busbar.claims import operations
from busbar.claims.models import Claim
from busbar.customers.models import CustomerAccount
from busbar.payments.models import LedgerLine
from tests.imports.world import make_viewer
from tests.payments.world import World as PaymentsWorld
from tests.payments.world import at, make_world
from tests.worlds import kept

THEFT: dict[str, Any] = {
    "kind": "theft", "on": "2026-02-05", "equipment_kw": "2", "days": "90", "hours_per_day": "8",
    "price": "0.40", "price_source": "省发改委电价表",
}  # fmt: skip
"""1,440 kWh: 576.00 yuan owed, and three times as much: 2,304.00 altogether."""
FAST: dict[str, Any] = {
    "kind": "meter_error", "on": "2026-02-05", "error_percent": "10",
    "energies": [{"measures": "total", "quantity": "11000"}],
    "tariff": {"name": "大工业", "prices": {"flat": "0.50"}},
}  # fmt: skip
OUTAGE: dict[str, Any] = {
    "kind": "compensation", "on": "2026-02-05",
    "case": {
        "cause": "supplier_outage", "outage_hours": "30", "two_part": True,
        "normal": {"energy_kwh": "30000", "days": "30"}, "peer_average_price": "0.62",
    },
}  # fmt: skip


@dataclass
class World:
    """Payments' county with an inspector and one account."""

    payments: PaymentsWorld
    inspector: Viewer
    leader: Viewer
    account: CustomerAccount

    def request(self, document: dict[str, Any] = THEFT, **facts: Any) -> Claim:
        """A claim on the account, asked for by the inspector on 6 February."""
        usual: dict[str, Any] = {
            "account_number": self.account.number,
            "document": document,
            "ground": "用电检查单 2026-017",
            "by": self.inspector,
            "at": at("2026-02-06"),
        }
        return operations.request_claim(**{**usual, **facts})

    def approve(self, claim: Claim, day: str = "2026-02-07") -> Claim:
        """The leader's yes."""
        return operations.approve_claim(
            number=claim.number, remark="同意", by=self.leader, at=at(day)
        )

    def take_back(self, claim: Claim, day: str = "2026-03-02") -> Claim:
        """The leader takes it back."""
        return operations.take_back_claim(
            number=claim.number, reason="认定有误", by=self.leader, at=at(day)
        )


@kept
def make_claims_world() -> World:
    """The county, an inspector, the leader, the account 3101000001."""
    payments = make_world()
    return World(
        payments,
        make_viewer(payments.county, Role.SAFETY_INSPECTOR, number="E11"),
        payments.manager,
        payments.account("3101000001", "红星钢铁"),
    )


def ledger_of(transaction_id: int) -> list[tuple[str, int]]:
    """The sides of a transaction, debit positive, in fen."""
    rows = LedgerLine.objects.filter(transaction=transaction_id).order_by("position")
    return [(row.account_id, row.debit_fen - row.credit_fen) for row in rows]
