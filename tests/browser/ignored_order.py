"""Prepare a manager's day on the demonstration, and let a department ignore an order.

`who` prints a manager with a customer and the superior of the department as JSON. `ignore NUMBER`
moves the order's beginning back by ten days, as if nobody had looked at it since, and does what
the jobs do; the order then waits for the superior.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

TEN_DAYS = dt.timedelta(days=10)


def main() -> None:
    """One of the two words."""
    import django

    django.setup()
    told = _who() if sys.argv[1] == "who" else _ignore(sys.argv[2])
    sys.stdout.write(json.dumps(told))


def _who() -> dict[str, str]:
    from busbar.access.models import Role
    from busbar.customers.models import AccountTeamMember, TeamRole
    from busbar.key_accounts.queries import ordering

    leads = AccountTeamMember.objects.filter(role=TeamRole.LEAD).order_by("pk")
    for member in leads.select_related("customer__unit", "employee__user", "employee__unit"):
        if Role.ACCOUNT_MANAGER in member.employee.roles:
            break
    from busbar.access.models import Mandate

    mandate = Mandate.objects.get(code="metering", unit=None)
    department = ordering.find_department(mandate, member.customer)
    superior = ordering.list_superiors(mandate, department)[0]
    from busbar.access.queries import list_holders

    return {
        "customer": member.customer.number,
        "manager": member.employee.user.username,
        "department": department.name,
        "superior": list_holders(superior.unit.pk, superior.role)[0].user.username,
        "superior_unit": superior.unit.name,
    }


def _ignore(number: str) -> dict[str, str]:
    from django.db.models import F

    from busbar.clocks.models import Clock
    from busbar.jobs import workflow as workflow_jobs
    from busbar.key_accounts.models import DepartmentOrder
    from busbar.workflow.models import ProcessWait, UserTask

    order = DepartmentOrder.objects.get(number=number)
    tasks = UserTask.objects.filter(instance=order.process_id)
    clocks = Clock.objects.filter(pk__in=tasks.values("clock"))
    for rows, names in (
        (clocks, ("started_at", "latest_at", "due_at")),
        (tasks, ("created_at", "due_at", "sort_at")),
        (ProcessWait.objects.filter(instance=order.process_id), ("due_at",)),
        (DepartmentOrder.objects.filter(pk=order.pk), ("ordered_at",)),
    ):
        rows.update(**{name: F(name) - TEN_DAYS for name in names})
    workflow_jobs.tend_processes_at(at=dt.datetime.now(dt.UTC))
    order.refresh_from_db()
    return {"state": order.state, "holder": order.holder.name}


if __name__ == "__main__":
    main()
