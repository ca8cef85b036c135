"""现场勘察: arranging the joint visit and writing down what was found (R51, R52)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from busbar.access.models import Employee, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import sent_files
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    FeederCandidate,
    ReviewResult,
    SiteSurvey,
    SurveyConclusion,
    SurveyParticipant,
    SurveyPhoto,
    SurveyState,
)
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile
from busbar.connections.subjects import involve_units
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import CHINA, local_date
from busbar.network.models import Feeder

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTOS = 30


class UnableToPlanSurvey(Refusal):
    """The survey cannot be arranged so."""


class UnableToConcludeSurvey(Refusal):
    """The survey's facts cannot be recorded so."""


class UnableToCancelSurvey(Refusal):
    """The survey cannot be called off."""


class UnableToAddPhoto(Refusal):
    """The picture is refused."""


@dataclass(frozen=True)
class Attendance:
    """Who came for a department, and what the department says."""

    unit_id: int
    name: str
    opinion: str = ""


@dataclass(frozen=True)
class Candidate:
    """A feeder that could supply the site and its distance in meters."""

    feeder_id: int
    distance_m: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SurveyFacts:
    """What the form on the phone asks for. Degrees, kVA."""

    conclusion: str
    verified_kva: int
    connection_point: str
    attendance: Sequence[Attendance]
    candidates: Sequence[Candidate] = ()
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    risks: str = ""
    conclusion_note: str = ""


@transaction.atomic
def plan_survey(
    *,
    application_id: int,
    planned_for: dt.datetime,
    employee_ids: Sequence[int] = (),
    unit_ids: Sequence[int] = (),
    by: Viewer,
    at: dt.datetime,
) -> SiteSurvey:
    """Arrange the visit: people by name, or departments that will send somebody.

    Every department called in sees the application from now on. The preliminary review must have
    passed. Raises UnableToPlanSurvey. Event `connections.survey.planned`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = _hold_accepted(application_id, by, UnableToPlanSurvey, what="安排现场勘察")
    last_review = application.reviews.order_by("-serial").first()
    if last_review is None or last_review.result != ReviewResult.PASSED:
        raise UnableToPlanSurvey(
            "申请 %(number)s 尚未通过初审，应先初审再勘察；依据：用电管理制度 第二节 2",
            number=application.number,
        )
    if local_date(planned_for) < local_date(at):
        raise UnableToPlanSurvey(
            "勘察日期 %(planned_for)s 已过", planned_for=local_date(planned_for)
        )
    if application.surveys.filter(state=SurveyState.PLANNED).exists():
        raise UnableToPlanSurvey("已安排一次勘察，请先填写结果或取消")
    invited = _invited(employee_ids, unit_ids)
    survey = SiteSurvey.objects.create(
        application=application,
        serial=application.surveys.count() + 1,
        planned_for=planned_for,
        organized_by=by.name,
    )
    for participant in invited:
        participant.survey = survey
    SurveyParticipant.objects.bulk_create(invited)
    units = {participant.unit_id: "现场勘察" for participant in invited}
    involve_units(application, units, at=at)
    record_step(
        event="connections.survey.planned",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "planned_for": f"{planned_for.astimezone(CHINA):%Y-%m-%d %H:%M}",
            "participants": [f"{p.unit.name} {p.name}".strip() for p in invited],
        },
    )
    return survey


@transaction.atomic
def conclude_survey(
    *, survey_id: int, facts: SurveyFacts, by: Viewer, at: dt.datetime
) -> SiteSurvey:
    """Write down what was found on site; a feasible site names at least one feeder.

    Raises UnableToConcludeSurvey. Event `connections.survey.concluded`.
    """
    survey, application = _hold_survey(survey_id, by, UnableToConcludeSurvey, what="填写勘察结果")
    if problems := list(_problems(facts)):
        raise UnableToConcludeSurvey("；".join(problems))
    feeders = _feeders(facts.candidates)
    survey.state = SurveyState.CONCLUDED
    survey.surveyed_at, survey.concluded_by = at, by.name
    for name in ("latitude", "longitude", "verified_kva", "conclusion"):
        setattr(survey, name, getattr(facts, name))
    for name in ("connection_point", "risks", "conclusion_note"):
        setattr(survey, name, getattr(facts, name).strip())
    survey.save()
    _write_attendance(survey, facts.attendance)
    FeederCandidate.objects.bulk_create(
        FeederCandidate(
            survey=survey, feeder=feeders[c.feeder_id], distance_m=c.distance_m, note=c.note.strip()
        )
        for c in facts.candidates
    )
    involve_units(application, {a.unit_id: "现场勘察" for a in facts.attendance}, at=at)
    record_step(
        event="connections.survey.concluded",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "survey": survey.serial,
            "conclusion": facts.conclusion,
            "verified_kva": facts.verified_kva,
            "feeders": [feeders[c.feeder_id].code for c in facts.candidates],
        },
        facts={"survey_conclusion": facts.conclusion},
    )
    return survey


@transaction.atomic
def cancel_survey(*, survey_id: int, reason: str, by: Viewer, at: dt.datetime) -> SiteSurvey:
    """Call the visit off, with the reason. Event `connections.survey.cancelled`."""
    survey, application = _hold_survey(survey_id, by, UnableToCancelSurvey, what="取消勘察")
    if not reason.strip():
        raise UnableToCancelSurvey("取消勘察应写明原因")
    survey.state = SurveyState.CANCELLED
    survey.conclusion_note = reason.strip()
    survey.save(update_fields=["state", "conclusion_note"])
    record_step(
        event="connections.survey.cancelled",
        application=application,
        actor=by.actor,
        at=at,
        changes={"survey": survey.serial},
        reason=survey.conclusion_note,
    )
    return survey


@transaction.atomic
def add_survey_photo(
    *,
    survey_id: int,
    file: SentFile,
    caption: str = "",
    taken_at: dt.datetime | None = None,
    by: Viewer,
    at: dt.datetime,
) -> SurveyPhoto:
    """Keep a picture of the site: JPEG or PNG by content, at most 10 MB, at most 30 a survey.

    Raises UnableToAddPhoto. Event `connections.survey.photo_added`.
    """
    survey, application = _hold_survey(survey_id, by, UnableToAddPhoto, what="上传勘察照片")
    if len(file.content) > MAX_PHOTO_BYTES:
        raise UnableToAddPhoto(
            "照片 %(file)s 超过 %(max_photo_bytes)s MB 的上限",
            file=file.name,
            max_photo_bytes=MAX_PHOTO_BYTES // 1048576,
        )
    if survey.photos.count() >= MAX_PHOTOS:
        raise UnableToAddPhoto("一次勘察最多 %(max_photos)s 张照片", max_photos=MAX_PHOTOS)
    if taken_at is not None and taken_at > at:
        raise UnableToAddPhoto("拍摄时间晚于上传时间，请检查手机时钟")
    kept = sent_files.keep_files([file], refusal=UnableToAddPhoto, allowed=sent_files.PHOTOS)[0]
    if survey.photos.filter(sha256=kept["sha256"]).exists():
        raise UnableToAddPhoto("照片 %(file)s 已上传过", file=file.name)
    photo = SurveyPhoto.objects.create(
        survey=survey,
        caption=caption.strip()[:200],
        file_name=kept["name"],
        content_type=kept["content_type"],
        sha256=kept["sha256"],
        size_bytes=kept["size_bytes"],
        taken_at=taken_at,
        uploaded_at=at,
        uploaded_by=by.name,
    )
    record_step(
        event="connections.survey.photo_added",
        application=application,
        actor=by.actor,
        at=at,
        changes={"survey": survey.serial, "sha256": photo.sha256},
    )
    return photo


def _hold_accepted(
    application_id: int, by: Viewer, refusal: type[Refusal], what: str
) -> ConnectionApplication:
    states = [ApplicationState.ACCEPTED, ApplicationState.SCHEME]
    return hold_visible(application_id, by=by, refusal=refusal, states=states, what=what)


def _hold_survey(
    survey_id: int, by: Viewer, refusal: type[Refusal], what: str
) -> tuple[SiteSurvey, ConnectionApplication]:
    """The planned survey and its application, for the officer or a department called in."""
    survey = SiteSurvey.objects.visible_to(by).filter(pk=survey_id).first()
    if survey is None:
        raise refusal("该勘察不存在，或不在您的管辖范围内")
    if not by.may(Permission.ACCEPT_APPLICATIONS) and not _is_invited(survey, by):
        raise refusal("只有业扩人员和受邀参加勘察的部门可以填写")
    application = _hold_accepted(survey.application_id, by, refusal, what)
    survey.refresh_from_db()
    if survey.state != SurveyState.PLANNED:
        state = SurveyState(survey.state).label
        raise refusal(
            "第 %(serial)s 次勘察%(state)s，不能再%(what)s",
            serial=survey.serial,
            state=state,
            what=Refusal(what),
        )
    return survey, application


def _is_invited(survey: SiteSurvey, by: Viewer) -> bool:
    paths = survey.participants.values_list("unit__path", flat=True)
    # A regulator sees the branch and writes nothing, whatever it covers (R33).
    return bool(by.permissions - {Permission.READ_JOURNAL}) and any(map(by.covers, paths))


def _invited(employee_ids: Sequence[int], unit_ids: Sequence[int]) -> list[SurveyParticipant]:
    people = list(Employee.objects.select_related("unit").filter(pk__in=set(employee_ids)))
    units = list(OrganizationUnit.objects.filter(pk__in=set(unit_ids), is_active=True))
    if len(people) < len(set(employee_ids)) or len(units) < len(set(unit_ids)):
        raise UnableToPlanSurvey("参加勘察的人员或部门中有不存在或已停用的")
    if not people and not units:
        raise UnableToPlanSurvey("请写明参加勘察的人员或部门")
    sent = {person.unit_id for person in people}
    named = [SurveyParticipant(unit=p.unit, employee=p, name=p.name) for p in people]
    return named + [SurveyParticipant(unit=u, name="") for u in units if u.pk not in sent]


def _problems(facts: SurveyFacts) -> list[str]:
    told = []
    if facts.conclusion not in SurveyConclusion.values:
        expected = "、".join(str(label) for label in SurveyConclusion.labels)
        told.append(f"勘察结论“{facts.conclusion}”应为：{expected}")
    if facts.verified_kva <= 0:
        told.append(f"核定容量应大于 0 kVA，现填 {facts.verified_kva}")
    if not facts.attendance:
        told.append("请写明到场人员")
    if len({(a.unit_id, a.name.strip()) for a in facts.attendance}) < len(facts.attendance):
        told.append("同一部门的同一人员只应填写一次")
    if any(not a.name.strip() for a in facts.attendance):
        told.append("到场人员应填写姓名")
    if len({c.feeder_id for c in facts.candidates}) < len(facts.candidates):
        told.append("同一条候选线路只应填写一次")
    if any(c.distance_m < 0 for c in facts.candidates):
        told.append("到候选线路的距离不应小于 0 米")
    return told + _site_problems(facts)


def _site_problems(facts: SurveyFacts) -> list[str]:
    told = []
    if facts.conclusion == SurveyConclusion.FEASIBLE:
        if not facts.candidates:
            told.append("具备供电条件的，应写明至少一条候选线路")
        if not facts.connection_point.strip():
            told.append("具备供电条件的，应写明接入点")
    elif not facts.conclusion_note.strip():
        told.append("有条件供电或不具备供电条件的，应写明条件或原因")
    if (facts.latitude is None) != (facts.longitude is None):
        told.append("经度和纬度应同时填写")
    if facts.latitude is not None and not -90 <= facts.latitude <= 90:  # noqa: PLR2004 - degrees
        told.append(f"纬度应在 -90 至 90 之间，现填 {facts.latitude}")
    if facts.longitude is not None and not -180 <= facts.longitude <= 180:  # noqa: PLR2004 - degrees
        told.append(f"经度应在 -180 至 180 之间，现填 {facts.longitude}")
    return told


def _feeders(candidates: Sequence[Candidate]) -> dict[int, Feeder]:
    feeders = Feeder.objects.in_bulk([c.feeder_id for c in candidates])
    if len(feeders) < len(candidates):
        raise UnableToConcludeSurvey("候选线路中有不存在的馈线")
    return feeders


def _write_attendance(survey: SiteSurvey, attendance: Sequence[Attendance]) -> None:
    known = set(
        OrganizationUnit.objects.filter(pk__in=[a.unit_id for a in attendance]).values_list(
            "pk", flat=True
        )
    )
    if missing := {a.unit_id for a in attendance} - known:
        raise UnableToConcludeSurvey("到场人员的部门不存在：%(missing)s", missing=sorted(missing))
    invited = {(p.unit_id, p.name): p for p in survey.participants.all()}
    for seen in attendance:
        key = (seen.unit_id, seen.name.strip())
        participant = invited.get(key) or SurveyParticipant(
            survey=survey, unit_id=seen.unit_id, name=seen.name.strip()
        )
        participant.attended, participant.opinion = True, seen.opinion.strip()[:500]
        participant.save()
    # A department that was invited without a name and sent somebody is named by him.
    came = [a.unit_id for a in attendance]
    survey.participants.filter(name="", unit_id__in=came, attended=False).delete()
