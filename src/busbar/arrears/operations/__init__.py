"""One use case a function; all of them by one name."""

from busbar.arrears.operations.ground import UnableToDun
from busbar.arrears.operations.opening import open_cases, run_day
from busbar.arrears.operations.pausing import (
    UnableToPauseCase,
    end_pause,
    end_promises,
    pause_case,
    report_to_authority,
)
from busbar.arrears.operations.seeding import load_stop_rules
from busbar.arrears.operations.settling import settle_account, take_up_again
from busbar.arrears.operations.stopping import (
    UnableToStopSupply,
    approve_stop,
    call_customer,
    demand_payment,
    refuse_stop,
    request_stop,
    restore_supply,
    serve_notice,
    stop_supply,
)

__all__ = [
    "UnableToDun",
    "UnableToPauseCase",
    "UnableToStopSupply",
    "approve_stop",
    "call_customer",
    "demand_payment",
    "end_pause",
    "end_promises",
    "load_stop_rules",
    "open_cases",
    "pause_case",
    "refuse_stop",
    "report_to_authority",
    "request_stop",
    "restore_supply",
    "run_day",
    "serve_notice",
    "settle_account",
    "stop_supply",
    "take_up_again",
]
