"""The seven basic services: due by the calendar or upon an event, recorded or waived (R78)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import AccountTeamMember, Customer, TeamRole
from busbar.journal import operations as journal_operations
from busbar.key_accounts.models import BasicService, DueState, ServiceDue
from busbar.key_accounts.operations.plan_ground import hold, tell
from busbar.key_accounts.queries.services import services_in_force
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.kit.words import words
from busbar.service_desk.models import Interaction

_BATCH = 500


class UnableToServe(Refusal):
    """The service cannot be recorded so."""


@transaction.atomic
def raise_due_services(*, by: Viewer, at: dt.datetime) -> int:
    """Whatever the frequency makes due by now for customers with an A角; safe to repeat.

    Counted from the last record, else from the day on which the first round looks.
    """
    by.require(Permission.KEEP_RELATIONS)
    journal_operations.take_turn()
    on = local_date(at)
    services = [s for s in services_in_force(on=on) if s.every_days is not None]
    leads = AccountTeamMember.objects.filter(role=TeamRole.LEAD, employee__user__is_active=True)
    rows = list(leads.select_related("customer", "employee").order_by("customer_id"))
    raised = [due for service in services for due in _due_of(service, rows, on, at)]
    ServiceDue.objects.bulk_create(raised, batch_size=_BATCH, ignore_conflicts=True)
    return len(raised)


@transaction.atomic
def raise_service_upon(
    *, event: str, customer_id: int, cause: Phrase, key: str, by: Viewer, at: dt.datetime
) -> ServiceDue | None:
    """What an event makes due for a customer with an A角; None where no service asks for it."""
    by.require(Permission.KEEP_RELATIONS)
    journal_operations.take_turn()
    on = local_date(at)
    service = next((s for s in services_in_force(on=on) if s.event == event), None)
    leads = AccountTeamMember.objects.filter(customer=customer_id, role=TeamRole.LEAD)
    lead = leads.select_related("customer", "employee").first()
    if service is None or lead is None:
        return None
    row, _ = ServiceDue.objects.get_or_create(
        key=f"{service.code}:{key}"[:120],
        defaults={
            "service": service,
            "customer": lead.customer,
            "unit_id": lead.customer.unit_id,
            "owner": lead.employee,
            "cause": cause,
            "raised_at": at,
            "due_on": on + dt.timedelta(days=service.due_days),
        },
    )
    return row


@transaction.atomic
def record_service(
    *,
    due_id: int,
    record: str,
    by: Viewer,
    at: dt.datetime,
    interaction_id: int | None = None,
) -> ServiceDue:
    """It was done: what its template asks for, and the talk in which it was."""
    row = _hold_due(due_id, by)
    row.record = words(
        record, UnableToServe, "请按模板填写记录：%(template)s", template=row.service.template
    )
    row.interaction = _talk(interaction_id, row.customer, by)
    return _finish(row, DueState.DONE, "key_accounts.service.recorded", by=by, at=at)


@transaction.atomic
def waive_service(*, due_id: int, reason: str, by: Viewer, at: dt.datetime) -> ServiceDue:
    """It need not be done this time, for a reason that stays."""
    row = _hold_due(due_id, by)
    row.record = words(reason, UnableToServe, "请写明为什么这次不必办")
    return _finish(row, DueState.SKIPPED, "key_accounts.service.waived", by=by, at=at)


def _due_of(
    service: BasicService, rows: list[AccountTeamMember], on: dt.date, at: dt.datetime
) -> list[ServiceDue]:
    """For each customer that has none open and whose last one lies the frequency back."""
    dues = ServiceDue.objects.filter(service__code=service.code)
    busy = set(dues.filter(state=DueState.OPEN).values_list("customer_id", flat=True))
    last = dict(
        dues.order_by("customer_id").values_list("customer_id").annotate(last=Max("done_at"))
    )
    found = []
    for row in rows:
        done_at = last.get(row.customer_id)
        next_on = (
            local_date(done_at) + dt.timedelta(days=service.every_days or 0) if done_at else on
        )
        if row.customer_id in busy or next_on > on:
            continue
        found.append(
            ServiceDue(
                service=service,
                customer=row.customer,
                unit_id=row.customer.unit_id,
                owner=row.employee,
                key=f"{service.code}:{row.customer_id}:{next_on}",
                cause=Phrase("每 %(days)s 天一次", days=service.every_days),
                raised_at=at,
                due_on=next_on + dt.timedelta(days=service.due_days),
            )
        )
    return found


def _hold_due(due_id: int, by: Viewer) -> ServiceDue:
    told = "没有这项业务，或不在您的可见范围内"
    rows = ServiceDue.objects.select_related("service", "customer")
    row: ServiceDue = hold(rows, due_id, by, UnableToServe, told)
    if row.state != DueState.OPEN:
        raise UnableToServe("这项业务%(state)s", state=row.get_state_display())
    return row


def _talk(interaction_id: int | None, customer: Customer, by: Viewer) -> Interaction | None:
    if interaction_id is None:
        return None
    rows = Interaction.objects.visible_to(by).filter(customer=customer)
    found: Interaction | None = rows.filter(pk=interaction_id).first()
    if found is None:
        raise UnableToServe("没有与该客户的这次往来")
    return found


def _finish(
    row: ServiceDue, state: DueState, event: str, *, by: Viewer, at: dt.datetime
) -> ServiceDue:
    row.state, row.done_by_name = state, by.name
    row.done_at, row.done_on = at, local_date(at)
    row.save()
    tell(event, row, row.service.name, by=by, at=at, reason=row.record)
    return row
