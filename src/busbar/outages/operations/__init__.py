"""One use case a function; all of them by one name."""

from busbar.outages.operations.planning import (
    UnableToAnnounceOutage,
    UnableToCancelOutage,
    UnableToPlanOutage,
    announce_outage,
    cancel_outage,
    plan_outage,
    report_to_authority,
)
from busbar.outages.operations.switching import (
    UnableToBeginOutage,
    UnableToRestoreOutage,
    begin_outage,
    remove_cause,
    restore_outage,
)
from busbar.outages.operations.telling import UnableToServeOutageNotice, serve_notice

__all__ = [
    "UnableToAnnounceOutage",
    "UnableToBeginOutage",
    "UnableToCancelOutage",
    "UnableToPlanOutage",
    "UnableToRestoreOutage",
    "UnableToServeOutageNotice",
    "announce_outage",
    "begin_outage",
    "cancel_outage",
    "plan_outage",
    "remove_cause",
    "report_to_authority",
    "restore_outage",
    "serve_notice",
]
