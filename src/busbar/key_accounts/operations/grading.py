"""重要性评定: a grade follows from consequences; one proposes, another reviews (R69)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, Importance
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import (
    ImportanceAssessment,
    ImportanceCriterion,
    OverrideState,
)
from busbar.key_accounts.queries.rules import list_importance_criteria
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import local_date

_RANK = (Importance.SPECIAL, Importance.FIRST, Importance.SECOND, Importance.TEMPORARY)


class UnableToGrade(Refusal):
    """The grade cannot be set so."""


def grade_of(criteria: list[ImportanceCriterion]) -> Importance:
    """The highest grade among the consequences that apply; none without any."""
    grades = {criterion.grade for criterion in criteria}
    return next((grade for grade in _RANK if grade in grades), Importance.NONE)


@transaction.atomic
def propose_grade(
    *, customer: Customer, answers: Mapping[str, str], remark: str, by: Viewer, at: dt.datetime
) -> ImportanceAssessment:
    """Say which consequences apply (code to what it rests on); none of them makes no grade."""
    by.require(Permission.RECOGNIZE_KEY_ACCOUNTS)
    by.require_unit(customer.unit.path)
    journal_operations.take_turn()
    known = {c.code: c for c in list_importance_criteria(local_date(at))}
    _check(customer, answers, known)
    row = ImportanceAssessment.objects.create(
        customer=customer,
        answers={code: basis.strip() for code, basis in answers.items()},
        grade=grade_of([known[code] for code in answers]),
        remark=remark.strip(),
        proposed_by_id=by.user_id,
        proposed_by=by.name,
        proposed_at=at,
    )
    _tell(row, "proposed", by, at)
    return row


def _check(
    customer: Customer, answers: Mapping[str, str], known: Mapping[str, ImportanceCriterion]
) -> None:
    if unknown := sorted(set(answers) - set(known)):
        raise UnableToGrade("没有这个判据：%(unknown)s", unknown=Listing(unknown))
    bare = [known[code].consequence for code, basis in answers.items() if not basis.strip()]
    if bare:
        raise UnableToGrade("请写明依据：%(bare)s", bare="；".join(bare))
    if ImportanceAssessment.objects.filter(
        customer=customer, state=OverrideState.PROPOSED
    ).exists():
        raise UnableToGrade("%(customer)s 已有一份待复核的重要性评定", customer=customer.name)


@transaction.atomic
def decide_grade(
    *, assessment_id: int, approved: bool, by: Viewer, at: dt.datetime
) -> ImportanceAssessment:
    """Review an assessment; approved it becomes the archive's grade. Never by whoever proposed."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    rows = ImportanceAssessment.objects.visible_to(by).select_related("customer__unit")
    row: ImportanceAssessment = rows.get(pk=assessment_id)
    by.require_unit(row.customer.unit.path)
    if row.state != OverrideState.PROPOSED:
        raise UnableToGrade("这份重要性评定已经复核过")
    if row.proposed_by_id is not None and row.proposed_by_id == by.user_id:
        raise UnableToGrade("提出人不能复核自己提出的重要性评定")
    row.state = OverrideState.ADOPTED if approved else OverrideState.REFUSED
    row.decided_by, row.decided_at = by.name, at
    row.save(update_fields=["state", "decided_by", "decided_at"])
    if approved and row.customer.importance != row.grade:
        # Two people stand behind the grade, which is what entitles to write it into the archive.
        customers_operations.amend_customer(
            customer=row.customer, changes={"importance": row.grade}, by=by.entitled(), at=at
        )
    _tell(row, "adopted" if approved else "refused", by, at)
    return row


def _tell(row: ImportanceAssessment, what: str, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event=f"key_accounts.assessment.{what}",
        subject_type="key_accounts.assessment",
        subject_id=row.pk,
        subject_label=row.customer.name,
        customer_id=row.customer_id,
        unit_path=row.customer.unit.path,
        changes={"importance": [row.customer.importance, row.grade]},
        reason=row.remark,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
