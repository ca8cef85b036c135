"""What a handover takes along: orders, plans and services, tasks, promises and talks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from busbar.key_accounts.handing import Passing, register_mover
from busbar.key_accounts.models import (
    AccountPlan,
    DepartmentOrder,
    DueState,
    MeasureState,
    PlanMeasure,
    PlanState,
    ServiceDue,
)
from busbar.kit.errors import Refusal
from busbar.service_desk import operations as desk_operations
from busbar.service_desk.models import (
    Complaint,
    ComplaintState,
    ImprovementTask,
    Interaction,
    InteractionState,
    Promise,
    PromiseState,
)
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask


def register() -> None:
    """Lend all to the handover."""
    register_mover("key_accounts.orders", move_orders)
    register_mover("key_accounts.plans", move_plans)
    register_mover("service_desk.promises", move_promises)
    register_mover("service_desk.talks", move_talks)
    register_mover("workflow.tasks", move_tasks)


def move_orders(passing: Passing) -> int:
    """Open orders are from now on the taker's: the taker confirms them."""
    rows = DepartmentOrder.objects.open().filter(
        ordered_by=passing.from_employee, customer__in=passing.customer_ids
    )
    return rows.update(ordered_by=passing.to_employee)


def move_plans(passing: Passing) -> int:
    """Plans that are not closed, their open measures, and basic services that are due."""
    plans = AccountPlan.objects.exclude(state=PlanState.CLOSED)
    measures = PlanMeasure.objects.filter(state=MeasureState.OPEN)
    dues = ServiceDue.objects.filter(state=DueState.OPEN)
    return (
        _give(plans, "customer__in", passing)
        + _give(measures, "plan__customer__in", passing)
        + _give(dues, "customer__in", passing)
    )


def move_promises(passing: Passing) -> int:
    """Open promises with their clocks: to whom it was promised, it stays promised."""
    rows = Promise.objects.filter(
        owner=passing.from_employee, state=PromiseState.OPEN, customer__in=passing.customer_ids
    )
    promise_ids = list(rows.values_list("pk", flat=True))
    for promise_id in promise_ids:
        desk_operations.hand_over_promise(
            promise_id=promise_id,
            owner_id=passing.to_employee.pk,
            reason=passing.reason,
            by=passing.by.entitled(),
            at=passing.at,
        )
    return len(promise_ids)


def move_talks(passing: Passing) -> int:
    """Planned visits, complaints that are not done with, and what is to be mended."""
    planned = [InteractionState.PLANNED, InteractionState.PREPARED]
    return (
        _give(Interaction.objects.filter(state__in=planned), "customer__in", passing)
        + _give(Complaint.objects.exclude(state=ComplaintState.VERIFIED), "customer__in", passing)
        + _give(ImprovementTask.objects.filter(closed_at=None), "customer__in", passing)
    )


def _give(rows: QuerySet[Any, Any], of_customers: str, passing: Passing) -> int:
    mine = rows.filter(owner=passing.from_employee, **{of_customers: passing.customer_ids})
    return mine.update(owner=passing.to_employee)


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
