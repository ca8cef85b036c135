"""Changes of supply: requested, judged by the dated rules, approved, carried out, ended (R42)."""

from busbar.connections.operations.changes.carrying_out import UnableToCarryOut, carry_out_change
from busbar.connections.operations.changes.deciding import (
    UnableToDecideChange,
    approve_change,
    refuse_change,
    withdraw_change,
)
from busbar.connections.operations.changes.expiry import expire_changes
from busbar.connections.operations.changes.requesting import (
    UnableToRequestChange,
    request_change,
)
from busbar.connections.operations.changes.rules import load_change_rules

__all__ = [
    "UnableToCarryOut",
    "UnableToDecideChange",
    "UnableToRequestChange",
    "approve_change",
    "carry_out_change",
    "expire_changes",
    "load_change_rules",
    "refuse_change",
    "request_change",
    "withdraw_change",
]
