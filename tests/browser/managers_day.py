"""Choose a manager's day on the demonstration: a customer with a service due and a plan to sign.

Prints JSON. The plan is brought to where its year can be reviewed by the operations that people
use: a joint meeting, measures reported, both sides' signatures; none is the journey's point.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

_SIGNED = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def main() -> None:
    """The one word."""
    import django

    django.setup()
    sys.stdout.write(json.dumps(_prepare()))


def _prepare() -> dict[str, str]:
    from busbar.access import queries as access_queries
    from busbar.access.models import Role
    from busbar.customers.models import AccountTeamMember, TeamRole
    from busbar.key_accounts.models import AccountPlan, DueState, PlanState, ServiceDue

    leads = AccountTeamMember.objects.filter(role=TeamRole.LEAD).order_by("-pk")
    for member in leads.select_related("customer", "employee__user", "employee__unit"):
        plan = AccountPlan.objects.filter(customer=member.customer, state=PlanState.DRAFT).first()
        due = ServiceDue.objects.filter(customer=member.customer, state=DueState.OPEN).first()
        if Role.ACCOUNT_MANAGER in member.employee.roles and plan and due:
            break
    else:
        raise SystemExit("the demonstration has no manager with a plan and a service due")
    viewer = access_queries.get_viewer(member.employee.user)
    _agree(plan, member, viewer)
    return {
        "customer": member.customer.number,
        "name": member.customer.name,
        "manager": member.employee.user.username,
        "employee": str(member.employee.pk),
        "plan": str(plan.pk),
        "due": str(due.pk),
    }


def _agree(plan: object, member: object, viewer: object) -> None:
    from busbar.customers import operations as customers_operations
    from busbar.key_accounts import operations
    from busbar.key_accounts.models import MeasureState
    from busbar.kit.periods import local_date
    from busbar.service_desk import operations as desk_operations

    at = dt.datetime.now(dt.UTC)
    customer = member.customer
    meeting = desk_operations.record_interaction(
        customer_number=customer.number, kind="meeting", subject="联合计划会", happened_at=at,
        minutes="商定来年措施", their_people="厂长", owner_id=member.employee.pk, by=viewer, at=at,
    )  # fmt: skip
    operations.hold_planning_meeting(plan_id=plan.pk, interaction_id=meeting.pk, by=viewer, at=at)
    signed = customers_operations.attach_document(
        customer=customer, title="客户计划（签署）", kind="计划",
        file_name="plan.pdf", chunks=[_SIGNED], by=viewer, at=at,
    )  # fmt: skip
    operations.sign_plan(
        plan_id=plan.pk, our_signatory="经理", their_signatory="厂长",
        signed_on=local_date(at), document_id=signed.pk, by=viewer, at=at,
    )  # fmt: skip
    still_open = plan.measures.filter(state=MeasureState.OPEN).order_by("due_on", "pk")
    for measure in list(still_open)[1:]:
        operations.report_measure(
            measure_id=measure.pk, progress_percent=100, note="已做",
            by=viewer, at=at,
        )  # fmt: skip


if __name__ == "__main__":
    main()
