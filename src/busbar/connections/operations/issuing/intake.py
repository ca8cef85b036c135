"""The papers of stages 1 and 2: form, missing documents, refusal, survey (R36, R50, R51)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Clock
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    IssuedPaper,
    PaperKind,
    SiteSurvey,
    SurveyConclusion,
    SurveyState,
)
from busbar.connections.operations.issuing.ground import (
    Facts,
    UnableToCompilePaper,
    applicant_facts,
    hold_for,
    issue_about,
    require_any,
    volts,
)
from busbar.connections.papers import making
from busbar.connections.papers.facts import (
    AcceptanceNotice,
    ApplicationForm,
    AttachedDocument,
    Equipment,
    MissingDocumentsNotice,
    MissingItem,
    PromisedStep,
    RefusalNotice,
    SurveyParticipant,
    SurveyPhoto,
    SurveySheet,
)
from busbar.connections.queries.documents import get_document_list
from busbar.connections.queries.stages import list_promised_clocks
from busbar.connections.subjects import APPLICATION, voltage_level
from busbar.kit.money import plain
from busbar.kit.periods import local_date

_CORRECTION_CODE = "document-correction"
_TITLES = {"hv": "高压用电申请", "lv": "低压用电申请"}


@transaction.atomic
def issue_application_paper(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """《高压用电申请》 (or 低压) as it was declared, with the documents at hand (R50).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(application_id, by, what="生成用电申请表")
    return issue_about(
        application,
        PaperKind.APPLICATION_FORM,
        _application_facts(application),
        lambda head, facts: making.render_application(ApplicationForm(head=head, **facts)),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_acceptance_paper(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """受理通知: the moment of acceptance, what follows and by when, from the running clocks (R50).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(application_id, by, what="生成受理通知")
    return issue_about(
        application,
        PaperKind.ACCEPTANCE,
        _acceptance_facts(application),
        lambda head, facts: making.render_acceptance(AcceptanceNotice(head=head, **facts)),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_correction_paper(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """补正一次性告知书: the last notice with everything it named, its day and its source (R36).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(application_id, by, what="生成补正告知书")
    return issue_about(
        application,
        PaperKind.CORRECTION,
        _correction_facts(application),
        lambda head, facts: making.render_missing_documents(
            MissingDocumentsNotice(head=head, **facts)
        ),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_refusal_paper(*, application_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """不予受理通知书: the reason and the clause, as they were decided (R34).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS)
    application = hold_for(
        application_id, by, what="生成不予受理通知书", states=[ApplicationState.REFUSED]
    )
    facts = {
        **applicant_facts(application),
        "kind": str(application.get_kind_display()),
        "received_on": local_date(application.submitted_at),
        "reason": application.ended_reason,
        "clause": application.ended_clause,
    }
    return issue_about(
        application,
        PaperKind.REFUSAL,
        facts,
        lambda head, known: making.render_refusal(RefusalNotice(head=head, **known)),
        by=by,
        at=at,
    )


@transaction.atomic
def issue_survey_paper(*, survey_id: int, by: Viewer, at: dt.datetime) -> IssuedPaper:
    """现场勘察单: who came, what was found, the photos by digest (R51).

    Raises UnableToCompilePaper. Event `connections.paper.issued`.
    """
    require_any(by, Permission.ACCEPT_APPLICATIONS, Permission.DESIGN_SCHEMES)
    survey = SiteSurvey.objects.visible_to(by).filter(pk=survey_id).first()
    if survey is None or survey.state != SurveyState.CONCLUDED:
        raise UnableToCompilePaper("没有已完成的现场勘察")
    application = hold_for(survey.application_id, by, what="生成现场勘察单")
    return issue_about(
        application,
        PaperKind.SURVEY,
        _survey_facts(application, survey),
        lambda head, facts: making.render_survey(SurveySheet(head=head, **facts)),
        by=by,
        at=at,
    )


def _application_facts(application: ConnectionApplication) -> Facts:
    lines = get_document_list(application).lines
    return {
        **applicant_facts(application),
        "title": _TITLES[voltage_level(application)],
        "accepted_at": application.accepted_at,
        "kind": str(application.get_kind_display()),
        "supply_kind": str(application.get_supply_kind_display()),
        "voltage": volts(application.wished_voltage_kv),
        "requested_capacity_kva": Decimal(application.requested_kva),
        "existing_capacity_kva": Decimal(application.existing_kva),
        "credit_code": application.credit_code,
        "industry": application.industry_code,
        "contact_name": application.contact_name,
        "contact_phone": application.contact_phone,
        "contact_email": application.contact_email,
        "usage": application.purpose,
        "shifts": f"{application.shifts} 班",
        "importance": str(application.get_importance_display()),
        "wanted_on": application.wished_on,
        "own_emergency_supply": _generator(application.emergency_generator_kw),
        "equipment": tuple(
            Equipment(load.name, load.rated_kw, load.count, "重要" if load.is_critical else "")
            for load in application.loads.order_by("pk")
        ),
        "documents": tuple(
            AttachedDocument(line.requirement.name, is_present=line.document is not None)
            for line in lines
        ),
    }


def _generator(kilowatts: int) -> str:
    return f"{kilowatts} kW" if kilowatts else "无"


def _acceptance_facts(application: ConnectionApplication) -> Facts:
    if application.accepted_at is None:
        raise UnableToCompilePaper("申请 %(number)s 还没有受理", number=application.number)
    steps = tuple(
        PromisedStep(clock.limit.name, local_date(clock.due_at), str(clock.limit.source))
        for clock in list_promised_clocks(application)
    )
    if not steps:
        raise UnableToCompilePaper(
            "申请 %(number)s 没有办理时限，请先载入办理时限", number=application.number
        )
    return {
        **applicant_facts(application),
        "kind": str(application.get_kind_display()),
        "supply_kind": str(application.get_supply_kind_display()),
        "requested_capacity_kva": Decimal(application.requested_kva),
        "received_on": local_date(application.submitted_at),
        "accepted_at": application.accepted_at,
        "steps": steps,
    }


def _correction_facts(application: ConnectionApplication) -> Facts:
    notice = application.notices.order_by("told_at", "pk").last()
    if notice is None:
        raise UnableToCompilePaper("申请 %(number)s 没有要求过补正", number=application.number)
    clock = _correction_clock(application)
    items = notice.items.select_related("requirement").order_by("pk")
    return {
        "application_number": application.number,
        "customer_name": application.applicant_name,
        "kind": str(application.get_kind_display()),
        "received_on": local_date(application.submitted_at),
        "due_on": local_date(clock.due_at),
        "source": str(clock.limit.source),
        "how_to_submit": f"{notice.means}；或凭申请编号和查询码在网上补交",
        "items": tuple(
            MissingItem(item.name, item.reason, item.requirement.note if item.requirement else "")
            for item in items
        ),
    }


def _correction_clock(application: ConnectionApplication) -> Clock:
    clocks = clocks_queries.list_subject_clocks(SYSTEM_VIEWER, APPLICATION, application.pk)
    found = [clock for clock in clocks if clock.code == _CORRECTION_CODE]
    if not found:
        raise UnableToCompilePaper(
            "申请 %(number)s 没有补正时限，请先载入办理时限", number=application.number
        )
    return found[-1]


def _survey_facts(application: ConnectionApplication, survey: SiteSurvey) -> Facts:
    feeders = survey.feeder_candidates.select_related("feeder__substation").order_by("distance_m")
    stations = dict.fromkeys(candidate.feeder.substation.name for candidate in feeders)
    people = survey.participants.filter(attended=True).select_related("unit").order_by("pk")
    return {
        **applicant_facts(application),
        "surveyed_at": survey.surveyed_at,
        "requested_capacity_kva": Decimal(application.requested_kva),
        "assessed_capacity_kva": Decimal(survey.verified_kva or 0),
        "conclusion": _conclusion(survey),
        "load_nature": application.purpose,
        "source_point": survey.connection_point or "、".join(stations),
        "feeder": "、".join(f"{each.feeder.name}（{each.distance_m} m）" for each in feeders),
        "coordinates": _position(survey),
        "surroundings": survey.risks,
        "participants": tuple(
            SurveyParticipant(came.unit.name, came.name, came.opinion or "已到场")
            for came in people
        ),
        "photos": tuple(
            SurveyPhoto(photo.caption or photo.file_name, photo.taken_at or photo.uploaded_at,
                        photo.sha256[:16])
            for photo in survey.photos.order_by("pk")
        ),
    }  # fmt: skip


def _conclusion(survey: SiteSurvey) -> str:
    label = str(SurveyConclusion(survey.conclusion).label)
    return f"{label}。{survey.conclusion_note}" if survey.conclusion_note else f"{label}。"


def _position(survey: SiteSurvey) -> str:
    if survey.latitude is None or survey.longitude is None:
        return ""
    return f"北纬 {plain(survey.latitude)}°，东经 {plain(survey.longitude)}°"
