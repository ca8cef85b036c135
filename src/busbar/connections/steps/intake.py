"""Stages 1 and 2: documents, acceptance, preliminary review, hand-over, survey (R50–R52, R54)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from busbar.access.models import OrganizationUnit, UnitKind
from busbar.connections import operations
from busbar.connections.models import ConnectionApplication, SiteSurvey, SurveyState
from busbar.connections.operations.survey import Attendance, Candidate, SurveyFacts
from busbar.connections.steps.answers import (
    Facts,
    Row,
    UnableToAnswer,
    application_of,
    employee_ids,
    files,
    nearest_unit,
    rows,
    text,
)
from busbar.connections.subjects import involve_units
from busbar.network.models import Feeder
from busbar.workflow.registry import TaskCompletion

_CALLED_IN = (UnitKind.PLANNING, UnitKind.DISPATCH, UnitKind.SAFETY, UnitKind.METERING)


def invite(application_id: int, titles: Mapping[int, str], at: dt.datetime) -> None:
    """Let the departments that have a task of the process see the application."""
    application = ConnectionApplication.objects.get(pk=application_id)
    involve_units(application, titles, at=at)


def check_documents(completion: TaskCompletion) -> Facts:
    """Accept, ask at once for everything that is missing, or decline."""
    pk, by, at = completion.instance.subject_id, completion.viewer, completion.at
    if completion.outcome == "incomplete":
        means = text(completion, "means")
        operations.request_corrections(application_id=pk, means=means, by=by, at=at)
        operations.issue_correction_paper(application_id=pk, by=by, at=at)
    elif completion.outcome == "refused":
        reason, clause = text(completion, "reason"), text(completion, "clause")
        operations.refuse_application(application_id=pk, reason=reason, clause=clause, by=by, at=at)
        operations.issue_refusal_paper(application_id=pk, by=by, at=at)
    else:
        operations.accept_application(application_id=pk, by=by, at=at)
        operations.issue_application_paper(application_id=pk, by=by, at=at)
        operations.issue_acceptance_paper(application_id=pk, by=by, at=at)
    return {}


def answer_corrections(completion: TaskCompletion) -> Facts:
    """The customer has brought what was missing."""
    operations.answer_corrections(
        application_id=completion.instance.subject_id, by=completion.viewer, at=completion.at
    )
    return {}


def review_application(completion: TaskCompletion) -> Facts:
    """初审."""
    operations.review_application(
        application_id=completion.instance.subject_id,
        result=completion.outcome,
        findings=text(completion, "findings"),
        by=completion.viewer,
        at=completion.at,
    )
    return {}


def hand_over(completion: TaskCompletion) -> Facts:
    """Pass the papers to the nearest marketing department within its five working days."""
    application = application_of(completion)
    if application.unit.kind != UnitKind.SUPPLY_STATION:
        return {}
    marketing = nearest_unit(application.unit, UnitKind.MARKETING)
    if marketing is None:
        raise UnableToAnswer("%(unit)s的上级单位没有设市场营销部", unit=application.unit.name)
    operations.hand_over_application(
        application_id=application.pk, to_unit=marketing, by=completion.viewer, at=completion.at
    )
    return {}


def plan_survey(completion: TaskCompletion) -> Facts:
    """Call in people by number, or the departments of the company; the record is made out."""
    application = application_of(completion)
    people = employee_ids(completion.data.get("participants") or ())
    units = [] if people else [unit.pk for unit in _departments(application.unit)]
    operations.plan_survey(
        application_id=application.pk,
        planned_for=completion.data["planned_for"],
        employee_ids=people,
        unit_ids=units,
        by=completion.viewer,
        at=completion.at,
    )
    operations.issue_registration_record(
        application_id=application.pk, by=completion.viewer, at=completion.at
    )
    return {}


def conclude_survey(completion: TaskCompletion) -> Facts:
    """What was found on site, with photos, written on the phone."""
    application = application_of(completion)
    survey = SiteSurvey.objects.filter(application=application, state=SurveyState.PLANNED).first()
    if survey is None:
        raise UnableToAnswer("还没有安排现场勘察")
    for photo in files(completion, "photos"):
        operations.add_survey_photo(
            survey_id=survey.pk, file=photo, by=completion.viewer, at=completion.at
        )
    operations.conclude_survey(
        survey_id=survey.pk, facts=_facts(completion), by=completion.viewer, at=completion.at
    )
    operations.issue_survey_paper(survey_id=survey.pk, by=completion.viewer, at=completion.at)
    return {}


def _departments(unit: OrganizationUnit) -> list[OrganizationUnit]:
    found = [nearest_unit(unit, kind) for kind in _CALLED_IN]
    return [each for each in found if each is not None]


def _facts(completion: TaskCompletion) -> SurveyFacts:
    data = completion.data
    return SurveyFacts(
        conclusion=completion.outcome,
        verified_kva=int(data["verified_kva"]),
        connection_point=text(completion, "connection_point"),
        attendance=[_attendance(row) for row in rows(completion, "attendance")],
        candidates=[_candidate(row) for row in rows(completion, "feeders")],
        latitude=data.get("latitude"),
        longitude=data.get("longitude"),
        risks=text(completion, "risks"),
        conclusion_note=text(completion, "note"),
    )


def _attendance(row: Row) -> Attendance:
    code = str(row["unit"]).strip()
    unit = OrganizationUnit.objects.filter(code=code).first()
    if unit is None:
        raise UnableToAnswer("没有编码为 %(code)s 的部门", code=code)
    return Attendance(unit.pk, str(row["name"]), str(row.get("opinion") or ""))


def _candidate(row: Row) -> Candidate:
    code = str(row["feeder"]).strip()
    feeder = Feeder.objects.filter(code=code).first()
    if feeder is None:
        raise UnableToAnswer("没有编码为 %(code)s 的馈线", code=code)
    return Candidate(feeder.pk, int(row["distance_m"]), str(row.get("note") or ""))
