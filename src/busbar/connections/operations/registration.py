"""《业扩报装登记记录》 and the other papers of the intake, made from what is recorded (R52)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import queries as clocks_queries
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    IssuedPaper,
    PaperKind,
    ReviewResult,
    SchemeOpinion,
    SiteSurvey,
    SurveyConclusion,
    SurveyState,
)
from busbar.connections.operations.accept import HANDED_OVER
from busbar.connections.operations.issuing.ground import require_any
from busbar.connections.operations.papers import PaperHead, issue_paper
from busbar.connections.papers import making
from busbar.connections.papers.facts import Letterhead, Opinion, RegisteredStep, RegistrationRecord
from busbar.connections.subjects import APPLICATION
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_REPLY_LIMITS = "scheme-reply"
_AFTER_ACCEPTANCE = [
    state
    for state in ApplicationState
    if state
    not in (ApplicationState.SUBMITTED, ApplicationState.CORRECTING, ApplicationState.REFUSED)
]


class UnableToIssueRegistration(Refusal):
    """The record cannot be made yet."""


@transaction.atomic
def issue_registration_record(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """Make the registration record as PDF from the recorded facts; nobody types it.

    It may be made again as the application moves on; each issue has a number of its own.
    Raises UnableToIssueRegistration. Event `connections.paper.issued`.
    """
    require_any(
        by,
        Permission.ACCEPT_APPLICATIONS,
        Permission.DESIGN_SCHEMES,
        Permission.APPROVE_SCHEMES,
    )
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToIssueRegistration,
        states=_AFTER_ACCEPTANCE,
        what="生成登记记录",
    )
    if application.accepted_at is None:
        raise UnableToIssueRegistration("申请受理后才生成登记记录")
    facts = compile_registration(application)
    return issue_paper(
        kind=PaperKind.REGISTRATION,
        pdf=lambda head: making.render_registration(
            RegistrationRecord(head=_letterhead(head, by.name), **facts)
        ),
        facts=_plain(facts),
        application=application,
        actor=by.actor,
        at=at,
    )


def compile_registration(application: ConnectionApplication) -> dict[str, Any]:
    """The facts of the record, its head left out, of an accepted application."""
    accepted_at = application.accepted_at or application.submitted_at
    due_on, source = _reply_limit(application)
    reviews = application.reviews.order_by("serial")
    last = reviews.last()
    involved = application.involved_units.select_related("unit")
    receiving = involved.filter(reason=HANDED_OVER).first()
    return {
        "application_number": application.number,
        "registered_on": local_date(application.submitted_at),
        "customer_name": application.applicant_name,
        "site_address": application.address,
        "kind": str(application.get_kind_display()),
        "supply_kind": str(application.get_supply_kind_display()),
        "voltage": _voltage(application.wished_voltage_kv),
        "requested_capacity_kva": Decimal(application.requested_kva),
        "accepting_unit": application.unit.name,
        "accepted_at": accepted_at,
        "receiving_unit": receiving.unit.name if receiving else "",
        "handed_over_at": application.handed_over_at,
        "reply_due_on": due_on,
        "reply_source": source,
        "preliminary_opinion": _opinion_of(last.result, last.findings) if last else "",
        "steps": tuple(_steps(application)),
        "opinions": tuple(_opinions(application)),
    }


def _steps(application: ConnectionApplication) -> Iterator[RegisteredStep]:
    unit = application.unit.name
    officer = application.officer.name if application.officer else ""
    yield RegisteredStep(
        "受理", unit, officer, application.submitted_at, application.accepted_at, "已受理"
    )
    for notice in application.notices.order_by("serial"):
        yield RegisteredStep(
            "补正", "申请人", "", notice.told_at, notice.answered_at,
            "已补正" if notice.answered_at else "待补正",
        )  # fmt: skip
    for review in application.reviews.order_by("serial"):
        yield RegisteredStep(
            "初审", unit, review.reviewed_by, application.accepted_at, review.reviewed_at,
            _opinion_of(review.result, review.findings),
        )  # fmt: skip
    for survey in application.surveys.exclude(state=SurveyState.CANCELLED).order_by("serial"):
        yield RegisteredStep(
            "现场勘察", unit, survey.concluded_by or survey.organized_by, survey.planned_for,
            survey.surveyed_at, _survey_result(survey),
        )  # fmt: skip


def _opinions(application: ConnectionApplication) -> Iterator[Opinion]:
    last = application.surveys.filter(state=SurveyState.CONCLUDED).order_by("serial").last()
    if last is not None:
        for came in last.participants.select_related("unit").filter(attended=True).order_by("pk"):
            yield Opinion(came.unit.name, came.opinion or "已到场", came.name, last.surveyed_at)
    given = SchemeOpinion.objects.filter(scheme__application=application)
    for opinion in given.order_by("given_at", "pk"):
        said = "同意" if opinion.agrees else "不同意"
        if opinion.is_silent:
            said = "逾期未答复，视为同意"
        yield Opinion(
            str(opinion.get_department_display()),
            f"{said}：{opinion.remark}" if opinion.remark else said,
            opinion.signer_name,
            opinion.given_at,
        )


def _reply_limit(application: ConnectionApplication) -> tuple[dt.date | None, str]:
    clocks = clocks_queries.list_subject_clocks(SYSTEM_VIEWER, APPLICATION, application.pk)
    replying = [clock for clock in clocks if clock.code.startswith(_REPLY_LIMITS)]
    if not replying:
        return None, ""
    return local_date(replying[-1].due_at), str(replying[-1].limit.source)


def _survey_result(survey: SiteSurvey) -> str:
    if not survey.conclusion:
        return "已安排"
    return f"{SurveyConclusion(survey.conclusion).label}，核定 {survey.verified_kva} kVA"


def _opinion_of(result: str, findings: str) -> str:
    label = str(ReviewResult(result).label)
    return f"{label}：{findings}" if findings else label


def _voltage(voltage_kv: Decimal | None) -> str:
    return f"{voltage_kv.normalize():f} kV" if voltage_kv is not None else ""


def _letterhead(head: PaperHead, officer: str) -> Letterhead:
    return Letterhead(head.unit_name, head.number, head.date, officer)


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    parts = {name: [asdict(part) for part in facts[name]] for name in ("steps", "opinions")}
    return {**facts, **parts}
