"""What connections do by the clock, and what moves their processes from outside (R55)."""

from __future__ import annotations

import datetime as dt

from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ApplicationState, ConnectionApplication
from busbar.connections.operations import changes as change_operations
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.workflow import operations as workflow_operations
from busbar.workflow import queries as workflow_queries
from busbar.workflow.models import InstanceState, ProcessInstance

PROCESS_PREFIXES = (
    "connections.fee.paid",
    "connections.fee_notice.cancelled",
    "connections.refund.paid",
    "connections.application.withdrawn",
    "connections.application.refused",
    "connections.application.lapsed",
    "connections.scheme.lapsed",
    "connections.change.withdrawn",
    "connections.metering_order.cancelled",
    "connections.service_order.cancelled",
)
"""What a process hears of: money that came, a matter that ended before its time."""

_ENDED_EARLY = {
    "connections.application.withdrawn": "申请已撤回",
    "connections.application.refused": "不予受理",
    "connections.application.lapsed": "方案失效，申请注销",
    "connections.scheme.lapsed": "方案失效，申请注销",
    "connections.change.withdrawn": "变更已撤回",
    "connections.metering_order.cancelled": "装接单已取消",
    "connections.service_order.cancelled": "工单已取消",
}


def lapse_schemes() -> str:
    """Let every scheme lapse whose last day has passed without works; safe to run twice."""
    lapsed = connections_operations.lapse_schemes(at=dt.datetime.now(dt.UTC))
    numbers = "、".join(scheme.number for scheme in lapsed)
    return f"失效 {len(lapsed)} 份供电方案{':' if numbers else ''}{numbers}"


def end_changes() -> str:
    """Take temporary changes and supplies past their last day to what the rules have in store."""
    at = dt.datetime.now(dt.UTC)
    expired = change_operations.expire_changes(at=at)
    reminded = connections_operations.remind_of_temporary_ends(at=at)
    return f"期满变更 {expired} 件，提醒临时用电 {len(reminded)} 户"


def move_processes(entry: Entry) -> None:
    """Tell the process of the entry's matter; one that ended or does not wait stays as it is."""
    instance = workflow_queries.get_process_of(entry.subject_type, entry.subject_id)
    if instance is None or instance.state != InstanceState.RUNNING:
        return
    if entry.event == "connections.scheme.lapsed" and not _has_lapsed(entry.subject_id):
        return  # works that began in time go on without the old scheme
    if entry.event in _ENDED_EARLY:
        reason = entry.reason or _ENDED_EARLY[entry.event]
        workflow_operations.cancel_process(
            instance_id=instance.pk, reason=reason, actor=SYSTEM, at=entry.occurred_at
        )
    elif entry.event == "connections.refund.paid":
        _deliver(instance, "refund_paid", entry)
    elif not _owes(entry.subject_id):
        _deliver(instance, "fees_received", entry)


def _has_lapsed(application_id: int) -> bool:
    return ConnectionApplication.objects.filter(
        pk=application_id, state=ApplicationState.LAPSED
    ).exists()


def _owes(application_id: int) -> bool:
    application = ConnectionApplication.objects.get(pk=application_id)
    return bool(connections_queries.list_unpaid_notices(application))


def _deliver(instance: ProcessInstance, message: str, entry: Entry) -> None:
    if workflow_queries.is_waiting_for(instance, message):
        workflow_operations.receive_message(
            instance_id=instance.pk,
            message=message,
            payload={},
            actor=SYSTEM,
            at=entry.occurred_at,
        )
