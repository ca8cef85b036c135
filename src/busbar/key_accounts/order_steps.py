"""From process to operation: what an answered task of an order stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from busbar.key_accounts.models import DepartmentOrder
from busbar.key_accounts.operations import answering
from busbar.key_accounts.queries import orders as orders_queries
from busbar.kit.periods import local_date
from busbar.workflow import registry
from busbar.workflow.registry import Asking, ServiceCall, TaskCompletion


def register() -> None:
    """Lend the steps to the engine."""
    steps = (reply_to_order, carry_out_order, confirm_order, answer_refusal, decide_order)
    for step in steps:
        registry.register_task_handler(f"key_accounts.{step.__name__}", step)
    registry.register_service("key_accounts.climb", climb)
    registry.register_choices("key_accounts.refusal_reasons", refusal_reasons)


def refusal_reasons(asking: Asking) -> Iterable[tuple[str, str]]:
    """The catalogue in force."""
    found = orders_queries.list_refusal_reasons(on=local_date(asking.at))
    return [(reason.code, reason.name) for reason in found]


def reply_to_order(completion: TaskCompletion) -> dict[str, Any]:
    """Taken on or refused."""
    common = {**_common(completion), "remark": _text(completion, "remark")}
    is_late = completion.task.is_late(completion.at)
    if completion.outcome == "refused":
        reason = _text(completion, "refusal")
        answering.refuse_order(reason=reason, is_late=is_late, **common)
    else:
        answering.accept_order(is_late=is_late, **common)
    return _orderer(completion.instance.subject_id)


def carry_out_order(completion: TaskCompletion) -> dict[str, Any]:
    """Done."""
    is_late = completion.task.is_late(completion.at)
    answering.report_order(
        result=_text(completion, "result"), is_late=is_late, **_common(completion)
    )
    return _orderer(completion.instance.subject_id)


def confirm_order(completion: TaskCompletion) -> dict[str, Any]:
    """Solved, merely passed on, or sent back."""
    common = {**_common(completion), "remark": _text(completion, "remark")}
    if completion.outcome == "reopened":
        answering.reopen_order(**common)
    else:
        answering.close_order(
            solved=completion.outcome == "solved",
            score=int(_text(completion, "score") or 0),
            word=_text(completion, "word"),
            **common,
        )
    return _orderer(completion.instance.subject_id)


def answer_refusal(completion: TaskCompletion) -> dict[str, Any]:
    """Lived with, or brought before the superior."""
    appealed = completion.outcome == "appealed"
    act = answering.appeal_refusal if appealed else answering.take_refusal
    act(remark=_text(completion, "remark"), **_common(completion))
    return _orderer(completion.instance.subject_id)


def decide_order(completion: TaskCompletion) -> dict[str, Any]:
    """The superior instructs, or answers itself."""
    instructed = completion.outcome == "instructed"
    act = answering.instruct_department if instructed else answering.answer_as_superior
    act(remark=_text(completion, "remark"), **_common(completion))
    return _orderer(completion.instance.subject_id)


def climb(call: ServiceCall) -> dict[str, Any]:
    """The next superior, as facts of the process."""
    superior = answering.climb_order(
        order_id=call.instance.subject_id,
        rung=int(call.facts.get("rung") or 0),
        actor=call.actor,
        at=call.at,
    )
    return {
        **_orderer(call.instance.subject_id),
        "rung": superior.rung,
        "superior": superior.unit.pk,
        "superior_role": superior.role,
        "superior_limit": superior.time_limit,
        "is_highest": superior.is_highest,
    }


def _orderer(order_id: int) -> dict[str, Any]:
    """Whose the next step of the manager is: the customers may have been handed over."""
    order = DepartmentOrder.objects.select_related("ordered_by").get(pk=order_id)
    return {"manager": order.ordered_by_id, "manager_unit": order.ordered_by.unit_id}


def _common(completion: TaskCompletion) -> dict[str, Any]:
    return {
        "order_id": completion.instance.subject_id,
        "by": completion.viewer,
        "at": completion.at,
    }


def _text(completion: TaskCompletion, name: str) -> str:
    return str(completion.data.get(name) or "").strip()
