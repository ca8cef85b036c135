"""Teams and certificates of an archive, many rows at once, by the rules of one assignment (R74)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from busbar.access.models import Employee
from busbar.access.permissions import Permission
from busbar.access.registers import Batch, Outcome, Row, fetch_by
from busbar.access.visibility import Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountTeamMember, Customer, TeamRole
from busbar.customers.operations.former import follow_former
from busbar.key_accounts.models import ManagerQualification, QualificationKind
from busbar.key_accounts.operations.assigning import UnableToAssign, is_manager, unqualified
from busbar.key_accounts.operations.qualifying import record_qualification
from busbar.key_accounts.queries import qualifications
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date

_POSTS = (TeamRole.LEAD, TeamRole.DEPUTY)


@transaction.atomic
def store_team(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Team members by customer and employee; who becomes A角 holds the grade's certificate.

    As one assignment: A角 and B角 are account managers in office. A row that says what stands
    already is let through, whatever became of the certificate since.
    """
    batch = Batch(follow_former(rows))
    _reject_unfit(batch, by, at)
    kept = dict(batch.live())
    outcome = customers_operations.store_team(rows=list(kept.values()), by=by, at=at)
    places = list(kept)
    stored = [replace(found, index=places[found.index]) for found in outcome.rejections]
    outcome.rejections = sorted([*batch.rejections, *stored], key=lambda found: found.index)
    return outcome


def _reject_unfit(batch: Batch, by: Viewer, at: dt.datetime) -> None:
    """Six queries, however many rows."""
    people = fetch_by(Employee.objects.select_related("user"), "number", batch.values("employee"))
    customers = fetch_by(Customer.objects.visible_to(by), "number", batch.values("customer"))
    standing = _standing(list(customers.values()))
    on = local_date(at)
    needed = qualifications.get_requirements(on=on)
    ranks = qualifications.map_ranks([p.pk for p in people.values()], needed, on=on)
    for index, row in list(batch.live()):
        employee, customer = people.get(row["employee"]), customers.get(row["customer"])
        if employee is None or customer is None or row["role"] not in _POSTS:
            continue  # the register says what is unknown; a member needs no certificate
        if standing.get((customer.pk, employee.pk)) == row["role"]:
            continue
        if not is_manager(employee):
            batch.reject(
                index,
                "employee",
                Phrase("%(employee)s不是在岗的大客户经理", employee=employee.name),
            )
        elif row["role"] == TeamRole.LEAD and _lacks(customer, ranks.get(employee.pk, 0), needed):
            lacks = unqualified(UnableToAssign, employee, [customer], needed)
            batch.reject(index, "employee", lacks)


def _lacks(customer: Customer, rank: int, needed: qualifications.Requirements) -> bool:
    return needed.rank_for(customer.importance) > rank


def _standing(customers: Sequence[Customer]) -> Mapping[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    ids = [customer.pk for customer in customers]
    for start in range(0, len(ids), 5000):
        rows = AccountTeamMember.objects.filter(customer__in=ids[start : start + 5000])
        for customer_id, employee_id, role in rows.values_list("customer", "employee", "role"):
            found[customer_id, employee_id] = role
    return found


@transaction.atomic
def store_certificates(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Certificates by kind and number, each as `record_qualification` takes it.

    The kind is named by its code or in words; what stands already as the row says changes nothing.
    """
    by.require(Permission.KEEP_QUALIFICATIONS)
    batch, outcome = Batch(rows), Outcome()
    key = _certificate_key
    outcome.unchanged += len(batch.reject_repeats(key, "certificate", Phrase("资格的证书编号")))
    codes: dict[str, str] = dict(QualificationKind.objects.values_list("name", "code"))
    known = ManagerQualification.objects.filter(certificate__in=batch.values("certificate"))
    standing = {
        (one.kind, one.certificate, one.employee.number, one.issued_on)
        for one in known.select_related("employee")
    }
    for index, row in list(batch.live()):
        kind = codes.get(str(row["kind"]), str(row["kind"]))
        if (kind, row["certificate"], row["employee"], row["issued_on"]) in standing:
            outcome.unchanged += 1
            continue
        try:
            with transaction.atomic():
                record_qualification(
                    employee_number=row["employee"],
                    kind=kind,
                    certificate=row["certificate"],
                    issuer=row["issuer"],
                    issued_on=row["issued_on"],
                    by=by,
                    at=at,
                )
            outcome.created += 1
        except Refusal as refusal:
            batch.reject(index, "certificate", refusal)
    outcome.rejections = batch.rejections
    return outcome


def _certificate_key(row: Row) -> tuple[Any, ...]:
    return row["kind"], row["certificate"]
