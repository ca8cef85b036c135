"""What a handover takes along of this room and of the work lists."""

from __future__ import annotations

from busbar.key_accounts.handing import Passing, register_mover
from busbar.key_accounts.models import DepartmentOrder
from busbar.kit.errors import Refusal
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask


def register() -> None:
    """Lend both to the handover."""
    register_mover("key_accounts.orders", move_orders)
    register_mover("workflow.tasks", move_tasks)


def move_orders(passing: Passing) -> int:
    """Open orders are from now on the taker's: the taker confirms them."""
    rows = DepartmentOrder.objects.open().filter(
        ordered_by=passing.from_employee, customer__in=passing.customer_ids
    )
    return rows.update(ordered_by=passing.to_employee)


def move_tasks(passing: Passing) -> int:
    """Open tasks about the customers change hands; one of another post goes to its unit's list."""
    rows = UserTask.objects.open().filter(
        owner=passing.from_employee, customer_id__in=passing.customer_ids
    )
    return sum(_move(task_id, passing) for task_id in list(rows.values_list("pk", flat=True)))


def _move(task_id: int, passing: Passing) -> int:
    try:
        workflow_operations.hand_over_task(
            task_id=task_id,
            to_employee_id=passing.to_employee.pk,
            reason=passing.reason,
            viewer=passing.by.entitled(),
            at=passing.at,
        )
    except Refusal:
        workflow_operations.release_task(
            task_id=task_id, viewer=passing.by.entitled(), at=passing.at, reason=passing.reason
        )
    return 1
