"""From process to operation: a completed task becomes the step of the ladder it stands for."""

from __future__ import annotations

from typing import Any

from busbar.arrears import operations
from busbar.arrears.models import DunningCase
from busbar.workflow.registry import TaskCompletion

HANDLERS = (
    "demand_payment", "request_stop", "decide_stop", "serve_notice", "call_customer",
    "stop_supply", "restore_supply",
)  # fmt: skip


def demand_payment(completion: TaskCompletion) -> dict[str, Any]:
    """催缴通知书."""
    operations.demand_payment(text=_text(completion, "remark"), **_common(completion))
    return {}


def request_stop(completion: TaskCompletion) -> dict[str, Any]:
    """Ask for the stop."""
    operations.request_stop(reason=_text(completion, "remark"), **_common(completion))
    return {}


def decide_stop(completion: TaskCompletion) -> dict[str, Any]:
    """Approve or refuse the stop."""
    approved = completion.outcome == "approved"
    decide = operations.approve_stop if approved else operations.refuse_stop
    decide(remark=_text(completion, "remark"), **_common(completion))
    return {}


def serve_notice(completion: TaskCompletion) -> dict[str, Any]:
    """停电通知书 served."""
    operations.serve_notice(
        stop_at=completion.data["stop_at"],
        person=_text(completion, "person"),
        means=_text(completion, "means"),
        **_common(completion),
    )
    return {}


def call_customer(completion: TaskCompletion) -> dict[str, Any]:
    """The last call before the stop."""
    operations.call_customer(person=_text(completion, "person"), **_common(completion))
    return {}


def stop_supply(completion: TaskCompletion) -> dict[str, Any]:
    """Supply stops."""
    operations.stop_supply(**_common(completion))
    return {}


def restore_supply(completion: TaskCompletion) -> dict[str, Any]:
    """Supply is back."""
    operations.restore_supply(**_common(completion))
    return {}


def _common(completion: TaskCompletion) -> dict[str, Any]:
    case = DunningCase.objects.get(pk=completion.instance.subject_id)
    return {"number": case.number, "by": completion.viewer.entitled(), "at": completion.at}


def _text(completion: TaskCompletion, name: str) -> str:
    return str(completion.data.get(name) or "").strip()
