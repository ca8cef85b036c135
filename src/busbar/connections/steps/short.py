"""The short processes: changes of supply, orders, refunds (R9–R11, R42)."""

from __future__ import annotations

from typing import Any

from busbar.connections import operations
from busbar.connections.models import ChangeKind, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.operations import orders as order_operations
from busbar.connections.operations.orders import MeterFound, MeterLeft
from busbar.connections.steps.answers import Facts, keyed, rows, text
from busbar.workflow.registry import TaskCompletion


def approve_change(completion: TaskCompletion) -> Facts:
    """Approve or refuse a change of supply."""
    pk, by, at = completion.instance.subject_id, completion.viewer.entitled(), completion.at
    if completion.outcome == "refused":
        reason = text(completion, "remark")
        change_operations.refuse_change(change_id=pk, reason=reason, by=by, at=at)
        operations.issue_change_paper(change_id=pk, by=by, at=at)
    else:
        change_operations.approve_change(change_id=pk, by=by, at=at)
    return {}


def carry_out_change(completion: TaskCompletion) -> Facts:
    """Report the work on site; seals are named by transformer number."""
    change = SupplyChange.objects.get(pk=completion.instance.subject_id)
    numbers = keyed(rows(completion, "seals"), "transformer", "seal")
    parts = change.transformers.values_list("transformer_id", "transformer__number")
    change_operations.carry_out_change(
        change_id=change.pk,
        done_on=completion.data["done_on"],
        seals={key: str(numbers[number]) for key, number in parts if number in numbers},
        by=completion.viewer.entitled(),
        at=completion.at,
    )
    operations.issue_change_paper(
        change_id=change.pk, by=completion.viewer.entitled(), at=completion.at
    )
    return {"change_kind": str(ChangeKind(change.kind))}


def do_metering_order(completion: TaskCompletion) -> Facts:
    """Report the work on a meter."""
    data: Any = completion.data
    found = left = None
    if text(completion, "found_serial"):
        ends = keyed(rows(completion, "end_registers"), "reading_type", "value")
        found = MeterFound(text(completion, "found_serial"), ends)
    if text(completion, "left_serial"):
        left = MeterLeft(
            serial=text(completion, "left_serial"),
            ct_ratio=data["ct_ratio"],
            pt_ratio=data["pt_ratio"],
            registers=keyed(rows(completion, "start_registers"), "reading_type", "value"),
            seals=tuple(text(completion, "seals").replace("、", " ").split()),
        )
    order_operations.do_metering_order(
        order_id=completion.instance.subject_id,
        done_at=data["done_at"],
        found=found,
        left=left,
        findings=text(completion, "findings"),
        by=completion.viewer.entitled(),
        at=completion.at,
    )
    return {}


def do_service_order(completion: TaskCompletion) -> Facts:
    """Report an answer, a design, a test or a maintenance."""
    order_operations.do_service_order(
        order_id=completion.instance.subject_id,
        result=text(completion, "result"),
        items=[{k: str(v or "") for k, v in row.items()} for row in rows(completion, "items")],
        next_due_on=completion.data.get("next_due_on"),
        by=completion.viewer.entitled(),
        at=completion.at,
    )
    return {}


def publish_answer(completion: TaskCompletion) -> Facts:
    """Put the answer into the knowledge base, or leave it."""
    if completion.outcome == "publish":
        order_operations.publish_answer(
            order_id=completion.instance.subject_id,
            by=completion.viewer.entitled(),
            at=completion.at,
        )
    return {}


def decide_refund(completion: TaskCompletion) -> Facts:
    """Approve or refuse a refund; what is approved is told in a notice."""
    pk, by, at = completion.instance.subject_id, completion.viewer, completion.at
    remark = text(completion, "remark")
    if completion.outcome == "refused":
        operations.refuse_refund(refund_id=pk, remark=remark, by=by, at=at)
        return {}
    operations.approve_refund(refund_id=pk, remark=remark, by=by, at=at)
    operations.issue_refund_paper(refund_id=pk, by=by, at=at)
    return {}
